//! A capture: the batches of one watch, one JSON object a line, the form that the service reads as a file too. Comes in: a
//! captured batch. Goes out: the same batch moved in time, as if it came from this or another node now.

use assay_core::batch::SensorBatch;
use assay_core::ids::{BadTime, Span, Time};

/// The most nodes that one replay plays.
pub const NODES_MAX: u32 = 10_000;

/// How a capture is played again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// How far every instant moves.
    pub by: Span,
    /// Stands in the place of the kernel's boot id, so that the service takes the batches as new.
    pub boot: String,
}

impl Again {
    /// So that the last of these batches was sent at `now`.
    ///
    /// # Errors
    /// When an instant of a batch is none.
    pub fn until_now(batches: &[SensorBatch], now: Time, boot: String) -> Result<Self, BadTime> {
        let sent: Vec<Time> = batches.iter().map(|b| b.sent_at.parse()).collect::<Result<_, _>>()?;
        let last = sent.into_iter().max().unwrap_or(now);
        Ok(Self { by: last.until(now), boot })
    }

    /// The batch as node number `copy` of the replay sends it; copy 0 keeps its names.
    ///
    /// # Errors
    /// When an instant of the batch is none.
    pub fn play(&self, batch: &SensorBatch, copy: u32) -> Result<SensorBatch, BadTime> {
        let moved = |at: &str| at.parse::<Time>().map(|at| (at + self.by).to_string());
        let mut again = batch.clone();
        again.boot.clone_from(&self.boot);
        again.sent_at = moved(&again.sent_at)?;
        for fact in &mut again.facts {
            (fact.since, fact.until) = (moved(&fact.since)?, moved(&fact.until)?);
        }
        for window in &mut again.coverage {
            (window.since, window.until) = (moved(&window.since)?, moved(&window.until)?);
            for hole in &mut window.holes {
                (hole.since, hole.until) = (moved(&hole.since)?, moved(&hole.until)?);
            }
        }
        if copy > 0 {
            again.node = format!("{}-{copy}", again.node);
            for container in &mut again.containers {
                container.id = format!("{}-{copy}", container.id);
                if !container.pod.is_empty() {
                    container.pod = format!("{}-{copy}", container.pod);
                }
            }
        }
        Ok(again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> SensorBatch {
        serde_json::from_str(
            r#"{"version":1,"node":"n","boot":"b","sequence":3,"sent_at":"2026-11-24T03:00:00Z",
            "containers":[{"id":"c1","namespace":"shop","pod":"web-1","name":"web","image":"shop/web:1.0"}],
            "facts":[{"container":0,"since":"2026-11-24T02:00:00Z","until":"2026-11-24T02:59:00Z","what":{"kind":"executed","exe":"/bin/sh"}}],
            "coverage":[{"container":0,"eye":"sensor_use","since":"2026-11-24T02:00:00Z","until":"2026-11-24T03:00:00Z","start_seen":true,
            "holes":[{"since":"2026-11-24T02:10:00Z","until":"2026-11-24T02:11:00Z","because":"lost"}]}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_capture_ends_now_and_keeps_its_spans() {
        let now: Time = "2026-12-01T10:00:00Z".parse().unwrap();
        let again = Again::until_now(&[batch()], now, "again".to_owned()).unwrap();
        let played = again.play(&batch(), 0).unwrap();
        assert_eq!((played.node.as_str(), played.boot.as_str(), played.sequence), ("n", "again", 3));
        assert_eq!(played.sent_at, now.to_string());
        assert_eq!(played.facts[0].since, (now - Span::hours(1)).to_string());
        assert_eq!(played.facts[0].until, (now - Span::minutes(1)).to_string());
        assert_eq!(played.coverage[0].holes[0].until, (now - Span::minutes(49)).to_string());
    }

    #[test]
    fn copies_are_other_nodes_with_other_containers_of_the_same_workload() {
        let again = Again { by: Span::ZERO, boot: "x".to_owned() };
        let (one, two) = (again.play(&batch(), 1).unwrap(), again.play(&batch(), 2).unwrap());
        assert_eq!((one.node.as_str(), two.node.as_str()), ("n-1", "n-2"));
        assert_ne!(one.containers[0].id, two.containers[0].id);
        assert_eq!((one.containers[0].pod.as_str(), one.containers[0].image.as_str()), ("web-1-1", "shop/web:1.0"));
    }

    #[test]
    fn an_instant_that_is_none_is_an_error() {
        let mut odd = batch();
        odd.facts[0].since = "yesterday".to_owned();
        assert!(Again { by: Span::ZERO, boot: String::new() }.play(&odd, 0).is_err());
    }
}
