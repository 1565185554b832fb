//! A cluster of manifests: how long it takes to read, how much memory that needs, and how long attack paths and choke points
//! take as it grows.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use assay_core::paths::{AttackGraph, Goal, Toward, cut};

use super::child;
use super::row::{Aim, Row, Runs};
use crate::app::App;
use crate::cli::Global;

/// Objects of the two clusters that are read.
const READ: [(usize, f64); 2] = [(5_000, 2.0), (50_000, 15.0)];
/// Workloads of the clusters whose paths are looked for; each has a fifth as many roles.
const SEARCHED: [usize; 3] = [1_000, 3_000, 10_000];
const RUNS: usize = 3;
/// Workloads in a namespace.
const CROWD: usize = 50;
/// Objects in a file.
const FILE_OBJECTS: usize = 500;

pub(super) fn measure(folder: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let idle = child::run(&folder.join("idle"), &["paths", "--kinds"])?.peak_mb;
    for (objects, seconds) in READ {
        let manifests = Cluster::of_objects(objects).write(&folder.join(format!("read-{objects}")))?;
        let mut took = Vec::new();
        let mut peak: f64 = 0.0;
        for run in 0..RUNS {
            let one = child::run(&folder.join(format!("data-{objects}-{run}")), &scan(&manifests))?;
            took.push(one.seconds);
            peak = peak.max(one.peak_mb);
        }
        rows.push(
            Runs::of(took)
                .row(&format!("{objects} objects read from manifests and stored"), "s")
                .aim(Aim::AtMost(seconds)),
        );
        let memory = Row::new(&format!("memory above idle while {objects} objects are read"), peak - idle, "MB");
        rows.push(if objects == READ[1].0 { memory.aim(Aim::AtMost(512.0)) } else { memory });
    }
    for workloads in SEARCHED {
        rows.extend(search(folder, workloads)?);
    }
    Ok(rows)
}

fn scan(manifests: &Path) -> [&str; 6] {
    let path = manifests.to_str().unwrap_or_default();
    ["scan", "--complete", "--cluster", "bench", "--manifests", path]
}

fn search(folder: &Path, workloads: usize) -> Result<Vec<Row>> {
    let cluster = Cluster { workloads, roles: workloads / 5 };
    let manifests = cluster.write(&folder.join(format!("search-{workloads}")))?;
    let data = folder.join(format!("search-data-{workloads}"));
    child::run(&data, &scan(&manifests))?;
    let app = App::on(&data, &Global::plain())?;
    let mut store = app.store()?;
    let snapshot = app.snapshot(&mut store)?;
    let mut took = Vec::new();
    let (mut steps, mut ways, mut changes) = (0, 0, 0);
    for _ in 0..RUNS {
        let started = Instant::now();
        let graph = AttackGraph::of(&snapshot.world);
        for goal in Goal::ALL {
            Toward::goal(&graph, *goal, |_| false);
        }
        let found = cut(&graph, &[0], &[Goal::ClusterAdmin, Goal::Node]);
        took.push(started.elapsed().as_secs_f64());
        (steps, ways, changes) = (graph.steps.len(), found.ways, found.chokes.len());
    }
    let what = format!(
        "paths and choke points: {workloads} workloads, {} roles; {steps} steps, {ways} ways, {changes} changes",
        cluster.roles
    );
    let row = Runs::of(took).row(&what, "s");
    Ok(vec![if workloads == SEARCHED[2] { row.aim(Aim::AtMost(5.0)) } else { row }])
}

/// How much of everything there is.
struct Cluster {
    workloads: usize,
    roles: usize,
}

impl Cluster {
    /// About as many objects, in the proportions of a cluster of microservices.
    fn of_objects(objects: usize) -> Self {
        // A workload, its Service and account; two objects a role; few namespaces.
        let workloads = objects * 10 / 35;
        Self { workloads, roles: workloads / 4 }
    }

    fn write(&self, folder: &Path) -> Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let mut objects = Vec::new();
        for n in 0..self.workloads {
            if n % CROWD == 0 {
                objects.push(format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: ns-{}}}\n", n / CROWD));
                objects.push(policy(n / CROWD));
            }
            objects.push(workload(n));
            objects.push(account(n));
            objects.push(service(n));
            if n < self.roles {
                objects.extend(role(n));
            }
        }
        for (at, some) in objects.chunks(FILE_OBJECTS).enumerate() {
            std::fs::write(folder.join(format!("{at:04}.yaml")), some.join("---\n"))?;
        }
        Ok(folder.to_owned())
    }
}

fn workload(n: usize) -> String {
    let settings = match n % 40 {
        0 => "\n          securityContext: {privileged: true}",
        1 => "\n          securityContext: {capabilities: {add: [SYS_ADMIN]}}",
        _ => "\n          securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false}",
    };
    let mut out = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app-{n}, namespace: ns-{ns}, labels: {{app: app-{n}}}}}
spec:\n  replicas: 2\n  selector: {{matchLabels: {{app: app-{n}}}}}\n  template:\n    metadata: {{labels: {{app: app-{n}}}}}
    spec:\n      serviceAccountName: app-{n}\n      containers:
        - name: main\n          image: registry.example/team/app-{n}:1.{}.0\n          ports: [{{containerPort: 8080}}]",
        n % 7,
        ns = n / CROWD,
    );
    out.push_str(settings);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "\n          env: [{{name: LOG_LEVEL, value: info}}, {{name: KEY, valueFrom: {{secretKeyRef: {{name: key-{}, key: k}}}}}}]\n",
        n % 20
    );
    out
}

fn account(n: usize) -> String {
    format!("apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: app-{n}, namespace: ns-{}}}\n", n / CROWD)
}

fn service(n: usize) -> String {
    let (sort, status) = match n % 25 {
        0 => ("LoadBalancer", "status: {loadBalancer: {ingress: [{ip: 203.0.113.7}]}}\n"),
        _ => ("ClusterIP", ""),
    };
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: app-{n}, namespace: ns-{}}}\nspec:\n  type: {sort}
  selector: {{app: app-{n}}}\n  ports: [{{port: 80, targetPort: 8080}}]\n{status}",
        n / CROWD
    )
}

fn policy(ns: usize) -> String {
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: web, namespace: ns-{ns}}}
spec:\n  podSelector: {{}}\n  policyTypes: [Ingress]\n  ingress: [{{ports: [{{port: 8080}}]}}]\n"
    )
}

/// A role and its binding: few of them dangerous, as in a cluster that somebody cares for.
fn role(n: usize) -> [String; 2] {
    let rules = match n % 20 {
        0 => "[{apiGroups: [''], resources: [pods/exec], verbs: [create]}]",
        1 => "[{apiGroups: [''], resources: [secrets], verbs: [get, list]}]",
        2 => "[{apiGroups: [apps], resources: [deployments], verbs: [create, patch]}]",
        3 => "[{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}]",
        _ => "[{apiGroups: [''], resources: [configmaps, pods], verbs: [get, list, watch]}]",
    };
    let ns = n / CROWD;
    let everywhere = n % 500 == 499;
    let (kind, of, reference) = match everywhere {
        true => ("ClusterRoleBinding", String::new(), "kind: ClusterRole, name: cluster-admin".to_owned()),
        false => ("RoleBinding", format!(", namespace: ns-{ns}"), format!("kind: Role, name: role-{n}")),
    };
    [
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: role-{n}, namespace: ns-{ns}}}\nrules: {rules}\n"
        ),
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: bind-{n}{of}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, {reference}}}
subjects: [{{kind: ServiceAccount, name: app-{n}, namespace: ns-{ns}}}]\n"
        ),
    ]
}
