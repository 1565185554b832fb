//! `trivy k8s -f json`, both shapes: `Resources`, and `Vulnerabilities` beside `Misconfigurations`. Each resource holds
//! the same results as an image report.

use std::collections::BTreeSet;

use assay_core::observation::{NotAssessed, Subject};
use assay_core::scope::{Artifact, Head, Part, Scope};
use assay_core::text::Opaque;

use super::ReadError;
use super::intake::{Intake, Learnt};
use super::json::Json;
use super::trivy::{Results, object};

/// What a resource says of itself before its results.
#[derive(Debug, Default)]
struct Resource {
    namespace: String,
    kind: String,
    name: String,
    error: String,
}

pub(super) fn read(json: &mut Json<'_>, mut intake: Intake<'_>) -> Result<Head, ReadError> {
    let mut results = Results::new("trivy");
    let mut produced_at = None;
    let mut namespaces: BTreeSet<Opaque> = BTreeSet::new();
    let mut doubtful: BTreeSet<Opaque> = BTreeSet::new();
    json.object(|json, key| match key {
        "CreatedAt" => json.instant_into(&mut produced_at),
        "Resources" | "Findings" | "Vulnerabilities" | "Misconfigurations" => json.list(|json, i| {
            let place = format!("{key}[{i}]");
            let resource = read_resource(json, &mut intake, &mut results, &place)?;
            let namespace = intake.name(&resource.namespace);
            if !resource.error.is_empty() {
                let at = object(&intake, &resource.kind, &resource.namespace, &resource.name);
                intake.not_assessed(&place, Subject::Object { at, container: None }, NotAssessed::ScanFailed)?;
                doubtful.insert(namespace.clone());
            }
            namespaces.insert(namespace);
            Ok(())
        }),
        _ => json.skip(),
    })?;
    json.finish(&["ClusterName", "Resources", "Findings", "Vulnerabilities", "Misconfigurations"])?;
    // What the scanners looked for is the same for each namespace of a run.
    let cluster = intake.how.cluster;
    let part = |ns: &Opaque| Part::namespace(cluster, ns, results.spoken, !doubtful.contains(ns));
    let parts = namespaces.iter().map(part).collect();
    Ok(intake.head(Learnt {
        tool_version: Opaque::readmit(""),
        artifact: Artifact::Cluster,
        parts,
        produced_at,
        hint: None,
    }))
}

fn read_resource(
    json: &mut Json<'_>,
    intake: &mut Intake<'_>,
    results: &mut Results,
    place: &str,
) -> Result<Resource, ReadError> {
    let mut resource = Resource::default();
    json.object(|json, key| match key {
        "Namespace" => json.word_into(&mut resource.namespace),
        "Kind" => json.word_into(&mut resource.kind),
        "Name" => json.word_into(&mut resource.name),
        "Error" => json.word_into(&mut resource.error),
        "Results" => {
            if resource.kind.is_empty() || resource.name.is_empty() {
                return Err(json.wrong("the results stand before the Kind and Name that they are about"));
            }
            let at = object(intake, &resource.kind, &resource.namespace, &resource.name);
            let scope = Scope::Namespace { cluster: intake.how.cluster.clone(), namespace: at.namespace.clone() };
            results.scope = Some(scope.key());
            let subject = Subject::Object { at, container: None };
            json.list(|json, i| results.read(json, intake, &subject, &format!("{place}.Results[{i}]")))
        }
        _ => json.skip(),
    })?;
    Ok(resource)
}
