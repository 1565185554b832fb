//! One request on one connection, byte for byte as a test wants it, and what comes back.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::door::Service;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request that is being written.
pub(crate) struct Request<'a> {
    service: &'a Service,
    line: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

pub(crate) fn get<'a>(service: &'a Service, path: &str) -> Request<'a> {
    ask(service, "GET", path)
}

pub(crate) fn post<'a>(service: &'a Service, path: &str, body: impl Into<Vec<u8>>) -> Request<'a> {
    ask(service, "POST", path).body(body)
}

pub(crate) fn ask<'a>(service: &'a Service, method: &str, path: &str) -> Request<'a> {
    Request { service, line: format!("{method} {path} HTTP/1.1"), headers: Vec::new(), body: None }
}

impl Request<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a bearer token; an empty one is none.
    pub(crate) fn token(self, token: &str) -> Self {
        if token.is_empty() { self } else { self.header("authorization", &format!("Bearer {token}")) }
    }

    pub(crate) fn is_post(&self) -> bool {
        self.line.starts_with("POST ")
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends all but the end of the body, and leaves the connection open.
    pub(crate) fn begin(self) -> TcpStream {
        let mut stream = TcpStream::connect(&self.service.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = format!("{}\r\n", self.line);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            head.push_str(&format!("host: {}\r\n", self.service.address));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body
            && !self.headers.iter().any(|(name, _)| name == "content-length")
        {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).unwrap();
        // A service that has refused already may have closed its end.
        let _ = stream.write_all(&self.body.unwrap_or_default());
        stream
    }

    pub(crate) fn send(self) -> Answer {
        let line = self.line.clone();
        let mut stream = self.begin();
        let mut bytes = Vec::new();
        let end = stream.read_to_end(&mut bytes);
        assert!(!bytes.is_empty(), "{line}: no answer: {end:?}");
        Answer::read(&bytes)
    }
}

impl Answer {
    /// Reads an answer that is whole.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let (head, rest) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|l| l.split_once(": ").unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let mut answer = Self { status, headers, body: rest.to_owned() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = joined(rest);
        }
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The JSON of an answer that went well.
    pub(crate) fn good(&self) -> Value {
        assert!(matches!(self.status, 200 | 201), "{self:?}");
        self.json()
    }

    /// The events of a stream: name and data.
    pub(crate) fn events(&self) -> Vec<(String, String)> {
        let event = |block: &str| {
            let field = |name: &str| {
                let lines = block.lines().filter_map(|l| l.strip_prefix(name)?.strip_prefix(':'));
                lines.map(|l| l.strip_prefix(' ').unwrap_or(l)).collect::<Vec<_>>().join("\n")
            };
            (field("event"), field("data"))
        };
        self.body.split("\n\n").filter(|b| !b.is_empty()).map(event).collect()
    }
}

/// A body that was sent in chunks.
fn joined(mut rest: &str) -> String {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return body;
        }
        body.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
}
