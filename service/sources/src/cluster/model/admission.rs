//! The fields of admission webhooks that say what they guard and what happens when they do not answer.

use serde::Deserialize;

use super::policy::Selector;

/// A ValidatingWebhookConfiguration or MutatingWebhookConfiguration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WebhookConfiguration {
    /// Its webhooks.
    pub webhooks: Vec<Webhook>,
}

/// One webhook.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Webhook {
    /// `Fail`, the default of v1, or `Ignore`.
    pub failure_policy: Option<Box<str>>,
    /// The namespaces whose objects it is asked about; all where unset or empty.
    pub namespace_selector: Selector,
    /// The objects that it is asked about; all where unset or empty.
    pub object_selector: Selector,
    /// Conditions that a request must meet.
    pub match_conditions: Vec<serde::de::IgnoredAny>,
    /// Which requests it is asked about.
    pub rules: Vec<WebhookRule>,
    /// Whom to ask.
    pub client_config: WebhookClient,
}

/// Whom to ask.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WebhookClient {
    /// An address, where it is no Service of the cluster.
    pub url: Option<Box<str>>,
}

/// Which requests a webhook is asked about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WebhookRule {
    /// API groups; `*` is all.
    pub api_groups: Vec<Box<str>>,
    /// Resources; `*` and `*/*` are all.
    pub resources: Vec<Box<str>>,
}

impl Selector {
    /// True when it chooses everything.
    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }
}

impl WebhookRule {
    /// True when it is asked about these resources.
    pub fn covers(&self, group: &str, resource: &str) -> bool {
        let has = |list: &[Box<str>], wanted: &str| {
            list.iter().any(|item| matches!(&**item, "*" | "*/*") || **item == *wanted)
        };
        has(&self.api_groups, group) && has(&self.resources, resource)
    }

    /// True when it is asked about every object that there is.
    pub fn covers_all(&self) -> bool {
        let all = |list: &[Box<str>]| list.iter().any(|item| matches!(&**item, "*" | "*/*"));
        all(&self.api_groups) && all(&self.resources)
    }
}
