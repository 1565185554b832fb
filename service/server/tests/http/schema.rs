//! The part of JSON Schema that openapi.json uses, read strictly: a keyword that is not known here and a field that is not
//! described are faults.

use serde_json::Value;

/// Says what in a value is not as a schema of the document describes it.
pub(crate) fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(document, schema, value, "", &mut faults);
    faults
}

/// What a reference points to; anything else is itself.
pub(crate) fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(path) => document.pointer(path.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("nothing at {path}")),
        None => schema,
    }
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let schema = resolved(document, schema);
    for (keyword, told) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "type" => {
                let types = told.as_array().cloned().unwrap_or_else(|| vec![told.clone()]);
                if !types.iter().any(|t| is(t.as_str().unwrap(), value)) {
                    faults.push(format!("{at}: {value} is not {told}"));
                }
            }
            "enum" => {
                if !told.as_array().unwrap().contains(value) {
                    faults.push(format!("{at}: {value} is none of {told}"));
                }
            }
            "format" => {
                let text = value.as_str().unwrap_or_default();
                if told == "date-time" && !value.is_null() && text.parse::<assay_core::ids::Time>().is_err() {
                    faults.push(format!("{at}: {value} is no date-time"));
                }
            }
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(document, told, item, &format!("{at}/{i}"), faults);
                }
            }
            // What may be null has the fields of an object only when it is one.
            "required" | "properties" if value.is_null() => {}
            "required" => {
                for name in told.as_array().unwrap().iter().filter_map(Value::as_str) {
                    if value.get(name).is_none() {
                        faults.push(format!("{at}: no {name}"));
                    }
                }
            }
            "properties" => check_fields(document, told, value, at, faults),
            "additionalProperties" => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    check(document, told, field, &format!("{at}/{name}"), faults);
                }
            }
            "oneOf" => {
                let fits = |one: &&Value| {
                    let mut found = Vec::new();
                    check(document, one, value, at, &mut found);
                    found.is_empty()
                };
                if told.as_array().unwrap().iter().filter(fits).count() != 1 {
                    faults.push(format!("{at}: {value} is not one of {told}"));
                }
            }
            "description" => {}
            unknown => panic!("{at}: the keyword {unknown} is not read here"),
        }
    }
}

fn check_fields(document: &Value, fields: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    for (name, field) in value.as_object().into_iter().flatten() {
        match fields.get(name) {
            Some(schema) => check(document, schema, field, &format!("{at}/{name}"), faults),
            None => faults.push(format!("{at}: {name} is not described")),
        }
    }
}

fn is(what: &str, value: &Value) -> bool {
    match what {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("no type {other}"),
    }
}
