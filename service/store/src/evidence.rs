//! What a cited id stands for, in one line of ours around what was recorded.

use assay_core::ids::{EvidenceId, Time, VulnId};
use rusqlite::{OptionalExtension, Row, params};
use serde_json::Value;

use crate::error::{Doing, StoreError};
use crate::open::Store;

impl Store {
    /// What a piece of evidence is: where it was recorded, by whom, when.
    ///
    /// # Errors
    /// When the database fails.
    pub fn evidence(&self, id: &EvidenceId, as_of: Time) -> Result<String, StoreError> {
        let doing = "reading evidence";
        let text = match id {
            EvidenceId::Record(row) => {
                let sql = "SELECT r.tool, r.tool_version, o.kind, o.locator, r.produced_at, r.received_at, r.sha256, o.author FROM observation o JOIN report r ON r.id = o.report_id WHERE o.id = ?1";
                self.conn.query_row(sql, [row], |r| {
                    let at = |i: usize| r.get::<_, i64>(i).map(|t| Time::from_millis(t).to_string());
                    let sha: [u8; 32] = r.get(6)?;
                    let sha = assay_core::ids::Digest::from_bytes(sha);
                    let t = |i: usize| r.get::<_, String>(i);
                    Ok(format!(
                        "{}{} reported, at {} ({}), produced {}, received {}, report {sha}, author {}",
                        t(0)?,
                        part(" ", t(1)?),
                        t(3)?,
                        t(2)?,
                        at(4)?,
                        at(5)?,
                        t(7)?
                    ))
                })
            }
            EvidenceId::Fact(row) => {
                let sql = "SELECT f.source, f.body, f.since, f.until, f.author, a.kind, a.namespace, a.name, f.container, o.locator FROM fact f JOIN asset a ON a.id = f.asset_id \
                           JOIN observation o ON o.id = f.observation_id WHERE f.id = ?1";
                self.conn.query_row(sql, [row], |r| {
                    let at = |i: usize| r.get::<_, i64>(i).map(|t| Time::from_millis(t).to_string());
                    let t = |i: usize| r.get::<_, String>(i);
                    Ok(format!(
                        "{} says of {}: {}; from {} to {}, author {}, record {}",
                        t(0)?,
                        place(r, 5, Some(8))?,
                        body(&t(1)?),
                        at(2)?,
                        at(3)?,
                        t(4)?,
                        t(9)?
                    ))
                })
            }
            EvidenceId::Edge(row) => {
                let sql = "SELECT e.source, f.kind, f.namespace, f.name, e.body, t.kind, t.namespace, t.name, e.since, e.until, e.author, o.locator FROM edge e \
                           JOIN asset f ON f.id = e.from_id JOIN asset t ON t.id = e.to_id JOIN observation o ON o.id = e.observation_id WHERE e.id = ?1";
                self.conn.query_row(sql, [row], |r| {
                    let at = |i: usize| r.get::<_, i64>(i).map(|t| Time::from_millis(t).to_string());
                    let t = |i: usize| r.get::<_, String>(i);
                    Ok(format!(
                        "{}: {} to {}: {}; seen {} to {}, author {}, record {}",
                        t(0)?,
                        place(r, 1, None)?,
                        place(r, 5, None)?,
                        body(&t(4)?),
                        at(8)?,
                        at(9)?,
                        t(10)?,
                        t(11)?
                    ))
                })
            }
            EvidenceId::Coverage(row) => {
                let sql = "SELECT c.eye, a.kind, a.namespace, a.name, c.container, c.instance, c.node, c.since, c.until, c.start_seen, c.holes FROM coverage c JOIN asset a ON a.id = c.asset_id WHERE c.id = ?1";
                self.conn.query_row(sql, [row], |r| {
                    let at = |i: usize| r.get::<_, i64>(i).map(|t| Time::from_millis(t).to_string());
                    let t = |i: usize| r.get::<_, String>(i);
                    let start = if r.get::<_, bool>(9)? { "start seen" } else { "start not seen" };
                    let holes = match t(10)? {
                        none if none == "[]" => "no holes".to_owned(),
                        some => format!("holes {some}"),
                    };
                    Ok(format!(
                        "{} watched {}{}{} from {} to {}, {start}, {holes}",
                        t(0)?,
                        place(r, 1, Some(4))?,
                        part(", instance ", t(5)?),
                        part(" on ", t(6)?),
                        at(7)?,
                        at(8)?,
                    ))
                })
            }
            EvidenceId::Feed("reading", vuln) => return self.read_of(vuln),
            EvidenceId::Feed(feed, vuln) => {
                let sql = "SELECT i.body, i.at, i.via FROM intel i JOIN vuln_alias v ON v.vuln_id = i.vuln_id WHERE v.alias = ?1 AND i.feed = ?2 ORDER BY i.question DESC, i.at DESC LIMIT 1";
                self.conn.query_row(sql, params![vuln.as_str(), feed], |r| {
                    let via: String = r.get(2)?;
                    let via = if via.is_empty() { String::new() } else { format!(", carried by {via}") };
                    Ok(format!(
                        "{feed} says of {vuln}: {}; {}{via}",
                        body(&r.get::<_, String>(0)?),
                        Time::from_millis(r.get(1)?)
                    ))
                })
            }
            EvidenceId::Table("feed", name) => {
                let sql = "SELECT published, imported, row_count FROM feed WHERE feed = ?1";
                self.conn.query_row(sql, [name.as_ref()], |r| {
                    let at = |i: usize| r.get::<_, i64>(i).map(|t| Time::from_millis(t).to_string());
                    Ok(format!(
                        "the {name} catalogue of {} with {} entries, imported {}, does not list it",
                        at(0)?,
                        r.get::<_, i64>(2)?,
                        at(1)?
                    ))
                })
            }
            EvidenceId::Table("environment-rule", row) => {
                Ok(format!("rule {row} for environments in the configuration, as of {as_of}"))
            }
            EvidenceId::Table(table, row) => Ok(format!("row {row} of Assay's own table {table}, as of {as_of}")),
        };
        Ok(text.optional().doing(doing)?.unwrap_or_else(|| "it has been pruned".to_owned()))
    }

    /// What was read out of the text of a vulnerability, and by whom.
    fn read_of(&self, vuln: &VulnId) -> Result<String, StoreError> {
        let doing = "reading evidence";
        let sql = "SELECT r.by_whom, r.digest, r.at, r.body, p.sha256 FROM vuln_alias a JOIN vuln v ON v.id = a.vuln_id \
                   JOIN reading r ON r.passage_id = v.passage_id JOIN passage p ON p.id = r.passage_id WHERE a.alias = ?1 ORDER BY r.job DESC";
        let digest = |bytes: [u8; 32]| assay_core::ids::Digest::from_bytes(bytes);
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let told = statement.query_map([vuln.as_str()], |r| {
            let (by, at): (String, i64) = (r.get(0)?, r.get(2)?);
            let (reader, text) = (digest(r.get(1)?), digest(r.get(4)?));
            let told = body(&r.get::<_, String>(3)?);
            Ok(format!(
                "{by} ({reader}) read the text {text} of the record of {vuln}: {told}; {}",
                Time::from_millis(at)
            ))
        });
        let told: Vec<String> = told.and_then(Iterator::collect).doing(doing)?;
        Ok(if told.is_empty() { "it has been pruned".to_owned() } else { told.join("; ") })
    }
}

/// A part that is left out where there is nothing to say.
fn part(before: &str, text: String) -> String {
    if text.is_empty() { text } else { format!("{before}{text}") }
}

/// A kind, a namespace and a name from this column on, with the container's where there is one.
fn place(row: &Row<'_>, at: usize, container: Option<usize>) -> rusqlite::Result<String> {
    let text = |i: usize| row.get::<_, String>(i);
    let (kind, namespace, name) = (text(at)?, text(at + 1)?, text(at + 2)?);
    if kind.eq_ignore_ascii_case(&name) && namespace.is_empty() {
        return Ok(format!("the {kind}"));
    }
    let mut place = if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") };
    if let Some(container) = container.map(text).transpose()?.filter(|c| !c.is_empty()) {
        place.push_str(&format!(", container {container}"));
    }
    Ok(place)
}

/// What was recorded, field by field: what is not known is left out, and what could be taken for more than one value stands
/// in quotation marks.
fn body(json: &str) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(json) else { return json.to_owned() };
    let sort = ["link", "is", "said"].iter().find_map(|tag| fields.remove(*tag));
    let plain = |text: &str| !text.is_empty() && !text.contains([' ', ',', ';', ':', '"']);
    let field = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::Null => return None,
            Value::String(text) if plain(text) => text.clone(),
            // The one instant inside a body.
            Value::Number(ms) if name == "added" => Time::from_millis(ms.as_i64()?).to_string(),
            other => other.to_string(),
        };
        Some(format!("{} {value}", name.replace('_', " ")))
    };
    let told = fields.iter().filter_map(field).collect::<Vec<_>>().join(", ");
    match sort.as_ref().and_then(Value::as_str) {
        Some(sort) if told.is_empty() => sort.replace('_', " "),
        Some(sort) => format!("{} ({told})", sort.replace('_', " ")),
        None => told,
    }
}

#[cfg(test)]
mod tests {
    use super::body;

    #[test]
    fn a_body_is_told_field_by_field() {
        let edge = r#"{"link":"enters","settled_by":null,"host":"shop.example.com","port":443}"#;
        assert_eq!(body(edge), "enters (host shop.example.com, port 443)");
        assert_eq!(body(r#"{"said":"kev","added":1639094400000}"#), "kev (added 2021-12-10T00:00:00Z)");
        let forged = r#"{"exe":"a, author kernel","args":["x"]}"#;
        assert_eq!(body(forged), r#"args ["x"], exe "a, author kernel""#);
        assert_eq!(body("no object"), "no object");
    }
}
