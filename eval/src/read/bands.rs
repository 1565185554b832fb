//! What readings do to bands. Comes in: texts whose SSVC values CISA published, those values hidden, and what a model
//! read. Goes out: how many bands differ from those that CISA's own values give, with readings, without them, and by the
//! policy's defaults alone. The place is the same for all: exposed, and in no catalogue.

use assay_core::assess::{Answer, Exposed, Inputs, stand};
use assay_core::finding::FindingClass;
use assay_core::intel::TechnicalImpact;
use assay_core::policy::Policy;
use assay_core::reading::Reading;

use super::texts::Example;
use crate::Suite;
use crate::outcome::Outcome;

/// Which rungs of the ladder answer where SSVC is hidden.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rungs {
    /// The policy's defaults.
    Defaults,
    /// The CVSS vector, then the defaults.
    Vector,
    /// The CVSS vector, then a reading where it raises, then the defaults.
    Reading,
}

/// Measures over the texts whose two SSVC values are published.
pub(super) fn run(texts: &[Example], readings: &[Reading], policy: &Policy) -> Vec<Outcome> {
    let known: Vec<(&Example, &Reading, [usize; 2])> =
        texts.iter().zip(readings).filter_map(|(e, r)| Some((e, r, [e.classes[0]?, e.classes[1]?]))).collect();
    // A greater order is a later deadline.
    let count = |rungs: Rungs, counts: fn(u8, u8) -> bool| {
        let wrong = |(e, r, truth): &&(&Example, &Reading, [usize; 2])| {
            counts(band(rungs.answers(e, r), policy), band(truth.map(Some), policy))
        };
        known.iter().filter(wrong).count()
    };
    let cases = known.len();
    let wrong = |rungs| count(rungs, |ours, theirs| ours != theirs);
    let below = |rungs| count(rungs, |ours, theirs| ours > theirs);
    let row = |measure, hits| Outcome::reported(Suite::Read, measure, (hits, cases), Vec::new());
    vec![
        row("SSVC hidden: bands that differ from CISA's, by defaults alone", wrong(Rungs::Defaults)),
        row("SSVC hidden: bands that differ from CISA's, by CVSS vectors and defaults", wrong(Rungs::Vector)),
        row("SSVC hidden: bands that differ from CISA's, with readings", wrong(Rungs::Reading))
            .below_count(wrong(Rungs::Vector)),
        row("SSVC hidden: bands below CISA's, by CVSS vectors and defaults", below(Rungs::Vector)),
        row("SSVC hidden: bands below CISA's, with readings", below(Rungs::Reading)).below_count(below(Rungs::Vector)),
    ]
}

impl Rungs {
    fn answers(self, example: &Example, reading: &Reading) -> [Option<usize>; 2] {
        match self {
            Self::Defaults => [None, None],
            Self::Vector => example.by_vector,
            // Where there is a vector, a reading has no say.
            Self::Reading if example.by_vector[0].is_some() => example.by_vector,
            Self::Reading => {
                let automatable = reading.automatable.is_some_and(|a| a.value);
                let total = reading.impact.is_some_and(|i| i.value == TechnicalImpact::Total);
                [automatable, total].map(|raises| raises.then_some(1))
            }
        }
    }
}

fn band([automatable, total]: [Option<usize>; 2], policy: &Policy) -> u8 {
    let answer = |class: Option<usize>| match class {
        None => Answer::Unknown,
        Some(0) => Answer::No,
        Some(_) => Answer::Yes,
    };
    let inputs = Inputs {
        in_kev: Answer::No,
        exposure: Exposed::ByPath,
        automatable: answer(automatable),
        total_impact: answer(total),
        ..Inputs::unknown(FindingClass::Vulnerability)
    };
    stand(inputs, policy).band
}

#[cfg(test)]
mod tests {
    use assay_core::reading::Sure;

    use super::super::texts::{Split, parse};
    use super::*;

    #[test]
    fn a_reading_counts_only_where_no_vector_speaks() {
        let row = |vector: &str| {
            let line = format!(
                r#"{{"cve":"x","description":"a","ssvc_automatable":"yes","ssvc_technical_impact":"total"{vector}}}"#
            );
            parse(&line, Split::Cve).unwrap().unwrap()
        };
        let texts = [row(""), row(r#","cvss_vector":"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N""#)];
        let read = Reading {
            automatable: Some(Sure { value: true, probability: 9000 }),
            impact: Some(Sure { value: TechnicalImpact::Total, probability: 9000 }),
            ..Reading::default()
        };
        let outcomes = run(&texts, &[read, read], &Policy::bod_26_04().unwrap());
        let values: Vec<f64> = outcomes.iter().map(|o| o.value).collect();
        assert_eq!(values, [1.0, 1.0, 0.5, 1.0, 0.5]);
        assert_eq!(outcomes[2].met, Some(true));
    }
}
