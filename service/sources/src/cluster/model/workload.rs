//! What runs containers: one shape for all kinds, so that every rule reads one thing.

use serde::Deserialize;
use serde_json::Value;

use super::{Body, Labels, Meta, PodSpec, WrongType, typed};
use crate::cluster::secrets;

/// Something that runs containers.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The labels of its pods.
    pub labels: Labels,
    /// The annotations of its pods that are read.
    pub annotations: Labels,
    /// What its pods are.
    pub spec: PodSpec,
    /// Where in the object `spec` stands.
    pub base: &'static [&'static str],
    /// How many instances are wanted; 0 is not running.
    pub wanted: u32,
    /// The image that runs in each container, as the node reported it. Of pods only.
    pub running: Vec<(Box<str>, Box<str>)>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Template {
    metadata: Meta,
    spec: PodSpec,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Wanted {
    replicas: Option<u32>,
    parallelism: Option<u32>,
    suspend: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    phase: Box<str>,
    desired_number_scheduled: Option<u32>,
    completion_time: Option<Box<str>>,
    container_statuses: Vec<ContainerStatus>,
    init_container_statuses: Vec<ContainerStatus>,
    ephemeral_container_statuses: Vec<ContainerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerStatus {
    name: Box<str>,
    #[serde(rename = "imageID")]
    image_id: Box<str>,
}

const TEMPLATE: &[&str] = &["spec", "template"];
const JOB_TEMPLATE: &[&str] = &["spec", "jobTemplate", "spec", "template"];

pub(super) fn pod(value: &Value) -> Result<Body, WrongType> {
    let template = Template { metadata: Meta::read(value)?, spec: at(value, &["spec"])? };
    let status: Status = at(value, &["status"])?;
    let over = matches!(&*status.phase, "Succeeded" | "Failed");
    let mut workload = build(template, &["spec"], u32::from(!over));
    let lists = [status.init_container_statuses, status.container_statuses, status.ephemeral_container_statuses];
    workload.running = lists.into_iter().flatten().map(|c| (c.name, c.image_id)).collect();
    Ok(Body::Workload(Box::new(workload)))
}

pub(super) fn replicated(value: &Value) -> Result<Body, WrongType> {
    let wanted: Wanted = at(value, &["spec"])?;
    of_template(value, TEMPLATE, &["spec", "template", "spec"], wanted.replicas.unwrap_or(1))
}

pub(super) fn daemon(value: &Value) -> Result<Body, WrongType> {
    let status: Status = at(value, &["status"])?;
    of_template(value, TEMPLATE, &["spec", "template", "spec"], status.desired_number_scheduled.unwrap_or(1))
}

pub(super) fn job(value: &Value) -> Result<Body, WrongType> {
    let wanted: Wanted = at(value, &["spec"])?;
    let status: Status = at(value, &["status"])?;
    let count = if wanted.suspend || status.completion_time.is_some() { 0 } else { wanted.parallelism.unwrap_or(1) };
    of_template(value, TEMPLATE, &["spec", "template", "spec"], count)
}

pub(super) fn cron_job(value: &Value) -> Result<Body, WrongType> {
    let wanted: Wanted = at(value, &["spec"])?;
    let base = &["spec", "jobTemplate", "spec", "template", "spec"];
    of_template(value, JOB_TEMPLATE, base, u32::from(!wanted.suspend))
}

fn of_template(
    value: &Value,
    template: &'static [&'static str],
    base: &'static [&'static str],
    wanted: u32,
) -> Result<Body, WrongType> {
    Ok(Body::Workload(Box::new(build(at(value, template)?, base, wanted))))
}

fn build(template: Template, base: &'static [&'static str], wanted: u32) -> Workload {
    let mut spec = template.spec;
    for container in
        spec.containers.iter_mut().chain(&mut spec.init_containers).chain(&mut spec.ephemeral_containers)
    {
        for variable in &mut container.env {
            if !secrets::is_named_like_one(&variable.name) {
                variable.value = None;
            }
        }
    }
    Workload {
        labels: template.metadata.labels,
        annotations: template.metadata.annotations,
        spec,
        base,
        wanted,
        running: Vec::new(),
    }
}

/// Reads what stands at a path; what is not there is the default.
fn at<T: serde::de::DeserializeOwned + Default>(value: &Value, path: &[&str]) -> Result<T, WrongType> {
    let found = path.iter().try_fold(value, |value, field| value.get(*field));
    found.map_or_else(|| Ok(T::default()), |value| typed(value, path))
}
