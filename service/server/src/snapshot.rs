//! The state that every surface reads: the world at one instant, and all findings in order. Built anew after each change;
//! readers of an older one are never disturbed.

use std::collections::{BTreeSet, HashSet};

use anyhow::{Context as _, Result};
use assay_core::context::{Factors, Subject, context};
use assay_core::control::Controls;
use assay_core::finding::{Finding, FindingClass};
use assay_core::ids::Time;
use assay_core::mend::{Mend, mend};
use assay_core::observation::Link;
use assay_core::order::{Names, RankTable, Ranked, Ranking, Row};
use assay_core::policy::Policy;
use assay_core::text::Opaque;
use assay_core::world::{AssetIdx, World};
use assay_sources::intel::Curated;
use assay_store::Store;

use crate::config::Config;

/// The most findings of one cause that an update is chosen for.
const MENDED_MAX: usize = 1_000;

/// One instant of everything.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The cluster that is spoken of.
    pub(crate) cluster: Opaque,
    pub(crate) world: World,
    pub(crate) names: Names,
    pub(crate) table: RankTable,
    pub(crate) policy: Policy,
    pub(crate) controls: Controls,
    /// Rows of the images that a report speaks for.
    scanned_images: HashSet<i64>,
    /// Findings first seen after this are new: the newest digest, or 24 h ago.
    pub(crate) news_since: Time,
}

impl Snapshot {
    /// Reads the state of the records at an instant.
    pub(crate) fn load(store: &Store, config: &Config, controls: &Controls, as_of: Time) -> Result<Self> {
        let names = store.names()?;
        let mut world = store.world(as_of, config.environments.clone(), config.watching, &names)?;
        let curated = Curated::bundled().context("the bundled table of curated conditions")?;
        for vuln in &mut world.vulns {
            vuln.notes.extend(curated.note(&vuln.id).cloned());
        }
        let mut ranking =
            Ranking::new(&world, &names, |class, name| controls.gain_of(class, name.reveal()).map(|(gain, ..)| gain));
        store.each_row(as_of, |row| ranking.add(row))?;
        let table = ranking.finish(&config.policy);
        let news_since = store.news_since(as_of)?;
        let scanned_images = store.scanned_images()?;
        Ok(Self {
            cluster: config.cluster.clone(),
            table,
            names,
            world,
            policy: config.policy.clone(),
            controls: controls.clone(),
            scanned_images,
            news_since,
        })
    }

    /// The factors of one finding, with their proofs.
    pub(crate) fn factors(&self, finding: &Finding) -> Factors {
        context(&Subject::of(finding, &self.world, &self.controls), &self.world)
    }
}

impl Snapshot {
    /// A finding in its place in the list of all that are not superseded.
    pub(crate) fn ranked(&self, finding: i64) -> Option<Ranked<'_>> {
        let one = |r: &Ranked<'_>| i64::from(r.row.id) == finding;
        self.table
            .list(&self.policy, |row| row.is_open())
            .find(one)
            .or_else(|| self.table.list(&self.policy, |_| true).find(one))
    }

    /// The update that mends this finding and the open ones of its cause, where a source knows one.
    pub(crate) fn mend(&self, store: &Store, row: &Row) -> Result<Option<Mend>> {
        if row.class != FindingClass::Vulnerability {
            return Ok(None);
        }
        let same = |r: &&Row| r.cause == row.cause && r.is_open() && !r.is_superseded();
        let ids: Vec<i64> = self.table.rows().iter().filter(same).take(MENDED_MAX).map(|r| i64::from(r.id)).collect();
        Ok(mend(&store.fixes(&ids)?))
    }

    /// The images that workloads run, and how many of them a report speaks for.
    pub(crate) fn running_images(&self) -> (u64, u64) {
        let runs = self.world.edges.iter().filter(|e| matches!(e.link, Link::Runs { .. }));
        let running: BTreeSet<AssetIdx> = runs.map(|e| e.to).collect();
        let scanned = running.iter().filter(|image| self.was_scanned(**image)).count() as u64;
        (running.len() as u64, scanned)
    }

    /// True for an image that a report speaks for.
    pub(crate) fn was_scanned(&self, image: AssetIdx) -> bool {
        self.scanned_images.contains(&self.world.asset(image).id)
    }

    /// How many open findings have the cause of this one, itself included.
    pub(crate) fn same_cause(&self, row: &Row) -> u64 {
        self.table.rows().iter().filter(|r| r.cause == row.cause && r.is_open() && !r.is_superseded()).count() as u64
    }
}
