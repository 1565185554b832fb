//! The fields of a NetworkPolicy that say who may call a pod, and whom it may call.

use serde::Deserialize;

use super::scalar::{Labels, PortName, loose_labels};

/// A `networking.k8s.io` NetworkPolicy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NetworkPolicy {
    /// What is wanted.
    pub spec: PolicySpec,
}

/// What a policy wants.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PolicySpec {
    /// The pods of its namespace that it is for; all by an empty one.
    pub pod_selector: Selector,
    /// `Ingress`, `Egress`; where empty, `Ingress` always.
    pub policy_types: Vec<Box<str>>,
    /// Who may call; nobody where empty.
    pub ingress: Vec<PolicyRule>,
    /// Whom the pods may call; nobody where empty.
    pub egress: Vec<PolicyRule>,
}

impl PolicySpec {
    /// True when it has a say over who may call.
    pub fn is_for_ingress(&self) -> bool {
        self.policy_types.is_empty() || self.policy_types.iter().any(|t| &**t == "Ingress")
    }

    /// True when it has a say over whom its pods may call. Without types it has where it holds a rule about that.
    pub fn is_for_egress(&self) -> bool {
        if self.policy_types.is_empty() {
            return !self.egress.is_empty();
        }
        self.policy_types.iter().any(|t| &**t == "Egress")
    }
}

/// One rule: any of these at the other end, on any of these ports.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PolicyRule {
    /// Of ingress: who calls; everybody where empty.
    pub from: Vec<PolicyPeer>,
    /// Of egress: who is called; everybody where empty.
    pub to: Vec<PolicyPeer>,
    /// On which ports; all where empty.
    pub ports: Vec<PolicyPort>,
}

/// A sort of caller, or of those who are called.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PolicyPeer {
    /// Pods, of the policy's namespace unless the next field says otherwise.
    pub pod_selector: Option<Selector>,
    /// Namespaces.
    pub namespace_selector: Option<Selector>,
    /// Addresses.
    pub ip_block: Option<IpBlock>,
}

/// A range of addresses.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct IpBlock {
    /// `0.0.0.0/0`.
    pub cidr: Box<str>,
    /// Blocks inside of it that are left out.
    pub except: Vec<Box<str>>,
}

/// A port of the pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PolicyPort {
    /// TCP where unset.
    pub protocol: Option<Box<str>>,
    /// By number or name; all where unset.
    pub port: Option<PortName>,
    /// The last port of a range that begins with `port`.
    pub end_port: Option<u16>,
}

/// Chooses by labels; an empty one chooses everything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    /// Labels that must be there.
    #[serde(deserialize_with = "loose_labels")]
    pub match_labels: Labels,
    /// What else must hold.
    pub match_expressions: Vec<Requirement>,
}

/// One requirement on a label.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Requirement {
    /// The label.
    pub key: Box<str>,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    pub operator: Box<str>,
    /// The values of the first two.
    pub values: Vec<Box<str>>,
}

impl Selector {
    /// True when the labels fit. Source: Kubernetes documentation, "Labels and Selectors": `NotIn` also fits where the
    /// label is missing. An operator that does not exist fits nothing.
    pub fn selects(&self, labels: &Labels) -> bool {
        self.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|wanted| {
                let value = labels.get(&wanted.key);
                match &*wanted.operator {
                    "In" => value.is_some_and(|v| wanted.values.contains(v)),
                    "NotIn" => value.is_none_or(|v| !wanted.values.contains(v)),
                    "Exists" => value.is_some(),
                    "DoesNotExist" => value.is_none(),
                    _ => false,
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(json: &str) -> Selector {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn expressions_mean_what_kubernetes_says() {
        let labels: Labels = [("app".into(), "web".into())].into();
        for (json, fits) in [
            ("{}", true),
            (r#"{"matchLabels":{"app":"web"}}"#, true),
            (r#"{"matchLabels":{"app":"db"}}"#, false),
            (r#"{"matchExpressions":[{"key":"app","operator":"In","values":["web","db"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"tier","operator":"In","values":["web"]}]}"#, false),
            (r#"{"matchExpressions":[{"key":"tier","operator":"NotIn","values":["web"]}]}"#, true),
            (r#"{"matchExpressions":[{"key":"app","operator":"NotIn","values":["web"]}]}"#, false),
            (r#"{"matchExpressions":[{"key":"app","operator":"Exists"}]}"#, true),
            (r#"{"matchExpressions":[{"key":"app","operator":"DoesNotExist"}]}"#, false),
            (r#"{"matchExpressions":[{"key":"app","operator":"Near"}]}"#, false),
        ] {
            assert_eq!(selector(json).selects(&labels), fits, "{json}");
        }
    }
}
