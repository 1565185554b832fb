//! One page of a list, read while it streams. Comes in: where to list, and the token of the page before. Goes out: objects
//! one by one, pruned to the fields that are read, and where the next page begins.

use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;

use super::ask::{Asker, Miss, Question};
use super::discover::Target;
use super::pieces::{Items, Piece};
use crate::cluster::json;
use crate::cluster::lines::Lines;
use crate::cluster::object::{NoObject, Object, Origin};
use crate::cluster::yaml::{Document, Part};

/// The name of an object among those of its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) namespace: Box<str>,
    pub(super) name: Box<str>,
}

/// What a server showed in place of one object.
#[derive(Debug)]
pub(super) enum Shown {
    /// The object.
    Object(Name, Box<Object>),
    /// One that could not be read: which, where that much could be, and why.
    Lost(Option<Name>, String),
}

/// The end of a page.
#[derive(Debug)]
pub(super) struct Page {
    /// The token of the next one.
    pub(super) next: Option<String>,
    /// The version of the cluster that the list shows.
    pub(super) version: String,
}

/// Reads one page.
pub(super) async fn page(
    asker: Asker<'_>,
    target: &Target,
    token: Option<&str>,
    out: &mut (dyn FnMut(Shown) + Send),
) -> Result<Page, Miss> {
    let wait = Duration::from_millis(asker.limits.request_timeout_ms);
    let read = async {
        let mut body = pin!(asker.ask(target, Question::Page(token)).await?);
        let mut items = Items::new(asker.limits.object_bytes_max);
        let mut bytes = 0u64;
        while let Some(some) = body.next().await {
            let some = some?;
            bytes += some.as_ref().len() as u64;
            if bytes > asker.limits.file_bytes_max {
                return Err(Miss::TooMany);
            }
            items.push(some.as_ref(), &mut |piece| out(shown(asker, target, &piece)));
        }
        items.end().ok_or(Miss::Cut)
    };
    let head = tokio::time::timeout(wait, read).await.map_err(|_| Miss::Late)??;
    let head = whole(asker, &head).map_err(|_| Miss::Odd)?;
    if head.get("items").is_none() {
        return Err(Miss::Odd);
    }
    let text = |field: &str| head["metadata"][field].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(Page { next: text("continue"), version: text("resourceVersion").unwrap_or_default() })
}

fn shown(asker: Asker<'_>, target: &Target, piece: &Piece<'_>) -> Shown {
    match piece {
        Piece::TooLong => Shown::Lost(None, too_long(asker)),
        Piece::Whole(bytes) => match whole(asker, bytes) {
            Ok(value) => object(asker, target, value),
            Err(why) => Shown::Lost(None, why),
        },
    }
}

/// Why an object that is too large was dropped.
pub(super) fn too_long(asker: Asker<'_>) -> String {
    format!("an object has more than {} bytes", asker.limits.object_bytes_max)
}

/// Reads an object from its value.
pub(super) fn object(asker: Asker<'_>, target: &Target, value: Value) -> Shown {
    let text = |field: &str| value["metadata"][field].as_str().unwrap_or_default().into();
    let name = Name { namespace: text("namespace"), name: text("name") };
    let document = Document { value, lines: Lines::default(), line: 0 };
    let of = Some((target.api_version.as_str(), target.listed.kind));
    match Object::read(document, of, Origin::Live, asker.limits, asker.door) {
        Ok(object) => Shown::Object(name, Box::new(object)),
        Err(NoObject::Other(why)) => Shown::Lost(Some(name), why.to_owned()),
        Err(NoObject::Broken(_, why)) => Shown::Lost(Some(name), why),
    }
}

/// One JSON value, whole.
pub(super) fn whole(asker: Asker<'_>, bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
    let mut read = Err("nothing".to_owned());
    json::read(text, asker.limits, &mut |part| match part {
        Part::Item(_) => {}
        Part::Whole(document) => read = Ok(document.value),
        Part::Broken(broken) => read = Err(broken.reason),
    });
    read
}
