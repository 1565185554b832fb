//! Who serves an Ingress. A class names a controller; the controller is a workload in view, or a part of a cloud.

use assay_core::observation::{Reach, SettledBy};

use super::balancer::{self, Asked};
use crate::cluster::ToldBy;
use crate::cluster::model::{Body, Ingress};
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

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";
const DEFAULT_CLASS_ANNOTATION: &str = "ingressclass.kubernetes.io/is-default-class";

/// Who gets to an Ingress. `reach_of` tells who gets to the workload at an index by its own Services and ports.
pub(super) fn reach(
    view: &View<'_>,
    object: &Object,
    ingress: &Ingress,
    told_by: ToldBy,
    reach_of: impl Fn(usize) -> Option<Reach>,
) -> Reach {
    let served_by = controller_of(view, object, ingress);
    let asked = match (balancer::asked(&object.meta.annotations), served_by) {
        (Asked::Unsaid, Some(row)) => row.default,
        (said, _) => said,
    };
    // Only a controller writes a status: an address means that somebody serves it.
    if !ingress.status.load_balancer.ingress.is_empty() {
        return balancer::of_balancer(&ingress.status.load_balancer, asked, told_by);
    }
    let nobody = Reach::Unknown(SettledBy::RouteController);
    let Some(row) = served_by else { return nobody };
    if row.images.is_empty() {
        return balancer::of_balancer(&ingress.status.load_balancer, asked, told_by);
    }
    let serving = view.workloads().filter(|(_, workload)| workload.wanted > 0 && runs(workload, row));
    serving.filter_map(|(at, _)| reach_of(at)).max().unwrap_or(nobody)
}

fn runs(workload: &crate::cluster::model::Workload, row: &Controller) -> bool {
    workload.spec.containers.iter().filter_map(|c| c.image.as_deref()).any(|image| {
        let image = image.split('@').next().unwrap_or_default();
        let name = image.rfind('/').map_or(0, |slash| slash + 1);
        let repository = image[name..].find(':').map_or(image, |colon| &image[..name + colon]);
        row.images.iter().any(|end| format!("/{repository}").ends_with(end))
    })
}

/// The row of the controller that the class of an Ingress names.
fn controller_of(view: &View<'_>, object: &Object, ingress: &Ingress) -> Option<&'static Controller> {
    let classes = || {
        view.objects.iter().filter_map(|o| match &o.body {
            Body::IngressClass(class) => Some((o, class)),
            _ => None,
        })
    };
    let annotated = object.meta.annotations.get(CLASS_ANNOTATION);
    let named = ingress.spec.ingress_class_name.as_ref().or(annotated).filter(|name| !name.is_empty());
    let class = match named {
        Some(name) => classes().find(|(o, _)| o.name == *name),
        None => {
            classes().find(|(o, _)| o.meta.annotations.get(DEFAULT_CLASS_ANNOTATION).is_some_and(|v| &**v == "true"))
        }
    };
    match (class, named) {
        (Some((_, class)), _) => CONTROLLERS.iter().find(|row| row.controller == &*class.spec.controller),
        (None, Some(name)) => CONTROLLERS.iter().find(|row| row.classes.contains(&&**name)),
        (None, None) => None,
    }
}
