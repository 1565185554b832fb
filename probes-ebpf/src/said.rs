//! What is said about one container, merged: one row a fact with first and last seen. Comes in: sightings. Goes out:
//! the facts that the service does not know yet, or knows too old. Bounded: what does not fit is counted.

use std::collections::BTreeMap;

use assay_core::batch::FactBody;
use assay_core::ids::{Span, Time};
use assay_core::observation::{AttackStage, Caps, Eye, PeerClass, Protocol, Role, UseLevel};

/// The most facts that are kept of one container.
pub const FACTS_MAX: usize = 4_096;
/// The most signs of attack that are kept of one container, beside its facts.
pub const ATTACKS_MAX: usize = 256;
/// A fact that still holds is told again when the service's "last seen" is this old.
pub const TELL_AGAIN: Span = Span::minutes(10);

/// One thing that can be so: the key under which sightings are merged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Said {
    /// A file was executed.
    Executed {
        /// Its path in the container.
        exe: String,
    },
    /// A process listens.
    Listens {
        /// The port.
        port: u16,
        /// The protocol.
        protocol: Protocol,
        /// Its executable; empty when it was gone before it could be named.
        exe: String,
    },
    /// A process talks.
    Talks {
        /// Its own port when it serves, the peer's when it calls.
        port: u16,
        /// The protocol.
        protocol: Protocol,
        /// Which side it is.
        role: Role,
        /// Where the peer is.
        peer: PeerClass,
        /// Its executable.
        exe: String,
    },
    /// A package is in use.
    InUse {
        /// The package URL.
        purl: String,
        /// The source package.
        source: Option<String>,
        /// The file that holds a package of a language.
        path: Option<String>,
        /// How far its use went.
        level: UseLevel,
        /// The executable that uses it.
        exe: String,
        /// The port that the same process listens on.
        listens: Option<u16>,
    },
    /// A sign of an attack.
    Attacked {
        /// How far it went.
        stage: AttackStage,
        /// The row of the service's table of signals.
        signal: &'static str,
        /// The executable that did it.
        exe: String,
    },
    /// A program ran with these capabilities in effect.
    RanWith {
        /// The set.
        capabilities: Caps,
    },
    /// Evidence of the container was kept on this node.
    Kept {
        /// The file's name in the folder for that.
        file: String,
        /// Of the file.
        sha256: String,
        /// How long it is.
        bytes: u64,
        /// How much is in it.
        counts: KeptCounts,
    },
}

/// How much is in a file of evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeptCounts {
    /// Processes.
    pub processes: u32,
    /// Open files of them.
    pub files: u32,
    /// Sockets of them.
    pub sockets: u32,
    /// Mapped ranges of them.
    pub maps: u32,
    /// Records of the agent's own.
    pub records: u32,
    /// What found no room.
    pub left_out: u32,
}

/// When it was so, and what the service was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// First seen.
    pub since: Time,
    /// Last seen.
    pub until: Time,
    /// The last seen that the service was told.
    pub told: Option<Time>,
}

/// The facts of one container.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    rows: BTreeMap<Said, Seen>,
    attacks: usize,
}

impl Said {
    /// Which eye it comes from.
    pub const fn eye(&self) -> Eye {
        match self {
            Self::Executed { .. } | Self::InUse { .. } | Self::RanWith { .. } => Eye::SensorUse,
            Self::Listens { .. } | Self::Talks { .. } => Eye::SensorFlows,
            Self::Attacked { .. } | Self::Kept { .. } => Eye::SensorSignals,
        }
    }

    /// The row on the wire.
    pub fn body(&self) -> FactBody {
        match self {
            Self::Executed { exe } => FactBody::Executed { exe: exe.clone() },
            Self::Listens { port, protocol, exe } => {
                FactBody::Listens { port: *port, protocol: protocol.to_string(), exe: exe.clone() }
            }
            Self::Talks { port, protocol, role, peer, exe } => FactBody::Talks {
                port: *port,
                protocol: protocol.to_string(),
                role: role.to_string(),
                peer: peer.to_string(),
                exe: exe.clone(),
            },
            Self::InUse { purl, source, path, level, exe, listens } => FactBody::InUse {
                purl: purl.clone(),
                source: source.clone(),
                path: path.clone(),
                level: level.to_string(),
                exe: exe.clone(),
                listens: *listens,
            },
            Self::Attacked { stage, signal, exe } => {
                FactBody::Attacked { stage: stage.to_string(), signal: (*signal).to_owned(), exe: exe.clone() }
            }
            Self::RanWith { capabilities } => FactBody::RanWith { capabilities: capabilities.to_string() },
            Self::Kept { file, sha256, bytes, counts } => FactBody::Kept {
                file: file.clone(),
                sha256: sha256.clone(),
                bytes: *bytes,
                processes: counts.processes,
                files: counts.files,
                sockets: counts.sockets,
                maps: counts.maps,
                records: counts.records,
                left_out: counts.left_out,
            },
        }
    }

    /// True for what must find room whatever else was seen: signs of attack, and the evidence of them.
    const fn is_of_attack(&self) -> bool {
        matches!(self, Self::Attacked { .. } | Self::Kept { .. })
    }
}

impl Facts {
    /// Notes a sighting; false when there is no room for a new fact.
    pub fn note(&mut self, said: Said, since: Time, until: Time) -> bool {
        if let Some(seen) = self.rows.get_mut(&said) {
            seen.since = seen.since.min(since);
            seen.until = seen.until.max(until);
            return true;
        }
        // What an attacker can do a thousand times must not keep out what he is seen by.
        let (held, max) =
            if said.is_of_attack() { (self.attacks, ATTACKS_MAX) } else { (self.rows.len() - self.attacks, FACTS_MAX) };
        if held >= max {
            return false;
        }
        self.attacks += usize::from(said.is_of_attack());
        self.rows.insert(said, Seen { since, until: until.max(since), told: None });
        true
    }

    /// Still so, at this time: moves "last seen" of the facts that `holds` picks.
    pub fn refresh(&mut self, at: Time, holds: impl Fn(&Said) -> bool) {
        for (said, seen) in &mut self.rows {
            if holds(said) {
                seen.until = seen.until.max(at);
            }
        }
    }

    /// What the service should be told now. With `last`, everything that it does not know to the end.
    pub fn to_tell(&self, last: bool) -> impl Iterator<Item = (&Said, &Seen)> {
        self.rows.iter().filter(move |(_, seen)| match seen.told {
            None => true,
            Some(told) => seen.until > told && (last || told.until(seen.until) >= TELL_AGAIN),
        })
    }

    /// The service was told all this, with these last-seen times.
    pub fn told(&mut self, said: &Said, until: Time) {
        if let Some(seen) = self.rows.get_mut(said) {
            seen.told = Some(until);
        }
    }

    /// The service must be told everything anew: the container got its name.
    pub fn forget_told(&mut self) {
        self.rows.values_mut().for_each(|seen| seen.told = None);
    }

    /// Every fact.
    pub fn iter(&self) -> impl Iterator<Item = (&Said, &Seen)> {
        self.rows.iter()
    }

    /// The port that an executable listens on; the lowest, so that the answer does not depend on the order of sightings.
    pub fn port_of(&self, exe: &str) -> Option<u16> {
        self.rows.keys().find_map(|said| match said {
            Said::Listens { port, exe: by, .. } if by == exe => Some(*port),
            _ => None,
        })
    }

    /// True when the fact is known.
    pub fn contains(&self, said: &Said) -> bool {
        self.rows.contains_key(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh() -> Said {
        Said::Executed { exe: "/bin/sh".to_owned() }
    }

    fn told_now(facts: &Facts, last: bool) -> usize {
        facts.to_tell(last).count()
    }

    #[test]
    fn sightings_of_one_thing_are_one_fact_with_first_and_last_seen() {
        let mut facts = Facts::default();
        for at in [50, 10, 30] {
            assert!(facts.note(sh(), Time::from_secs(at), Time::from_secs(at)));
        }
        let rows: Vec<_> = facts.iter().map(|(_, seen)| (seen.since, seen.until)).collect();
        assert_eq!(rows, [(Time::from_secs(10), Time::from_secs(50))]);
    }

    #[test]
    fn a_fact_is_told_once_and_again_when_the_service_grows_out_of_date() {
        let mut facts = Facts::default();
        facts.note(sh(), Time::from_secs(0), Time::from_secs(0));
        assert_eq!(told_now(&facts, false), 1);
        facts.told(&sh(), Time::from_secs(0));
        assert_eq!(told_now(&facts, false), 0);
        facts.refresh(Time::from_secs(60), |_| true);
        assert_eq!(told_now(&facts, false), 0, "a minute newer is not worth a row");
        assert_eq!(told_now(&facts, true), 1, "unless it is the last word");
        facts.refresh(Time::from_secs(600), |_| true);
        assert_eq!(told_now(&facts, false), 1);
        facts.told(&sh(), Time::from_secs(600));
        facts.forget_told();
        assert_eq!(told_now(&facts, false), 1, "a container that got its name is told anew");
    }

    #[test]
    fn a_container_that_does_everything_once_is_bounded() {
        let mut facts = Facts::default();
        let kept = (0..FACTS_MAX + 10)
            .filter(|i| facts.note(Said::Executed { exe: format!("/tmp/{i}") }, Time::from_secs(1), Time::from_secs(1)))
            .count();
        assert_eq!(kept, FACTS_MAX);
    }
}
