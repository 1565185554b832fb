//! Who serves an Ingress. A class names a controller; the controller is a workload in view, or a part of a cloud.

use assay_core::observation::{Reach, SettledBy};

use super::balancer::{self, Asked};
use crate::cluster::ToldBy;
use crate::cluster::address::is_public;
use crate::cluster::model::{Body, Gateway, Ingress, IngressClass, Workload};
use crate::cluster::object::Object;
use crate::cluster::view::View;

/// A controller of Ingresses.
struct Controller {
    /// What an IngressClass calls it.
    controller: &'static str,
    /// Class names that people use for it.
    classes: &'static [&'static str],
    /// What its image's repository ends with; none for a part of a cloud.
    images: &'static [&'static str],
    /// What it makes where nobody asks, for a part of a cloud.
    default: Asked,
}

const fn in_cluster(
    controller: &'static str,
    classes: &'static [&'static str],
    images: &'static [&'static str],
) -> Controller {
    Controller { controller, classes, images, default: Asked::Unsaid }
}

const fn in_cloud(controller: &'static str, classes: &'static [&'static str], default: Asked) -> Controller {
    Controller { controller, classes, images: &[], default }
}

/// Source: the documentation of each controller.
const CONTROLLERS: &[Controller] = &[
    in_cluster(
        "k8s.io/ingress-nginx",
        &["nginx", "ingress-nginx"],
        &["ingress-nginx/controller", "nginx-ingress-controller"],
    ),
    in_cluster("nginx.org/ingress-controller", &["nginx-org"], &["nginx/nginx-ingress", "nginx-ic/nginx-plus-ingress"]),
    in_cluster("traefik.io/ingress-controller", &["traefik"], &["/traefik"]),
    in_cluster("haproxy.org/ingress-controller", &["haproxy"], &["haproxytech/kubernetes-ingress"]),
    in_cluster("haproxy-ingress.github.io/controller", &["haproxy"], &["/haproxy-ingress"]),
    in_cluster("projectcontour.io/contour", &["contour"], &["envoyproxy/envoy"]),
    in_cluster("ingress-controllers.konghq.com/kong", &["kong"], &["kong/kong", "library/kong", "kong/kong-gateway"]),
    in_cluster("istio.io/ingress-controller", &["istio"], &["istio/proxyv2"]),
    in_cluster("getambassador.io/ingress-controller", &["ambassador"], &["/emissary", "/aes"]),
    in_cloud("ingress.k8s.aws/alb", &["alb"], Asked::InternalByDefault),
    in_cloud("k8s.io/ingress-gce", &["gce"], Asked::External),
    in_cloud("k8s.io/ingress-gce-internal", &["gce-internal"], Asked::Internal),
    in_cloud("azure/application-gateway", &["azure/application-gateway", "azure-application-gateway"], Asked::External),
];

/// Controllers of Gateways whose calls pass through a workload of the row of the same Ingress controller.
const OF_GATEWAYS: &[(&str, &str)] = &[
    ("traefik.io/gateway-controller", "traefik.io/ingress-controller"),
    ("konghq.com/kic-gateway-controller", "ingress-controllers.konghq.com/kong"),
    ("projectcontour.io/gateway-controller", "projectcontour.io/contour"),
    ("istio.io/gateway-controller", "istio.io/ingress-controller"),
];

/// Classes of Gateways that a cloud brings, and where their addresses lie. Source: documentation of GKE, GatewayClass
/// capabilities.
const GATEWAY_CLASSES: &[(&str, Asked)] = &[
    ("gke-l7-global-external-managed", Asked::External),
    ("gke-l7-regional-external-managed", Asked::External),
    ("gke-l7-gxlb", Asked::External),
    ("gke-l7-rilb", Asked::Internal),
    ("gke-l7-cross-regional-internal-managed-mc", Asked::Internal),
];

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
const DEFAULT_CLASS_ANNOTATION: &str = "ingressclass.kubernetes.io/is-default-class";

/// The controllers in view, and who gets to each.
pub(super) struct Controllers<'v> {
    /// The classes in view.
    classes: Vec<(&'v Object, &'v IngressClass)>,
    /// The classes of Gateways in view, each with the name of its controller.
    gateway_classes: Vec<(&'v str, &'v str)>,
    /// Who gets to the workloads of each row by their own Services and ports; none where nothing in view is of it.
    reached: Vec<Option<Reach>>,
}

impl<'v> Controllers<'v> {
    /// Finds them among the workloads that serve. `reach_of` tells who gets to the workload at an index.
    pub(super) fn of(view: &View<'v>, serving: &[Serving], reach_of: impl Fn(usize) -> Option<Reach>) -> Self {
        let classes = view.objects.iter().filter_map(|object| match &object.body {
            Body::IngressClass(class) => Some((object, class)),
            _ => None,
        });
        let gateway_classes = view.objects.iter().filter_map(|object| match &object.body {
            Body::GatewayClass(class) => Some((&*object.name, &*class.spec.controller_name)),
            _ => None,
        });
        let mut reached = vec![None; CONTROLLERS.len()];
        for Serving { workload, row } in serving {
            reached[*row] = reached[*row].max(reach_of(*workload));
        }
        Self { classes: classes.collect(), gateway_classes: gateway_classes.collect(), reached }
    }

    /// Who gets to an Ingress.
    pub(super) fn reach(&self, object: &Object, ingress: &Ingress, told_by: ToldBy) -> Reach {
        let served_by = self.row_of(object, ingress);
        let asked = match (balancer::asked(&object.meta.annotations), served_by) {
            (Asked::Unsaid, Some(row)) => CONTROLLERS[row].default,
            (said, _) => said,
        };
        let in_cloud = served_by.is_some_and(|row| CONTROLLERS[row].images.is_empty());
        // Only a controller writes a status: an address means that somebody serves it.
        if in_cloud || !ingress.status.load_balancer.ingress.is_empty() {
            return balancer::of_balancer(&ingress.status.load_balancer, asked, told_by);
        }
        served_by.and_then(|row| self.reached[row]).unwrap_or(Reach::Unknown(SettledBy::RouteController))
    }

    /// Who gets to a Gateway: by the addresses that it got, by its class, or by the workload that serves it.
    pub(super) fn reach_of_gateway(&self, gateway: &Gateway, told_by: ToldBy) -> Reach {
        let class = &*gateway.spec.gateway_class_name;
        let asked = GATEWAY_CLASSES.iter().find(|(name, _)| *name == class).map(|(_, asked)| *asked);
        let addresses = gateway.status.addresses.iter().filter(|a| !a.value.is_empty());
        let found = addresses.map(|address| match address.value.parse() {
            Ok(ip) if is_public(ip) => Reach::Public,
            Ok(_) => Reach::Internal,
            Err(_) => balancer::of_name(&address.value, asked.unwrap_or(Asked::Unsaid), told_by),
        });
        if let Some(reach) = found.max() {
            return reach;
        }
        match (asked, told_by) {
            // A manifest says what will be.
            (Some(Asked::External), ToldBy::Operator) => return Reach::Public,
            (Some(Asked::Internal), ToldBy::Operator) => return Reach::Internal,
            _ => {}
        }
        let controller =
            self.gateway_classes.iter().find(|(name, _)| *name == class).map(|(_, controller)| *controller);
        let same = OF_GATEWAYS.iter().find(|(name, _)| controller == Some(*name)).map(|(_, ingress)| *ingress);
        let row = CONTROLLERS.iter().position(|row| same == Some(row.controller));
        row.and_then(|row| self.reached[row]).unwrap_or(Reach::Unknown(SettledBy::RouteController))
    }

    /// The row of the controller that the class of an Ingress names.
    fn row_of(&self, object: &Object, ingress: &Ingress) -> Option<usize> {
        let annotated = object.meta.annotations.get(CLASS_ANNOTATION);
        let named = ingress.spec.ingress_class_name.as_ref().or(annotated).filter(|name| !name.is_empty());
        let is_default = |o: &Object| o.meta.annotations.get(DEFAULT_CLASS_ANNOTATION).is_some_and(|v| &**v == "true");
        let class = self.classes.iter().find(|(o, _)| named.map_or_else(|| is_default(o), |name| o.name == *name));
        match (class, named) {
            (Some((_, class)), _) => CONTROLLERS.iter().position(|row| row.controller == &*class.spec.controller),
            (None, Some(name)) => CONTROLLERS.iter().position(|row| row.classes.contains(&&**name)),
            (None, None) => None,
        }
    }
}

/// A workload that serves Ingresses.
pub(super) struct Serving {
    /// Its place among the objects.
    pub(super) workload: usize,
    /// The row of the controller that it is.
    row: usize,
}

/// The workloads that serve Ingresses, as far as their images tell.
pub(super) fn serving(view: &View<'_>) -> Vec<Serving> {
    let running = view.workloads().filter(|(_, workload)| workload.wanted > 0);
    let rows = running.flat_map(|(at, workload)| {
        let is_it = move |(row, controller): (usize, &Controller)| {
            runs(workload, controller).then_some(Serving { workload: at, row })
        };
        CONTROLLERS.iter().enumerate().filter_map(is_it)
    });
    rows.collect()
}

/// True when a container runs an image of this controller.
fn runs(workload: &Workload, row: &Controller) -> bool {
    workload.spec.containers.iter().filter_map(|c| c.image.as_deref()).any(|image| {
        let image = image.split('@').next().unwrap_or_default();
        let name = image.rfind('/').map_or(0, |slash| slash + 1);
        let repository = image[name..].find(':').map_or(image, |colon| &image[..name + colon]);
        row.images.iter().any(|end| format!("/{repository}").ends_with(end))
    })
}
