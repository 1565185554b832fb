//! `assay profiles`: what images do while they are watched, for people and, as JSON, for other tools.

use anyhow::Result;
use assay_core::asset::ImageRef;
use assay_core::profile::{Profile, ProfileKey, Seen, SeenSpan, profiles};
use assay_core::text::{Opaque, Redacted};
use assay_core::world::World;
use serde::Serialize;

use super::{print_json, print_text};
use crate::Ended;
use crate::app::App;
use crate::cli::{Global, Output, Profiles};
use crate::wire::package_purl;

/// Profiles on the wire.
#[derive(Debug, Serialize)]
struct ProfilesWire {
    profiles: Vec<ProfileWire>,
    as_of: String,
}

#[derive(Debug, Serialize)]
struct ProfileWire {
    image: String,
    container: Redacted,
    /// The workloads that run it.
    places: Vec<String>,
    /// Those that run another version of the image beside it: what they did stands in both profiles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    shared: Vec<String>,
    /// Seconds watched, in the place that was watched longest; null where no sensor looked.
    watched_s: Option<i64>,
    #[serde(skip)]
    watched: String,
    programs: Vec<ProgramWire>,
    packages: Vec<PackageWire>,
    listens: Vec<PortWire>,
    peers: Vec<PeerWire>,
}

#[derive(Debug, Serialize)]
struct SpanWire {
    since: String,
    until: String,
    #[serde(skip)]
    first: String,
}

#[derive(Debug, Serialize)]
struct ProgramWire {
    exe: Redacted,
    #[serde(flatten)]
    seen: SpanWire,
}

#[derive(Debug, Serialize)]
struct PackageWire {
    purl: String,
    level: &'static str,
    #[serde(flatten)]
    seen: SpanWire,
}

#[derive(Debug, Serialize)]
struct PortWire {
    port: u16,
    protocol: &'static str,
    exe: Redacted,
    #[serde(flatten)]
    seen: SpanWire,
}

#[derive(Debug, Serialize)]
struct PeerWire {
    role: &'static str,
    peer: &'static str,
    port: u16,
    protocol: &'static str,
    exe: Redacted,
    #[serde(flatten)]
    seen: SpanWire,
}

pub(crate) fn run(global: &Global, args: &Profiles) -> Result<Ended> {
    let app = App::new(global)?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let world = &snapshot.world;
    let wanted = |key: &ProfileKey<'_>| args.image.as_ref().is_none_or(|part| name(key).contains(part.as_str()));
    let found = profiles(world);
    let shown = found.iter().filter(|(key, _)| wanted(key)).map(|(key, profile)| wire(world, key, profile)).collect();
    let shown = ProfilesWire { profiles: shown, as_of: world.as_of.to_string() };
    match global.output {
        Output::Json => print_json(&shown)?,
        _ => print_text(&told(&shown, args.image.as_deref()))?,
    }
    Ok(Ended::Done)
}

fn name(key: &ProfileKey<'_>) -> String {
    let repository = ImageRef::familiar(key.repository.reveal());
    match (key.digest, key.tag) {
        (Some(digest), _) => format!("{repository}@{digest}"),
        (None, Some(tag)) => format!("{repository}:{}", tag.reveal()),
        (None, None) => repository.to_owned(),
    }
}

fn wire(world: &World, key: &ProfileKey<'_>, profile: &Profile<'_>) -> ProfileWire {
    let place = |idx| {
        let key = &world.asset(idx).key;
        format!("{}/{}", key.namespace.reveal(), key.name.reveal())
    };
    let nothing = Opaque::readmit("");
    ProfileWire {
        image: name(key),
        container: key.container.into(),
        places: profile.places.iter().copied().map(place).collect(),
        shared: profile.shared.iter().copied().map(place).collect(),
        watched_s: profile.watched.map(|span| span.millis() / 1000),
        watched: profile.watched.map_or_else(|| "not watched now".to_owned(), |span| format!("watched {span}")),
        programs: rows(&profile.programs, |exe, seen| ProgramWire { exe: (*exe).into(), seen }),
        packages: rows(&profile.packages, |(package, level), seen| PackageWire {
            purl: package_purl(package, &nothing),
            level: level.as_str(),
            seen,
        }),
        listens: rows(&profile.listens, |(port, protocol, exe), seen| PortWire {
            port: *port,
            protocol: protocol.as_str(),
            exe: (*exe).into(),
            seen,
        }),
        peers: rows(&profile.peers, |(role, peer, port, protocol, exe), seen| PeerWire {
            role: role.as_str(),
            peer: peer.as_str(),
            port: *port,
            protocol: protocol.as_str(),
            exe: (*exe).into(),
            seen,
        }),
    }
}

fn rows<K, W>(seen: &Seen<K>, row: impl Fn(&K, SpanWire) -> W) -> Vec<W> {
    let span =
        |s: &SeenSpan| SpanWire { since: s.since.to_string(), until: s.until.to_string(), first: s.since.to_minute() };
    seen.iter().map(|(key, s)| row(key, span(s))).collect()
}

fn told(shown: &ProfilesWire, part: Option<&str>) -> String {
    if shown.profiles.is_empty() {
        return match part {
            Some(part) => format!("no image with `{part}` in its name runs here: `assay assets` lists the images\n"),
            None => "nothing is known to run: `assay scan` shows the workloads, the agent what they do\n".to_owned(),
        };
    }
    let mut out = String::new();
    for p in &shown.profiles {
        out.push_str(&format!("{}  container {}\n", p.image, p.container));
        out.push_str(&format!("  in       {}; {}\n", p.places.join(", "), p.watched));
        if !p.shared.is_empty() {
            out.push_str(&format!("  mixed    with another version of it in {}\n", p.shared.join(", ")));
        }
        let mut line = |head: &str, text: String| out.push_str(&format!("  {head:<8} {text}\n"));
        p.programs.iter().for_each(|r| line("runs", format!("{}  since {}", r.exe, r.seen.first)));
        p.packages.iter().for_each(|r| line("uses", format!("{} {}  since {}", r.purl, r.level, r.seen.first)));
        for r in &p.listens {
            line("listens", format!(":{} {} {}  since {}", r.port, r.protocol, r.exe, r.seen.first));
        }
        for r in &p.peers {
            let text = format!("{} {} :{} {} {}", r.role, r.peer, r.port, r.protocol, r.exe);
            line("talks", format!("{text}  since {}", r.seen.first));
        }
        out.push('\n');
    }
    out
}
