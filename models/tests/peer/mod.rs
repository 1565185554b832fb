//! A server of one file over HTTP/1.1, with one fault a request, in order; after the last one it serves well.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// Closes after this many bytes of the body.
    CutAfter(usize),
    /// The file has another ETag from now on.
    NewVersion,
    /// Ignores Range.
    NoRanges,
    /// Gives no ETag, and ignores Range.
    NoVersion,
    /// Gives bytes from another place than was asked for.
    WrongRange,
    /// 416.
    NotSatisfiable,
    /// This status.
    Status(u16),
    /// Headers, then nothing.
    Silent,
    /// Ten pieces with a pause before each.
    Slow,
}

pub(crate) struct Peer {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    pub(crate) fn start(content: Vec<u8>, faults: Vec<Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = requests.clone();
        std::thread::spawn(move || {
            let (mut faults, mut version) = (faults.into_iter(), 1);
            for stream in listener.incoming().flatten() {
                let fault = faults.next();
                if matches!(fault, Some(Fault::NewVersion)) {
                    version += 1;
                }
                // A client that hangs up early is part of the game.
                let _ = serve(stream, &content, fault, version, &log);
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    content: &[u8],
    fault: Option<Fault>,
    version: u32,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let path = lines.next().unwrap_or(Ok(String::new()))?.split(' ').nth(1).unwrap_or("").to_owned();
    let (mut from, mut same) = (0, true);
    for line in lines {
        let line = line?.to_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap_or(0);
        }
        if let Some(tag) = line.strip_prefix("if-range: ") {
            same = tag == format!("\"v{version}\"");
        }
        if line.is_empty() {
            break;
        }
    }
    log.lock().unwrap().push(format!("{path} from {from}"));
    let ranges = !matches!(fault, Some(Fault::NoRanges | Fault::NoVersion));
    let asked = from;
    from = if ranges && same { from.min(content.len()) } else { 0 };
    let (status, body) = match fault {
        Some(Fault::Status(status)) => (status, &content[..0]),
        Some(Fault::NotSatisfiable) => (416, &content[..0]),
        _ if from > 0 => (206, &content[from..]),
        _ => (200, content),
    };
    write!(stream, "HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {}\r\n", body.len())?;
    if status == 206 {
        let said = if matches!(fault, Some(Fault::WrongRange)) { asked / 2 } else { from };
        write!(stream, "Content-Range: bytes {said}-{}/{}\r\n", content.len() - 1, content.len())?;
    }
    if !matches!(fault, Some(Fault::NoVersion)) {
        write!(stream, "ETag: \"v{version}\"\r\n")?;
    }
    write!(stream, "\r\n")?;
    match fault {
        Some(Fault::CutAfter(count)) => stream.write_all(&body[..count.min(body.len())]),
        Some(Fault::Silent) => {
            std::thread::sleep(Duration::from_millis(900));
            Ok(())
        }
        Some(Fault::Slow) => body.chunks(body.len() / 10 + 1).try_for_each(|piece| {
            std::thread::sleep(Duration::from_millis(120));
            stream.write_all(piece)
        }),
        _ => stream.write_all(body),
    }
}
