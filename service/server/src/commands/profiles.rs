//! `assay profiles`: what images do while they are watched, for people and, as JSON, for other tools.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use assay_core::asset::{ImageRef, PackageKey};
use assay_core::observation::Caps;
use assay_core::profile::{Profile, ProfileKey, Seen, SeenSpan, profiles};
use assay_core::text::{Opaque, Redacted};
use assay_core::world::{AssetIdx, World};
use serde::Serialize;

use super::{print_json, print_text};
use crate::Ended;
use crate::app::App;
use crate::cli::{Global, Output, Profiles};
use crate::wire::{full_name, package_purl};

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
    programs: Vec<ProgramWire>,
    packages: Vec<PackageWire>,
    listens: Vec<PortWire>,
    peers: Vec<PeerWire>,
    /// What its programs could do beyond an ordinary user's rights when they began.
    capabilities: Vec<CapabilityWire>,
}

#[derive(Debug, Serialize)]
struct SpanWire {
    since: String,
    until: String,
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
struct CapabilityWire {
    name: &'static str,
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
    let mut found = profiles(world);
    found.retain(|key, _| wanted(key));
    match global.output {
        Output::Json => {
            let profiles = found.iter().map(|(key, profile)| wire(world, key, profile)).collect();
            print_json(&ProfilesWire { profiles, as_of: world.as_of.to_string() })?;
        }
        _ => print_text(&told(world, &found, args.image.as_deref()))?,
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
    ProfileWire {
        image: name(key),
        container: key.container.into(),
        places: names(world, &profile.places),
        shared: names(world, &profile.shared),
        watched_s: profile.watched.map(|span| span.millis() / 1000),
        programs: rows(&profile.programs, |exe, seen| ProgramWire { exe: (*exe).into(), seen }),
        packages: rows(&profile.packages, |(package, level), seen| PackageWire {
            purl: unversioned(package),
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
        capabilities: rows(&profile.capabilities, |number, seen| CapabilityWire { name: Caps::name(*number), seen }),
    }
}

fn rows<K, W>(seen: &Seen<K>, row: impl Fn(&K, SpanWire) -> W) -> Vec<W> {
    let span = |s: &SeenSpan| SpanWire { since: s.since.to_string(), until: s.until.to_string() };
    seen.iter().map(|(key, s)| row(key, span(s))).collect()
}

fn names(world: &World, places: &BTreeSet<AssetIdx>) -> Vec<String> {
    places.iter().map(|place| full_name(&world.asset(*place).key)).collect()
}

/// A profile joins versions: the image's digest tells which.
fn unversioned(package: &PackageKey) -> String {
    package_purl(package, &Opaque::readmit(""))
}

fn told(world: &World, found: &BTreeMap<ProfileKey<'_>, Profile<'_>>, part: Option<&str>) -> String {
    if found.is_empty() {
        return match part {
            Some(part) => format!("no image with `{part}` in its name runs here: `assay assets` lists the images\n"),
            None => "nothing is known to run: `assay scan` shows the workloads, the agent what they do\n".to_owned(),
        };
    }
    let mut out = String::new();
    for (key, p) in found {
        let watched = p.watched.map_or_else(|| "not watched now".to_owned(), |span| format!("watched {span}"));
        out.push_str(&format!("{}  container {}\n", name(key), key.container.reveal()));
        out.push_str(&format!("  in       {}; {watched}\n", names(world, &p.places).join(", ")));
        if !p.shared.is_empty() {
            let shared = names(world, &p.shared).join(", ");
            out.push_str(&format!("  mixed    with another version of it in {shared}\n"));
        }
        let mut line = |head: &str, what: String, seen: &SeenSpan| {
            out.push_str(&format!("  {head:<8} {what}  since {}\n", seen.since.to_minute()));
        };
        p.programs.iter().for_each(|(exe, seen)| line("runs", exe.reveal().to_owned(), seen));
        for ((package, level), seen) in &p.packages {
            line("uses", format!("{} {level}", unversioned(package)), seen);
        }
        for ((port, protocol, exe), seen) in &p.listens {
            line("listens", format!(":{port} {protocol} {}", exe.reveal()), seen);
        }
        for ((role, peer, port, protocol, exe), seen) in &p.peers {
            line("talks", format!("{role} {peer} :{port} {protocol} {}", exe.reveal()), seen);
        }
        for (number, seen) in &p.capabilities {
            line("may", Caps::name(*number).to_owned(), seen);
        }
        out.push('\n');
    }
    out
}
