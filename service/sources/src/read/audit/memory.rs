//! What an identity did before in the same log: how many different things it asked for in an hour. Bounded: of more
//! identities than fit nothing is remembered, and of one no more than what tells.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use assay_core::ids::{Span, Time};

use super::call::Call;

/// How many identities are remembered, for each question.
const IDENTITIES_MAX: usize = 10_000;
/// So many different secrets, or refused requests, in so long are a sign.
const MANY: usize = 10;
const WITHIN: Span = Span::hours(1);

/// Both questions.
#[derive(Default)]
pub(super) struct Memory {
    secrets: Asked,
    refused: Asked,
}

#[derive(Default)]
struct Asked {
    by: HashMap<u64, Window>,
}

struct Window {
    since: Time,
    what: HashSet<u64>,
}

impl Memory {
    /// True when this is one of many secrets that its caller read.
    pub(super) fn sweeps_secrets(&mut self, call: &Call) -> bool {
        self.secrets.many(call, hash((&call.namespace, &call.name)))
    }

    /// True when this is one of many different requests of its caller that were refused.
    pub(super) fn is_probing(&mut self, call: &Call) -> bool {
        let what = (&call.verb, &call.resource, &call.subresource, &call.namespace, &call.name, &call.uri);
        self.refused.many(call, hash(what))
    }
}

impl Asked {
    fn many(&mut self, call: &Call, what: u64) -> bool {
        let (who, at) = (hash(&call.user), call.at.unwrap_or(Time::from_millis(0)));
        if self.by.len() >= IDENTITIES_MAX && !self.by.contains_key(&who) {
            return false;
        }
        let window = self.by.entry(who).or_insert_with(|| Window { since: at, what: HashSet::new() });
        if window.since.until(at) > WITHIN {
            *window = Window { since: at, what: HashSet::new() };
        }
        if window.what.len() < MANY {
            window.what.insert(what);
        }
        window.what.len() >= MANY
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
