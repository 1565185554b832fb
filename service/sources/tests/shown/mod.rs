//! Records, heads and notes as people would read them, for the golden files.

use std::fmt::Write as _;

use assay_core::asset::{AssetKey, PackageKey};
use assay_core::ids::VulnId;
use assay_core::intel::{IntelNote, Said};
use assay_core::observation::{Claim, Fact, Flaw, Link, Observation, Record, Subject, What};
use assay_core::scope::{Artifact, Head, Spoken};
use assay_core::text::Opaque;

/// One record, a line for each thing that it yields.
pub(crate) fn record(record: &Record) -> String {
    let counted = if record.kind.counts() { "" } else { ", not counted" };
    let mut out = format!("{}: {} by {}{counted}\n", record.locator, record.kind, record.author);
    for observation in &record.yields {
        match observation {
            Observation::Claim(c) => claim(&mut out, c),
            Observation::Fact(f) => fact(&mut out, f),
            Observation::Intel(n) => line(&mut out, &format!("intel {}", note(n))),
            Observation::Coverage(c) => line(
                &mut out,
                &format!(
                    "coverage {} of {} {}..{} start seen: {}",
                    c.eye,
                    subject(&c.subject),
                    c.since,
                    c.until,
                    c.start_seen
                ),
            ),
            Observation::Edge(e) => {
                let how = match &e.link {
                    Link::Runs { container, tag, digest } => format!("{} {tag:?} {digest:?}", container.reveal()),
                    other => format!("{other:?}"),
                };
                line(&mut out, &format!("edge {} {} {} ({how})", asset(&e.from), e.link.as_str(), asset(&e.to)));
            }
        }
    }
    out
}

fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "  {text}");
}

fn claim(out: &mut String, c: &Claim) {
    line(out, &format!("claim on {}: {} {}", subject(&c.subject), c.severity, flaw(&c.flaw)));
    line(out, &format!("    rule {:?} title {:?}", c.rule.reveal(), c.title.reveal()));
    if !c.text.is_empty() {
        line(out, &format!("    text {:?}", c.text.reveal()));
    }
    if let Some(scope) = &c.scope {
        line(out, &format!("    scope {scope}"));
    }
}

fn flaw(flaw: &Flaw) -> String {
    match flaw {
        Flaw::Vulnerability { id, aliases, package: p, fixed_in } => {
            let aliases: Vec<&str> = aliases.iter().map(VulnId::as_str).collect();
            let fixed = fixed_in.as_ref().map_or("no fix".to_owned(), |f| format!("fixed in {}", f.reveal()));
            format!("{id} also {aliases:?} in {} {}, {fixed}", package(&p.key), p.version.reveal())
        }
        Flaw::Control { control, path } => format!("control {} at {:?}", control.0.reveal(), path.reveal()),
        Flaw::Secret { detector, location, mark } => {
            format!(
                "secret {} in {:?} mark {:?}",
                detector.reveal(),
                location.reveal(),
                mark.as_ref().map(Opaque::reveal)
            )
        }
        Flaw::Rbac { capability, cluster_wide } => format!("right {capability} everywhere: {cluster_wide}"),
        Flaw::Signal { signal, discriminator, stage } => {
            format!("signal {} {:?} {stage}", signal.0.reveal(), discriminator.reveal())
        }
    }
}

fn fact(out: &mut String, f: &Fact) {
    let of = f.component.as_ref().map_or(String::new(), |c| format!(" {}", package(c)));
    let what = match &f.what {
        What::Contains { version } => format!("contains version {}", version.reveal()),
        What::Licence(l) => format!("licence {}", l.reveal()),
        What::Outcome { control, outcome } => format!("outcome of {}: {outcome}", control.0.reveal()),
        What::NotAssessed(why) => format!("not assessed: {why}"),
        What::UsedRight(capability) => format!("used {capability}"),
        What::Vex { vuln, status, justification, document, note } => {
            format!("vex {vuln} {status} because {justification:?} says {:?}: {:?}", document.reveal(), note.reveal())
        }
        other => format!("{other:?}"),
    };
    line(out, &format!("fact on {}{of} by {}: {what}", subject(&f.subject), f.author));
}

/// One published value.
pub(crate) fn note(n: &IntelNote) -> String {
    let said = match &n.said {
        Said::Cvss(v) => format!("{v} (base {})", v.base_tenths()),
        Said::Text(t) => format!("text {:?}", t.reveal()),
        other => format!("{other:?}"),
    };
    format!("{} {}: {said} at {} via {:?}", n.feed, n.vuln, n.at, n.via.reveal())
}

fn subject(s: &Subject) -> String {
    match s {
        Subject::Artifact => "the artifact".to_owned(),
        Subject::Image(i) => {
            format!("image {} {:?} {:?}", i.repository.reveal(), i.tag.as_ref().map(Opaque::reveal), i.digest)
        }
        Subject::Object { at, container: Some(c) } => format!("{} container {}", asset(at), c.reveal()),
        Subject::Object { at, container: None } => asset(at),
    }
}

fn asset(a: &AssetKey) -> String {
    format!("{}/{}/{}/{}", a.cluster.reveal(), a.kind, a.namespace.reveal(), a.name.reveal())
}

fn package(k: &PackageKey) -> String {
    let mut out = format!("{}/{}/{}", k.ecosystem.reveal(), k.namespace.reveal(), k.name.reveal());
    if let Some(source) = &k.source {
        let _ = write!(out, " (from {})", source.reveal());
    }
    if !k.artifact.is_empty() {
        let _ = write!(out, " in {}", k.artifact.reveal());
    }
    out
}

/// The end of a report.
pub(crate) fn head(h: &Head) -> String {
    let mut out = format!("head: {} {:?}", h.tool.reveal(), h.tool_version.reveal());
    let _ = match &h.artifact {
        Artifact::Image(i) => write!(out, " about {}", subject(&Subject::Image(i.clone()))),
        Artifact::Tree(name) => write!(out, " about tree {:?}", name.reveal()),
        Artifact::Cluster => write!(out, " about the cluster"),
    };
    let _ = writeln!(out, ", produced {}", h.produced_at.map_or("unknown".to_owned(), |t| t.to_string()));
    for part in &h.parts {
        let spoken: Vec<&str> = Spoken::ALL.iter().filter(|c| part.classes.contains(**c)).map(|c| c.as_str()).collect();
        let whole = if part.complete { "complete" } else { "incomplete" };
        line(&mut out, &format!("part {} {whole} for {spoken:?} content {:?}", part.scope.key(), part.content));
    }
    for skipped in &h.skipped {
        line(&mut out, &format!("skipped {}: {}", skipped.locator, skipped.reason));
    }
    if let Some(hint) = h.hint {
        line(&mut out, &format!("hint: {hint}"));
    }
    out
}
