//! The state of everything at one instant. Comes in: rows of the ledger. Goes out: an immutable snapshot that factors
//! are read from. Facts join findings here and nowhere else. It must never be asked about another instant than its own.

use std::collections::HashMap;

use crate::asset::{AssetKey, KindClass, PackageKey};
use crate::environment::EnvironmentRules;
use crate::ids::{Digest, EvidenceId, Span, Time, VulnId};
use crate::intel::{Feed, FeedState, IntelNote};
use crate::observation::{Author, Coverage, Eye, Link, PodSecurity, What};
use crate::text::Opaque;

/// An asset's place in a [`World`]: an index, valid for that world only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetIdx(pub u32);

/// A vulnerability's place in a [`World`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VulnIdx(pub u32);

/// An asset with everything that is so about it.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its row.
    pub id: i64,
    /// Its identity.
    pub key: AssetKey,
    /// What is so, in the order of the rows.
    pub facts: Vec<FactSeen>,
    /// Who looked at it.
    pub coverage: Vec<CoverageSeen>,
    /// Edges from it, as indices into [`World::edges`].
    pub out: Vec<u32>,
    /// Edges to it.
    pub into: Vec<u32>,
}

/// A stored fact.
#[derive(Clone, Debug, PartialEq)]
pub struct FactSeen {
    /// Its row.
    pub id: i64,
    /// The container; empty for the whole asset.
    pub container: Opaque,
    /// The package, where it is about one.
    pub component: Option<PackageKey>,
    /// What is so.
    pub what: What,
    /// Who could have written it.
    pub author: Author,
    /// Since when.
    pub since: Time,
    /// Last seen.
    pub until: Time,
    /// Known until then.
    pub valid_until: Option<Time>,
}

impl FactSeen {
    /// True while it is known.
    pub fn holds(&self, at: Time) -> bool {
        self.valid_until.is_none_or(|end| at <= end)
    }

    /// True when a sensor saw it in this container: what a tool's event tells was its reason to speak, not what is usual.
    pub fn is_seen_in(&self, container: &Opaque) -> bool {
        self.author == Author::Kernel && self.container == *container
    }

    /// True while a decision may rest on it: known, and where it has no end of its own, seen not too long ago.
    pub fn is_fresh(&self, at: Time) -> bool {
        self.holds(at) && (self.valid_until.is_some() || self.until.until(at) <= SCAN_VALID)
    }

    /// Its id as evidence.
    pub fn evidence(&self) -> EvidenceId {
        EvidenceId::Fact(self.id)
    }
}

/// A stored watch window.
#[derive(Clone, Debug, PartialEq)]
pub struct CoverageSeen {
    /// Its row.
    pub id: i64,
    /// The container; empty for the whole asset.
    pub container: Opaque,
    /// The window.
    pub window: Coverage,
}

/// A stored edge.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeSeen {
    /// Its row.
    pub id: i64,
    /// From.
    pub from: AssetIdx,
    /// To.
    pub to: AssetIdx,
    /// How.
    pub link: Link,
    /// Who could have written it.
    pub author: Author,
    /// Since when.
    pub since: Time,
    /// Last confirmed.
    pub until: Time,
}

impl EdgeSeen {
    /// True while it may lower: written by somebody who may, and confirmed not too long ago.
    pub fn may_lower(&self, at: Time) -> bool {
        self.author.may_lower() && self.until.until(at) <= SCAN_VALID
    }
}

/// What is published about one vulnerability: at most one note a feed and question, the newest.
#[derive(Clone, Debug, PartialEq)]
pub struct Vuln {
    /// The canonical id.
    pub id: VulnId,
    /// The notes.
    pub notes: Vec<IntelNote>,
}

/// How long what a scan saw stays known, where no later scan speaks: what is not there now was perhaps never looked for
/// again.
pub const SCAN_VALID: Span = Span::days(7);

/// How long a sensor must have watched before "not in use" may be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watching {
    /// At least this long.
    pub span_min: Span,
    /// With at least this many starts seen.
    pub starts_min: u32,
    /// A sensor that has said nothing for this long is silent.
    pub silent_after: Span,
}

impl Default for Watching {
    fn default() -> Self {
        Self { span_min: Span::hours(24), starts_min: 1, silent_after: Span::minutes(15) }
    }
}

/// The snapshot.
#[derive(Clone, Debug)]
pub struct World {
    /// The instant it is true for.
    pub as_of: Time,
    /// All assets.
    pub assets: Vec<Asset>,
    /// All edges.
    pub edges: Vec<EdgeSeen>,
    /// All vulnerabilities that a finding names.
    pub vulns: Vec<Vuln>,
    /// The feeds that were imported.
    pub feeds: Vec<FeedState>,
    /// The operator's rules about environments.
    pub environments: EnvironmentRules,
    /// When a sensor's silence becomes a "no".
    pub watching: Watching,
    by_key: HashMap<AssetKey, AssetIdx>,
    by_row: HashMap<i64, AssetIdx>,
    by_vuln: HashMap<VulnId, VulnIdx>,
    by_vuln_row: HashMap<i64, VulnIdx>,
    /// Workloads and nodes by cluster and namespace, in the order of their places.
    fleets: HashMap<Opaque, HashMap<Opaque, Vec<AssetIdx>>>,
    /// By cluster and node, until when its sensor has watched anything.
    heard: HashMap<(Opaque, Opaque), Time>,
}

impl World {
    /// A world without anything in it.
    pub fn empty(as_of: Time, environments: EnvironmentRules, watching: Watching) -> Self {
        Self {
            as_of,
            assets: Vec::new(),
            edges: Vec::new(),
            vulns: Vec::new(),
            feeds: Vec::new(),
            environments,
            watching,
            by_key: HashMap::new(),
            by_row: HashMap::new(),
            by_vuln: HashMap::new(),
            by_vuln_row: HashMap::new(),
            fleets: HashMap::new(),
            heard: HashMap::new(),
        }
    }

    /// Adds an asset, once per key.
    pub fn add_asset(&mut self, id: i64, key: AssetKey) -> AssetIdx {
        if let Some(known) = self.by_key.get(&key) {
            return *known;
        }
        let idx = AssetIdx(self.assets.len() as u32);
        self.by_key.insert(key.clone(), idx);
        self.by_row.insert(id, idx);
        if matches!(key.kind.class(), KindClass::Workload | KindClass::Node) {
            let fleet = self.fleets.entry(key.cluster.clone()).or_default();
            fleet.entry(key.namespace.clone()).or_default().push(idx);
        }
        self.assets.push(Asset { id, key, facts: Vec::new(), coverage: Vec::new(), out: Vec::new(), into: Vec::new() });
        idx
    }

    /// Adds a fact about an asset.
    pub fn add_fact(&mut self, about: AssetIdx, fact: FactSeen) {
        self.assets[about.0 as usize].facts.push(fact);
    }

    /// Adds a watch window.
    pub fn add_coverage(&mut self, about: AssetIdx, coverage: CoverageSeen) {
        let window = &coverage.window;
        if window.eye.is_of_sensor() {
            let node = (self.asset(about).key.cluster.clone(), window.node.clone());
            let heard = self.heard.entry(node).or_insert(window.until);
            *heard = window.until.max(*heard);
        }
        self.assets[about.0 as usize].coverage.push(coverage);
    }

    /// Adds an edge between two assets.
    pub fn add_edge(&mut self, edge: EdgeSeen) {
        let at = self.edges.len() as u32;
        self.assets[edge.from.0 as usize].out.push(at);
        self.assets[edge.to.0 as usize].into.push(at);
        self.edges.push(edge);
    }

    /// The same world without some edges: what would be so if they were gone.
    #[must_use]
    pub fn without(&self, gone: impl Fn(&EdgeSeen) -> bool) -> Self {
        let mut world = self.clone();
        for asset in &mut world.assets {
            asset.out.clear();
            asset.into.clear();
        }
        for edge in std::mem::take(&mut world.edges) {
            if !gone(&edge) {
                world.add_edge(edge);
            }
        }
        world
    }

    /// Says that a row stands for an asset that is there already: a pod for the workload that owns it.
    pub fn stand_for(&mut self, row: i64, asset: AssetIdx) {
        self.by_row.insert(row, asset);
    }

    /// Adds what is published about a vulnerability.
    pub fn add_vuln(&mut self, row: i64, vuln: Vuln) -> VulnIdx {
        let idx = VulnIdx(self.vulns.len() as u32);
        self.by_vuln.insert(vuln.id.clone(), idx);
        self.by_vuln_row.insert(row, idx);
        self.vulns.push(vuln);
        idx
    }

    /// The vulnerability of this row.
    pub fn vuln_row(&self, row: i64) -> Option<VulnIdx> {
        self.by_vuln_row.get(&row).copied()
    }

    /// The asset with this identity.
    pub fn find(&self, key: &AssetKey) -> Option<AssetIdx> {
        self.by_key.get(key).copied()
    }

    /// The asset of this row.
    pub fn row(&self, id: i64) -> Option<AssetIdx> {
        self.by_row.get(&id).copied()
    }

    /// An asset.
    pub fn asset(&self, idx: AssetIdx) -> &Asset {
        &self.assets[idx.0 as usize]
    }

    /// The vulnerability with this canonical id.
    pub fn vuln(&self, id: &VulnId) -> Option<VulnIdx> {
        self.by_vuln.get(id).copied()
    }

    /// The edges from an asset.
    pub fn out(&self, from: AssetIdx) -> impl Iterator<Item = &EdgeSeen> {
        self.asset(from).out.iter().map(|&e| &self.edges[e as usize])
    }

    /// The edges to an asset.
    pub fn into(&self, to: AssetIdx) -> impl Iterator<Item = &EdgeSeen> {
        self.asset(to).into.iter().map(|&e| &self.edges[e as usize])
    }

    /// The facts about an asset that are known now.
    pub fn facts(&self, about: AssetIdx) -> impl Iterator<Item = &FactSeen> {
        let at = self.as_of;
        self.asset(about).facts.iter().filter(move |f| f.holds(at))
    }

    /// The workloads, by index.
    pub fn workloads(&self) -> impl Iterator<Item = AssetIdx> + '_ {
        (0..self.assets.len() as u32).map(AssetIdx).filter(|i| self.asset(*i).key.kind.class() == KindClass::Workload)
    }

    /// The workloads and nodes of a namespace; empty text for those that lie in none.
    pub fn fleet_in(&self, cluster: &Opaque, namespace: &Opaque) -> &[AssetIdx] {
        self.fleets.get(cluster).and_then(|fleet| fleet.get(namespace)).map_or(&[], Vec::as_slice)
    }

    /// How many workloads and nodes a cluster has.
    pub fn fleet_size(&self, cluster: &Opaque) -> usize {
        self.fleets.get(cluster).map_or(0, |fleet| fleet.values().map(Vec::len).sum())
    }

    /// The word that stands about one question: the newest of those who may lower; where none of them has spoken, what
    /// anybody says that raises. `pick` gives greater values to what is more urgent. The order of rows decides nothing.
    pub fn word<T: Copy + Ord>(
        &self,
        about: AssetIdx,
        pick: impl Fn(&What) -> Option<T>,
        raises: impl Fn(T) -> bool,
    ) -> Option<(T, &FactSeen)> {
        let fresh = self.facts(about).filter(|f| f.is_fresh(self.as_of));
        let said = fresh.filter_map(|f| pick(&f.what).map(|value| (value, f)));
        let heard = said.filter(|(value, f)| f.author.may_lower() || raises(*value));
        heard.max_by_key(|(value, f)| {
            let rank = f.author.may_lower();
            (rank, rank.then_some(f.until), *value, f.until, std::cmp::Reverse(f.id))
        })
    }

    /// How many instances of a workload are wanted, and the evidence; none where nobody has said who may lower, because
    /// "not in use" leans on it.
    pub fn replicas(&self, workload: AssetIdx) -> Option<(u32, &FactSeen)> {
        let pick = |what: &What| match what {
            What::Exists { replicas, .. } => *replicas,
            _ => None,
        };
        self.word(workload, pick, |_| false)
    }

    /// The Pod Security level that a workload meets: below the baseline is believed of anybody.
    pub fn pod_security(&self, workload: AssetIdx) -> Option<(PodSecurity, &FactSeen)> {
        let pick = |what: &What| match what {
            What::PodSecurity(level) => Some(std::cmp::Reverse(*level)),
            _ => None,
        };
        let word = self.word(workload, pick, |level| level.0 == PodSecurity::Privileged);
        word.map(|(level, fact)| (level.0, fact))
    }

    /// The Pod Security level that the API server asks of every new pod of a namespace; none where nobody has said so who
    /// may lower. That nothing is asked is believed of anybody.
    pub fn enforced(&self, cluster: &Opaque, namespace: &Opaque) -> Option<(PodSecurity, &FactSeen)> {
        let at = self.find(&AssetKey::namespace(cluster, namespace.clone()))?;
        let pick = |what: &What| match what {
            What::Enforces(level) => Some(std::cmp::Reverse(*level)),
            _ => None,
        };
        let (level, fact) = self.word(at, pick, |level| level.0 == PodSecurity::Privileged)?;
        Some((level.0, fact))
    }

    /// The images that a workload's container runs, with tag and digest.
    pub fn images(
        &self,
        workload: AssetIdx,
    ) -> impl Iterator<Item = (&EdgeSeen, &Opaque, Option<&Opaque>, Option<Digest>)> {
        self.out(workload).filter_map(|e| match &e.link {
            Link::Runs { container, tag, digest } => Some((e, container, tag.as_ref(), *digest)),
            _ => None,
        })
    }

    /// The identities that a workload is said to run as, whoever says it.
    pub fn identities(&self, workload: AssetIdx) -> impl Iterator<Item = &EdgeSeen> {
        self.out(workload).filter(|e| matches!(e.link, Link::RunsAs { .. }))
    }

    /// The account that a workload runs as: by the newest word of those who may lower, else by anybody's. A group that
    /// the account is in stands behind it.
    pub fn identity(&self, workload: AssetIdx) -> Option<&EdgeSeen> {
        let account = |e: &EdgeSeen| self.asset(e.to).key.kind.as_str() == "ServiceAccount";
        self.identities(workload).max_by_key(|e| (account(e), e.author.may_lower(), e.until, std::cmp::Reverse(e.id)))
    }

    /// The workloads that run as an identity.
    pub fn run_as(&self, identity: AssetIdx) -> impl Iterator<Item = AssetIdx> {
        self.into(identity).filter(|e| matches!(e.link, Link::RunsAs { .. })).map(|e| e.from)
    }

    /// The newest complete scan that covers an asset, of its namespace or of the whole cluster; none that is too old.
    pub fn scanned(&self, asset: AssetIdx) -> Option<&CoverageSeen> {
        self.looked(asset, Eye::CompleteScan)
    }

    /// The newest whole look of a scanner's eye at the namespace of an asset or at its cluster; none that is too old.
    pub fn looked(&self, asset: AssetIdx, eye: Eye) -> Option<&CoverageSeen> {
        let cluster = self.find(&AssetKey::cluster(&self.asset(asset).key.cluster));
        let scans = [self.home(asset), cluster].into_iter().flatten().flat_map(|home| &self.asset(home).coverage);
        let whole = scans.filter(|c| {
            c.window.eye == eye && c.window.holes.is_empty() && c.window.until.until(self.as_of) <= SCAN_VALID
        });
        whole.max_by_key(|c| (c.window.until, std::cmp::Reverse(c.id)))
    }

    /// The namespace that an asset belongs to, which a namespace is itself.
    pub fn home(&self, asset: AssetIdx) -> Option<AssetIdx> {
        let key = &self.asset(asset).key;
        match key.kind.class() {
            KindClass::Namespace => Some(asset),
            _ => self.find(&AssetKey::namespace(&key.cluster, key.namespace.clone())),
        }
    }

    /// Until when the sensor of a node has watched anything at all.
    pub fn sensor_heard(&self, cluster: &Opaque, node: &Opaque) -> Option<Time> {
        self.heard.get(&(cluster.clone(), node.clone())).copied()
    }

    /// The state of a feed.
    pub fn feed(&self, feed: Feed) -> Option<&FeedState> {
        self.feeds.iter().filter(|f| f.feed == feed).max_by_key(|f| f.published)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Kind;

    #[test]
    fn an_asset_is_added_once() {
        let mut world = World::empty(Time::from_secs(0), EnvironmentRules::default(), Watching::default());
        let key = AssetKey::object(&Opaque::readmit("c"), Kind::of("Pod"), Opaque::readmit("n"), Opaque::readmit("p"));
        let first = world.add_asset(7, key.clone());
        assert_eq!(world.add_asset(8, key.clone()), first);
        assert_eq!((world.find(&key), world.row(7), world.workloads().count()), (Some(first), Some(first), 1));
    }
}
