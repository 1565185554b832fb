//! Laws 3, 4 and 5: what is known has a proof, who may lower, and what a hole breaks.

mod authors;
mod granted;
mod holes;
mod known;
mod past;
mod stands_for;

use std::sync::LazyLock;

use crate::assess::{Assessment, FactorName};
use crate::catalogue::Catalogue;
use crate::context::FactorRow;
use crate::control::Controls;
use crate::finding::Matter;
use crate::ids::{Span, Time, VulnId};
use crate::intel::{Feed, Said};
use crate::observation::{Author, Eye, What};
use crate::policy::Policy;
use crate::scene::{CONTROLS, Scene, package};
use crate::world::AssetIdx;

/// How many scenes a property looks at: more when somebody asks for the long run.
pub(crate) fn cases(short: u32) -> u32 {
    if std::env::var_os("ASSAY_LONG").is_some() { short.max(10_000) * 10 } else { short }
}

pub(crate) fn now() -> Time {
    "2026-11-24T03:02:00Z".parse().unwrap()
}

pub(crate) fn policy() -> Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::bod_26_04().unwrap());
    POLICY.clone()
}

pub(crate) fn controls() -> Controls {
    static ROWS: LazyLock<Controls> = LazyLock::new(|| Controls::parse(CONTROLS).unwrap());
    ROWS.clone()
}

pub(crate) fn catalogue() -> &'static Catalogue {
    static PHRASES: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::bundled().unwrap());
    &PHRASES
}

/// A workload of three replicas in a namespace that was scanned whole, with one vulnerability in it.
pub(crate) struct Shop {
    pub(crate) scene: Scene,
    pub(crate) web: AssetIdx,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let mut scene = Scene::new(now(), policy(), controls());
        let web = scene.object("Deployment", "shop", "web");
        scene.scanned(web);
        scene.fact(web, Author::Cluster, What::Exists { replicas: Some(3), owner: None, aliases: vec![] });
        let id = vuln();
        scene.note(&id, Feed::CveRecord, now(), Said::Cwe(79));
        scene.finding(web, "web", Matter::Vulnerability { id, package: package("deb", "openssl", "") });
        Self { scene, web }
    }

    /// The first finding's factor, as surfaces list it.
    pub(crate) fn row(&self, name: FactorName) -> FactorRow {
        let world = self.scene.world();
        let seen = self.scene.see(&world, &self.scene.findings[0]);
        seen.factors.rows(&self.scene.policy).into_iter().find(|r| r.name == name).unwrap()
    }

    pub(crate) fn value(&self, name: FactorName) -> String {
        self.row(name).value
    }

    pub(crate) fn assessment(&self) -> Assessment {
        let world = self.scene.world();
        self.scene.see(&world, &self.scene.findings[0]).assessment
    }

    /// Watches every replica of the container `web` for this long.
    pub(crate) fn watch(&mut self, eye: Eye, replicas: usize, span: Span) {
        for _ in 0..replicas {
            self.scene.window(self.web, "web", eye, span);
        }
    }
}

pub(crate) fn vuln() -> VulnId {
    "CVE-2024-0001".parse().unwrap()
}

/// What a list is ordered by: smaller is more urgent.
pub(crate) fn key(a: &Assessment) -> (u8, std::cmp::Reverse<u16>) {
    (a.band, std::cmp::Reverse(a.points))
}
