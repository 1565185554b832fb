//! A server over HTTP/1.1 that does one thing a request, in order; after the last one it answers 404.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// This status, without a body.
    Status(u16),
    /// 200 and this body.
    Body(Vec<u8>),
    /// A good answer, of which only so many bytes come.
    CutAfter(usize),
    /// Closes before it says anything.
    HangUp,
    /// Reads, and never answers.
    Silent,
    /// One byte now and then, without an end.
    Drip,
    /// As many bytes as anybody takes, without an end.
    Flood,
}

/// A good answer with this text.
pub(crate) fn reply(content: &str) -> Act {
    let value = serde_json::json!({"model": "small", "choices": [{"index": 0, "message": {"content": content}}]});
    Act::Body(value.to_string().into_bytes())
}

pub(crate) struct Scripted {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub(crate) fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = requests.clone();
        std::thread::spawn(move || {
            let mut acts = acts.into_iter();
            for stream in listener.incoming().flatten() {
                let (act, log) = (acts.next().unwrap_or(Act::Status(404)), log.clone());
                // A client that hangs up early is part of the game.
                std::thread::spawn(move || serve(stream, act, &log));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn bodies(&self) -> Vec<serde_json::Value> {
        let body = |request: &String| serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
        self.requests().iter().map(body).collect()
    }
}

fn serve(mut stream: TcpStream, act: Act, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        text.push_str(&line);
        if let Some(count) = line.to_lowercase().strip_prefix("content-length:") {
            length = count.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    text.push_str(&String::from_utf8(body).unwrap());
    log.lock().unwrap().push(text);
    let head = |length: &str| format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{length}\r\n");
    match act {
        Act::Status(status) => write!(
            stream,
            "HTTP/1.1 {status} x\r\nConnection: close\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        ),
        Act::Body(body) => {
            write!(stream, "{}", head(&format!("Content-Length: {}\r\n", body.len())))?;
            stream.write_all(&body)
        }
        Act::CutAfter(count) => {
            let Act::Body(body) = reply("A B C") else { unreachable!() };
            write!(stream, "{}", head(&format!("Content-Length: {}\r\n", body.len())))?;
            stream.write_all(&body[..count])
        }
        Act::HangUp => Ok(()),
        Act::Silent => {
            std::thread::sleep(Duration::from_secs(60));
            Ok(())
        }
        Act::Drip => {
            write!(stream, "{}", head(""))?;
            loop {
                stream.write_all(b" ")?;
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        Act::Flood => {
            write!(stream, "{}", head(""))?;
            let piece = [b' '; 65536];
            loop {
                stream.write_all(&piece)?;
            }
        }
    }
}
