//! The fields of the Gateway API that say how the outside gets in. Source: Gateway API, specification of v1.

use serde::Deserialize;

use super::policy::Selector;

/// A Gateway.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Gateway {
    /// What is wanted.
    pub spec: GatewaySpec,
    /// What there is.
    pub status: GatewayStatus,
}

/// What a Gateway wants.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GatewaySpec {
    /// Its class.
    pub gateway_class_name: Box<str>,
    /// Where it listens.
    pub listeners: Vec<GatewayListener>,
}

/// The state of a Gateway.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GatewayStatus {
    /// The addresses that it got.
    pub addresses: Vec<GatewayAddress>,
}

/// An address of a Gateway.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GatewayAddress {
    /// `IPAddress` where unset, or `Hostname`.
    #[serde(rename = "type")]
    pub sort: Option<Box<str>>,
    /// The address.
    pub value: Box<str>,
}

/// A listener of a Gateway.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GatewayListener {
    /// Its name.
    pub name: Box<str>,
    /// Its port.
    pub port: u16,
    /// `HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP`, or one of somebody's own.
    pub protocol: Box<str>,
    /// The host name that it is for; any where unset.
    pub hostname: Option<Box<str>>,
    /// Which routes may hang on it.
    pub allowed_routes: AllowedRoutes,
}

/// Which routes may hang on a listener.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AllowedRoutes {
    /// Of which namespaces.
    pub namespaces: RouteNamespaces,
    /// Of which kinds; those that fit its protocol where empty.
    pub kinds: Vec<RouteKind>,
}

/// Namespaces of routes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RouteNamespaces {
    /// `Same` where unset, `All`, `Selector`.
    pub from: Option<Box<str>>,
    /// The namespaces of `Selector`.
    pub selector: Selector,
}

/// A kind of route.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RouteKind {
    /// Its kind.
    pub kind: Box<str>,
}

/// A class of Gateways.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GatewayClass {
    /// What is wanted.
    pub spec: GatewayClassSpec,
}

/// What a class wants.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GatewayClassSpec {
    /// The controller that serves it.
    pub controller_name: Box<str>,
}

/// A route of any kind: HTTPRoute, GRPCRoute, TLSRoute, TCPRoute, UDPRoute.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GatewayRoute {
    /// What is wanted.
    pub spec: GatewayRouteSpec,
}

/// What a route wants.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GatewayRouteSpec {
    /// What it hangs on.
    pub parent_refs: Vec<ParentRef>,
    /// The host names that it is for; those of the listener where empty.
    pub hostnames: Vec<Box<str>>,
    /// Where it leads.
    pub rules: Vec<GatewayRouteRule>,
}

/// What a route hangs on.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ParentRef {
    /// Its group; that of the Gateway API where unset.
    pub group: Option<Box<str>>,
    /// Its kind; `Gateway` where unset.
    pub kind: Option<Box<str>>,
    /// Its namespace; the route's own where unset.
    pub namespace: Option<Box<str>>,
    /// Its name.
    pub name: Box<str>,
    /// The listener; all where unset.
    pub section_name: Option<Box<str>>,
    /// The port of the listeners; all where unset.
    pub port: Option<u16>,
}

/// A rule of a route.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GatewayRouteRule {
    /// Where it leads.
    pub backend_refs: Vec<BackendRef>,
}

/// Where a route leads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BackendRef {
    /// Its group; the core group where unset.
    pub group: Option<Box<str>>,
    /// Its kind; `Service` where unset.
    pub kind: Option<Box<str>>,
    /// Its namespace; the route's own where unset.
    pub namespace: Option<Box<str>>,
    /// Its name.
    pub name: Box<str>,
    /// Its port.
    pub port: Option<u16>,
    /// Its share of the calls; 1 where unset, and none at all by 0.
    pub weight: Option<u32>,
}

/// A word of a namespace that others may refer to its objects.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReferenceGrant {
    /// What is wanted.
    pub spec: ReferenceGrantSpec,
}

/// Who may refer to what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReferenceGrantSpec {
    /// Who.
    pub from: Vec<GrantFrom>,
    /// To what.
    pub to: Vec<GrantTo>,
}

/// Objects that may refer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GrantFrom {
    /// Their group.
    pub group: Box<str>,
    /// Their kind.
    pub kind: Box<str>,
    /// Their namespace.
    pub namespace: Box<str>,
}

/// Objects that may be referred to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GrantTo {
    /// Their group; empty for the core group.
    pub group: Box<str>,
    /// Their kind.
    pub kind: Box<str>,
    /// One of them; all where unset.
    pub name: Option<Box<str>>,
}
