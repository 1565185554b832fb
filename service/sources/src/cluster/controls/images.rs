//! Where images come from and whether the one that runs is the one that was meant.

use assay_core::asset::ImageRef;
use assay_core::text::Opaque;

use super::Condition;
use super::case::{Case, Verdict, seen};
use crate::cluster::model::Container;

pub(super) const CONDITIONS: &[(&str, Condition)] = &[
    ("image-no-digest", Condition::Workload(no_digest)),
    ("image-stale-latest", Condition::Workload(stale_latest)),
    ("image-pull-policy", Condition::Workload(pull_policy)),
    ("image-retired-registry", Condition::Workload(retired_registry)),
    ("image-short-name", Condition::Workload(short_name)),
    ("image-tiller", Condition::Workload(tiller)),
];

/// The community's registry until it was frozen. Source: Kubernetes blog, 6 February 2023, "k8s.gcr.io Image Registry Will
/// Be Frozen From the 3rd of April 2023".
const RETIRED_REGISTRIES: &[&str] = &["k8s.gcr.io/", "gcr.io/google_containers/", "gcr.io/google-containers/"];

/// Tests every image whose name can be read.
fn images(case: &Case<'_>, test: impl Fn(&Container, &ImageRef) -> Option<(String, String)>) -> Verdict {
    let readable = |container: &Container| ImageRef::parse(&Opaque::readmit(container.image.as_deref()?));
    if !case.spec().all_containers().any(|(_, _, container)| readable(container).is_some()) {
        return Verdict::NotApplicable;
    }
    Verdict::of(case.containers(|container| test(container, &readable(container)?)))
}

fn no_digest(case: &Case<'_>) -> Verdict {
    images(case, |container, _| {
        (!has_digest(container.image.as_deref()?)).then(|| seen("image", "no digest")).flatten()
    })
}

/// Any digest that the OCI image specification knows or allows: three algorithms have a fixed length in small letters,
/// others may come.
fn has_digest(image: &str) -> bool {
    let Some((algorithm, encoded)) = image.split_once('@').and_then(|(_, digest)| digest.split_once(':')) else {
        return false;
    };
    let hex =
        |length: usize| encoded.len() == length && encoded.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match algorithm {
        "sha256" | "blake3" => hex(64),
        "sha512" => hex(128),
        _ => {
            !algorithm.is_empty()
                && !encoded.is_empty()
                && encoded.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'=' | b'_' | b'-'))
        }
    }
}

fn is_latest(image: &ImageRef) -> bool {
    image.digest.is_none() && image.tag.as_ref().is_some_and(|tag| tag.reveal() == "latest")
}

/// The policy in force. Source: Kubernetes documentation, "Images": `Always` for the tag `latest`, else `IfNotPresent`.
fn policy<'c>(container: &'c Container, image: &ImageRef) -> &'c str {
    match container.image_pull_policy.as_deref().filter(|policy| !policy.is_empty()) {
        Some(written) => written,
        None if is_latest(image) => "Always",
        None => "IfNotPresent",
    }
}

fn stale_latest(case: &Case<'_>) -> Verdict {
    images(case, |container, image| {
        let policy = policy(container, image);
        (is_latest(image) && policy != "Always").then(|| seen("imagePullPolicy", policy)).flatten()
    })
}

fn pull_policy(case: &Case<'_>) -> Verdict {
    images(case, |container, image| {
        let policy = policy(container, image);
        (policy != "Always").then(|| seen("imagePullPolicy", policy)).flatten()
    })
}

fn retired_registry(case: &Case<'_>) -> Verdict {
    images(case, |_, image| {
        let repository = image.repository.reveal();
        let retired = RETIRED_REGISTRIES.iter().find(|host| repository.starts_with(**host))?;
        seen("image", retired.trim_end_matches('/'))
    })
}

fn short_name(case: &Case<'_>) -> Verdict {
    images(case, |container, _| {
        let name = container.image.as_deref()?;
        let host = name.split_once('/').map(|(first, _)| first);
        let named = host.is_some_and(|host| host.contains(['.', ':']) || host == "localhost");
        (!named).then(|| seen("image", "no registry")).flatten()
    })
}

fn tiller(case: &Case<'_>) -> Verdict {
    images(case, |_, image| {
        let last = image.repository.reveal().rsplit('/').next()?;
        (last == "tiller").then(|| seen("image", "tiller")).flatten()
    })
}
