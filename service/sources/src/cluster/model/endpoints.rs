//! The addresses behind a Service, as a list of its own says them: an EndpointSlice, or the older Endpoints. Where a Service
//! chooses no pods, whoever may write that list chooses.

use serde::Deserialize;
use serde_json::Value;

use super::{Body, Meta, WrongType, typed};
use crate::door::SecretDoor;

/// The label by which a slice names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// One list of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// The Service, in the list's namespace.
    pub service: Box<str>,
    /// The addresses.
    pub addresses: Vec<Address>,
    /// The ports that each of them listens on.
    pub listeners: Vec<Listener>,
}

/// An address, and the pod that it is said to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub ip: Box<str>,
    /// The pod's name, in the list's namespace.
    pub pod: Option<Box<str>>,
}

/// A port of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Listener {
    /// The name that the Service gives it; empty where it has only one.
    pub name: Option<Box<str>>,
    /// The number; 0 where any.
    pub port: u16,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Slice {
    endpoints: Vec<SliceEndpoint>,
    ports: Vec<Listener>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SliceEndpoint {
    addresses: Vec<Box<str>>,
    target_ref: TargetRef,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TargetRef {
    kind: Box<str>,
    name: Box<str>,
}

impl TargetRef {
    fn pod(self) -> Option<Box<str>> {
        (&*self.kind == "Pod" && !self.name.is_empty()).then_some(self.name)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Subsets {
    subsets: Vec<Subset>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Subset {
    addresses: Vec<SubsetAddress>,
    not_ready_addresses: Vec<SubsetAddress>,
    ports: Vec<Listener>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SubsetAddress {
    ip: Box<str>,
    target_ref: TargetRef,
}

pub(super) fn slice(value: &Value, _: &SecretDoor) -> Result<Body, WrongType> {
    let service = Meta::read(value)?.labels.get(SERVICE_NAME).cloned().unwrap_or_default();
    let slice: Slice = typed(value, &[])?;
    let addresses = slice.endpoints.into_iter().flat_map(|endpoint| {
        let pod = endpoint.target_ref.pod();
        endpoint.addresses.into_iter().map(move |ip| Address { ip, pod: pod.clone() })
    });
    let addresses = addresses.collect();
    Ok(Body::Endpoints(Box::new(Endpoints { service, addresses, listeners: slice.ports })))
}

pub(super) fn endpoints(value: &Value, _: &SecretDoor) -> Result<Body, WrongType> {
    let service = Meta::read(value)?.name;
    let mut all = Endpoints { service, ..Endpoints::default() };
    // Each subset has ports of its own; together they are an upper bound.
    for subset in typed::<Subsets>(value, &[])?.subsets {
        let addresses = subset.addresses.into_iter().chain(subset.not_ready_addresses);
        all.addresses.extend(addresses.map(|address| Address { ip: address.ip, pod: address.target_ref.pod() }));
        all.listeners.extend(subset.ports);
    }
    Ok(Body::Endpoints(Box::new(all)))
}
