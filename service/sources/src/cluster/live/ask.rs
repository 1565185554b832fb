//! One request to an API server, and why it came to nothing. Every request is a GET. An answer is handed on as it streams;
//! nothing here holds more of it than one piece.

use std::error::Error;
use std::time::Duration;

use futures::{Stream, TryStreamExt};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use kube::core::Request;
use kube::core::params::{ListParams, WatchParams};

use super::discover::Target;
use crate::cluster::limits::ScanLimits;
use crate::door::SecretDoor;

/// What every request rests on.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) client: &'a Client,
    pub(super) limits: &'a ScanLimits,
    pub(super) door: &'a SecretDoor,
}

/// What is asked of one kind.
pub(super) enum Question<'q> {
    /// A page of its objects; the token of the one before.
    Page(Option<&'q str>),
    /// Its changes since a version, for at most so many seconds.
    Changes { since: &'q str, seconds: u32 },
}

/// Why a request came to nothing, or only to a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// 403.
    Forbidden,
    /// 401: credentials that are none, or are over.
    Stranger,
    /// 410: the version or snapshot is forgotten.
    Gone,
    /// 404.
    NotThere,
    /// 429 or 503, with how long to wait where the server says it.
    Busy(Option<Duration>),
    /// Another status.
    Refused(u16),
    /// No answer in time.
    Late,
    /// The connection broke, or there was none.
    Cut,
    /// The server's certificate is not accepted.
    Untrusted,
    /// What came is not what was asked for.
    Odd,
    /// More than the limits allow.
    TooMany,
}

impl Asker<'_> {
    /// Asks, and hands on the body piece by piece.
    pub(super) async fn ask(
        &self,
        target: &Target,
        question: Question<'_>,
    ) -> Result<impl Stream<Item = Result<impl AsRef<[u8]> + use<>, Miss>> + use<>, Miss> {
        let request = Request::new(target.path());
        let request = match question {
            Question::Page(token) => {
                let mut params = ListParams::default().limit(self.limits.page_len_max);
                params.field_selector = target.looked.selector.clone();
                params.continue_token = token.map(str::to_owned);
                request.list(&params)
            }
            Question::Changes { since, seconds } => {
                let mut params = WatchParams::default().timeout(seconds);
                params.field_selector = target.looked.selector.clone();
                request.watch(&params, since)
            }
        };
        let request = request.map_err(|_| Miss::Odd)?.map(Body::from);
        let answer = self.client.send(request).await.map_err(|error| Miss::of_error(&error))?;
        let code = answer.status().as_u16();
        if code != 200 {
            let header = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
            return Err(Miss::of_status(code, header));
        }
        Ok(BodyExt::into_data_stream(answer.into_body()).map_err(|_| Miss::Cut))
    }
}

impl Miss {
    /// What a status means. `Retry-After` is read in seconds, as API servers write it.
    fn of_status(code: u16, retry_after: Option<&str>) -> Self {
        let after = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        match code {
            401 => Self::Stranger,
            403 => Self::Forbidden,
            404 => Self::NotThere,
            410 => Self::Gone,
            429 | 503 => Self::Busy(after),
            code => Self::Refused(code),
        }
    }

    fn of_error(error: &kube::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(here) = cause {
            if here.to_string().contains("certificate") {
                return Self::Untrusted;
            }
            cause = here.source();
        }
        Self::Cut
    }

    /// Why, in words, and what to do where something can be done. The verb is `list` or `watch`.
    pub(super) fn reason(&self, verb: &str, target: &Target, limits: &ScanLimits) -> String {
        let resource = target.listed.resource;
        match self {
            Self::Forbidden => format!("no right to {verb} {}: grant the verb {verb} on it", target.granted()),
            Self::Stranger => {
                format!("the server answered 401 to the {verb} of {resource}: are the credentials over?")
            }
            Self::Gone => format!("the server forgot its place in the {verb} of {resource} again and again"),
            Self::NotThere => format!("there is no {resource} there"),
            Self::Busy(_) => format!("the server is too busy for the {verb} of {resource}"),
            Self::Refused(code) => format!("the server answered {code} to the {verb} of {resource}"),
            Self::Late => format!("the {verb} of {resource} took more than {} ms", limits.request_timeout_ms),
            Self::Cut => format!("the connection broke in the {verb} of {resource}"),
            Self::Untrusted => {
                "the server's certificate is not accepted: is it over, or of another authority?".to_owned()
            }
            Self::Odd => format!("what came for {resource} is no {verb}"),
            Self::TooMany => format!("more than {} objects, or too many bytes", limits.objects_max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_what_to_do_next() {
        assert_eq!(Miss::of_status(429, Some("7")), Miss::Busy(Some(Duration::from_secs(7))));
        assert_eq!(Miss::of_status(503, Some("Wed, 21 Oct 2026 07:28:00 GMT")), Miss::Busy(None));
        assert_eq!(Miss::of_status(401, None), Miss::Stranger);
        assert_eq!(Miss::of_status(500, Some("1")), Miss::Refused(500));
    }
}
