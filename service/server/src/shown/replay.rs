//! A shown text, written again from its record. Comes in: one link of the audit chain with its record. Goes out: whether
//! every text of it comes out byte for byte, and if not, why. The model's choices are walked again over the recorded brief
//! and the final scan is made again; nothing is taken from what was shown.

use assay_core::brief::Brief;
use assay_core::catalogue::Catalogue;
use assay_core::document::{Document, guard};
use assay_core::explain::facts;
use assay_core::ids::Time;
use assay_core::plan::{parse, prompt, template};
use assay_core::text::Door;
use assay_store::ShownRecord;

use super::twin::{self, PropositionTwin, RecordTwin, Unknown};
use super::{BUILD, digest_of};

/// What became of a shown text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// Every text came out byte for byte.
    Same,
    /// The record made room for newer ones; its digest is still in the chain.
    NotKept,
    /// Another build, or other phrases, wrote it, and this one writes it otherwise.
    OtherWords(String),
    /// The record is not the one that the chain speaks of, or does not give the text.
    Broken(String),
}

/// Writes the texts of a record again.
pub(crate) fn replay(kept: &ShownRecord, catalogue: &Catalogue, door: &dyn Door) -> Replay {
    let Some(body) = &kept.body else { return Replay::NotKept };
    if !kept.whole {
        return Replay::Broken("the record is not the one whose digest is in the chain".to_owned());
    }
    let record: RecordTwin = match serde_json::from_str(body) {
        Ok(record) => record,
        Err(error) => return Replay::Broken(format!("the record cannot be read: {error}")),
    };
    let phrases = record.catalogue.as_deref().filter(|v| *v != catalogue.version);
    let other = match (record.build == BUILD, phrases) {
        (true, None) => None,
        (true, Some(version)) => Some(format!("phrases {version}")),
        (false, _) => Some(format!("build {}", record.build)),
    };
    match (written(&record, catalogue, door), other) {
        (Ok(()), _) => Replay::Same,
        (Err(_), Some(other)) => Replay::OtherWords(other),
        (Err(why), None) => Replay::Broken(why),
    }
}

/// Writes each text, and compares it.
fn written(record: &RecordTwin, catalogue: &Catalogue, door: &dyn Door) -> Result<(), String> {
    let said = |e: Unknown| e.to_string();
    let mut blocks = Vec::new();
    for block in &record.before {
        blocks.push(block.read().map_err(said)?);
    }
    if let Some(brief) = &record.brief {
        let brief = brief_of(brief).map_err(said)?;
        let raw = record.raw.as_deref().unwrap_or_default();
        let plan = match record.model {
            Some(_) => parse(&brief, raw).ok_or("the choices taken are no legal plan of the brief")?,
            None => template(&brief),
        };
        if record.plan.as_deref() != Some(plan.text().as_str()) {
            return Err("the choices taken do not give the plan".to_owned());
        }
        if let Some(digest) = &record.prompt
            && *digest != prompt(&brief, catalogue).digest().to_string()
        {
            return Err("the brief does not give the prompt".to_owned());
        }
        blocks.extend(facts(&brief, &plan, catalogue));
    }
    for block in &record.after {
        blocks.push(block.read().map_err(said)?);
    }
    let document = Document { as_of: Time::from_millis(record.as_of), blocks };
    let document = guard(document, door).map_err(|alarm| alarm.to_string())?;
    for text in &record.texts {
        let form = twin::form(&text.form).map_err(said)?;
        if digest_of(&form.write(&document)) != text.sha256 {
            return Err(format!("the text for {} comes out otherwise", text.form));
        }
    }
    Ok(())
}

/// The brief, as far as a plan and its facts need it.
fn brief_of(propositions: &[PropositionTwin]) -> Result<Brief, Unknown> {
    Ok(Brief {
        propositions: propositions.iter().map(PropositionTwin::read).collect::<Result<_, _>>()?,
        decided_by: Vec::new(),
        could_raise: Vec::new(),
        could_lower: Vec::new(),
        left_out: 0,
    })
}
