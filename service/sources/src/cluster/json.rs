//! JSON text becomes values, as strictly as YAML does: repeated keys are refused, nulls are dropped, and the items of a
//! list are handed on one by one. Lines are not kept: a dump in JSON is written by a machine, and its items are found
//! by their number.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::limits::ScanLimits;
use super::lines::Lines;
use super::yaml::{Broken, Document, Part};

/// Reads every JSON value of a text; one that breaks ends the file, because nothing marks where the next one begins.
pub(super) fn read(text: &str, limits: &ScanLimits, out: &mut dyn FnMut(Part)) {
    let mut input = serde_json::Deserializer::from_str(text);
    while input.end().is_err() {
        let nodes = Cell::new(0);
        let budget = Budget { nodes: &nodes, max: limits.object_nodes_max };
        match (Root { budget, out }).deserialize(&mut input) {
            Ok(value) => out(Part::Whole(document(value))),
            Err(error) => {
                let line = u32::try_from(error.line()).unwrap_or(u32::MAX);
                out(Part::Broken(Broken { line, reason: reason(&error) }));
                return;
            }
        }
    }
}

fn document(value: Value) -> Document {
    Document { value, lines: Lines::default(), line: 0 }
}

/// Our own words come through; serde's may quote the file.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let own = [REPEATED, TOO_MANY].into_iter().find(|own| text.starts_with(own));
    let said = match error.classify() {
        serde_json::error::Category::Eof => "not JSON: it ends too early",
        _ if text.starts_with("recursion limit") => "it nests too deep",
        _ => own.unwrap_or("not JSON"),
    };
    format!("{said} (column {})", error.column())
}

const REPEATED: &str = "a key is repeated";
const TOO_MANY: &str = "too many values in one object";
const MANAGED: &str = "managedFields";

#[derive(Clone, Copy)]
struct Budget<'a> {
    nodes: &'a Cell<usize>,
    max: usize,
}

impl Budget<'_> {
    fn spend<E: Error>(self) -> Result<(), E> {
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > self.max { Err(E::custom(TOO_MANY)) } else { Ok(()) }
    }
}

/// The outermost value: its `items` are handed on.
struct Root<'a> {
    budget: Budget<'a>,
    out: &'a mut dyn FnMut(Part),
}

impl<'de> DeserializeSeed<'de> for Root<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Root<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if fields.contains_key(&key) {
                return Err(A::Error::custom(REPEATED));
            }
            let value = if key == "items" {
                map.next_value_seed(Items { budget: self.budget, out: &mut *self.out })?
            } else {
                map.next_value_seed(Node(self.budget))?
            };
            fields.insert(key, value);
        }
        fields.retain(|_, value| !value.is_null());
        Ok(Value::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Value, A::Error> {
        Node(self.budget).visit_seq(seq)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

/// The list under `items`; anything else under that name is dropped, as no object has such a field.
struct Items<'a> {
    budget: Budget<'a>,
    out: &'a mut dyn FnMut(Part),
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        loop {
            self.budget.nodes.set(0);
            match seq.next_element_seed(Node(self.budget))? {
                Some(value) => (self.out)(Part::Item(document(value))),
                None => return Ok(Value::Array(Vec::new())),
            }
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Array(Vec::new()))
    }
}

/// Any value inside.
#[derive(Clone, Copy)]
struct Node<'a>(Budget<'a>);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Value, D::Error> {
        self.0.spend()?;
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            // The server's own record of who set which field is longer than many an object, and never read.
            if key == MANAGED {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if fields.contains_key(&key) {
                return Err(A::Error::custom(REPEATED));
            }
            let value = map.next_value_seed(self)?;
            fields.insert(key, value);
        }
        fields.retain(|_, value| !value.is_null());
        Ok(Value::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(value) = seq.next_element_seed(self)? {
            items.push(value);
        }
        Ok(Value::Array(items))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn all(text: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        read(text, &ScanLimits::default(), &mut |part| parts.push(part));
        parts
    }

    #[test]
    fn items_come_one_by_one_and_the_list_after_them() {
        let parts =
            all(r#"{"apiVersion":"v1","items":[{"kind":"Pod","a":null,"b":[1]},{"kind":"Pod"}],"kind":"List"}"#);
        let [Part::Item(first), Part::Item(_), Part::Whole(list)] = &parts[..] else { unreachable!("{parts:?}") };
        assert_eq!(first.value, json!({"kind": "Pod", "b": [1]}));
        assert_eq!(list.value["kind"], "List");
    }

    #[test]
    fn the_servers_record_of_fields_is_passed_over_and_costs_no_value() {
        let limits = ScanLimits { object_nodes_max: 8, ..ScanLimits::default() };
        let fields: Vec<String> = (0..100).map(|n| format!(r#"{{"f:{n}":{{}}}}"#)).collect();
        let text = format!(r#"{{"metadata":{{"name":"a","managedFields":[{}]}},"spec":{{"x":1}}}}"#, fields.join(","));
        let mut parts = Vec::new();
        read(&text, &limits, &mut |part| parts.push(part));
        let [Part::Whole(whole)] = &parts[..] else { unreachable!("{parts:?}") };
        assert_eq!(whole.value, json!({"metadata": {"name": "a"}, "spec": {"x": 1}}));
    }

    #[test]
    fn what_is_broken_is_said_and_what_came_before_it_is_kept() {
        let of = |text: &str| match all(text).pop() {
            Some(Part::Broken(broken)) => broken.reason,
            other => unreachable!("{other:?}"),
        };
        assert!(of(r#"{"a":1,"a":2}"#).starts_with(REPEATED));
        assert!(of(r#"{"a":{"b":1,"b":2}}"#).starts_with(REPEATED));
        assert!(of(&"[".repeat(100_000)).contains("deep"));
        assert!(of(r#"{"a":"#).contains("ends too early"));
        assert!(of(r#"{"a":1} {"a"#).contains("ends too early"));
        assert_eq!(all("{\"a\":1}\n{\"b\":2}\n").len(), 2);
    }
}
