//! Things that can be at risk, and their identity in a cluster. Comes in: names from outside. Goes out: keys that
//! are equal exactly when the thing is the same, whatever tool named it. It must never use a tag, digest, pod name
//! or address as identity.

use std::fmt;
use std::sync::Arc;

use crate::ids::Digest;
use crate::text::Opaque;

/// The kind of a thing: a Kubernetes kind, with its group where two groups could share it, or one of ours
/// (`Image`, `Repository`, `NodeGroup`, `Cluster`, `Internet`, `User`, `Group`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(Arc<str>);

/// What a kind is for, where the road treats kinds alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KindClass {
    /// Runs containers: Deployment, StatefulSet, DaemonSet, Job, CronJob, Pod, ..
    Workload,
    /// A container image, by repository.
    Image,
    /// A source tree or file system that a tool scanned.
    Repository,
    /// One machine of the cluster, or a group of equal ones.
    Node,
    /// ServiceAccount, User or Group.
    Identity,
    /// Role, ClusterRole and their bindings.
    Rbac,
    /// Service, Ingress, Gateway, routes and policies.
    Network,
    /// The cluster itself.
    Cluster,
    /// A namespace.
    Namespace,
    /// The outside: where a path begins.
    Internet,
    /// Any other object.
    Other,
}

/// Kinds of Kubernetes that need no group to be told apart, with their class.
const KNOWN: &[(&str, KindClass)] = &[
    ("Pod", KindClass::Workload),
    ("Deployment", KindClass::Workload),
    ("StatefulSet", KindClass::Workload),
    ("DaemonSet", KindClass::Workload),
    ("ReplicaSet", KindClass::Workload),
    ("ReplicationController", KindClass::Workload),
    ("Job", KindClass::Workload),
    ("CronJob", KindClass::Workload),
    ("Image", KindClass::Image),
    ("Repository", KindClass::Repository),
    ("Node", KindClass::Node),
    ("NodeGroup", KindClass::Node),
    ("ServiceAccount", KindClass::Identity),
    ("User", KindClass::Identity),
    ("Group", KindClass::Identity),
    ("Role", KindClass::Rbac),
    ("ClusterRole", KindClass::Rbac),
    ("RoleBinding", KindClass::Rbac),
    ("ClusterRoleBinding", KindClass::Rbac),
    ("Service", KindClass::Network),
    ("Ingress", KindClass::Network),
    ("Gateway", KindClass::Network),
    ("NetworkPolicy", KindClass::Network),
    ("Namespace", KindClass::Namespace),
    ("Cluster", KindClass::Cluster),
    ("Internet", KindClass::Internet),
    ("ConfigMap", KindClass::Other),
    ("Secret", KindClass::Other),
    ("PersistentVolumeClaim", KindClass::Other),
    ("PersistentVolume", KindClass::Other),
];

impl Kind {
    /// A kind by its name; a group is kept only for kinds that Kubernetes itself does not define.
    pub fn new(group: &str, kind: &str) -> Self {
        let ours = KNOWN.iter().any(|(name, _)| *name == kind);
        let built_in = group.is_empty()
            || group.ends_with(".k8s.io")
            || matches!(group, "apps" | "batch" | "extensions" | "policy" | "autoscaling");
        Self(if ours && built_in || group.is_empty() { kind.into() } else { format!("{group}/{kind}").into() })
    }

    /// A kind that stands in our source.
    pub fn of(kind: &'static str) -> Self {
        Self(kind.into())
    }

    /// The spelling: `Deployment`, `cert-manager.io/Certificate`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The words for this kind where it has to stand before a name, since a workload may have the same one: `service
    /// account`, `node`. None for workloads, and for kinds that are no words of ours.
    pub fn before_name(&self) -> Option<String> {
        let ours = KNOWN.iter().any(|(name, class)| *name == self.as_str() && *class != KindClass::Workload);
        ours.then(|| {
            let mut words = String::new();
            for c in self.as_str().chars() {
                if c.is_ascii_uppercase() && !words.is_empty() {
                    words.push(' ');
                }
                words.push(c.to_ascii_lowercase());
            }
            words
        })
    }

    /// What this kind is for.
    pub fn class(&self) -> KindClass {
        KNOWN.iter().find(|(name, _)| *name == self.as_str()).map_or(KindClass::Other, |(_, class)| *class)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identity of a thing: cluster, kind, namespace, name. Images and repositories belong to no cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetKey {
    /// The cluster's name as this installation knows it; empty for images and repositories.
    pub cluster: Opaque,
    /// What it is.
    pub kind: Kind,
    /// Its namespace; empty for things of the whole cluster.
    pub namespace: Opaque,
    /// Its name: for an image the repository without tag or digest.
    pub name: Opaque,
}

impl AssetKey {
    /// An object of a cluster.
    pub fn object(cluster: &Opaque, kind: Kind, namespace: Opaque, name: Opaque) -> Self {
        Self { cluster: cluster.clone(), kind, namespace, name }
    }

    /// An image by its repository.
    pub fn image(repository: Opaque) -> Self {
        Self { cluster: nothing(), kind: Kind::of("Image"), namespace: nothing(), name: repository }
    }

    /// A scanned source tree by the name of its scope.
    pub fn repository(name: Opaque) -> Self {
        Self { cluster: nothing(), kind: Kind::of("Repository"), namespace: nothing(), name }
    }

    /// A namespace.
    pub fn namespace(cluster: &Opaque, name: Opaque) -> Self {
        Self::object(cluster, Kind::of("Namespace"), nothing(), name)
    }

    /// The cluster itself.
    pub fn cluster(cluster: &Opaque) -> Self {
        Self::object(cluster, Kind::of("Cluster"), nothing(), cluster.clone())
    }

    /// Where every path from outside begins.
    pub fn internet() -> Self {
        Self { cluster: nothing(), kind: Kind::of("Internet"), namespace: nothing(), name: Opaque::readmit("internet") }
    }
}

fn nothing() -> Opaque {
    Opaque::readmit("")
}

/// A reference to an image: `registry/repository:tag@sha256:..`, with Docker's defaults written out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef {
    /// Registry and path, never tag or digest: `docker.io/library/nginx`.
    pub repository: Opaque,
    /// The tag; `latest` where neither tag nor digest was given, none where only a digest was.
    pub tag: Option<Opaque>,
    /// The digest, where given.
    pub digest: Option<Digest>,
}

impl ImageRef {
    /// Reads a reference as container runtimes do: no registry means `docker.io`, no path under it means `library`.
    /// Source: the distribution project's reference grammar.
    pub fn parse(text: &Opaque) -> Option<Self> {
        let text = text.reveal().trim();
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        let slash = rest.rfind('/').map_or(0, |i| i + 1);
        let (path, tag) = match rest[slash..].find(':') {
            Some(colon) => (&rest[..slash + colon], Some(&rest[slash + colon + 1..])),
            None => (rest, None),
        };
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b':');
        if path.is_empty()
            || !path.bytes().all(legal)
            || tag.is_some_and(|t| t.is_empty() || t.len() > 128 || !t.bytes().all(legal))
        {
            return None;
        }
        let has_registry =
            path.split_once('/').is_some_and(|(first, _)| first.contains(['.', ':']) || first == "localhost");
        let repository = match (has_registry, path.contains('/')) {
            (true, _) => path
                .strip_prefix("index.docker.io/")
                .map_or_else(|| path.to_owned(), |rest| format!("docker.io/{rest}")),
            (false, true) => format!("docker.io/{path}"),
            (false, false) => format!("docker.io/library/{path}"),
        };
        let tag = tag.or(if digest.is_none() { Some("latest") } else { None });
        Some(Self {
            repository: Opaque::readmit(&repository.to_ascii_lowercase()),
            tag: tag.map(Opaque::readmit),
            digest: digest.and_then(|d| d.parse().ok()),
        })
    }

    /// The repository the way people type it: `nginx`, `shop/web`, `registry.example/shop/web`.
    pub fn familiar(repository: &str) -> &str {
        repository
            .strip_prefix("docker.io/library/")
            .or_else(|| repository.strip_prefix("docker.io/"))
            .unwrap_or(repository)
    }
}

/// A software package in an image or tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Package {
    /// What it is called, without version: the part that identity rests on.
    pub key: PackageKey,
    /// The version that was found.
    pub version: Opaque,
    /// The full package URL as a source wrote it, where one did.
    pub purl: Option<Opaque>,
}

/// A package without its version: purl type, namespace, name, and for language packages the artifact that holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageKey {
    /// The purl type: `deb`, `apk`, `rpm`, `npm`, `pypi`, `maven`, `golang`, ..
    pub ecosystem: Opaque,
    /// Distribution, Maven group, npm scope; empty where there is none.
    pub namespace: Opaque,
    /// The package as installed (the binary package of a distribution).
    pub name: Opaque,
    /// The package it was built from, where a source said so. Findings are counted by this one.
    pub source: Option<Opaque>,
    /// Language packages: the artifact that holds it, normalised; empty otherwise.
    pub artifact: Opaque,
}

/// Stands for the name of a package that a sensor saw in use and could not name. No registry keeps such a name, and if one
/// did, it would turn a "no" into an unknown and nothing else.
pub const UNNAMED_PACKAGE: &str = "-unnamed-";

impl PackageKey {
    /// The name that findings are counted by: the source package where known.
    pub fn counted_name(&self) -> &Opaque {
        self.source.as_ref().unwrap_or(&self.name)
    }

    /// True for what a sensor saw in use and could not name: it may be any package of its ecosystem.
    pub fn is_unnamed(&self) -> bool {
        self.name.reveal() == UNNAMED_PACKAGE
    }

    /// The name that people of its ecosystem know it by: `golang.org/x/net` and `@babel/core` are whole only with what
    /// stands before the last part.
    pub fn said(&self) -> Opaque {
        let name = self.counted_name();
        let whole = matches!(self.ecosystem.reveal(), "golang" | "npm" | "composer" | "github");
        if whole && !self.namespace.is_empty() {
            return Opaque::readmit(&format!("{}/{}", self.namespace.reveal(), name.reveal()));
        }
        name.clone()
    }

    /// True for packages that a distribution ships, whose place in the file system is no part of their identity.
    pub fn of_distribution(&self) -> bool {
        matches!(self.ecosystem.reveal(), "deb" | "rpm" | "apk" | "alpm" | "bitnami")
    }
}

/// One spelling for a distribution's purl namespace, where tools differ, and where a sensor has only the `ID` of `os-release`.
/// Source: purl-spec types deb, rpm and apk; the names that Trivy (`PurlNamespace`) and Syft write.
fn distribution(namespace: &str) -> &str {
    match namespace {
        "amzn" => "amazon",
        "rhel" | "red" => "redhat",
        "ol" | "oraclelinux" => "oracle",
        "sles" | "slem" | "sles_sap" | "sle-micro" | "sl-micro" | "suse-microos" => "suse",
        "suse linux enterprise server" | "suse linux enterprise micro" => "suse",
        "opensuse" | "opensuse.leap" | "opensuse-leap" | "opensuse.tumbleweed" | "opensuse-tumbleweed" => "suse",
        "rockylinux" => "rocky",
        "almalinux" => "alma",
        "centos-stream" => "centos",
        "mariner" => "cbl-mariner",
        other => other,
    }
}

/// Builds package keys from whatever a source said, one spelling for one package.
#[derive(Clone, Debug, Default)]
pub struct PackageParts<'a> {
    /// Purl type, or the nearest word the source used for it.
    pub ecosystem: &'a str,
    /// Namespace, group or scope.
    pub namespace: &'a str,
    /// Name as installed.
    pub name: &'a str,
    /// Version as installed.
    pub version: &'a str,
    /// Source package, where said.
    pub source: Option<&'a str>,
    /// Path of the file that holds or declares it.
    pub path: Option<&'a str>,
    /// The purl as written.
    pub purl: Option<&'a str>,
}

impl PackageParts<'_> {
    /// The package these parts name. The parts went through the door already.
    pub fn package(&self) -> Package {
        let purl = self.purl.and_then(|p| p.parse::<packageurl::PackageUrl<'_>>().ok());
        let ecosystem = purl.as_ref().map_or(self.ecosystem, |p| p.ty()).to_ascii_lowercase();
        let (namespace, name) = match &purl {
            Some(p) => (p.namespace().unwrap_or_default().to_owned(), p.name().to_owned()),
            None => split_name(&ecosystem, self.namespace, self.name),
        };
        let source = self.source.map(str::to_owned).or_else(|| purl.as_ref().and_then(upstream_of));
        let version = if self.version.is_empty() {
            purl.as_ref().and_then(|p| p.version()).unwrap_or_default()
        } else {
            self.version
        };
        let (namespace, name) = fold(&ecosystem, namespace, name);
        let mut key = PackageKey {
            ecosystem: Opaque::readmit(&ecosystem),
            namespace: Opaque::readmit(&namespace),
            source: source.filter(|s| !s.is_empty() && *s != name).map(|s| Opaque::readmit(&s)),
            artifact: Opaque::readmit(""),
            name: Opaque::readmit(&name),
        };
        if let (false, Some(path)) = (key.of_distribution(), self.path) {
            key.artifact = Opaque::readmit(&artifact_of(path, &name, version));
        }
        Package { key, version: Opaque::readmit(version), purl: self.purl.map(Opaque::readmit) }
    }
}

/// Names that a source wrote in one piece: `@scope/name`, `group:artifact`, a Go module path.
fn split_name(ecosystem: &str, namespace: &str, name: &str) -> (String, String) {
    let cut = match ecosystem {
        "maven" => name.rsplit_once(':'),
        "npm" | "golang" | "composer" => name.rsplit_once('/'),
        _ => None,
    };
    match cut {
        Some((space, rest)) if namespace.is_empty() => (space.to_owned(), rest.to_owned()),
        _ => (namespace.to_owned(), name.to_owned()),
    }
}

/// One spelling where the ecosystem itself says that two are the same. Source: purl-spec, PURL-TYPES.
fn fold(ecosystem: &str, namespace: String, name: String) -> (String, String) {
    match ecosystem {
        "pypi" => (namespace, name.to_ascii_lowercase().replace(['_', '.'], "-")),
        "golang" | "composer" | "github" | "bitbucket" => (namespace.to_ascii_lowercase(), name.to_ascii_lowercase()),
        "deb" | "apk" | "rpm" => (distribution(&namespace.to_ascii_lowercase()).to_owned(), name),
        _ => (namespace, name),
    }
}

/// The `upstream` qualifier that Syft and Grype write: `upstream=openssl` or `openssl@3.0.1` or a source rpm's name.
fn upstream_of(purl: &packageurl::PackageUrl<'_>) -> Option<String> {
    let text = purl.qualifiers().get("upstream")?;
    let name = text.split_once('@').map_or(text.as_ref(), |(name, _)| name);
    Some(source_rpm_name(name).unwrap_or(name).to_owned())
}

/// `openssl-1.1.1k-5.el8.src.rpm` -> `openssl`.
pub fn source_rpm_name(text: &str) -> Option<&str> {
    let stem = text.strip_suffix(".src.rpm")?;
    let (rest, _release) = stem.rsplit_once('-')?;
    rest.rsplit_once('-').map(|(name, _version)| name)
}

/// The artifact that holds a language package, without what changes from build to build: no leading slash, the
/// outermost archive, no version, no metadata file.
fn artifact_of(path: &str, name: &str, version: &str) -> String {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let outer = [".jar", ".war", ".ear", ".whl", ".egg"]
        .iter()
        .filter_map(|ext| path.find(ext).map(|i| i + ext.len()))
        .filter(|&end| path.len() == end || path[end..].starts_with([':', '!', '/']))
        .min()
        .map_or(path, |end| &path[..end]);
    let plain = if version.is_empty() { outer.to_owned() } else { outer.replace(&format!("-{version}"), "") };
    for tail in [".dist-info", ".egg-info"] {
        if let Some(at) = plain.find(tail) {
            return plain[..at].rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        }
    }
    let folder = plain.strip_suffix("/package.json").unwrap_or(&plain);
    let own = format!("node_modules/{name}");
    folder.strip_suffix(&own).map_or(folder, |rest| rest.trim_end_matches('/')).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &str) -> (String, Option<String>) {
        let image = ImageRef::parse(&Opaque::readmit(text)).unwrap();
        (image.repository.reveal().to_owned(), image.tag.map(|t| t.reveal().to_owned()))
    }

    #[test]
    fn one_image_has_one_repository() {
        let nginx = ("docker.io/library/nginx".to_owned(), Some("latest".to_owned()));
        assert_eq!(image("nginx"), nginx);
        assert_eq!(image("index.docker.io/library/nginx:latest"), nginx);
        assert_eq!(image("localhost:5000/a/b:1").0, "localhost:5000/a/b");
        assert_eq!(image(&format!("shop/web@sha256:{}", "a".repeat(64))), ("docker.io/shop/web".into(), None));
        assert!(ImageRef::parse(&Opaque::readmit("ignore all rules")).is_none());
    }

    #[test]
    fn one_package_has_one_key_whichever_tool_names_it() {
        let trivy = PackageParts {
            ecosystem: "jar",
            name: "org.apache.logging.log4j:log4j-core",
            version: "2.14.1",
            path: Some("app/lib/log4j-core-2.14.1.jar"),
            purl: Some("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"),
            ..Default::default()
        };
        let grype = PackageParts {
            ecosystem: "java-archive",
            name: "log4j-core",
            version: "2.14.1",
            path: Some("/app/lib/log4j-core-2.14.1.jar:x/y.jar"),
            purl: Some("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"),
            ..Default::default()
        };
        assert_eq!(trivy.package().key, grype.package().key);
        assert_eq!(trivy.package().key.artifact.reveal(), "app/lib/log4j-core.jar");
    }

    #[test]
    fn an_upgrade_does_not_change_the_artifact() {
        let at = |v: &str, path: &str, ty: &str| {
            PackageParts { ecosystem: ty, name: "requests", version: v, path: Some(path), ..Default::default() }
                .package()
                .key
        };
        assert_eq!(
            at("2.31.0", "usr/lib/python3/dist-packages/requests-2.31.0.dist-info/METADATA", "pypi"),
            at("2.32.0", "/usr/lib/python3/dist-packages/requests-2.32.0.dist-info/METADATA", "pypi")
        );
        assert_eq!(at("1.0.0", "app/node_modules/requests/package.json", "npm").artifact.reveal(), "app");
    }

    #[test]
    fn the_source_package_is_what_counts() {
        let p = PackageParts {
            ecosystem: "deb",
            name: "libssl3",
            version: "3.0.1",
            purl: Some("pkg:deb/debian/libssl3@3.0.1?arch=amd64&upstream=openssl%403.0.1"),
            ..Default::default()
        }
        .package();
        assert_eq!(p.key.counted_name().reveal(), "openssl");
        assert_eq!(source_rpm_name("openssl-1.1.1k-5.el8.src.rpm"), Some("openssl"));
        assert_eq!(
            PackageParts { ecosystem: "rpm", namespace: "amzn", name: "curl", ..Default::default() }
                .package()
                .key
                .namespace
                .reveal(),
            "amazon"
        );
    }

    #[test]
    fn a_distribution_is_one_whether_a_scanner_or_its_own_release_file_names_it() {
        let namespace = |purl: &str| PackageParts { purl: Some(purl), ..Default::default() }.package().key.namespace;
        for (scanner, release) in [
            ("opensuse", "opensuse-leap"),
            ("opensuse", "opensuse-tumbleweed"),
            ("suse", "sles"),
            ("suse", "sl-micro"),
            ("cbl-mariner", "mariner"),
            ("centos-stream", "centos"),
            ("redhat", "rhel"),
            ("oracle", "ol"),
            ("alma", "almalinux"),
            ("azurelinux", "azurelinux"),
        ] {
            let [said, seen] = [scanner, release].map(|id| namespace(&format!("pkg:rpm/{id}/curl@8-1")));
            assert_eq!(said, seen, "{scanner} and {release}");
        }
    }
}
