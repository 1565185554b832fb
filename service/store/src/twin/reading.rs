//! How a reading stands in the data file.

use std::fmt::Display;
use std::str::FromStr;

use assay_core::named::Unspelled;
use assay_core::reading::{Reading, Spanned, Sure};
use serde::{Deserialize, Serialize};

use super::Unread;

/// A reading: the values that passed, and the conditions with their places in the text.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReadingRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    automatable: Option<SureRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    impact: Option<SureRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vector: Option<SureRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    privileges: Option<SureRow>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interaction: Option<SureRow>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    conditions: Vec<SpannedRow>,
}

/// A value and its probability in ten-thousandths.
#[derive(Serialize, Deserialize)]
struct SureRow {
    value: String,
    probability: u16,
}

#[derive(Serialize, Deserialize)]
struct SpannedRow {
    id: String,
    start: u32,
    end: u32,
}

impl SureRow {
    fn of<T: Copy>(sure: Option<Sure<T>>, spell: impl Fn(T) -> String) -> Option<Self> {
        sure.map(|s| Self { value: spell(s.value), probability: s.probability })
    }

    fn named<T: Copy + Display>(sure: Option<Sure<T>>) -> Option<Self> {
        Self::of(sure, |value| value.to_string())
    }
}

fn sure<T: FromStr<Err = Unspelled>>(row: Option<SureRow>) -> Result<Option<Sure<T>>, Unread> {
    row.map(|r| Ok(Sure { value: r.value.parse()?, probability: r.probability })).transpose()
}

impl ReadingRow {
    pub(crate) fn of(reading: &Reading, conditions: &[Spanned]) -> Self {
        let spanned = |s: &Spanned| SpannedRow { id: s.condition.to_string(), start: s.start, end: s.end };
        Self {
            automatable: SureRow::of(reading.automatable, |yes| if yes { "yes" } else { "no" }.to_owned()),
            impact: SureRow::named(reading.impact),
            vector: SureRow::named(reading.vector),
            privileges: SureRow::named(reading.privileges),
            interaction: SureRow::named(reading.interaction),
            conditions: conditions.iter().map(spanned).collect(),
        }
    }

    pub(crate) fn read(self) -> Result<(Reading, Vec<Spanned>), Unread> {
        let automatable = self.automatable.map(|r| match r.value.as_str() {
            "yes" | "no" => Ok(Sure { value: r.value == "yes", probability: r.probability }),
            other => Err(Unread(format!("`{other}` is neither yes nor no"))),
        });
        let reading = Reading {
            automatable: automatable.transpose()?,
            impact: sure(self.impact)?,
            vector: sure(self.vector)?,
            privileges: sure(self.privileges)?,
            interaction: sure(self.interaction)?,
        };
        let spanned = |r: SpannedRow| Ok(Spanned { condition: r.id.parse()?, start: r.start, end: r.end });
        Ok((reading, self.conditions.into_iter().map(spanned).collect::<Result<_, Unread>>()?))
    }
}
