//! What runs containers: one shape for all kinds, so that every rule reads one thing.

use assay_core::observation::Protocol;
use serde::Deserialize;
use serde_json::Value;

use super::{Body, Labels, Meta, PodSpec, WrongType, protocol, typed};
use crate::door::SecretDoor;

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
    /// Its addresses. Of pods only.
    pub addresses: Vec<Box<str>>,
}

impl Workload {
    /// A port by its name: of the containers first, then of init containers that keep running.
    pub fn port_named(&self, name: &str, protocol: Protocol) -> Option<u16> {
        self.named_ports(name).find(|(p, _)| *p == protocol).map(|(_, port)| port)
    }

    /// The ports of a name, of whatever protocol.
    pub fn named_ports(&self, name: &str) -> impl Iterator<Item = (Protocol, u16)> {
        let sidecars = self.spec.init_containers.iter().filter(|c| c.restart_policy.as_deref() == Some("Always"));
        let ports = self.spec.containers.iter().chain(sidecars).flat_map(|c| &c.ports);
        let named = ports.filter(move |port| port.name.as_deref() == Some(name));
        named.map(|port| (protocol(port.protocol.as_deref()), port.container_port))
    }
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
    conditions: Vec<StatusCondition>,
    container_statuses: Vec<ContainerStatus>,
    init_container_statuses: Vec<ContainerStatus>,
    ephemeral_container_statuses: Vec<ContainerStatus>,
    #[serde(rename = "podIP")]
    pod_ip: Option<Box<str>>,
    #[serde(rename = "podIPs")]
    pod_ips: Vec<PodIp>,
}

/// A condition of a Job: `Complete` and `Failed` are its ends.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusCondition {
    #[serde(rename = "type")]
    sort: Box<str>,
    status: Box<str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PodIp {
    ip: Box<str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerStatus {
    name: Box<str>,
    #[serde(rename = "imageID")]
    image_id: Box<str>,
}

/// Where a kind keeps its pods' template and their specification.
struct Place {
    template: &'static [&'static str],
    spec: &'static [&'static str],
}

impl Place {
    const TEMPLATE: Self = Self { template: &["spec", "template"], spec: &["spec", "template", "spec"] };
    const JOB_TEMPLATE: Self = Self {
        template: &["spec", "jobTemplate", "spec", "template"],
        spec: &["spec", "jobTemplate", "spec", "template", "spec"],
    };
}

pub(super) fn pod(value: &Value, door: &SecretDoor) -> Result<Body, WrongType> {
    let template = Template { metadata: Meta::read(value)?, spec: at(value, &["spec"])? };
    let status: Status = at(value, &["status"])?;
    let over = matches!(&*status.phase, "Succeeded" | "Failed");
    let mut workload = build(template, &["spec"], u32::from(!over), door);
    let lists = [status.init_container_statuses, status.container_statuses, status.ephemeral_container_statuses];
    workload.addresses = status.pod_ip.into_iter().chain(status.pod_ips.into_iter().map(|ip| ip.ip)).collect();
    workload.running = lists.into_iter().flatten().map(|c| (c.name, c.image_id)).collect();
    Ok(Body::Workload(Box::new(workload)))
}

pub(super) fn replicated(value: &Value, door: &SecretDoor) -> Result<Body, WrongType> {
    let wanted: Wanted = at(value, &["spec"])?;
    of_template(value, Place::TEMPLATE, wanted.replicas.unwrap_or(1), door)
}

pub(super) fn daemon(value: &Value, door: &SecretDoor) -> Result<Body, WrongType> {
    let status: Status = at(value, &["status"])?;
    of_template(value, Place::TEMPLATE, status.desired_number_scheduled.unwrap_or(1), door)
}

pub(super) fn job(value: &Value, door: &SecretDoor) -> Result<Body, WrongType> {
    let wanted: Wanted = at(value, &["spec"])?;
    let status: Status = at(value, &["status"])?;
    let ended = status.completion_time.is_some()
        || status.conditions.iter().any(|c| matches!(&*c.sort, "Complete" | "Failed") && &*c.status == "True");
    let count = if wanted.suspend || ended { 0 } else { wanted.parallelism.unwrap_or(1) };
    of_template(value, Place::TEMPLATE, count, door)
}

pub(super) fn cron_job(value: &Value, door: &SecretDoor) -> Result<Body, WrongType> {
    let wanted: Wanted = at(value, &["spec"])?;
    of_template(value, Place::JOB_TEMPLATE, u32::from(!wanted.suspend), door)
}

fn of_template(value: &Value, place: Place, wanted: u32, door: &SecretDoor) -> Result<Body, WrongType> {
    Ok(Body::Workload(Box::new(build(at(value, place.template)?, place.spec, wanted, door))))
}

fn build(template: Template, base: &'static [&'static str], wanted: u32, door: &SecretDoor) -> Workload {
    let mut spec = template.spec;
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers).chain(&mut spec.ephemeral_containers) {
        container.seal(door);
    }
    Workload {
        labels: template.metadata.labels,
        annotations: template.metadata.annotations,
        spec,
        base,
        wanted,
        running: Vec::new(),
        addresses: Vec::new(),
    }
}

/// Reads what stands at a path; what is not there is the default.
fn at<T: serde::de::DeserializeOwned + Default>(value: &Value, path: &[&str]) -> Result<T, WrongType> {
    let found = path.iter().try_fold(value, |value, field| value.get(*field));
    found.map_or_else(|| Ok(T::default()), |value| typed(value, path))
}
