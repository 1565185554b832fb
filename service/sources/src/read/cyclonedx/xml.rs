//! CycloneDX as XML: a pull reader that builds one component or vulnerability at a time. Entities are never expanded.

use std::cell::Cell;
use std::io::{BufRead, Read};
use std::rc::Rc;

use assay_core::scope::Head;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::super::ReadError;
use super::super::intake::{Intake, instant};
use super::{Bom, Component, Rating, Vulnerability};
use crate::limits::ReadLimits;

/// An element with what stands in it.
#[derive(Debug, Default)]
struct Node {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Node>,
}

pub(in super::super) fn read(input: &mut dyn BufRead, intake: Intake<'_>) -> Result<Head, ReadError> {
    let limits = intake.how.limits;
    let since_event = Rc::new(Cell::new(0));
    let meter = Meter { input, limits, total: 0, since_event: since_event.clone() };
    let mut reader = Reader::from_reader(meter);
    let mut bom = Bom::new(intake);
    let mut lists = (0usize, 0usize);
    let mut open: Vec<Node> = Vec::new();
    // What is open around the node that is being built: `bom`, then a list.
    let mut path: Vec<String> = Vec::new();
    let mut buffer = Vec::new();
    let mut held = 0usize;
    loop {
        buffer.clear();
        since_event.set(0);
        let before = reader.buffer_position();
        let event = reader.read_event_into(&mut buffer).map_err(|e| broken(before, &e))?;
        let (start, empty) = match event {
            Event::Start(start) => (Some(start), false),
            Event::Empty(start) => (Some(start), true),
            Event::End(_) => {
                close(&mut open, &mut path, &mut bom, &mut lists)?;
                held = if open.is_empty() { 0 } else { held };
                continue;
            }
            Event::Text(text) => {
                held += text.len();
                add_text(&mut open, &text.xml10_content());
                (None, false)
            }
            Event::CData(text) => {
                held += text.len();
                add_text(&mut open, &text.xml10_content());
                (None, false)
            }
            Event::GeneralRef(reference) => {
                let plain = match reference.resolve_char_ref() {
                    Ok(Some(c)) => Some(c),
                    _ => named_entity(&reference.xml10_content()),
                };
                // An entity of a DTD stays unread: that is where bombs come from.
                add_text(&mut open, &plain.map_or_else(|| "\u{FFFD}".to_owned(), String::from));
                (None, false)
            }
            Event::Eof => break,
            _ => (None, false),
        };
        let Some(start) = start else { continue };
        if path.len() + open.len() >= limits.depth_max {
            return Err(ReadError::Limit { what: "nesting", max: limits.depth_max as u64, unit: "levels" });
        }
        held += start.len() + 64;
        if held > limits.record_bytes_max {
            return Err(ReadError::Limit { what: "one record", max: limits.record_bytes_max as u64, unit: "bytes" });
        }
        let node = node(&start, before)?;
        let builds = !open.is_empty() || is_record(&path, &node.name);
        match builds {
            true => open.push(node),
            false => {
                if path.is_empty() {
                    bom.serial = node.attribute("serialNumber").to_owned();
                }
                bom.lists_vulnerabilities |= node.name == "vulnerabilities";
                path.push(node.name);
            }
        }
        if empty {
            close(&mut open, &mut path, &mut bom, &mut lists)?;
        }
    }
    if !path.is_empty() || !open.is_empty() {
        let reason = "the text ends in the middle of an element: it was cut".to_owned();
        return Err(ReadError::Syntax { place: format!("byte {}", reader.buffer_position()), reason });
    }
    Ok(bom.close())
}

/// What is read whole: the metadata, each component of the list, each vulnerability.
fn is_record(path: &[String], name: &str) -> bool {
    match path {
        [root] => root == "bom" && name == "metadata",
        [root, list] if root == "bom" => {
            matches!((list.as_str(), name), ("components", "component") | ("vulnerabilities", "vulnerability"))
        }
        _ => false,
    }
}

/// Ends the innermost element.
fn close(
    open: &mut Vec<Node>,
    path: &mut Vec<String>,
    bom: &mut Bom<'_>,
    (components, vulnerabilities): &mut (usize, usize),
) -> Result<(), ReadError> {
    let Some(node) = open.pop() else {
        path.pop();
        return Ok(());
    };
    if let Some(parent) = open.last_mut() {
        parent.children.push(node);
        return Ok(());
    }
    match node.name.as_str() {
        "component" => {
            *components += 1;
            bom.component(component(node), &format!("components[{}]", *components - 1))
        }
        "vulnerability" => {
            *vulnerabilities += 1;
            bom.vulnerability(&vulnerability(&node), &format!("vulnerabilities[{}]", *vulnerabilities - 1))
        }
        _ => {
            metadata(bom, node);
            Ok(())
        }
    }
}

fn metadata(bom: &mut Bom<'_>, node: Node) {
    bom.produced_at = instant(node.text_of("timestamp"));
    let tools = node.child("tools");
    let tool = tools.and_then(|t| t.child("tool").or_else(|| t.child("components")?.child("component")));
    if let Some(tool) = tool {
        bom.made_by(tool.text_of("name"), tool.text_of("version"));
    }
    bom.about = node.children.into_iter().find(|c| c.name == "component").map(component);
}

fn component(node: Node) -> Component {
    let licences = node.child("licenses").map_or(&[][..], |l| &l.children);
    let licence = |n: &Node| match n.name.as_str() {
        "expression" => n.text.trim().to_owned(),
        _ => if n.text_of("id").is_empty() { n.text_of("name") } else { n.text_of("id") }.to_owned(),
    };
    let properties = node.child("properties").map_or(&[][..], |p| &p.children);
    Component {
        bom_ref: node.attribute("bom-ref").to_owned(),
        ty: node.attribute("type").to_owned(),
        group: node.text_of("group").to_owned(),
        name: node.text_of("name").to_owned(),
        version: node.text_of("version").to_owned(),
        purl: node.text_of("purl").to_owned(),
        licences: licences.iter().map(licence).filter(|l| !l.is_empty()).collect(),
        properties: properties.iter().map(|p| (p.attribute("name").to_owned(), p.text.trim().to_owned())).collect(),
        vulnerabilities: node
            .child("vulnerabilities")
            .map_or(&[][..], |v| &v.children)
            .iter()
            .map(vulnerability)
            .collect(),
        components: {
            let inner = node.children.into_iter().find(|c| c.name == "components");
            inner.map_or_else(Vec::new, |c| {
                c.children.into_iter().filter(|c| c.name == "component").map(component).collect()
            })
        },
    }
}

fn vulnerability(node: &Node) -> Vulnerability {
    let all = |list: &str| node.child(list).map_or(&[][..], |l| &l.children);
    let analysis = node.child("analysis");
    let said = |name: &str| analysis.map_or("", |a| a.text_of(name)).to_owned();
    let or = |first: &str, second: &str| {
        let text = node.text_of(first);
        if text.is_empty() { node.text_of(second) } else { text }.to_owned()
    };
    let rating = |r: &Node| Rating {
        severity: r.text_of("severity").to_owned(),
        method: r.text_of("method").to_owned(),
        vector: r.text_of("vector").to_owned(),
    };
    Vulnerability {
        id: node.text_of("id").to_owned(),
        references: all("references").iter().map(|r| r.text_of("id").to_owned()).collect(),
        ratings: all("ratings").iter().map(rating).collect(),
        cwes: all("cwes").iter().map(|c| c.text.trim().to_owned()).collect(),
        description: or("description", "detail"),
        recommendation: node.text_of("recommendation").to_owned(),
        updated: or("updated", "published"),
        state: Some(said("state")).filter(|s| !s.is_empty()),
        justification: said("justification"),
        detail: said("detail"),
        affects: all("affects").iter().map(|t| t.text_of("ref").to_owned()).filter(|r| !r.is_empty()).collect(),
    }
}

impl Node {
    fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|c| c.name == name)
    }

    fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |c| c.text.trim())
    }

    fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }
}

fn node(start: &BytesStart<'_>, at: u64) -> Result<Node, ReadError> {
    let mut node = Node { name: start.local_name().as_ref().to_owned(), ..Node::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| broken(at, &e.into()))?;
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map_err(|e| broken(at, &e))?;
        node.attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(node)
}

fn add_text(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

fn named_entity(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => return None,
    })
}

/// A limit of ours that came through the XML reader, or broken XML.
fn broken(at: u64, error: &quick_xml::Error) -> ReadError {
    if let quick_xml::Error::Io(io) = error
        && let Some(over) = io.get_ref().and_then(|e| e.downcast_ref::<Over>())
    {
        return ReadError::Limit { what: over.what, max: over.max, unit: "bytes" };
    }
    ReadError::Syntax { place: format!("byte {at}"), reason: "this is no well-formed XML".to_owned() }
}

/// Counts what the XML reader takes: in all, and since the last event, which it holds in memory.
struct Meter<'r> {
    input: &'r mut dyn BufRead,
    limits: &'r ReadLimits,
    total: u64,
    since_event: Rc<Cell<usize>>,
}

/// A limit was crossed.
#[derive(Debug, thiserror::Error)]
#[error("over the limit")]
struct Over {
    what: &'static str,
    max: u64,
}

impl Read for Meter<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let available = self.fill_buf()?;
        let n = available.len().min(out.len());
        out[..n].copy_from_slice(&available[..n]);
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Meter<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        let over = |what, max| Err(std::io::Error::other(Over { what, max }));
        if self.total > self.limits.report_bytes_max {
            return over("the report", self.limits.report_bytes_max);
        }
        if self.since_event.get() > self.limits.string_bytes_max {
            return over("one string", self.limits.string_bytes_max as u64);
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.total += n as u64;
        self.since_event.set(self.since_event.get() + n);
        self.input.consume(n);
    }
}
