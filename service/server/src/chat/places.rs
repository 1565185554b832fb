//! Answers that are places: which workloads run something, and how the outside gets to them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use anyhow::Result;
use assay_core::assess::Exposed;
use assay_core::asset::{ImageRef, KindClass, PackageKey};
use assay_core::context::Situation;
use assay_core::document::{Block, Inline, Line, count, own};
use assay_core::graph::{Exposure, Path};
use assay_core::observation::{UseLevel, What};
use assay_core::query::{End, NameKind, Query, Tri};
use assay_core::text::{Opaque, Own, Shaped};
use assay_core::world::AssetIdx;
use assay_store::Picked;

use super::scope::{assets, is_named, is_workload, on_node, runs_image};
use super::tables::{LISTED_MAX, exposure_words, line, some};
use super::wire::RowWire;
use super::{Chat, Outcome, Told, refusal};
use crate::inventory;
use crate::wire::full_name;

/// A workload that runs what was asked for.
struct Runner {
    workload: AssetIdx,
    used: Option<UseLevel>,
    exposed: Exposed,
    open: u64,
}

impl Chat<'_> {
    pub(super) fn who_runs(&self, query: &Query) -> Result<Told> {
        let world = &self.snapshot.world;
        let f = &query.filters;
        let mut sets: Vec<BTreeSet<AssetIdx>> = Vec::new();
        let all = |hit: &dyn Fn(AssetIdx) -> bool| world.workloads().filter(|w| hit(*w)).collect::<BTreeSet<_>>();
        if !f.package.is_empty() || !f.version.is_empty() {
            sets.push(self.runs_package(&f.package, &f.version)?);
        }
        if !f.image.is_empty() {
            sets.push(all(&|w| f.image.iter().any(|i| runs_image(world, w, i))));
        }
        if !f.cve.is_empty() {
            let vulns: HashSet<u32> = f.cve.iter().filter_map(|id| world.vuln(id)).map(|v| v.0).collect();
            sets.push(self.workloads_of(|row| row.is_open() && vulns.contains(&row.vuln)));
        }
        if !f.service_account.is_empty() {
            let runs_as = |w: AssetIdx| {
                let account = world.identity(w).map(|e| &world.asset(e.to).key);
                account.is_some_and(|key| f.service_account.iter().any(|a| is_named(key, a)))
            };
            sets.push(all(&runs_as));
        }
        if !f.node.is_empty() {
            sets.push(all(&|w| f.node.iter().any(|n| on_node(world, w, n))));
        }
        let mut places = f.clone();
        (places.image, places.service_account, places.node) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(inside) = assets(world, &places, true) {
            sets.push(all(&|w| inside.contains(&w.0)));
        }
        let found = sets.into_iter().reduce(|a, b| a.intersection(&b).copied().collect()).unwrap_or_default();
        let mut runners: Vec<Runner> = found.into_iter().map(|w| self.runner(w, query)).collect();
        let base = runners.len();
        let unknown = match f.exposed {
            Some(want) => {
                let unknown = runners.iter().filter(|r| r.exposed == Exposed::Unknown).count();
                runners.retain(|r| answers(r.exposed, want));
                if want == Tri::Unknown { 0 } else { unknown }
            }
            None => 0,
        };
        runners.sort_by_key(|r| {
            let key = &world.asset(r.workload).key;
            (std::cmp::Reverse(r.used), std::cmp::Reverse(r.exposed), key.namespace.clone(), key.name.clone())
        });
        let mut told = Told::default();
        let mut head = Vec::new();
        if runners.len() != base {
            head.extend([count(runners.len() as u64), own(" of ")]);
        }
        head.extend(some(base as u64, " workload", " workloads"));
        let used = runners.iter().filter(|r| r.used.is_some()).count() as u64;
        if !f.package.is_empty() {
            head.extend([own("; seen in use in "), count(used)]);
        }
        head.push(own("."));
        let shown = runners.len().min(usize::from(query.limit)).min(LISTED_MAX);
        if shown < runners.len() {
            head.extend([own(" Shown: the first "), count(shown as u64), own(".")]);
        }
        told.blocks.push(Block::Line(head));
        if unknown > 0 {
            let mut line = vec![own("Not counted: ")];
            line.extend(some(
                unknown as u64,
                " workload whose exposure is unknown.",
                " workloads whose exposure is unknown.",
            ));
            told.blocks.push(Block::Line(line));
        }
        let rows: Vec<Vec<Line>> = runners.iter().take(shown).map(|r| self.runner_row(r, query)).collect();
        if !rows.is_empty() {
            let head = ["WORKLOAD", "IMAGES", "USE", "EXPOSURE", "OPEN"].map(Own::new).to_vec();
            told.blocks.push(Block::Table { head, rows });
        }
        told.rows = runners.iter().take(usize::from(query.limit)).map(|r| self.runner_wire(r)).collect();
        told.blocks.extend(self.unplaced(query));
        told.blocks
            .push(line("From reports, component lists and what sensors saw; what none of them names is not here."));
        told.blocks.extend(self.never_scanned());
        Ok(told)
    }

    /// Images and trees that hold a package and that no known workload runs.
    fn unplaced(&self, query: &Query) -> Option<Block> {
        let packages = &query.filters.package;
        let world = &self.snapshot.world;
        let keys = &self.snapshot.names.packages;
        if packages.is_empty() {
            return None;
        }
        let holds = |row: &assay_core::order::Row| {
            row.is_open() && keys.get(&i64::from(row.package)).is_some_and(|key| is_package(key, packages))
        };
        let table = self.snapshot.table.rows();
        let assets: BTreeSet<u32> = table.iter().filter(|r| holds(r)).map(|r| r.asset).collect();
        let runs_nowhere = |asset: &&u32| {
            world.assets.get(**asset as usize).is_some_and(|a| {
                matches!(a.key.kind.class(), KindClass::Image | KindClass::Repository)
                    && !world.into(AssetIdx(**asset)).any(|e| e.link.as_str() == "runs")
            })
        };
        let n = assets.iter().filter(runs_nowhere).count() as u64;
        (n > 0).then(|| {
            let mut line = vec![own("Also in ")];
            line.extend(some(
                n,
                " scanned image or tree that no known workload runs.",
                " scanned images or trees that no known workload runs.",
            ));
            Block::Line(line)
        })
    }

    fn runner(&self, workload: AssetIdx, query: &Query) -> Runner {
        let world = &self.snapshot.world;
        let packages = &query.filters.package;
        let used = world.facts(workload).filter_map(|f| match (&f.component, &f.what) {
            (Some(key), What::InUse { level, .. }) if is_package(key, packages) => Some(*level),
            _ => None,
        });
        let open = self.snapshot.table.rows().iter().filter(|r| r.is_open() && r.asset == workload.0).count() as u64;
        let exposed = Situation::of(world, Some(workload)).exposure.value().unwrap_or(Exposed::Unknown);
        Runner { workload, used: used.max(), exposed, open }
    }

    fn images(&self, workload: AssetIdx) -> Vec<Opaque> {
        let world = &self.snapshot.world;
        let name = |edge: &assay_core::world::EdgeSeen, tag: Option<&Opaque>| {
            let name = ImageRef::familiar(world.asset(edge.to).key.name.reveal());
            let full = tag.map_or_else(|| name.to_owned(), |t| format!("{name}:{}", t.reveal()));
            Opaque::readmit(&full)
        };
        let set: BTreeSet<Opaque> = world.images(workload).map(|(edge, _, tag, _)| name(edge, tag)).collect();
        set.into_iter().collect()
    }

    fn runner_row(&self, runner: &Runner, query: &Query) -> Vec<Line> {
        let mut images: Line = Vec::new();
        for (i, image) in self.images(runner.workload).into_iter().enumerate() {
            images.extend((i > 0).then(|| own(", ")));
            images.push(Inline::Cell(image));
        }
        let used = match (runner.used, query.filters.package.is_empty()) {
            (Some(level), _) => own(level.as_str()),
            (None, true) => own("-"),
            (None, false) => own("not seen"),
        };
        let exposure = own(exposure_words(runner.exposed));
        vec![vec![self.place_of(runner.workload)], images, vec![used], vec![exposure], vec![count(runner.open)]]
    }

    fn runner_wire(&self, runner: &Runner) -> RowWire {
        let key = &self.snapshot.world.asset(runner.workload).key;
        RowWire::Workload {
            kind: key.kind.to_string(),
            cluster: (&key.cluster).into(),
            namespace: (&key.namespace).into(),
            name: (&key.name).into(),
            images: self.images(runner.workload).iter().map(Into::into).collect(),
            in_use: runner.used.map(|u| u.as_str()),
            exposure: runner.exposed.as_str(),
            open_findings: runner.open,
        }
    }

    fn place_of(&self, workload: AssetIdx) -> Inline {
        let key = &self.snapshot.world.asset(workload).key;
        Inline::Name(Opaque::readmit(&full_name(key)))
    }

    /// The workloads that hold a package, by findings, component lists and what was seen in use.
    fn runs_package(&self, packages: &[Opaque], versions: &[Opaque]) -> Result<BTreeSet<AssetIdx>> {
        let world = &self.snapshot.world;
        let of_version = if versions.is_empty() {
            None
        } else {
            let versions = versions.iter().map(|v| v.reveal().to_owned()).collect();
            Some(self.store.picked(&Picked { versions, ..Picked::default() })?)
        };
        let keys = &self.snapshot.names.packages;
        let rows: HashSet<u32> =
            keys.iter().filter(|(_, key)| is_package(key, packages)).map(|(id, _)| *id as u32).collect();
        let mut found = self.workloads_of(|row| {
            let version = of_version.as_ref().is_none_or(|ids| ids.contains(&i64::from(row.id)));
            row.is_open() && rows.contains(&row.package) && version
        });
        for (at, asset) in world.assets.iter().enumerate() {
            let holds = asset.facts.iter().filter(|f| f.holds(world.as_of)).any(|f| {
                let package = f.component.as_ref().is_some_and(|key| is_package(key, packages));
                let version = match &f.what {
                    What::Contains { version } => versions.is_empty() || versions.contains(version),
                    _ => versions.is_empty(),
                };
                package && version
            });
            if holds {
                self.add_runners(AssetIdx(at as u32), &mut found);
            }
        }
        Ok(found)
    }

    /// The workloads behind some rows: the asset itself, or what runs the image.
    fn workloads_of(&self, hit: impl Fn(&assay_core::order::Row) -> bool) -> BTreeSet<AssetIdx> {
        let mut found = BTreeSet::new();
        let n = self.snapshot.world.assets.len() as u32;
        let hits: BTreeSet<u32> =
            self.snapshot.table.rows().iter().filter(|r| r.asset < n && hit(r)).map(|r| r.asset).collect();
        for asset in hits {
            self.add_runners(AssetIdx(asset), &mut found);
        }
        found
    }

    fn add_runners(&self, asset: AssetIdx, found: &mut BTreeSet<AssetIdx>) {
        let world = &self.snapshot.world;
        match world.asset(asset).key.kind.class() {
            KindClass::Workload => {
                found.insert(asset);
            }
            KindClass::Image => {
                found.extend(world.into(asset).filter(|e| e.link.as_str() == "runs").map(|e| e.from));
            }
            _ => {}
        }
    }

    /// Ways in from the Internet. Ways that begin elsewhere or lead on from a workload are not computed yet.
    pub(super) fn paths(&self, query: &Query) -> Outcome {
        let f = &query.filters;
        let beyond = !matches!(f.from, None | Some(End::Internet))
            || matches!(f.to, Some(End::Node | End::ClusterAdmin | End::Secret | End::CloudIdentity | End::Internet));
        if beyond {
            return Ok(Err(refusal::not_computed()));
        }
        let world = &self.snapshot.world;
        let inside = assets(world, f, true);
        let ends_here = |w: AssetIdx| match &f.to {
            Some(End::Named(NameKind::Workload, name)) => is_workload(world, w, name),
            Some(End::Named(NameKind::Namespace, name)) => world.asset(w).key.namespace == *name,
            Some(End::Named(NameKind::Node, name)) => on_node(world, w, name),
            Some(End::Named(NameKind::ServiceAccount, name)) => {
                world.identity(w).is_some_and(|e| is_named(&world.asset(e.to).key, name))
            }
            _ => true,
        };
        let scope: Vec<AssetIdx> = world
            .workloads()
            .filter(|w| ends_here(*w) && inside.as_ref().is_none_or(|set| set.contains(&w.0)))
            .collect();
        let mut ways: Vec<(AssetIdx, Path)> = Vec::new();
        let mut unknown: BTreeMap<&'static str, u64> = BTreeMap::new();
        let mut internal = 0u64;
        let mut exposed = 0u64;
        for workload in &scope {
            match Situation::of(world, Some(*workload)).ways {
                Exposure::Exposed { paths, .. } => {
                    exposed += 1;
                    ways.extend(paths.into_iter().map(|p| (*workload, p)));
                }
                Exposure::Internal { .. } => internal += 1,
                Exposure::Unknown { settled_by, .. } => *unknown.entry(settled_by.as_str()).or_default() += 1,
            }
        }
        ways.sort_by_key(|(w, p)| (p.traffic.is_none(), world.asset(*w).key.clone(), p.outside_port));
        let mut told = Told::default();
        let mut head = vec![count(exposed), own(" of ")];
        head.extend(some(scope.len() as u64, " workload can be reached", " workloads can be reached"));
        head.push(own(" from the Internet"));
        if ways.is_empty() {
            head.push(own("."));
        } else {
            head.push(own(", by "));
            head.extend(some(ways.len() as u64, " way.", " ways."));
        }
        head.extend([own(" Not reached, with everything looked at: "), count(internal), own(".")]);
        let shown = ways.len().min(usize::from(query.limit)).min(LISTED_MAX);
        if shown < ways.len() {
            head.extend([own(" Shown: the first "), count(shown as u64), own(", those with traffic first.")]);
        }
        told.blocks.push(Block::Line(head));
        for (settle, n) in unknown {
            let mut line = vec![own("Unknown: ")];
            line.extend(some(n, " workload; it would be settled by ", " workloads; it would be settled by "));
            line.extend([own(settle), own(".")]);
            told.blocks.push(Block::Line(line));
        }
        for (workload, path) in ways.iter().take(shown) {
            told.blocks.push(self.way(*workload, path));
        }
        told.rows = ways.iter().take(usize::from(query.limit)).map(|(w, p)| self.way_wire(*w, p)).collect();
        told.blocks.push(Block::Line(vec![own("Shown are ways in from the Internet through Services and Ingresses, as far as network policies let callers through; `assay paths` follows them on to nodes and cluster admins.")]));
        Ok(Ok(told))
    }

    fn way(&self, workload: AssetIdx, path: &Path) -> Block {
        let world = &self.snapshot.world;
        let mut line = vec![self.place_of(workload), own(": internet")];
        for edge in &path.edges {
            let to = &world.asset(world.edges[*edge as usize].to).key;
            let step = format!("{} {}/{}", to.kind, to.namespace.reveal(), to.name.reveal());
            line.extend([own(" > "), Inline::Name(Opaque::readmit(&step))]);
        }
        let mut side = vec![own(":"), Inline::Shaped(Shaped::Port(path.outside_port))];
        match &path.traffic {
            Some((at, _)) => side.extend([own(", traffic "), Inline::Ago(*at)]),
            None => side.push(own(", no traffic recorded")),
        }
        Block::Fact(line, side)
    }

    fn way_wire(&self, workload: AssetIdx, path: &Path) -> RowWire {
        let key = &self.snapshot.world.asset(workload).key;
        RowWire::Way { workload: full_name(key), path: inventory::path(&self.snapshot.world, path) }
    }
}

fn is_package(key: &PackageKey, names: &[Opaque]) -> bool {
    names.is_empty() || names.iter().any(|n| *n == *key.counted_name() || *n == key.name)
}

fn answers(exposed: Exposed, want: Tri) -> bool {
    match want {
        Tri::Yes => matches!(exposed, Exposed::ByPath | Exposed::WithTraffic),
        Tri::No => exposed == Exposed::Internal,
        Tri::Unknown => exposed == Exposed::Unknown,
    }
}
