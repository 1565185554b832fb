//! What is published about a vulnerability: for each question the highest rung of the ladder that has an answer.

use super::{Known, Origin, Proof, UnknownBecause};
use crate::ids::{EvidenceId, Span, Time};
use crate::intel::{Exploitation, Feed, IntelNote, Said, TechnicalImpact};
use crate::observation::SettledBy;
use crate::world::{VulnIdx, World};

/// A catalogue older than this cannot say that something is not in it.
pub const KEV_AGE_MAX: Span = Span::days(7);

/// A score older than this says nothing about the next 30 days: scores change by the day.
pub const EPSS_AGE_MAX: Span = Span::days(7);

/// The answers of published sources about one vulnerability.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// In CISA's catalogue; what is known to be exploited by other word counts as in it (CERT/CC's guide).
    pub in_kev: Known<bool>,
    /// SSVC Automatable.
    pub automatable: Known<bool>,
    /// SSVC Technical Impact.
    pub technical_impact: Known<TechnicalImpact>,
    /// EPSS percentile, 0 to 100.
    pub epss: Known<u8>,
    /// CVSS base score in tenths.
    pub cvss: Known<u8>,
    /// A public proof of concept exists.
    pub public_poc: bool,
}

impl Published {
    /// The answers for one vulnerability.
    pub fn of(world: &World, vuln: VulnIdx) -> Self {
        let vuln = &world.vulns[vuln.0 as usize];
        let notes = Notes { id: &vuln.id, notes: &vuln.notes };
        Self {
            in_kev: in_kev(world, &notes),
            automatable: notes.ladder(
                |said| match said {
                    Said::Ssvc { automatable, .. } => *automatable,
                    Said::Read(by) => by.reading.automatable.map(|s| s.value),
                    _ => None,
                },
                |vector| vector.automatable(),
                |read| *read,
            ),
            technical_impact: notes.ladder(
                |said| match said {
                    Said::Ssvc { impact, .. } => *impact,
                    Said::Read(by) => by.reading.impact.map(|s| s.value),
                    _ => None,
                },
                |vector| vector.technical_impact(),
                |read| *read == TechnicalImpact::Total,
            ),
            epss: notes.epss(world.as_of),
            cvss: notes.cvss(),
            public_poc: notes.exploitation().is_some_and(|(e, _)| e >= Exploitation::PublicPoc),
        }
    }
}

/// The CVSS vector that counts: the newest version, where there are several.
pub(super) fn vector(world: &World, vuln: VulnIdx) -> Option<crate::intel::CvssVector> {
    let vuln = &world.vulns[vuln.0 as usize];
    Notes { id: &vuln.id, notes: &vuln.notes }.vector().map(|(vector, _)| *vector)
}

struct Notes<'a> {
    id: &'a crate::ids::VulnId,
    notes: &'a [IntelNote],
}

impl Notes<'_> {
    fn proof(&self, origin: Origin, note: &IntelNote) -> Proof {
        Proof::by(origin, EvidenceId::Feed(note.feed.as_str(), self.id.clone()), note.at)
    }

    /// CISA's analysts, then the CVSS vector, then a model's reading where it raises the policy's default.
    fn ladder<T: Copy>(
        &self,
        ssvc: impl Fn(&Said) -> Option<T>,
        derive: impl Fn(&crate::intel::CvssVector) -> T,
        raises: impl Fn(&T) -> bool,
    ) -> Known<T> {
        let by = |feed: Feed| self.notes.iter().filter(move |n| n.feed == feed);
        if let Some((value, note)) = by(Feed::CisaAdp).find_map(|n| ssvc(&n.said).map(|v| (v, n))) {
            return Known::Is(value, self.proof(Origin::CisaAdp, note));
        }
        if let Some((vector, note)) = self.vector() {
            return Known::Is(derive(vector), self.proof(Origin::CvssVector, note));
        }
        let read = by(Feed::Reading).find_map(|n| ssvc(&n.said).filter(&raises).map(|v| (v, n)));
        match read {
            Some((value, note)) => Known::Is(value, self.proof(Origin::ModelReading, note)),
            None => Known::Unknown(UnknownBecause::NotPublished, Some(SettledBy::FreshFeed)),
        }
    }

    /// The newest version of CVSS; of equal ones the more severe, then the earlier in print.
    fn vector(&self) -> Option<(&crate::intel::CvssVector, &IntelNote)> {
        let vectors = self.notes.iter().filter_map(|n| match &n.said {
            Said::Cvss(vector) => Some((vector, n)),
            _ => None,
        });
        vectors.max_by_key(|(v, _)| (v.version_rank(), v.base_tenths(), std::cmp::Reverse(v.to_string())))
    }

    fn exploitation(&self) -> Option<(Exploitation, &IntelNote)> {
        self.notes.iter().find_map(|n| match n.said {
            Said::Ssvc { exploitation: Some(e), .. } if n.feed == Feed::CisaAdp => Some((e, n)),
            _ => None,
        })
    }

    fn epss(&self, at: Time) -> Known<u8> {
        let scores = self.notes.iter().filter_map(|n| match n.said {
            Said::Epss { percentile, .. } => Some((percentile, n)),
            _ => None,
        });
        match scores.max_by_key(|(p, n)| (n.at, *p)) {
            Some((_, note)) if note.at.until(at) > EPSS_AGE_MAX => {
                Known::Unknown(UnknownBecause::FeedTooOld, Some(SettledBy::FreshFeed))
            }
            Some((percentile, note)) => Known::Is((percentile.min(10_000) / 100) as u8, self.proof(Origin::Epss, note)),
            None => Known::Unknown(UnknownBecause::NotPublished, Some(SettledBy::FreshFeed)),
        }
    }

    fn cvss(&self) -> Known<u8> {
        match self.vector() {
            Some((vector, note)) => {
                Known::Is(vector.base_tenths().min(100) as u8, self.proof(Origin::CvssVector, note))
            }
            None => Known::Unknown(UnknownBecause::NotPublished, None),
        }
    }
}

/// Listed = yes, and stays yes whatever the catalogue's age. Absent from a young catalogue = no. Else unknown.
fn in_kev(world: &World, notes: &Notes<'_>) -> Known<bool> {
    if let Some((added, note)) = notes.notes.iter().find_map(|n| match n.said {
        Said::Kev { added } => Some((added, n)),
        _ => None,
    }) {
        return Known::Is(true, Proof { as_of: added.max(note.at), ..notes.proof(Origin::Kev, note) });
    }
    if let Some((Exploitation::Active, note)) = notes.exploitation() {
        return Known::Is(true, notes.proof(Origin::CisaAdp, note));
    }
    match world.feed(Feed::Kev) {
        Some(feed) if notes.id.is_cve() && feed.published.until(world.as_of) <= KEV_AGE_MAX => {
            Known::Is(false, Proof::by(Origin::Kev, EvidenceId::Table("feed", "kev".into()), feed.published))
        }
        _ => Known::Unknown(UnknownBecause::FeedTooOld, Some(SettledBy::FreshFeed)),
    }
}
