//! Puts a situation into a scene, at a spot of its own: its own cluster and its own vulnerability, so that two of them
//! lie side by side and share nothing.

mod finding;

use assay_core::asset::{AssetKey, Kind};
use assay_core::control::{BadControls, Controls};
use assay_core::environment::EnvironmentRule;
use assay_core::ids::{BadVulnId, Span, Time, VulnId};
use assay_core::observation::{
    Author, ControlId, Eye, Hole, HoleReason, Link, Protocol, Role, SENSOR_FACT_VALID, What,
};
use assay_core::policy::Policy;
use assay_core::scene::{CONTROLS, Scene, package};
use assay_core::text::Opaque;
use assay_core::world::{AssetIdx, FactSeen};

use super::Situation;
use super::said::Watched;

/// The instant of every situation.
pub const fn now() -> Time {
    Time::from_secs(1_795_489_320)
}

/// An empty scene under a policy.
///
/// # Errors
/// Never for the rows of this build; a test reads them.
pub fn scene(policy: &Policy) -> Result<Scene, BadControls> {
    Ok(Scene::new(now(), policy.clone(), Controls::parse(CONTROLS)?))
}

/// Where a situation lies.
#[derive(Clone, Debug)]
pub struct Spot {
    /// The cluster, which nothing else is in.
    pub cluster: &'static str,
    /// The vulnerability, which nothing else has.
    pub vuln: VulnId,
}

impl Spot {
    /// A spot of these names.
    ///
    /// # Errors
    /// When the second one names no vulnerability.
    pub fn new(cluster: &'static str, vuln: &str) -> Result<Self, BadVulnId> {
        Ok(Self { cluster, vuln: vuln.parse()? })
    }
}

fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

/// Puts the rows of a situation into the scene. The finding is the last one of the scene then.
pub fn lay(situation: &Situation, spot: &Spot, scene: &mut Scene) {
    let namespace = situation.namespace.as_deref().unwrap_or("shop");
    let kind = Kind::new("", situation.kind.as_deref().unwrap_or("Deployment"));
    let name = situation.workload.as_deref().unwrap_or("web");
    let workload = scene.asset(AssetKey::object(&o(spot.cluster), kind, o(namespace), o(name)));
    let container = situation.container.as_deref().unwrap_or("web").to_owned();
    let mut bed = Bed { situation, spot, scene, workload, container };
    bed.place();
    bed.reached();
    bed.ran();
    bed.identity();
    bed.published();
    bed.finding();
}

struct Bed<'s> {
    situation: &'s Situation,
    spot: &'s Spot,
    scene: &'s mut Scene,
    workload: AssetIdx,
    container: String,
}

impl Bed<'_> {
    fn key(&self) -> AssetKey {
        self.scene.key(self.workload).clone()
    }

    fn fact(&mut self, author: Author, what: What, ago: Span) -> &mut FactSeen {
        let fact = self.scene.fact(self.workload, author, what);
        fact.until = fact.until - ago;
        fact.since = fact.until - Span::hours(1);
        fact.valid_until = (author == Author::Kernel).then(|| fact.until + SENSOR_FACT_VALID);
        fact
    }

    fn in_container(&mut self, what: What, ago: Span) -> &mut FactSeen {
        let container = o(&self.container);
        let fact = self.fact(Author::Kernel, what, ago);
        fact.container = container;
        fact
    }

    fn place(&mut self) {
        let situation = self.situation;
        let rule = || EnvironmentRule {
            cluster: self.spot.cluster.to_owned(),
            namespace: "*".to_owned(),
            environment: None,
            human_impact: None,
        };
        let purposes = situation.environment.0.iter().filter(|p| p.by.is_none());
        let purposes = purposes.map(|p| EnvironmentRule { environment: Some(p.value), ..rule() });
        let impacts = situation.human_impact.0.iter().map(|i| EnvironmentRule { human_impact: Some(i.0), ..rule() });
        let rules: Vec<EnvironmentRule> = purposes.chain(impacts).collect();
        self.scene.environments.rules.extend(rules);
        for purpose in &situation.environment.0 {
            if let Some(author) = purpose.by {
                self.fact(author, What::Environment(purpose.value), purpose.ago);
            }
        }
        for scan in &situation.scan.0 {
            let at = now() - Span::hours(1) - scan.ago;
            let seen = self.scene.scanned(self.workload);
            (seen.window.since, seen.window.until) = (at, at);
            if scan.hole {
                seen.window.holes.push(Hole { since: at, until: at, because: HoleReason::Silent });
            }
        }
        for n in 0..situation.others.0.iter().map(|n| n.0).sum() {
            let key = self.key();
            let other = o(&format!("other-{n}"));
            self.scene.asset(AssetKey::object(&key.cluster, Kind::of("Deployment"), key.namespace, other));
        }
    }

    fn reached(&mut self) {
        for way in &self.situation.ways_in.0 {
            let at = self.scene.way_in(self.workload, way.by, way.reach, 443, way.port);
            let entry = &mut self.scene.edges[at];
            entry.until = entry.until - way.ago;
        }
        for traffic in &self.situation.traffic.0 {
            let role = if traffic.outgoing { Role::Client } else { Role::Server };
            let (port, peer, exe) = (traffic.port, traffic.peer, self.exe());
            self.in_container(What::Talks { port, protocol: Protocol::Tcp, role, peer, exe }, traffic.ago);
        }
    }

    fn exe(&self) -> Opaque {
        o(self.situation.exe.as_deref().unwrap_or("/usr/bin/server"))
    }

    fn ran(&mut self) {
        let situation = self.situation;
        for replicas in &situation.replicas.0 {
            let what = What::Exists { replicas: Some(replicas.value), owner: None, aliases: Vec::new() };
            self.fact(replicas.by, what, replicas.ago);
        }
        for used in &situation.in_use.0 {
            let listens = used.listens.then_some(super::said::PORT);
            let what = What::InUse { level: used.level, exe: self.exe(), listens };
            let fact = self.in_container(what, used.ago);
            let ecosystem = if used.other_ecosystem { "npm" } else { "deb" };
            fact.component = Some(package(ecosystem, "openssl", ""));
            if used.other_container {
                fact.container = o("another");
            }
        }
        for (eye, watched) in [
            (Eye::SensorUse, &situation.watched_use),
            (Eye::SensorFlows, &situation.watched_flows),
            (Eye::SensorSignals, &situation.watched_signals),
        ] {
            watched.0.iter().for_each(|w| self.watched(eye, w));
        }
        for attack in &situation.attacked.0 {
            let signal = ControlId(o("shell-in-container"));
            self.fact(attack.by, What::Attacked { stage: attack.value, signal }, attack.ago);
        }
        for listens in &situation.listens.0 {
            let what = What::Listens { port: listens.port, protocol: listens.protocol, exe: self.exe() };
            self.in_container(what, Span::ZERO);
        }
        for level in &situation.pod_security.0 {
            self.fact(level.by, What::PodSecurity(level.value), level.ago);
        }
        for outcome in &situation.outcome.0 {
            let control = ControlId(o("held-total"));
            self.fact(outcome.by, What::Outcome { control, outcome: outcome.value }, outcome.ago);
        }
        for vex in &situation.vex.0 {
            let (document, note) = (o("vex-1"), o("the code is never run"));
            let what =
                What::Vex { vuln: self.spot.vuln.clone(), status: vex.value, justification: None, document, note };
            self.fact(vex.by, what, vex.ago);
        }
    }

    fn watched(&mut self, eye: Eye, watched: &Watched) {
        for _ in 0..watched.replicas {
            let seen = self.scene.window(self.workload, &self.container, eye, watched.lasting);
            seen.window.start_seen = !watched.no_start;
            if watched.silent {
                seen.window.until = now() - Span::hours(1);
            }
            if watched.hole {
                let since = seen.window.since + Span::minutes(10);
                let until = since + Span::minutes(1);
                seen.window.holes.push(Hole { since, until, because: HoleReason::Silent });
            }
        }
    }

    /// Rights are those of its identity, whose token is mounted unless something else is said.
    fn identity(&mut self) {
        let (tokens, rights) = (&self.situation.token.0, &self.situation.rights.0);
        if tokens.is_empty() && rights.is_empty() {
            return;
        }
        let key = self.key();
        let account = AssetKey::object(&key.cluster, Kind::of("ServiceAccount"), key.namespace, o("runner"));
        let account = self.scene.asset(account);
        if tokens.is_empty() {
            self.scene.edge(self.workload, account, Author::Cluster, Link::RunsAs { token_mounted: true });
        }
        for token in tokens {
            let link = Link::RunsAs { token_mounted: token.mounted };
            let edge = self.scene.edge(self.workload, account, token.by, link);
            edge.until = edge.until - token.ago;
        }
        let cluster = self.scene.asset(AssetKey::cluster(&key.cluster));
        for right in rights {
            let (capability, cluster_wide) = (right.capability, right.everywhere);
            let (binding, role) = (o("binding"), o("role"));
            let link = Link::Holds { capability, cluster_wide, names: vec![], binding, role };
            self.scene.edge(account, cluster, Author::Cluster, link);
        }
    }
}
