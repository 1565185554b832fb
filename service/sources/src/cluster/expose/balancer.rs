//! What a load balancer's own address, source ranges, annotations and class say about who gets to it. An address that it
//! got decides before what somebody asked for.

use assay_core::observation::{Reach, SettledBy};

use crate::cluster::ToldBy;
use crate::cluster::address::{has_public, is_public};
use crate::cluster::model::{Balancer, Labels, Service};

/// How a load balancer was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// For the inside only.
    Internal,
    /// For the outside, by name.
    External,
    /// Nothing was said, and the controller's own default is the inside.
    InternalByDefault,
    /// Of a class that is not known here: whoever serves it decides.
    Elsewhere,
    /// Nothing was said.
    Unsaid,
}

/// An annotation that asks for an internal or external load balancer.
struct Wish {
    key: &'static str,
    internal: &'static [&'static str],
    external: &'static [&'static str],
}

const fn wish(key: &'static str, internal: &'static [&'static str], external: &'static [&'static str]) -> Wish {
    Wish { key, internal, external }
}

/// Source: the documentation of each provider's cloud controller; `*` is any value.
const WISHES: &[Wish] = &[
    wish("service.beta.kubernetes.io/aws-load-balancer-scheme", &["internal"], &["internet-facing"]),
    wish("service.beta.kubernetes.io/aws-load-balancer-internal", &["true", "0.0.0.0/0"], &["false"]),
    wish("service.beta.kubernetes.io/azure-load-balancer-internal", &["true"], &[]),
    wish("networking.gke.io/load-balancer-type", &["internal"], &["external"]),
    wish("cloud.google.com/load-balancer-type", &["internal"], &["external"]),
    wish("service.beta.kubernetes.io/openstack-internal-load-balancer", &["true"], &["false"]),
    wish("service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", &["private"], &["public"]),
    wish("service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", &["intranet"], &["internet"]),
    wish("service.kubernetes.io/qcloud-loadbalancer-internal-subnetid", &["*"], &[]),
    wish("service.beta.kubernetes.io/oci-load-balancer-internal", &["true"], &["false"]),
    wish("service.beta.kubernetes.io/do-loadbalancer-network", &["internal"], &["external"]),
    wish("load-balancer.hetzner.cloud/disable-public-network", &["true"], &[]),
    // Of an Ingress.
    wish("alb.ingress.kubernetes.io/scheme", &["internal"], &["internet-facing"]),
    wish("appgw.ingress.kubernetes.io/use-private-ip", &["true"], &["false"]),
];

/// Classes of load balancers whose default is not the Internet.
const CLASSES: &[(&str, Asked)] = &[
    ("service.k8s.aws/nlb", Asked::InternalByDefault),
    ("networking.gke.io/l4-regional-internal", Asked::Internal),
    ("networking.gke.io/l4-regional-external", Asked::External),
    ("tailscale", Asked::Internal),
];

/// What annotations ask for.
pub(super) fn asked(annotations: &Labels) -> Asked {
    let said =
        |values: &[&str], value: &str| values.contains(&"*") || values.iter().any(|v| value.eq_ignore_ascii_case(v));
    for wish in WISHES {
        match annotations.get(wish.key) {
            Some(value) if said(wish.internal, value) => return Asked::Internal,
            Some(value) if said(wish.external, value) => return Asked::External,
            _ => {}
        }
    }
    Asked::Unsaid
}

/// Who gets to a Service of type LoadBalancer.
pub(super) fn of_service(service: &Service, annotations: &Labels, told_by: ToldBy) -> Reach {
    let ranges = &service.spec.load_balancer_source_ranges;
    if !ranges.is_empty() && !ranges.iter().any(|range| has_public(range)) {
        return Reach::Internal;
    }
    let class = service.spec.load_balancer_class.as_deref();
    let by_class = class.map(|class| CLASSES.iter().find(|(name, _)| class == *name).map(|(_, asked)| *asked));
    let asked = match asked(annotations) {
        // Source: Kubernetes documentation, "Specify class of load balancer implementation": the cloud takes no part then.
        Asked::Unsaid => by_class.map_or(Asked::Unsaid, |known| known.unwrap_or(Asked::Elsewhere)),
        said => said,
    };
    of_balancer(&service.status.load_balancer, asked, told_by)
}

/// Who gets to a load balancer, by the addresses that it has and by what was asked for.
pub(super) fn of_balancer(balancer: &Balancer, asked: Asked, told_by: ToldBy) -> Reach {
    let unsettled = Reach::Unknown(SettledBy::LoadBalancerStatus);
    let found = balancer.ingress.iter().filter_map(|address| {
        let ip = address.ip.as_deref().and_then(|ip| ip.parse().ok());
        match (ip, address.hostname.as_deref()) {
            (Some(ip), _) if is_public(ip) => Some(Reach::Public),
            (Some(_), _) => Some(Reach::Internal),
            (None, Some(name)) => Some(of_name(name, asked, told_by)),
            (None, None) => None,
        }
    });
    if let Some(reach) = found.max() {
        return reach;
    }
    match (told_by, asked) {
        // A manifest says what will be: what it declares counts.
        (ToldBy::Operator, Asked::Internal | Asked::InternalByDefault) => Reach::Internal,
        (ToldBy::Operator, Asked::External | Asked::Unsaid) => Reach::Public,
        (ToldBy::Operator, Asked::Elsewhere) | (ToldBy::Server, _) => unsettled,
    }
}

/// Who gets to a DNS name. Where it leads is not written here; what was asked for is the next best, and only the operator's
/// word may close a way.
pub(super) fn of_name(name: &str, asked: Asked, told_by: ToldBy) -> Reach {
    match (asked, told_by) {
        _ if is_inner_name(name) => Reach::Internal,
        (Asked::Internal, ToldBy::Operator) => Reach::Internal,
        (Asked::Internal | Asked::InternalByDefault | Asked::Elsewhere, _) => {
            Reach::Unknown(SettledBy::LoadBalancerStatus)
        }
        (Asked::External | Asked::Unsaid, _) => Reach::Public,
    }
}

/// Names that only lead inside: AWS puts `internal-` before the names of its internal load balancers.
fn is_inner_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let ends = [".local", ".internal", ".lan", ".svc", ".localdomain"];
    name.starts_with("internal-") || ends.iter().any(|end| name.ends_with(end)) || name == "localhost"
}
