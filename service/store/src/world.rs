//! Builds the world from the ledger: assets with owners raised, what is so about them, who looked, what is published.

use std::collections::{BTreeMap, HashMap};

use assay_core::asset::PackageKey;
use assay_core::environment::EnvironmentRules;
use assay_core::ids::Time;
use assay_core::intel::{Feed, IntelNote};
use assay_core::observation::{Author, Coverage, Eye, Link, Subject, What};
use assay_core::order::Names;
use assay_core::text::Opaque;
use assay_core::world::{AssetIdx, CoverageSeen, EdgeSeen, FactSeen, Vuln, Watching, World};
use rusqlite::Row;

use crate::error::{Doing, StoreError};
use crate::open::Store;
use crate::twin::{HoleRow, LinkRow, SaidRow, WhatRow, key, vuln_id};

/// The longest chain of owners that is followed.
const OWNERS_MAX: usize = 4;

fn time(row: &Row<'_>, i: usize) -> rusqlite::Result<Time> {
    row.get(i).map(Time::from_millis)
}

fn opaque(row: &Row<'_>, i: usize) -> rusqlite::Result<Opaque> {
    row.get::<_, String>(i).map(|t| Opaque::readmit(&t))
}

impl Store {
    /// The world at an instant.
    ///
    /// # Errors
    /// When the database fails or holds what this build cannot have written.
    pub fn world(
        &self,
        as_of: Time,
        environments: EnvironmentRules,
        watching: Watching,
        names: &Names,
    ) -> Result<World, StoreError> {
        let mut world = World::empty(as_of, environments, watching);
        world.feeds = self.feeds()?;
        self.load_assets(&mut world)?;
        self.load_facts(&mut world, names)?;
        self.load_coverage(&mut world)?;
        self.load_edges(&mut world)?;
        self.load_vulns(&mut world)?;
        Ok(world)
    }

    /// The names that rows of findings and facts point to.
    ///
    /// # Errors
    /// When the database fails.
    pub fn names(&self) -> Result<Names, StoreError> {
        let doing = "reading names";
        let mut names = Names::default();
        let mut statement =
            self.conn.prepare_cached("SELECT id, ecosystem, namespace, name, artifact FROM package").doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let read = |i: usize| opaque(row, i).doing(doing);
            let key = PackageKey {
                ecosystem: read(1)?,
                namespace: read(2)?,
                name: read(3)?,
                source: None,
                artifact: read(4)?,
            };
            names.packages.insert(row.get(0).doing(doing)?, key);
        }
        let mut statement = self.conn.prepare_cached("SELECT id, name FROM control").doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            names.controls.insert(row.get(0).doing(doing)?, opaque(row, 1).doing(doing)?);
        }
        Ok(names)
    }

    fn load_assets(&self, world: &mut World) -> Result<(), StoreError> {
        let doing = "reading assets";
        let sql = "SELECT id, cluster, kind, namespace, name, owner_id FROM asset WHERE gone_at IS NULL ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        let mut owners: BTreeMap<i64, i64> = BTreeMap::new();
        let mut assets = Vec::new();
        while let Some(row) = rows.next().doing(doing)? {
            let text = |i: usize| row.get::<_, String>(i).doing(doing);
            let id: i64 = row.get(0).doing(doing)?;
            assets.push((id, key(&text(1)?, &text(2)?, &text(3)?, &text(4)?)));
            if let Some(owner) = row.get::<_, Option<i64>>(5).doing(doing)? {
                owners.insert(id, owner);
            }
        }
        let known: std::collections::HashSet<i64> = assets.iter().map(|(id, _)| *id).collect();
        let top = |id: i64| {
            (0..OWNERS_MAX).fold(id, |at, _| owners.get(&at).copied().filter(|o| known.contains(o)).unwrap_or(at))
        };
        for (id, key) in &assets {
            if top(*id) == *id {
                world.add_asset(*id, key.clone());
            }
        }
        for (id, _) in &assets {
            if let Some(owner) = world.row(top(*id)) {
                world.stand_for(*id, owner);
            }
        }
        Ok(())
    }

    fn load_facts(&self, world: &mut World, names: &Names) -> Result<(), StoreError> {
        let doing = "reading facts";
        let sql = "SELECT id, asset_id, container, package_id, body, author, since, until, valid_until FROM fact WHERE valid_until IS NULL OR valid_until >= ?1 ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([world.as_of.millis()]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let id: i64 = row.get(0).doing(doing)?;
            let asset: i64 = row.get(1).doing(doing)?;
            let Some(about) = world.row(asset) else { continue };
            let unread = |why: String| StoreError::Row { table: "fact", row: id, why };
            let what: WhatRow =
                serde_json::from_str(&row.get::<_, String>(4).doing(doing)?).map_err(|e| unread(e.to_string()))?;
            let what = what.what().map_err(|e| unread(e.to_string()))?;
            // What a pod says of its own existence and level says nothing about the workload that owns it.
            let of_child = world.asset(about).id != asset;
            if of_child
                && matches!(what, What::Exists { .. } | What::PodSecurity(_) | What::OnHost(_) | What::NamesPorts(_))
            {
                continue;
            }
            let package: Option<i64> = row.get(3).doing(doing)?;
            let fact = FactSeen {
                id,
                container: opaque(row, 2).doing(doing)?,
                component: package.and_then(|p| names.packages.get(&p).cloned()),
                what,
                author: author(&row.get::<_, String>(5).doing(doing)?, "fact", id)?,
                since: time(row, 6).doing(doing)?,
                until: time(row, 7).doing(doing)?,
                valid_until: row.get::<_, Option<i64>>(8).doing(doing)?.map(Time::from_millis),
            };
            world.add_fact(about, fact);
        }
        Ok(())
    }

    fn load_coverage(&self, world: &mut World) -> Result<(), StoreError> {
        let doing = "reading watch windows";
        let sql = "SELECT id, asset_id, container, eye, instance, node, since, until, start_seen, holes FROM coverage ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let id: i64 = row.get(0).doing(doing)?;
            let Some(about) = world.row(row.get(1).doing(doing)?) else { continue };
            let unread = |why: String| StoreError::Row { table: "coverage", row: id, why };
            let eye: Eye = row
                .get::<_, String>(3)
                .doing(doing)?
                .parse()
                .map_err(|e: assay_core::named::Unspelled| unread(e.to_string()))?;
            let holes: Vec<HoleRow> =
                serde_json::from_str(&row.get::<_, String>(9).doing(doing)?).map_err(|e| unread(e.to_string()))?;
            let holes = holes.iter().map(HoleRow::hole).collect::<Result<_, _>>().map_err(|e| unread(e.to_string()))?;
            let container = opaque(row, 2).doing(doing)?;
            let window = Coverage {
                subject: Subject::Object { at: world.asset(about).key.clone(), container: Some(container.clone()) },
                eye,
                instance: opaque(row, 4).doing(doing)?,
                node: opaque(row, 5).doing(doing)?,
                since: time(row, 6).doing(doing)?,
                until: time(row, 7).doing(doing)?,
                start_seen: row.get(8).doing(doing)?,
                holes,
            };
            world.add_coverage(about, CoverageSeen { id, container, window });
        }
        Ok(())
    }

    fn load_edges(&self, world: &mut World) -> Result<(), StoreError> {
        let doing = "reading edges";
        let sql = "SELECT id, from_id, to_id, body, author, since, until FROM edge WHERE gone_at IS NULL ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        // Replicas of one workload say the same thing: one edge a tag, the latest that knows the digest.
        let mut runs: HashMap<(AssetIdx, AssetIdx, Opaque, Option<Opaque>), EdgeSeen> = HashMap::new();
        let mut edges = Vec::new();
        while let Some(row) = rows.next().doing(doing)? {
            let id: i64 = row.get(0).doing(doing)?;
            let (Some(from), Some(to)) = (world.row(row.get(1).doing(doing)?), world.row(row.get(2).doing(doing)?))
            else {
                continue;
            };
            let unread = |why: String| StoreError::Row { table: "edge", row: id, why };
            let link: LinkRow =
                serde_json::from_str(&row.get::<_, String>(3).doing(doing)?).map_err(|e| unread(e.to_string()))?;
            let link = link.link().map_err(|e| unread(e.to_string()))?;
            let edge = EdgeSeen {
                id,
                from,
                to,
                author: author(&row.get::<_, String>(4).doing(doing)?, "edge", id)?,
                since: time(row, 5).doing(doing)?,
                until: time(row, 6).doing(doing)?,
                link,
            };
            match &edge.link {
                Link::Runs { container, tag, .. } => {
                    let same = (from, to, container.clone(), tag.clone());
                    let worth = |link: &Link, until: Time| (matches!(link, Link::Runs { digest: Some(_), .. }), until);
                    let now = worth(&edge.link, edge.until);
                    let better = runs.get(&same).is_none_or(|known| worth(&known.link, known.until) <= now);
                    if better {
                        runs.insert(same, edge);
                    }
                }
                _ => edges.push(edge),
            }
        }
        edges.extend(runs.into_values());
        edges.sort_by_key(|e| e.id);
        for edge in edges {
            world.add_edge(edge);
        }
        Ok(())
    }

    fn load_vulns(&self, world: &mut World) -> Result<(), StoreError> {
        let doing = "reading vulnerabilities";
        let mut notes: HashMap<i64, Vec<IntelNote>> = self.readings()?;
        let sql = "SELECT i.vuln_id, v.name, i.feed, i.via, i.at, i.body FROM intel i JOIN vuln v ON v.id = i.vuln_id \
                   WHERE i.vuln_id IN (SELECT vuln_id FROM finding) ORDER BY i.vuln_id, i.feed, i.question, i.via";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let id: i64 = row.get(0).doing(doing)?;
            let unread = |why: String| StoreError::Row { table: "intel", row: id, why };
            let text = |i: usize| row.get::<_, String>(i).doing(doing);
            let said: SaidRow = serde_json::from_str(&text(5)?).map_err(|e| unread(e.to_string()))?;
            let Some(said) = said.said().map_err(|e| unread(e.to_string()))? else { continue };
            let feed: Feed = text(2)?.parse().map_err(|e: assay_core::named::Unspelled| unread(e.to_string()))?;
            let vuln = vuln_id(&text(1)?).map_err(|e| unread(e.to_string()))?;
            notes.entry(id).or_default().push(IntelNote {
                vuln,
                said,
                feed,
                via: opaque(row, 3).doing(doing)?,
                at: time(row, 4).doing(doing)?,
            });
        }
        let sql = "SELECT id, name FROM vuln WHERE id IN (SELECT vuln_id FROM finding) ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql).doing(doing)?;
        let mut rows = statement.query([]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let id: i64 = row.get(0).doing(doing)?;
            let name = row.get::<_, String>(1).doing(doing)?;
            let name = vuln_id(&name).map_err(|e| StoreError::Row { table: "vuln", row: id, why: e.to_string() })?;
            world.add_vuln(id, Vuln { id: name, notes: notes.remove(&id).unwrap_or_default() });
        }
        Ok(())
    }
}

fn author(text: &str, table: &'static str, row: i64) -> Result<Author, StoreError> {
    text.parse().map_err(|e: assay_core::named::Unspelled| StoreError::Row { table, row, why: e.to_string() })
}
