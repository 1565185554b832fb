//! Cases as they are written down: one JSON object a line. A line that does not say exactly what its suite asks for is
//! refused with its number; no case is ever passed over.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

/// A line that is no case.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct BadCase {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Something with a name of its own.
pub trait Named {
    /// The name, once in a file.
    fn id(&self) -> &str;
}

/// Reads all cases of a file: what a line says, made into a case.
///
/// # Errors
/// When a line is no case, or a name stands twice.
pub fn read<L, T>(text: &str, case: impl Fn(L) -> Result<T, String>) -> Result<Vec<T>, BadCase>
where
    L: DeserializeOwned + Named,
{
    let mut names = BTreeSet::new();
    let mut all = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let bad = |why: String| BadCase { line: at + 1, why };
        let said: L = serde_json::from_str(line).map_err(|e| bad(e.to_string()))?;
        if !names.insert(said.id().to_owned()) {
            return Err(bad(format!("`{}` stands in an earlier line", said.id())));
        }
        all.push(case(said).map_err(bad)?);
    }
    Ok(all)
}

/// Refuses a reason that is none.
///
/// # Errors
/// When it has less than four words.
pub fn reason(why: &str) -> Result<(), String> {
    if why.split_whitespace().count() < 4 { Err("it gives no reason".to_owned()) } else { Ok(()) }
}
