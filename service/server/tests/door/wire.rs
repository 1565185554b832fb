//! One request on one connection, byte for byte as a test wants it, and what comes back.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::Service;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// A body that goes in one write with its head, in bytes.
const SMALL: usize = 4 << 10;

/// A request that is being written.
pub(crate) struct Request {
    address: String,
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

pub(crate) fn get(service: &Service, path: &str) -> Request {
    ask(service, "GET", path)
}

pub(crate) fn post(service: &Service, path: &str, body: impl Into<Vec<u8>>) -> Request {
    ask(service, "POST", path).body(body)
}

pub(crate) fn ask(service: &Service, method: &str, path: &str) -> Request {
    Request::to(&service.address, method, path)
}

impl Request {
    pub(crate) fn to(address: &str, method: &str, path: &str) -> Self {
        let line = format!("{method} {path} HTTP/1.1");
        Self { address: address.to_owned(), line, headers: Vec::new(), body: None }
    }

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
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut head = format!("{}\r\n", self.line);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            head.push_str(&format!("host: {}\r\n", self.address));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body
            && !self.headers.iter().any(|(name, _)| name == "content-length")
        {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        let head = format!("{head}connection: close\r\n\r\n").into_bytes();
        let body = self.body.unwrap_or_default();
        // Together where both are small: a service that refuses a head and closes, while more is on its way, resets the
        // connection, and its answer may be lost.
        if body.len() <= SMALL {
            stream.write_all(&[head, body].concat()).unwrap();
            return stream;
        }
        stream.write_all(&head).unwrap();
        // A service that has refused already may have closed its end.
        let _ = stream.write_all(&body);
        stream
    }

    pub(crate) fn send(self) -> Answer {
        let line = self.line.clone();
        let mut stream = self.begin();
        Answer::read(&mut stream).unwrap_or_else(|| panic!("{line}: no whole answer"))
    }
}

impl Answer {
    /// Reads an answer to its end; none when it breaks off.
    pub(crate) fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        loop {
            if let Some(answer) = Self::whole(&bytes) {
                return Some(answer);
            }
            let mut some = [0; 64 << 10];
            match stream.read(&mut some) {
                Ok(0) | Err(_) => return None,
                Ok(n) => bytes.extend(&some[..n]),
            }
        }
    }

    /// The answer, once all of it is there.
    fn whole(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n")?;
        let (head, body) = (std::str::from_utf8(&bytes[..end]).unwrap(), &bytes[end + 4..]);
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| line.split_once(':').map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned()));
        let mut answer = Self { status, headers: lines.filter_map(header).collect(), body: String::new() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = joined(std::str::from_utf8(body).ok()?)?;
        } else {
            let length = answer.header("content-length").map_or(0, |n| n.parse().unwrap());
            answer.body = String::from_utf8(body.get(..length)?.to_vec()).unwrap();
        }
        Some(answer)
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

/// A body that was sent in chunks; none before its end.
fn joined(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n")?;
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return Some(body);
        }
        body.push_str(after.get(..size)?);
        rest = after.get(size + 2..)?;
    }
}
