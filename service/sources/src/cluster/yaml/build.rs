//! Events become a value. Comes in: the parser's events, each with its line. Goes out: documents and list items. The
//! work is bounded: depth, values of one object, and values that anchors and aliases copy.

use std::collections::HashMap;

use saphyr_parser::{Event, ScalarStyle, Tag};
use serde_json::{Map, Value};

use super::super::limits::ScanLimits;
use super::super::lines::{Lines, Path, Step as PathStep};
use super::{Document, scalar};

/// What an event led to.
pub(super) enum Step {
    /// Nothing is whole yet.
    More,
    /// An item of the top-level `items` is whole.
    Item(Document),
    /// A document is whole.
    Whole(Document),
}

enum Body {
    Map { fields: Map<String, Value>, key: Option<String>, merged: Vec<Value> },
    List(Vec<Value>),
}

struct Frame {
    body: Body,
    path: Path,
    anchor: usize,
    line: u32,
    /// How many items were begun, for paths: items of the top-level list are counted though not kept.
    begun: usize,
}

pub(super) struct Builder<'a> {
    limits: &'a ScanLimits,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Value>,
    copied: usize,
    nodes: usize,
    noted: Vec<(Path, u32)>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(limits: &'a ScanLimits) -> Self {
        Self { limits, frames: Vec::new(), anchors: HashMap::new(), copied: 0, nodes: 0, noted: Vec::new() }
    }

    pub(super) fn take(&mut self, event: Event<'_>, line: u32) -> Result<Step, String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if self.wants_key() {
                    return self.key(&text, line);
                }
                let value = scalar_value(&text, style, tag.as_deref())?;
                self.begin(line)?;
                self.finish(value, anchor, line)
            }
            Event::MappingStart(anchor, _) => {
                let body = Body::Map { fields: Map::new(), key: None, merged: Vec::new() };
                self.open(body, anchor, line)
            }
            Event::SequenceStart(anchor, _) => self.open(Body::List(Vec::new()), anchor, line),
            Event::MappingEnd | Event::SequenceEnd => self.close(),
            Event::Alias(anchor) => {
                if self.wants_key() {
                    return Err("a key is an alias".to_owned());
                }
                let value = self.anchors.get(&anchor).cloned().ok_or("an alias points into itself")?;
                self.count_copy(&value)?;
                self.begin(line)?;
                self.finish(Some(value).filter(|v| !v.is_null()), 0, line)
            }
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(Step::More)
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(Step::More),
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { body: Body::Map { key: None, .. }, .. }))
    }

    /// True inside the list whose items are handed on one by one.
    fn streams(&self) -> bool {
        let [root, list] = &self.frames[..] else { return false };
        matches!(&root.body, Body::Map { key: Some(key), .. } if key == "items") && matches!(list.body, Body::List(_))
    }

    fn key(&mut self, text: &str, line: u32) -> Result<Step, String> {
        let Some(frame) = self.frames.last_mut() else { return Ok(Step::More) };
        let Body::Map { fields, key, .. } = &mut frame.body else { return Ok(Step::More) };
        if fields.contains_key(text) {
            return Err("a key is repeated".to_owned());
        }
        *key = Some(text.to_owned());
        self.noted.push((frame.path.child(PathStep::Field(text)), line));
        Ok(Step::More)
    }

    /// Counts a value that begins here and notes its line.
    fn begin(&mut self, line: u32) -> Result<(), String> {
        let streams = self.streams();
        self.nodes = if streams { 1 } else { self.nodes + 1 };
        if self.nodes > self.limits.object_nodes_max {
            return Err(format!("more than {} values in one object", self.limits.object_nodes_max));
        }
        match self.frames.last_mut() {
            None => {
                self.noted = vec![(Path::ROOT, line)];
                self.nodes = 1;
            }
            Some(_) if streams => {
                self.noted = vec![(Path::ROOT, line)];
            }
            Some(frame) if matches!(frame.body, Body::List(_)) => {
                self.noted.push((frame.path.child(PathStep::Item(frame.begun)), line));
                frame.begun += 1;
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// The path of the value that begins now.
    fn here(&self) -> Path {
        match self.frames.last() {
            None => Path::ROOT,
            Some(_) if self.streams() => Path::ROOT,
            Some(Frame { body: Body::Map { key: Some(key), .. }, path, .. }) => path.child(PathStep::Field(key)),
            Some(frame) => frame.path.child(PathStep::Item(frame.begun.saturating_sub(1))),
        }
    }

    fn open(&mut self, body: Body, anchor: usize, line: u32) -> Result<Step, String> {
        if self.wants_key() {
            return Err("a key is not a word".to_owned());
        }
        if self.frames.len() >= self.limits.depth_max {
            return Err(format!("it nests more than {} deep", self.limits.depth_max));
        }
        self.begin(line)?;
        let path = self.here();
        self.frames.push(Frame { body, path, anchor, line, begun: 0 });
        Ok(Step::More)
    }

    fn close(&mut self) -> Result<Step, String> {
        let Some(frame) = self.frames.pop() else { return Ok(Step::More) };
        let value = match frame.body {
            Body::List(items) => Value::Array(items),
            Body::Map { mut fields, merged, .. } => {
                fields.retain(|_, value| !value.is_null());
                Value::Object(merge(fields, merged))
            }
        };
        self.finish(Some(value), frame.anchor, frame.line)
    }

    /// Puts a whole value where it belongs. None is null: a field that is not there.
    fn finish(&mut self, value: Option<Value>, anchor: usize, line: u32) -> Result<Step, String> {
        if anchor > 0 {
            let kept = value.clone().unwrap_or(Value::Null);
            self.count_copy(&kept)?;
            self.anchors.insert(anchor, kept);
        }
        if self.streams() {
            return Ok(value.map_or(Step::More, |value| Step::Item(self.document(value, line))));
        }
        let Some(frame) = self.frames.last_mut() else {
            return Ok(Step::Whole(self.document(value.unwrap_or(Value::Null), line)));
        };
        match &mut frame.body {
            Body::List(items) => items.push(value.unwrap_or(Value::Null)),
            Body::Map { fields, key, merged } => {
                let key = key.take().unwrap_or_default();
                match value {
                    Some(value) if key == "<<" => merged.push(value),
                    // A null stays until the mapping closes, so that its key cannot be repeated.
                    value => drop(fields.insert(key, value.unwrap_or(Value::Null))),
                }
            }
        }
        Ok(Step::More)
    }

    fn document(&mut self, value: Value, line: u32) -> Document {
        Document { value, lines: Lines::new(std::mem::take(&mut self.noted)), line }
    }

    fn count_copy(&mut self, value: &Value) -> Result<(), String> {
        self.copied += count(value);
        if self.copied > self.limits.copied_nodes_max {
            return Err(format!("anchors and aliases copy more than {} values", self.limits.copied_nodes_max));
        }
        Ok(())
    }
}

fn scalar_value(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Option<Value>, String> {
    match tag {
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "null" => Ok(None),
        Some(tag) if tag.is_yaml_core_schema() => {
            scalar::tagged(text, &tag.suffix).map(Some).ok_or_else(|| "a value is not what its tag says".to_owned())
        }
        _ if style == ScalarStyle::Plain => Ok(scalar::plain(text)),
        _ => Ok(Some(Value::from(text))),
    }
}

/// `<<` gives fields that the mapping itself does not write.
fn merge(mut fields: Map<String, Value>, merged: Vec<Value>) -> Map<String, Value> {
    let mut give = |value: Value| {
        if let Value::Object(more) = value {
            for (key, value) in more {
                fields.entry(key).or_insert(value);
            }
        }
    };
    for value in merged {
        match value {
            Value::Array(list) => list.into_iter().for_each(&mut give),
            one => give(one),
        }
    }
    fields
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(count).sum::<usize>(),
        _ => 1,
    }
}
