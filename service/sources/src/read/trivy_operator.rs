//! Custom resources of trivy-operator, as JSON or YAML: one, a list, several documents, or the lists of a whole cluster
//! keyed by their kinds. Each resource is a scope of its own.

mod cr;

use std::io::BufRead;

use assay_core::scope::Head;

use super::json::{Json, Kind};
use super::{How, ReadError, yaml};
use crate::limits::ReadLimits;
use cr::{Cr, Operator};

use super::intake::Intake;

pub(super) fn read(input: &mut dyn BufRead, how: &How<'_>, intake: Intake<'_>) -> Result<Head, ReadError> {
    let mut operator = Operator::new(intake);
    if begins_like_json(input)? {
        read_json(&mut Json::open(input, how.limits)?, &mut operator)?;
    } else {
        read_yaml(input, how.limits, &mut operator)?;
    }
    Ok(operator.close())
}

/// True when the first character that is no blank opens an object or a list.
fn begins_like_json(input: &mut dyn BufRead) -> Result<bool, ReadError> {
    let head = input.fill_buf()?;
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    Ok(head.iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|b| matches!(b, b'{' | b'[')))
}

fn read_json(json: &mut Json<'_>, operator: &mut Operator<'_>) -> Result<(), ReadError> {
    if json.kind()? == Kind::List {
        json.list(|json, i| element(json, operator, &format!("[{i}]")))?;
        return json.finish();
    }
    // One resource, a list of them, or a map of lists: the parts of a single resource are put together again.
    let mut single = serde_json::Map::new();
    json.object(|json, key| match key {
        "items" => json.list(|json, i| element(json, operator, &format!("items[{i}]"))),
        _ if key.ends_with(".aquasecurity.github.io") => {
            json.list(|json, i| element(json, operator, &format!("{key}[{i}]")))
        }
        _ => {
            single.insert(key.to_owned(), json.need()?);
            Ok(())
        }
    })?;
    json.finish()?;
    if single.contains_key("report") || single.contains_key("status") || single.contains_key("detailReport") {
        whole(serde_json::Value::Object(single), operator, "")?;
    }
    Ok(())
}

fn element(json: &mut Json<'_>, operator: &mut Operator<'_>, place: &str) -> Result<(), ReadError> {
    match json.take::<Cr>()? {
        Ok(cr) => operator.take(&cr, place),
        Err(reason) => Ok(operator.intake.skip(place, reason)),
    }
}

fn read_yaml(input: &mut dyn BufRead, limits: &ReadLimits, operator: &mut Operator<'_>) -> Result<(), ReadError> {
    let mut number = 0u64;
    let mut read = 0u64;
    let mut first_error = None;
    yaml::documents(input, limits, |line, text| {
        number += 1;
        let place = if number == 1 { String::new() } else { format!("document {number}: ") };
        let value = match yaml::value(text, line, limits) {
            Ok(value) => value,
            Err((at, reason)) => {
                operator.intake.skip(format!("{place}{at}"), reason.clone());
                first_error.get_or_insert((at, reason));
                return Ok(());
            }
        };
        read += 1;
        whole(value, operator, &place)
    })?;
    match first_error {
        // Nothing could be read: that is a broken report, not one with a gap.
        Some((place, reason)) if read == 0 => Err(ReadError::Syntax { place, reason }),
        _ => Ok(()),
    }
}

/// A whole document: a resource or a list of them.
fn whole(mut value: serde_json::Value, operator: &mut Operator<'_>, place: &str) -> Result<(), ReadError> {
    let items = match value.get_mut("items").map(serde_json::Value::take) {
        Some(serde_json::Value::Array(items)) => {
            items.into_iter().enumerate().map(|(i, v)| (format!("items[{i}]"), v)).collect()
        }
        _ if value.is_array() => match value {
            serde_json::Value::Array(items) => {
                items.into_iter().enumerate().map(|(i, v)| (format!("[{i}]"), v)).collect()
            }
            _ => Vec::new(),
        },
        _ => vec![(String::new(), value)],
    };
    for (at, item) in items {
        let place = format!("{place}{at}");
        match serde_json::from_value::<Cr>(item) {
            Ok(cr) => operator.take(&cr, &place)?,
            Err(error) => operator.intake.skip(place, super::json::plain_reason(&error)),
        }
    }
    Ok(())
}
