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
    pub addresses: Vec<Box<str>>,
    /// The ports that each of them listens on.
    pub listeners: Vec<Listener>,
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
#[serde(default)]
struct SliceEndpoint {
    addresses: Vec<Box<str>>,
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
#[serde(default)]
struct SubsetAddress {
    ip: Box<str>,
}

pub(super) fn slice(value: &Value, _: &SecretDoor) -> Result<Body, WrongType> {
    let service = Meta::read(value)?.labels.get(SERVICE_NAME).cloned().unwrap_or_default();
    let slice: Slice = typed(value, &[])?;
    let addresses = slice.endpoints.into_iter().flat_map(|endpoint| endpoint.addresses).collect();
    Ok(Body::Endpoints(Box::new(Endpoints { service, addresses, listeners: slice.ports })))
}

pub(super) fn endpoints(value: &Value, _: &SecretDoor) -> Result<Body, WrongType> {
    let service = Meta::read(value)?.name;
    let mut all = Endpoints { service, ..Endpoints::default() };
    // Each subset has ports of its own; together they are an upper bound.
    for subset in typed::<Subsets>(value, &[])?.subsets {
        let addresses = subset.addresses.into_iter().chain(subset.not_ready_addresses);
        all.addresses.extend(addresses.map(|address| address.ip));
        all.listeners.extend(subset.ports);
    }
    Ok(Body::Endpoints(Box::new(all)))
}
