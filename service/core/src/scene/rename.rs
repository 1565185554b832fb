//! The same scene under other names, one-to-one and everywhere: in selectors, rules, inventories and intel with them. And
//! the same scene with other texts where a text is no name. Neither may change rank or prompt (law 6).

use std::collections::BTreeMap;

use super::Scene;
use crate::asset::{AssetKey, PackageKey};
use crate::control::Controls;
use crate::detector;
use crate::finding::{Finding, Matter};
use crate::fingerprint::fingerprint;
use crate::ids::VulnId;
use crate::observation::{ControlId, Link, What, prevented, told_apart};
use crate::text::Opaque;

/// What a scene's strangers wrote, written otherwise.
pub struct Renaming<'f> {
    /// Names: must give different names for different ones.
    pub name: &'f dyn Fn(&str) -> String,
    /// Texts that name nothing: titles, descriptions, notes, versions. May give the same text for all.
    pub text: &'f dyn Fn(&str) -> String,
    /// Vulnerabilities: must give different ones for different ones, and a CVE for a CVE.
    pub vuln: &'f dyn Fn(&VulnId) -> VulnId,
}

impl Renaming<'_> {
    /// The scene under the other names.
    pub fn of(&self, scene: &Scene) -> Scene {
        let mut scene = scene.clone();
        let own = scene.controls.clone();
        for key in &mut scene.assets {
            self.key(key);
        }
        for rule in &mut scene.environments.rules {
            for pattern in [&mut rule.cluster, &mut rule.namespace] {
                if pattern != "*" {
                    *pattern = (self.name)(pattern);
                }
            }
        }
        let mut marks = BTreeMap::new();
        for (_, fact) in &mut scene.facts {
            let mark = |what: &What| what.program().map(|exe| Matter::mark_of(exe.reveal()));
            let was = mark(&fact.what);
            self.name(&mut fact.container);
            fact.component.iter_mut().for_each(|p| self.package(p));
            self.what(&mut fact.what, &own);
            marks.extend(was.zip(mark(&fact.what)));
        }
        for (_, seen) in &mut scene.coverage {
            self.name(&mut seen.container);
            self.name(&mut seen.window.instance);
            self.name(&mut seen.window.node);
        }
        for edge in &mut scene.edges {
            self.link(&mut edge.link);
        }
        for vuln in &mut scene.vulns {
            vuln.id = (self.vuln)(&vuln.id);
            for note in &mut vuln.notes {
                note.vuln = (self.vuln)(&note.vuln);
                self.text(&mut note.via);
            }
        }
        for finding in &mut scene.findings {
            self.finding(finding, &own, &marks);
        }
        scene
    }

    fn name(&self, name: &mut Opaque) {
        if !name.is_empty() {
            *name = Opaque::readmit(&(self.name)(name.reveal()));
        }
    }

    fn text(&self, text: &mut Opaque) {
        if !text.is_empty() {
            *text = Opaque::readmit(&(self.text)(text.reveal()));
        }
    }

    fn key(&self, key: &mut AssetKey) {
        if *key != AssetKey::internet() {
            self.name(&mut key.cluster);
            self.name(&mut key.namespace);
            self.name(&mut key.name);
        }
    }

    fn package(&self, package: &mut PackageKey) {
        self.name(&mut package.namespace);
        self.name(&mut package.name);
        package.source.iter_mut().for_each(|s| self.name(s));
        self.name(&mut package.artifact);
    }

    /// Rows of our own tables keep their ids: no stranger wrote them.
    fn control(&self, control: &mut ControlId, own: &Controls) {
        if own.get(control.0.reveal()).is_none() {
            self.name(&mut control.0);
        }
    }

    fn what(&self, what: &mut What, own: &Controls) {
        match what {
            What::Exists { owner, aliases, .. } => {
                owner.iter_mut().for_each(|key| self.key(key));
                aliases.iter_mut().for_each(|alias| self.name(alias));
            }
            What::InUse { exe, .. } | What::Executed { exe } | What::Listens { exe, .. } | What::Talks { exe, .. } => {
                self.text(exe);
            }
            What::Attacked { signal, .. } => self.control(signal, own),
            What::Contains { version } => self.text(version),
            What::Licence(licence) => self.text(licence),
            What::Outcome { control, .. } => self.control(control, own),
            What::Vex { vuln, document, note, .. } => {
                *vuln = (self.vuln)(vuln);
                self.name(document);
                self.text(note);
            }
            What::Kept(kept) => {
                self.text(&mut kept.file);
                self.name(&mut kept.node);
                self.name(&mut kept.instance);
            }
            What::NamesPorts(_)
            | What::RanWith(_)
            | What::Environment(_)
            | What::PodSecurity(_)
            | What::Enforces(_)
            | What::OnHost(_)
            | What::UsedRight(_)
            | What::NotAssessed(_) => {}
        }
    }

    fn link(&self, link: &mut Link) {
        match link {
            Link::Runs { container, tag, .. } => {
                self.name(container);
                tag.iter_mut().for_each(|t| self.name(t));
            }
            Link::Enters { host, .. } | Link::Routes { host, .. } => host.iter_mut().for_each(|h| self.name(h)),
            Link::Holds { binding, role, names, .. } => {
                names.iter_mut().for_each(|n| self.name(n));
                // They stand in order of their names, which are new.
                names.sort_unstable();
                self.name(binding);
                self.name(role);
            }
            Link::MayHold { binding, role, .. } => {
                self.name(binding);
                self.name(role);
            }
            Link::RunsAs { .. } | Link::IsHanded => {}
        }
    }

    /// `marks`: what became of the marks of programs that facts name.
    fn finding(&self, finding: &mut Finding, own: &Controls, marks: &BTreeMap<String, String>) {
        self.key(&mut finding.place.asset);
        self.name(&mut finding.place.container);
        match &mut finding.matter {
            Matter::Vulnerability { id, package } => {
                *id = (self.vuln)(id);
                self.package(package);
            }
            Matter::Control { control, path } => {
                self.control(control, own);
                self.name(path);
            }
            Matter::Secret { detector, location } => {
                // What we have words for is shown in ours, as a control's id is.
                if detector::noun(detector.reveal()).is_none() {
                    self.name(detector);
                }
                self.name(location);
            }
            Matter::Signal { signal, discriminator } => {
                self.control(signal, own);
                // Its words are ours, but for the hashes of names, which follow the names.
                let (was_prevented, by) = told_apart(discriminator.reveal());
                let mut by = Opaque::readmit(marks.get(by).map_or(by, String::as_str));
                if !by.reveal().starts_with("exe ") {
                    self.name(&mut by);
                }
                *discriminator = if was_prevented { Opaque::readmit(&prevented(by.reveal())) } else { by };
            }
            Matter::Rbac { .. } => {}
        }
        if let Some(image) = &mut finding.image {
            self.name(&mut image.repository);
            image.versions.iter_mut().for_each(|v| self.name(v));
        }
        for alias in &mut finding.aliases {
            *alias = (self.vuln)(alias);
        }
        for word in &mut finding.words {
            self.name(&mut word.tool);
            let s = &mut word.sighting;
            for text in [&mut s.component, &mut s.rule, &mut s.version, &mut s.fixed_in, &mut s.title] {
                self.text(text);
            }
        }
        if let Some(decision) = &mut finding.decision {
            self.text(&mut decision.note);
            self.text(&mut decision.by);
        }
        self.text(&mut finding.text);
        finding.fingerprint = fingerprint(&finding.place, &finding.matter);
    }
}
