//! What a namespace or cluster is for. Comes in: the operator's rules. Goes out: environment and human impact with the
//! rule that gave them. A pod's own labels never count: a tenant writes them.

use crate::asset::AssetKey;
use crate::ids::{EvidenceId, Time};
use crate::named;
use crate::observation::Environment;
use crate::text::Opaque;

named! {
    /// SSVC Human Impact, version 2.0.2: what a failure of this system would mean for people and mission.
    pub enum HumanImpact {
        /// Hardly anything.
        Low = "low",
        /// Some degradation.
        Medium = "medium",
        /// An essential function is crippled.
        High = "high",
        /// The mission fails, or people are hurt.
        VeryHigh = "very high",
    }
}

/// One rule: the first that matches wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentRule {
    /// Which clusters; `*` stands for any run of characters.
    pub cluster: String,
    /// Which namespaces.
    pub namespace: String,
    /// What they are for, where the rule says so.
    pub environment: Option<Environment>,
    /// What a failure would mean, where the rule says so.
    pub human_impact: Option<HumanImpact>,
}

/// The operator's rules, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvironmentRules {
    /// The rules.
    pub rules: Vec<EnvironmentRule>,
    /// When the file was last read.
    pub as_of: Option<Time>,
}

impl EnvironmentRules {
    /// The environment of an asset, the rule's evidence, and when the rules were read.
    pub fn environment(&self, asset: &AssetKey) -> Option<(Environment, EvidenceId, Time)> {
        self.first(asset, |rule| rule.environment)
    }

    /// The human impact of an asset.
    pub fn human_impact(&self, asset: &AssetKey) -> Option<(HumanImpact, EvidenceId, Time)> {
        self.first(asset, |rule| rule.human_impact)
    }

    fn first<T>(
        &self,
        asset: &AssetKey,
        pick: impl Fn(&EnvironmentRule) -> Option<T>,
    ) -> Option<(T, EvidenceId, Time)> {
        let as_of = self.as_of?;
        self.rules.iter().enumerate().find_map(|(i, rule)| {
            let matches =
                glob(&rule.cluster, asset.cluster.reveal()) && glob(&rule.namespace, namespace_of(asset).reveal());
            let value = pick(rule).filter(|_| matches)?;
            Some((value, EvidenceId::Table("environment-rule", (i + 1).to_string().into()), as_of))
        })
    }
}

/// The namespace that decides about an asset: its own, or itself when it is one.
fn namespace_of(asset: &AssetKey) -> &Opaque {
    if asset.kind.as_str() == "Namespace" { &asset.name } else { &asset.namespace }
}

/// Matches a text against a pattern in which `*` stands for any run of characters. Linear in both.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else { return text.is_empty() };
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.len() >= part.len() && rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Kind;

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, text, hit) in [
            ("*", "", true),
            ("shop", "shop", true),
            ("shop-*", "shop-eu", true),
            ("*-test", "a-test", true),
            ("a*b*c", "axxbyyc", true),
            ("shop", "shop2", false),
            ("a*c", "ab", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(glob(pattern, text), hit, "{pattern} on {text}");
        }
    }

    #[test]
    fn the_first_rule_that_matches_wins_and_is_named() {
        let rule = |namespace: &str, environment| EnvironmentRule {
            cluster: "*".into(),
            namespace: namespace.into(),
            environment: Some(environment),
            human_impact: None,
        };
        let rules = EnvironmentRules {
            rules: vec![rule("shop", Environment::Production), rule("*", Environment::Test)],
            as_of: Some(Time::from_secs(1)),
        };
        let asset = |ns: &str| {
            AssetKey::object(&Opaque::readmit("c"), Kind::of("Deployment"), Opaque::readmit(ns), Opaque::readmit("web"))
        };
        let (environment, evidence, _) = rules.environment(&asset("shop")).unwrap();
        assert_eq!((environment, evidence.to_string().as_str()), (Environment::Production, "environment-rule:1"));
        assert_eq!(rules.environment(&asset("lab")).unwrap().0, Environment::Test);
    }
}
