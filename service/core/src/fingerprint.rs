//! The identity of a finding across runs, tools, tags and rebuilds. Comes in: place and matter. Goes out: 160 bits.
//! Never in it: text, severity, version, digest, tag, pod name, line, index, time, tool, address.

use crate::asset::KindClass;
use crate::finding::{Matter, Place};
use crate::ids::{Digest, Fingerprint};

/// The fingerprint of a finding. Fields are length-prefixed, because names are attacker-written.
pub fn fingerprint(place: &Place, matter: &Matter) -> Fingerprint {
    let asset = &place.asset;
    let home = match asset.kind.class() {
        KindClass::Image => "image",
        KindClass::Repository => "repo",
        _ => "cluster",
    };
    let mut fields: Vec<&str> = vec![
        Fingerprint::RECIPE,
        home,
        asset.cluster.reveal(),
        asset.kind.as_str(),
        asset.namespace.reveal(),
        asset.name.reveal(),
        place.container.reveal(),
    ];
    match matter {
        Matter::Vulnerability { id, package } => fields.extend([
            "vulnerability",
            id.as_str(),
            package.ecosystem.reveal(),
            package.namespace.reveal(),
            package.counted_name().reveal(),
            package.artifact.reveal(),
        ]),
        Matter::Control { control, path } => fields.extend(["control", control.0.reveal(), path.reveal()]),
        Matter::Secret { detector, location } => fields.extend(["secret", detector.reveal(), location.reveal()]),
        Matter::Rbac { capability, cluster_wide } => {
            fields.extend(["rbac", capability.as_str(), if *cluster_wide { "cluster" } else { "namespace" }]);
        }
        Matter::Signal { signal, discriminator } => {
            fields.extend(["signal", signal.0.reveal(), discriminator.reveal()]);
        }
    }
    let digest = Digest::of_fields(fields.iter().map(|f| f.as_bytes()));
    let mut head = [0u8; 20];
    head.copy_from_slice(&digest.bytes()[..20]);
    Fingerprint::from_bytes(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{AssetKey, PackageParts};
    use crate::text::Opaque;

    fn vulnerability(name: &str, version: &str, source: Option<&str>) -> Matter {
        let parts = PackageParts { ecosystem: "deb", namespace: "debian", name, version, source, ..Default::default() };
        Matter::Vulnerability { id: "CVE-2024-0001".parse().unwrap(), package: parts.package().key }
    }

    fn image(name: &str) -> Place {
        Place { asset: AssetKey::image(Opaque::readmit(name)), container: Opaque::readmit("") }
    }

    #[test]
    fn version_and_binary_package_are_no_part_of_identity() {
        let at = image("docker.io/shop/web");
        let one = fingerprint(&at, &vulnerability("libssl3", "3.0.1", Some("openssl")));
        assert_eq!(one, fingerprint(&at, &vulnerability("openssl", "3.0.2", None)));
        assert_ne!(one, fingerprint(&image("docker.io/shop/other"), &vulnerability("openssl", "3.0.2", None)));
    }

    #[test]
    fn the_recipe_is_pinned() {
        let print = fingerprint(&image("docker.io/shop/web"), &vulnerability("openssl", "3.0.2", None));
        assert_eq!(
            print.to_string(),
            "a1:ro2zh2elohmyalmgng7kb5omiu35by2x",
            "a changed recipe strands every link, ticket and decision: bump a1 and migrate"
        );
    }
}
