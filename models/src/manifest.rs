//! Which models there are: the manifest that is compiled in, or one that an operator writes in the same form.
//! Comes in: TOML. Goes out: names, sizes, digests, licences and sources that were all checked.

use std::sync::LazyLock;

use assay_core::ids::Digest;
use serde::{Deserialize, Serialize};

static BUILT_IN: LazyLock<Result<Manifest, ManifestError>> =
    LazyLock::new(|| Manifest::parse(include_str!("../manifest.toml")));

/// The models that can be pulled, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The address of the model hub, without a slash at the end.
    pub hub: String,
    /// The models.
    pub models: Vec<Model>,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Job {
    /// Texts to vectors.
    Embed,
    /// A choice among legal continuations.
    Plan,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What commands call it, and the name of its folder.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What it is for.
    pub job: Job,
    /// Its licence: an SPDX id, or the name that its owner gives it.
    pub licence: String,
    /// Terms that the user must accept before the model is pulled. None: the licence asks for no such step.
    pub terms: Option<Terms>,
    /// What else is to be known about it.
    #[serde(default)]
    pub card: Card,
    /// Its files.
    #[serde(rename = "file")]
    pub files: Vec<ModelFile>,
}

/// What is to be known about a model before it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// What it is.
    pub what: String,
    /// Who made it.
    pub from: String,
    /// Numbers that were measured here, each with the command that gives it.
    pub measured: Vec<String>,
    /// What it cannot do, and what it is not used for.
    pub limits: Vec<String>,
}

/// Terms of use that somebody has to accept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What they are, in a few sentences of ours.
    pub text: String,
    /// Where they stand in full.
    pub url: String,
}

/// One file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Its name in the model's folder.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What it must hash to.
    #[serde(deserialize_with = "hex_digest")]
    pub sha256: Digest,
    /// Its path on the model hub. None: the hub does not have it.
    pub hub: Option<String>,
    /// The files of Python packages that make it up, one after the other. Empty: no package has it.
    #[serde(rename = "part", default)]
    pub parts: Vec<PackagePart>,
}

/// A file inside a Python package.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagePart {
    /// The package's name in the index that pip is set up for.
    pub package: String,
    /// Its exact version.
    pub version: String,
    /// The file's path inside, which starts with the module's name.
    pub path: String,
}

/// Why a manifest cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// It is not TOML of the expected form.
    #[error("the model manifest cannot be read: {0}")]
    Form(String),
    /// A name would lead out of the models folder, or stands there twice.
    #[error("the model manifest names {0:?}, which is no plain name or stands there twice")]
    Name(String),
}

impl Manifest {
    /// The manifest that is compiled in.
    ///
    /// # Errors
    /// Never in a build that passed its tests.
    pub fn built_in() -> Result<&'static Self, ManifestError> {
        BUILT_IN.as_ref().map_err(Clone::clone)
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// When it is not of the expected form, or a name could lead out of the models folder.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            hub: String,
            model: Vec<Model>,
        }
        let file: File = toml::from_str(text).map_err(|error| ManifestError::Form(error.to_string()))?;
        plain_and_distinct(file.model.iter().map(|model| model.name.as_str()))?;
        for model in &file.model {
            plain_and_distinct(model.files.iter().map(|file| file.name.as_str()))?;
        }
        Ok(Self { hub: file.hub.trim_end_matches('/').to_owned(), models: file.model })
    }

    /// The model of this name.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }
}

impl Model {
    /// The sum of its files' sizes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

fn plain_and_distinct<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), ManifestError> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if !plain || name.is_empty() || name.starts_with('.') || !seen.insert(name) {
            return Err(ManifestError::Name(name.to_owned()));
        }
    }
    Ok(())
}

fn hex_digest<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
    let hex = String::deserialize(deserializer)?;
    format!("sha256:{hex}").parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_that_is_compiled_in_reads() {
        let manifest = Manifest::built_in().unwrap();
        let names: Vec<&str> = manifest.models.iter().map(|model| model.name.as_str()).collect();
        assert_eq!(names, ["smollm2-135m-instruct", "all-minilm-l6-v2", "gemma3-270m"]);
        for model in &manifest.models {
            let card = &model.card;
            assert!(![&card.what, &card.from].iter().any(|text| text.is_empty()), "{} has no card", model.name);
            assert!(!card.measured.is_empty() && !card.limits.is_empty(), "{}", model.name);
            assert!(model.files.iter().all(|file| file.hub.is_some() && !file.parts.is_empty()), "{}", model.name);
            assert_eq!(model.terms.is_some(), model.licence != "Apache-2.0", "{}", model.name);
        }
        assert_eq!(manifest.model("gemma3-270m").unwrap().files[0].parts.len(), 4);
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_refused() {
        let text = include_str!("../manifest.toml");
        for bad in ["../x", ".hidden", "a/b", "", "all-minilm-l6-v2"] {
            let text = text.replace("\"smollm2-135m-instruct\"", &format!("{bad:?}"));
            assert_eq!(Manifest::parse(&text), Err(ManifestError::Name(bad.to_owned())));
        }
    }

    #[test]
    fn a_word_that_is_not_known_is_refused() {
        let text = include_str!("../manifest.toml").replace("licence =", "license =");
        assert!(matches!(Manifest::parse(&text), Err(ManifestError::Form(why)) if why.contains("license")));
        let text = include_str!("../manifest.toml").replace("b179c952", "b179");
        assert!(matches!(Manifest::parse(&text), Err(ManifestError::Form(_))));
    }
}
