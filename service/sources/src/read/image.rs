//! Which image a report is about, and which purl type the words of tools mean.

use assay_core::asset::ImageRef;
use assay_core::text::Opaque;

use super::intake::Intake;

/// What a report says about its image.
#[derive(Debug, Default)]
pub(crate) struct ImageWords<'a> {
    /// What the tool was asked to scan.
    pub(crate) asked: &'a str,
    /// References with tags that the tool resolved.
    pub(crate) tags: Vec<&'a str>,
    /// References with digests that the tool resolved.
    pub(crate) digests: Vec<&'a str>,
}

/// The image: what was asked for, unless that is a file; then the first reference that the file carries. The digest
/// comes from the resolved reference of the same repository.
pub(crate) fn image(intake: &Intake<'_>, words: &ImageWords<'_>) -> Option<ImageRef> {
    let parse = |text: &str| ImageRef::parse(&intake.name(text));
    let asked = Some(words.asked).filter(|a| !is_file(a)).and_then(parse);
    let mut image = asked
        .or_else(|| words.tags.iter().copied().find_map(parse))
        .or_else(|| words.digests.iter().copied().find_map(parse))?;
    if image.digest.is_none() {
        let same = |other: &ImageRef| other.repository == image.repository && other.digest.is_some();
        image.digest = words.digests.iter().copied().filter_map(parse).find(same).and_then(|other| other.digest);
    }
    Some(image)
}

/// Archives and paths parse like references and are none.
fn is_file(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || text.starts_with(['/', '.', '~'])
        || [".tar", ".tar.gz", ".tgz", ".tar.xz", ".json"].iter().any(|end| text.ends_with(end))
}

/// `linux/amd64`, or nothing where the report does not say.
pub(crate) fn platform(intake: &Intake<'_>, os: &str, architecture: &str) -> Opaque {
    match (os.trim(), architecture.trim()) {
        ("", _) | (_, "") => Opaque::readmit(""),
        (os, architecture) => intake.name(&format!("{os}/{architecture}")),
    }
}

/// The purl type and namespace that a tool's word for a package manager or distribution means.
/// Source: the types of Trivy and Syft, purl-spec PURL-TYPES.
pub(crate) fn ecosystem(word: &str) -> (&str, &str) {
    const TYPES: &[(&str, &[&str])] = &[
        ("maven", &["jar", "pom", "gradle", "sbt", "java-archive", "jenkins-plugin"]),
        ("npm", &["npm", "yarn", "pnpm", "bun", "node-pkg", "nodejs", "javascript"]),
        ("pypi", &["pip", "pipenv", "poetry", "uv", "python-pkg", "python"]),
        ("golang", &["gomod", "gobinary", "go-module", "go"]),
        ("gem", &["bundler", "gemspec", "gem", "ruby"]),
        ("cargo", &["cargo", "rustbinary", "rust-binary", "rust-crate", "rust"]),
        ("composer", &["composer", "composer-vendor", "php-composer", "php"]),
        ("nuget", &["nuget", "dotnet-core", "packages-props", "dotnet"]),
        ("hex", &["hex", "mix-lock", "erlang"]),
        ("pub", &["pub", "dart-pub", "dart"]),
        ("conda", &["conda", "conda-pkg", "conda-environment"]),
        ("deb", &["deb", "dpkg"]),
        ("apk", &["apk"]),
        ("rpm", &["rpm"]),
    ];
    const DISTRIBUTIONS: &[(&str, &[&str])] = &[
        ("deb", &["debian", "ubuntu", "echo"]),
        ("apk", &["alpine", "wolfi", "chainguard", "minimos"]),
        (
            "rpm",
            &[
                "redhat",
                "centos",
                "rocky",
                "alma",
                "amazon",
                "oracle",
                "fedora",
                "photon",
                "cbl-mariner",
                "azurelinux",
                "suse",
                "sles",
                "opensuse",
                "opensuse.leap",
                "opensuse-leap",
                "opensuse.tumbleweed",
                "opensuse-tumbleweed",
                "slem",
                "suse linux enterprise server",
                "suse linux enterprise micro",
                "centos-stream",
            ],
        ),
        ("alpm", &["arch"]),
    ];
    if let Some((ty, _)) = TYPES.iter().find(|(_, words)| words.contains(&word)) {
        return (ty, "");
    }
    match DISTRIBUTIONS.iter().find(|(_, words)| words.contains(&word)) {
        Some((ty, _)) => (ty, word),
        None => (word, ""),
    }
}
