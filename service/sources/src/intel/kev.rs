//! CISA's Known Exploited Vulnerabilities catalogue, as JSON.

use std::io::Read;

use assay_core::ids::VulnId;
use assay_core::intel::{Feed, IntelNote, Said};
use assay_core::text::Opaque;
use serde::Deserialize;

use super::Taker;
use crate::read::ReadError;
use crate::read::intake::instant;
use crate::read::json::Json;
use crate::read::lenient::Word;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Row {
    #[serde(rename = "cveID")]
    cve: Word,
    date_added: Word,
}

pub(super) fn read(input: &mut dyn Read, taker: &mut Taker<'_>) -> Result<(), ReadError> {
    let (mut released, mut newest, mut rows) = (None, None, 0u64);
    let mut json = Json::open(input, taker.how.limits)?;
    json.object(|json, key| match key {
        "dateReleased" => json.instant_into(&mut released),
        "vulnerabilities" => json.list(|json, i| {
            let place = format!("vulnerabilities[{i}]");
            let row = match json.record::<Row>()? {
                Ok(row) => row,
                Err(reason) => {
                    taker.skip(place, &reason);
                    return Ok(());
                }
            };
            let (Ok(vuln), Some(added)) = (row.cve.as_str().parse::<VulnId>(), instant(row.date_added.as_str())) else {
                taker.skip(place, "the entry names no vulnerability or no date");
                return Ok(());
            };
            rows += 1;
            newest = newest.max(Some(added));
            taker.give(IntelNote {
                vuln,
                said: Said::Kev { added },
                feed: Feed::Kev,
                via: Opaque::readmit(""),
                at: added,
            })
        }),
        _ => json.skip(),
    })?;
    json.finish(&["vulnerabilities"])?;
    let Some(published) = released.or(newest) else {
        return Err(json.wrong("the catalogue has no date"));
    };
    taker.done(Feed::Kev, published, rows);
    Ok(())
}
