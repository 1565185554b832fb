//! Scenes drawn from a seed: a few workloads with everything that can be so about them, whoever says it, known, expired
//! or full of holes; and findings of every class on them.

mod node;

use super::{Dice, Scene, package};
use crate::asset::{AssetKey, Kind, PackageKey};
use crate::condition::Condition;
use crate::control::Controls;
use crate::environment::{EnvironmentRule, HumanImpact};
use crate::finding::{FindingClass, Matter, Presence, ResolvedBecause};
use crate::ids::{Digest, Span, Time, VulnId};
use crate::intel::{CvssVector, Exploitation, Feed, FeedState, Said, TechnicalImpact};
use crate::observation::{
    AttackStage, Author, Capability, ControlId, Entry, Environment, Eye, Hole, HoleReason, HostSetting, Justification,
    Link, Outcome, PREVENTED, PeerClass, PodSecurity, Protocol, Reach, Role, SettledBy, UseLevel, VexStatus, What,
    prevented,
};
use crate::policy::Policy;
use crate::reading::{AttackVector, PrivilegesRequired, ReadBy, Reading, Spanned, Sure, UserInteraction};
use crate::reconcile::{Word, presence};
use crate::text::Opaque;
use crate::world::AssetIdx;

const PORTS: &[u16] = &[80, 443, 8080];
const CONTAINERS: &[&str] = &["web", "proxy"];
const VECTORS: &[&str] = &[
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N",
    "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N",
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
];
const VULNS: &[&str] = &["CVE-2021-44228", "CVE-2024-0001", "GHSA-jfh8-c2jp-5v3q"];
const CONTROLS: &[&str] = &["free-total", "held-total", "held-partial", "tool/own-rule"];
/// The one program that runs.
const PROGRAM: &str = "/usr/bin/java";

const SIGNALS: &[&str] = &["shell-in-container", "service-asks-runtime", "tool/own-signal"];

/// The scene of a seed. Equal seeds give equal scenes.
pub fn random(seed: u64, as_of: Time, policy: &Policy, controls: &Controls) -> Scene {
    let mut scene = Scene::new(as_of, policy.clone(), controls.clone());
    let vulns = VULNS.iter().filter_map(|v| v.parse().ok()).collect();
    let mut draw = Draw { dice: Dice::new(seed), scene: &mut scene, workloads: Vec::new(), others: Vec::new(), vulns };
    draw.places();
    draw.rules();
    draw.published();
    for workload in draw.workloads.clone() {
        draw.ways(workload);
        draw.identity(workload);
        draw.facts(workload);
        draw.watched(workload);
    }
    draw.findings();
    draw.nodes();
    for workload in draw.workloads.clone() {
        draw.node(workload);
    }
    scene
}

struct Draw<'s> {
    dice: Dice,
    scene: &'s mut Scene,
    workloads: Vec<AssetIdx>,
    others: Vec<AssetIdx>,
    vulns: Vec<VulnId>,
}

fn o(text: &str) -> Opaque {
    Opaque::readmit(text)
}

impl Draw<'_> {
    fn past(&mut self, days_max: usize) -> Time {
        self.scene.as_of - Span::minutes(self.dice.below(days_max * 24 * 60) as i64)
    }

    fn author(&mut self) -> Author {
        self.dice.pick(Author::ALL)
    }

    fn package(&mut self) -> PackageKey {
        match self.dice.below(3) {
            0 => package("deb", "openssl", ""),
            1 => package("maven", "log4j-core", "app/log4j-core.jar"),
            _ => package("npm", "lodash", "app"),
        }
    }

    fn places(&mut self) {
        let namespaces = ["shop", "lab"];
        for i in 0..1 + self.dice.below(4) {
            let namespace = self.dice.pick(&namespaces);
            let kind = self.dice.pick(&["Deployment", "CronJob", "DaemonSet"]);
            let workload = self.scene.object(kind, namespace, &format!("work-{i}"));
            self.workloads.push(workload);
            if self.dice.chance(60) {
                let (days, hole) = (self.dice.pick(&[0, 0, 0, 3, 9]), self.dice.chance(10));
                let at = self.scene.as_of - Span::days(days) - Span::minutes(5);
                let scan = self.scene.scanned(workload);
                (scan.window.since, scan.window.until) = (at, at);
                if hole {
                    scan.window.holes.push(Hole { since: at, until: at, because: HoleReason::Silent });
                }
            }
        }
        let repository = AssetKey::image(o("docker.io/shop/web"));
        self.others = vec![
            self.scene.asset(repository),
            self.scene.asset(AssetKey::namespace(&o(super::CLUSTER), o("shop"))),
            self.scene.asset(AssetKey::cluster(&o(super::CLUSTER))),
            self.scene.object("ServiceAccount", "shop", "runner"),
            self.scene.object("ServiceAccount", "lab", "idle"),
            self.scene.asset(AssetKey::object(&o(super::CLUSTER), Kind::of("Node"), o(""), o("node-1"))),
        ];
    }

    fn rules(&mut self) {
        for _ in 0..self.dice.below(3) {
            let rule = EnvironmentRule {
                cluster: self.dice.pick(&["*", super::CLUSTER]).to_owned(),
                namespace: self.dice.pick(&["*", "shop", "lab"]).to_owned(),
                environment: self.dice.chance(70).then(|| self.dice.pick(Environment::ALL)),
                human_impact: self.dice.chance(40).then(|| self.dice.pick(HumanImpact::ALL)),
            };
            self.scene.environments.rules.push(rule);
        }
    }

    fn published(&mut self) {
        if self.dice.chance(70) {
            let published = self.past(12);
            let imported = self.scene.as_of;
            self.scene.feeds.push(FeedState { feed: Feed::Kev, published, imported, rows: 1000 });
        }
        for id in self.vulns.clone() {
            let as_of = self.scene.as_of;
            self.scene.note(&id, Feed::CveRecord, as_of, Said::Cwe(79));
            for _ in 0..self.dice.below(5) {
                let (feed, said) = self.said();
                let at = self.past(12);
                self.scene.note(&id, feed, at, said);
            }
        }
    }

    fn said(&mut self) -> (Feed, Said) {
        let dice = &mut self.dice;
        match dice.below(6) {
            0 => (Feed::Kev, Said::Kev { added: self.scene.as_of - Span::days(30) }),
            1 => (Feed::Epss, Said::Epss { probability: 10, percentile: dice.below(10_001) as u16 }),
            2 => {
                let said = Said::Ssvc {
                    exploitation: dice.chance(50).then(|| dice.pick(Exploitation::ALL)),
                    automatable: dice.chance(50).then(|| dice.chance(50)),
                    impact: dice.chance(50).then(|| dice.pick(TechnicalImpact::ALL)),
                };
                (Feed::CisaAdp, said)
            }
            3 => (Feed::Reading, Said::Read(Box::new(self.reading()))),
            4 => match dice.pick(VECTORS).parse::<CvssVector>() {
                Ok(vector) => (Feed::Cvss, Said::Cvss(vector)),
                Err(_) => (Feed::CveRecord, Said::Rejected),
            },
            _ => {
                let conditions = (0..1 + dice.below(2)).map(|_| dice.pick(Condition::ALL)).collect();
                (Feed::Curated, Said::Conditions(conditions))
            }
        }
    }

    /// What a model may have read out of a text: any value of each question, or none.
    fn reading(&mut self) -> ReadBy {
        let dice = &mut self.dice;
        let probability = 5_000 + dice.below(5_001) as u16;
        let reading = Reading {
            automatable: dice.chance(60).then(|| Sure { value: dice.chance(50), probability }),
            impact: dice.chance(60).then(|| Sure { value: dice.pick(TechnicalImpact::ALL), probability }),
            vector: dice.chance(60).then(|| Sure { value: dice.pick(AttackVector::ALL), probability }),
            privileges: dice.chance(60).then(|| Sure { value: dice.pick(PrivilegesRequired::ALL), probability }),
            interaction: dice.chance(60).then(|| Sure { value: dice.pick(UserInteraction::ALL), probability }),
        };
        let conditions = (0..dice.below(3) as u32)
            .map(|n| Spanned { condition: dice.pick(Condition::ALL), start: n * 10, end: n * 10 + 5 })
            .collect();
        ReadBy { by: "reader".into(), by_model: dice.chance(50), reading, conditions }
    }

    fn ways(&mut self, workload: AssetIdx) {
        for _ in 0..self.dice.below(3) {
            let reach = match self.dice.below(3) {
                0 => Reach::Internal,
                1 => Reach::Unknown(self.dice.pick(SettledBy::ALL)),
                _ => Reach::Public,
            };
            let (author, outside, pod) = (self.author(), self.dice.pick(PORTS), self.dice.pick(PORTS));
            let at = self.scene.way_in(workload, author, reach, outside, pod);
            if self.dice.chance(30) {
                let entry = &mut self.scene.edges[at];
                entry.link =
                    Link::Enters { reach, entry: Entry::Ingress, host: Some(o("shop.example")), port: outside };
            }
        }
        if self.dice.chance(20) {
            let internet = self.scene.asset(AssetKey::internet());
            let link = Link::Enters { reach: Reach::Public, entry: Entry::HostPort, host: None, port: 8080 };
            let author = self.author();
            self.scene.edge(internet, workload, author, link);
        }
        let image = self.others[0];
        let link = Link::Runs { container: o("web"), tag: Some(o("1.0")), digest: Some(Digest::of_bytes(b"image")) };
        self.scene.edge(workload, image, Author::Cluster, link);
    }

    fn identity(&mut self, workload: AssetIdx) {
        for _ in 0..self.dice.below(3) {
            let identity = self.dice.pick(&[self.others[3], self.others[4]]);
            let (author, token_mounted) = (self.author(), self.dice.chance(50));
            self.scene.edge(workload, identity, author, Link::RunsAs { token_mounted });
        }
        if self.dice.chance(30) {
            let link = Link::Holds {
                capability: self.dice.pick(Capability::ALL),
                cluster_wide: self.dice.chance(50),
                names: if self.dice.chance(30) { vec![o("web")] } else { vec![] },
                binding: o("binding"),
                role: o("role"),
            };
            let (identity, role) = (self.others[3], self.others[2]);
            self.scene.edge(identity, role, Author::Cluster, link);
        }
        if self.dice.chance(20) {
            let span = Span::hours(self.dice.pick(&[2, 30, 100]));
            self.scene.window(self.others[2], "", Eye::AuditLog, span);
            if self.dice.chance(50) {
                let what = What::UsedRight(self.dice.pick(Capability::ALL));
                self.scene.fact(self.others[3], Author::Cluster, what);
            }
        }
    }

    fn facts(&mut self, workload: AssetIdx) {
        if self.dice.chance(70) {
            let what = What::Exists { replicas: Some(self.dice.below(4) as u32), owner: None, aliases: vec![] };
            self.scene.fact(workload, Author::Cluster, what);
        }
        for _ in 0..self.dice.below(8) {
            let component = self.package();
            let what = self.what();
            let in_use = matches!(what, What::InUse { .. });
            let author = if in_use { Author::Kernel } else { self.author() };
            let (container, until, expired) = (self.dice.pick(CONTAINERS), self.past(9), self.dice.chance(20));
            let of_container =
                matches!(what, What::InUse { .. } | What::Executed { .. } | What::Listens { .. } | What::Talks { .. });
            let fact = self.scene.fact(workload, author, what);
            fact.until = until;
            fact.since = until - Span::hours(1);
            fact.component = in_use.then_some(component);
            if of_container {
                fact.container = o(container);
            }
            fact.valid_until = expired.then_some(until);
        }
    }

    fn what(&mut self) -> What {
        let exe = o(PROGRAM);
        let dice = &mut self.dice;
        match dice.below(16) {
            0 => What::Exists { replicas: Some(dice.below(4) as u32), owner: None, aliases: vec![o("pod-1")] },
            1 | 2 => {
                What::InUse { level: dice.pick(UseLevel::ALL), exe, listens: dice.chance(40).then(|| dice.pick(PORTS)) }
            }
            3 => What::Executed { exe },
            4 => What::Listens { port: dice.pick(PORTS), protocol: dice.pick(Protocol::ALL), exe },
            5 | 6 => What::Talks {
                port: dice.pick(PORTS),
                protocol: Protocol::Tcp,
                role: dice.pick(Role::ALL),
                peer: dice.pick(PeerClass::ALL),
                exe,
            },
            7 => What::Attacked { stage: dice.pick(AttackStage::ALL), signal: ControlId(o("shell-in-container")) },
            8 => What::Environment(dice.pick(Environment::ALL)),
            9 => What::PodSecurity(dice.pick(PodSecurity::ALL)),
            13 => What::Enforces(dice.pick(PodSecurity::ALL)),
            14 => What::OnHost((0..3).map(|_| dice.pick(HostSetting::ALL)).collect()),
            10 => What::Contains { version: o("1.0") },
            11 => What::Licence(o("MIT")),
            12 => What::Outcome { control: ControlId(o("held-total")), outcome: dice.pick(Outcome::ALL) },
            _ => What::Vex {
                vuln: self.vulns[0].clone(),
                status: dice.pick(VexStatus::ALL),
                justification: dice.chance(50).then(|| dice.pick(Justification::ALL)),
                document: o("vex-1"),
                note: o("never executed"),
            },
        }
    }

    fn watched(&mut self, workload: AssetIdx) {
        for container in CONTAINERS {
            for eye in [Eye::SensorUse, Eye::SensorFlows, Eye::SensorSignals] {
                if self.dice.chance(35) {
                    continue;
                }
                for _ in 0..self.dice.below(4) {
                    let span = Span::hours(self.dice.pick(&[2, 30, 100]));
                    let (ended, start_seen) = (self.dice.chance(15), self.dice.chance(70));
                    let hole = self.dice.chance(15).then(|| self.dice.pick(HoleReason::ALL));
                    let as_of = self.scene.as_of;
                    let seen = self.scene.window(workload, container, eye, span);
                    seen.window.start_seen = start_seen;
                    if ended {
                        seen.window.until = as_of - Span::hours(1);
                    }
                    if let Some(because) = hole {
                        let since = seen.window.since + Span::minutes(10);
                        seen.window.holes.push(Hole { since, until: since + Span::secs(1), because });
                    }
                }
            }
        }
    }

    fn findings(&mut self) {
        for _ in 0..1 + self.dice.below(5) {
            let on_workload = self.dice.chance(70);
            let asset = self.dice.pick(if on_workload { &self.workloads } else { &self.others });
            let stage = self.dice.chance(50).then(|| self.dice.pick(AttackStage::ALL));
            let matter = self.matter();
            let container = self.dice.pick(CONTAINERS);
            let finding = self.scene.finding(asset, container, matter);
            if finding.class == FindingClass::Signal {
                finding.stage = stage;
            }
            self.words();
        }
    }

    /// The addresses of the node.
    fn nodes(&mut self) {
        let (internet, node) = (self.scene.asset(AssetKey::internet()), self.others[5]);
        for _ in 0..self.dice.below(3) {
            let reach = self.dice.pick(&[Reach::Internal, Reach::Unknown(SettledBy::Nodes), Reach::Public]);
            let (author, until) = (self.author(), self.past(9));
            let link = Link::Enters { reach, entry: Entry::NodeAddress, host: None, port: 0 };
            self.scene.edge(internet, node, author, link).until = until;
        }
    }

    /// What the tools say of the last finding, and what becomes of it by their words.
    fn words(&mut self) {
        let gone = Word::Gone(ResolvedBecause::Fixed);
        let words: Vec<Word> = (0..1 + self.dice.below(3))
            .map(|_| self.dice.pick(&[Word::Live, Word::Live, Word::Silent, gone]))
            .collect();
        let as_of = self.scene.as_of;
        let Some(finding) = self.scene.findings.last_mut() else { return };
        let first = finding.words[0].clone();
        finding.words.clear();
        for (i, (tool, stands)) in ["trivy", "grype", "trivy"].iter().zip(&words).enumerate() {
            let mut word = first.clone();
            (word.tool, word.stands) = (o(tool), *stands);
            if i > 0 {
                word.sighting.fixed_in = o("");
            }
            finding.words.push(word);
        }
        finding.words.sort_by_key(|w| w.stands);
        finding.life.presence = presence(words);
        finding.life.resolved_at = matches!(finding.life.presence, Presence::Resolved(_)).then_some(as_of);
    }

    fn matter(&mut self) -> Matter {
        let dice = &mut self.dice;
        match dice.below(8) {
            0 => Matter::Control {
                control: ControlId(o(dice.pick(CONTROLS))),
                path: o(dice.pick(&["", "spec.hostPID"])),
            },
            1 => Matter::Secret { detector: o("aws-access-key"), location: o("etc/config") },
            2 => Matter::Rbac { capability: dice.pick(Capability::ALL), cluster_wide: dice.chance(50) },
            3 => Matter::Signal {
                signal: ControlId(o(dice.pick(SIGNALS))),
                discriminator: match dice.below(5) {
                    0 => o("d"),
                    1 => o(PREVENTED),
                    2 => o("exe 0123456789ab"),
                    3 => o(&prevented(&Matter::mark_of(PROGRAM))),
                    _ => o(&Matter::mark_of(PROGRAM)),
                },
            },
            _ => {
                Matter::Vulnerability { id: self.vulns[dice.below(self.vulns.len())].clone(), package: self.package() }
            }
        }
    }
}
