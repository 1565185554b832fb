//! Findings as rows: the columns that stand for matter, presence and cause.

use assay_core::asset::{AssetKey, PackageKey};
use assay_core::finding::{FindingClass, Matter, Presence, ResolvedBecause};
use assay_core::ids::Digest;
use assay_core::observation::ControlId;
use assay_core::text::Opaque;

/// What a matter has beyond its vulnerability, package or control row.
pub(crate) fn detail(matter: &Matter) -> String {
    match matter {
        Matter::Vulnerability { .. } => String::new(),
        Matter::Control { path, .. } => path.reveal().to_owned(),
        Matter::Secret { location, .. } => location.reveal().to_owned(),
        Matter::Rbac { cluster_wide, .. } => if *cluster_wide { "cluster" } else { "namespace" }.to_owned(),
        Matter::Signal { discriminator, .. } => discriminator.reveal().to_owned(),
    }
}

/// The matter again, from the columns of a row; none when they are not whole.
pub(crate) fn matter(vuln: &str, package: PackageKey, control: &str, detail: &str, class: u8) -> Option<Matter> {
    let o = Opaque::readmit;
    Some(match FindingClass::ALL.get(usize::from(class))? {
        FindingClass::Vulnerability => Matter::Vulnerability { id: vuln.parse().ok()?, package },
        FindingClass::Misconfiguration | FindingClass::Benchmark => {
            Matter::Control { control: ControlId(o(control)), path: o(detail) }
        }
        FindingClass::Secret => Matter::Secret { detector: o(control), location: o(detail) },
        FindingClass::Rbac => Matter::Rbac { capability: control.parse().ok()?, cluster_wide: detail == "cluster" },
        FindingClass::Signal => Matter::Signal { signal: ControlId(o(control)), discriminator: o(detail) },
    })
}

/// The root cause: the fix that closes it. `home` is where the fix goes: the image for a placed finding, else the asset.
pub(crate) fn cause(home: &AssetKey, matter: &Matter) -> Digest {
    let at = [home.cluster.reveal(), home.kind.as_str(), home.namespace.reveal(), home.name.reveal()];
    let what: Vec<&str> = match matter {
        Matter::Vulnerability { package, .. } => {
            vec![
                "package",
                package.ecosystem.reveal(),
                package.namespace.reveal(),
                package.counted_name().reveal(),
                package.artifact.reveal(),
            ]
        }
        Matter::Control { control, .. } => vec!["control", control.0.reveal()],
        Matter::Secret { detector, location } => vec!["secret", detector.reveal(), location.reveal()],
        Matter::Rbac { capability, .. } => vec!["rbac", capability.as_str()],
        Matter::Signal { signal, .. } => vec!["signal", signal.0.reveal()],
    };
    Digest::of_fields(at.iter().chain(&what).map(|f| f.as_bytes()))
}

/// Presence as its two columns.
pub(crate) fn presence_columns(presence: Presence) -> (u8, Option<u8>) {
    match presence {
        Presence::Open => (0, None),
        Presence::Stale => (1, None),
        Presence::Resolved(because) => (2, Some(because as u8)),
    }
}

/// Presence from its two columns.
pub(crate) fn read_presence(code: u8, because: Option<u8>) -> Presence {
    match code {
        0 => Presence::Open,
        1 => Presence::Stale,
        _ => Presence::Resolved(
            because
                .and_then(|b| ResolvedBecause::ALL.get(usize::from(b)).copied())
                .unwrap_or(ResolvedBecause::SourceWithdrew),
        ),
    }
}
