//! The finding itself, and what is published about its vulnerability.

use assay_core::condition::Condition;
use assay_core::finding::{Decision, Finding, Matter, ScannedImage, SourceWord};
use assay_core::ids::Span;
use assay_core::intel::{Feed, FeedState, Said as Note};
use assay_core::observation::{ControlId, Severity};
use assay_core::reading::{ReadBy, Reading, Spanned};
use assay_core::scene::package;

use super::super::published::Kev;
use super::super::said::Wrong;
use super::{Bed, now, o};

impl Bed<'_> {
    pub(super) fn published(&mut self) {
        let (situation, id, at) = (self.situation, self.spot.vuln.clone(), now());
        let mut note = |feed, at, said| self.scene.note(&id, feed, at, said);
        note(Feed::CveRecord, at, Note::Cwe(79));
        let ssvc = |exploitation, automatable, impact| Note::Ssvc { exploitation, automatable, impact };
        for exploitation in &situation.exploitation.0 {
            note(Feed::CisaAdp, at, ssvc(Some(exploitation.0), None, None));
        }
        for automatable in &situation.automatable.0 {
            note(automatable.feed, at, ssvc(None, Some(automatable.value.0), None));
        }
        for impact in &situation.technical_impact.0 {
            note(impact.feed, at, ssvc(None, None, Some(impact.value)));
        }
        for vector in &situation.cvss.0 {
            note(Feed::Cvss, at, Note::Cvss(vector.0));
        }
        for epss in &situation.epss.0 {
            let percentile = epss.percentile * 100;
            note(Feed::Epss, at - epss.ago, Note::Epss { probability: percentile / 2, percentile });
        }
        for conditions in &situation.conditions.0 {
            let said = match conditions.feed {
                Feed::Reading => Note::Read(Box::new(read(&conditions.all))),
                _ => Note::Conditions(conditions.all.clone()),
            };
            note(conditions.feed, at, said);
        }
        for kev in &situation.kev.0 {
            match kev {
                Kev::Listed => note(Feed::Kev, at, Note::Kev { added: at - Span::days(30) }),
                Kev::Absent(_) => {}
            }
        }
        if let Some(ago) = situation.catalogue() {
            let state = FeedState { feed: Feed::Kev, published: at - ago, imported: at, rows: 1400 };
            self.scene.feeds.push(state);
        }
    }

    fn matter(&self) -> Matter {
        match self.situation.finding.0.first() {
            None | Some(Wrong::Vulnerability) => {
                Matter::Vulnerability { id: self.spot.vuln.clone(), package: package("deb", "openssl", "") }
            }
            Some(Wrong::Control(id)) => Matter::Control { control: ControlId(o(id)), path: o("") },
            Some(Wrong::Secret) => Matter::Secret { detector: o("aws-access-key"), location: o("etc/config") },
            Some(Wrong::Right { capability, everywhere }) => {
                Matter::Rbac { capability: *capability, cluster_wide: *everywhere }
            }
            Some(Wrong::Signal(_)) => {
                Matter::Signal { signal: ControlId(o("shell-in-container")), discriminator: o("d") }
            }
        }
    }

    pub(super) fn finding(&mut self) {
        let situation = self.situation;
        let (matter, as_of) = (self.matter(), now());
        let finding: &mut Finding = self.scene.finding(self.workload, &self.container, matter);
        finding.stage = situation.finding.0.iter().find_map(|wrong| match wrong {
            Wrong::Signal(stage) => Some(*stage),
            _ => None,
        });
        finding.severity = situation.severity.0.first().map_or(Severity::Unknown, |s| s.0);
        if let Some(image) = &situation.image {
            finding.image = Some(ScannedImage { repository: o(image), versions: vec![o("1.0")] });
        }
        if let Some(first) = finding.words.first_mut() {
            first.sighting.severity = finding.severity;
            first.sighting.fixed_in = o(situation.fixed_in.as_deref().unwrap_or_default());
            first.sighting.title = o(situation.title.as_deref().unwrap_or("a flaw"));
            finding.text = first.sighting.title.clone();
        }
        if let (Some(tools), Some(first)) = (&situation.reported_by, finding.words.first().cloned()) {
            let words = tools.iter().map(|tool| SourceWord { tool: o(tool), ..first.clone() });
            finding.words = words.collect();
        }
        finding.decision = situation.decision.0.first().map(|status| Decision {
            status: status.0,
            justification: None,
            note: o("looked at it"),
            by: o("ana"),
            at: as_of - Span::days(1),
            until: Some(as_of + Span::days(30)),
        });
    }
}

/// What a model read of a text that states these conditions and nothing else.
fn read(conditions: &[Condition]) -> ReadBy {
    let spanned = conditions.iter().map(|condition| Spanned { condition: *condition, start: 0, end: 1 });
    ReadBy { by: "a model".into(), by_model: true, reading: Reading::default(), conditions: spanned.collect() }
}
