//! When each file of the demo is taken in, counted back from now: a week in the life of the shop, so that clocks, deadlines
//! and the two digests differ as they would.

use assay_core::ids::Span;

/// What happens at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The cluster is scanned whole.
    Scan,
    /// The published feeds are imported.
    Feeds,
    /// A scanner's report comes in.
    Report(&'static str),
    /// A person decides about a finding.
    Decide,
    /// The digest of the day is made.
    Digest,
}

/// One moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// How long before now.
    pub(super) before: Span,
    /// What happens.
    pub(super) event: Event,
}

const fn hours(hours: i64, event: Event) -> Step {
    Step { before: Span::hours(hours), event }
}

/// The week, oldest first.
pub(super) const STEPS: &[Step] = &[
    hours(149, Event::Scan),
    hours(146, Event::Feeds),
    hours(143, Event::Report("trivy-postgres")),
    hours(142, Event::Report("grype-postgres")),
    hours(120, Event::Report("trivy-batch")),
    hours(119, Event::Report("grype-batch")),
    hours(118, Event::Report("trivy-notebook")),
    hours(98, Event::Feeds),
    hours(97, Event::Report("grype-notebook")),
    hours(96, Event::Report("trivy-mail")),
    hours(95, Event::Report("trivy-report")),
    hours(77, Event::Scan),
    hours(72, Event::Report("grype-report")),
    hours(71, Event::Report("grype-cart")),
    hours(70, Event::Report("grype-fluent-bit")),
    hours(69, Event::Report("trivy-web")),
    hours(68, Event::Report("grype-web")),
    hours(67, Event::Report("trivy-webhook")),
    hours(60, Event::Decide),
    hours(50, Event::Feeds),
    hours(41, Event::Report("trivy-ingress-nginx")),
    hours(40, Event::Report("trivy-load-test")),
    hours(23, Event::Digest),
    hours(20, Event::Report("trivy-checkout")),
    hours(19, Event::Report("grype-checkout")),
    hours(3, Event::Feeds),
    Step { before: Span::minutes(40), event: Event::Scan },
];

/// The finding that a person has decided about: a flaw that gives nothing where it is.
pub(super) const DECIDED: (&str, &str) = ("CVE-2023-4911", "lab");
/// Who decided.
pub(super) const DECIDED_BY: &str = "mira";
/// In their words.
pub(super) const DECIDED_NOTE: &str = "The flaw makes a local user root. Whoever runs code in this notebook is root already. The image is rebuilt next week.";
/// For how long.
pub(super) const DECIDED_FOR: Span = Span::days(12);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::bundle::Bundle;

    #[test]
    fn every_report_comes_in_once() {
        let mut named: Vec<String> = STEPS
            .iter()
            .filter_map(|s| match s.event {
                Event::Report(name) => Some(format!("reports/{name}.json")),
                _ => None,
            })
            .collect();
        named.sort();
        assert_eq!(named, Bundle::folder("reports").collect::<Vec<_>>());
        assert!(STEPS.is_sorted_by(|a, b| a.before >= b.before));
    }
}
