//! One line of a watch. Comes in: its bytes. Goes out: what happened to which object, and the version from which a later
//! watch goes on. Source: Kubernetes documentation, "Kubernetes API Concepts", "Efficient detection of changes".

use serde_json::Value;

use super::ask::{Asker, Miss};
use super::discover::Target;
use super::list::{Name, Shown, object, too_long, whole};
use super::pieces::Piece;

/// What a line says.
#[derive(Debug)]
pub(super) enum Event {
    /// An object is there, as of a version.
    Put(Shown, String),
    /// It is gone.
    Gone(Name, String),
    /// Nothing happened up to a version.
    Bookmark(String),
    /// The watch is at its end.
    End(Miss),
}

/// Reads one line.
pub(super) fn event(asker: Asker<'_>, target: &Target, piece: &Piece<'_>) -> Event {
    let bytes = match piece {
        Piece::Whole(bytes) => bytes,
        Piece::TooLong => return Event::Put(Shown::Lost(None, too_long(asker)), String::new()),
    };
    let mut value = match whole(asker, bytes) {
        Ok(value) => value,
        Err(why) => return Event::Put(Shown::Lost(None, why), String::new()),
    };
    let about = value.get_mut("object").map(Value::take).unwrap_or_default();
    let text = |field: &str| about["metadata"][field].as_str().unwrap_or_default();
    let version = text("resourceVersion").to_owned();
    match value["type"].as_str().unwrap_or_default() {
        "ADDED" | "MODIFIED" => Event::Put(object(asker, target, about), version),
        "DELETED" => Event::Gone(Name { namespace: text("namespace").into(), name: text("name").into() }, version),
        "BOOKMARK" => Event::Bookmark(version),
        "ERROR" => Event::End(match about["code"].as_u64() {
            Some(410) => Miss::Gone,
            Some(429) => Miss::Busy(about["details"]["retryAfterSeconds"].as_u64().map(std::time::Duration::from_secs)),
            Some(code) => Miss::Refused(u16::try_from(code).unwrap_or_default()),
            None => Miss::Odd,
        }),
        _ => Event::End(Miss::Odd),
    }
}
