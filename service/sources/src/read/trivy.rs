//! `trivy image|fs|repo|config -f json`, and the bare list of results that Trivy wrote before version 0.20.

mod entry;
mod result;

use assay_core::ids::Time;
use assay_core::observation::{NotAssessed, Subject};
use assay_core::scope::{Artifact, Head, Part, Spoken, SpokenSet};
use assay_core::text::Opaque;
use serde::Deserialize;

pub(super) use result::{Results, about, object, proper_kind};

use super::ReadError;
use super::image::{ImageWords, image, platform};
use super::intake::{Intake, Learnt, instant, tree};
use super::json::{Json, Kind};
use super::lenient::{Many, Word};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Metadata {
    #[serde(rename = "OS")]
    os: Option<Os>,
    #[serde(rename = "ImageID")]
    image_id: Word,
    repo_tags: Many<Word>,
    repo_digests: Many<Word>,
    reference: Word,
    #[serde(rename = "RepoURL")]
    repo_url: Word,
    image_config: Option<ImageConfig>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Os {
    family: Word,
    #[serde(rename = "EOSL")]
    end_of_life: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ImageConfig {
    architecture: Word,
    os: Word,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TrivyWord {
    version: Word,
}

/// What stands around the results.
#[derive(Debug, Default)]
struct Frame {
    name: String,
    kind: String,
    created: Option<Time>,
    version: String,
    metadata: Metadata,
    /// The target of the first result: all that an old report says of its artifact.
    first_target: String,
}

pub(super) fn read(json: &mut Json<'_>, mut intake: Intake<'_>) -> Result<Head, ReadError> {
    let mut frame = Frame::default();
    let mut results = Results::new("trivy");
    if json.kind()? == Kind::List {
        json.list(|json, i| results.read(json, &mut intake, &Subject::Artifact, &format!("[{i}]")))?;
        frame.first_target.clone_from(&results.first_target);
    } else {
        json.object(|json, key| match key {
            "ArtifactName" => Ok(frame.name = json.need::<Word>()?.0),
            "ArtifactType" => Ok(frame.kind = json.need::<Word>()?.0),
            "CreatedAt" => Ok(frame.created = instant(json.need::<Word>()?.as_str())),
            "Trivy" => Ok(frame.version = json.need::<Option<TrivyWord>>()?.unwrap_or_default().version.0),
            "Metadata" => Ok(frame.metadata = json.need::<Option<Metadata>>()?.unwrap_or_default()),
            "Results" => {
                json.list(|json, i| results.read(json, &mut intake, &Subject::Artifact, &format!("Results[{i}]")))
            }
            _ => json.skip(),
        })?;
    }
    json.finish()?;
    close(intake, &frame, results.spoken)
}

fn close(mut intake: Intake<'_>, frame: &Frame, spoken: SpokenSet) -> Result<Head, ReadError> {
    let tool_version = intake.name(&frame.version);
    let learnt =
        |artifact, part, hint| Learnt { tool_version, artifact, parts: vec![part], produced_at: frame.created, hint };
    let Some(image) = frame.image(&intake) else {
        let (scope, artifact, hint) = tree(&intake, frame.metadata.repo_url.as_str(), &frame.name);
        let part = Part { scope, classes: spoken, complete: true, content: None };
        return Ok(intake.head(learnt(artifact, part, hint)));
    };
    // A result for the distribution's packages shows that it was recognised, whatever the metadata leave out.
    let recognised = spoken.contains(Spoken::OsPackages);
    let why = frame.metadata.not_assessed().filter(|why| *why == NotAssessed::EndOfLife || !recognised);
    if let Some(why) = why {
        intake.not_assessed("Metadata.OS", Subject::Artifact, why)?;
    }
    let config = frame.metadata.image_config.as_ref();
    let platform = config.map_or(Opaque::readmit(""), |c| platform(&intake, c.os.as_str(), c.architecture.as_str()));
    // Zero needs proof: packages of a distribution that nobody watches any more are not closed by silence.
    let doubtful = why.is_some() && recognised;
    let part = Part::image(&image, platform, spoken, !doubtful);
    Ok(intake.head(learnt(Artifact::Image(image), part, None)))
}

impl Metadata {
    /// Why the distribution's packages could not be judged.
    pub(super) fn not_assessed(&self) -> Option<NotAssessed> {
        match &self.os {
            Some(os) if os.end_of_life => Some(NotAssessed::EndOfLife),
            Some(os) if !matches!(os.family.as_str(), "" | "none" | "unknown") => None,
            _ => Some(NotAssessed::UnknownDistribution),
        }
    }
}

impl Frame {
    /// The image that the report is about; none for trees.
    fn image(&self, intake: &Intake<'_>) -> Option<assay_core::asset::ImageRef> {
        let tags = self.metadata.repo_tags.iter().map(Word::as_str).chain(self.metadata.reference.some());
        let words = ImageWords {
            asked: &self.name,
            tags: tags.collect(),
            digests: self.metadata.repo_digests.iter().map(Word::as_str).collect(),
        };
        match self.kind.as_str() {
            "container_image" => image(intake, &words),
            "" if !self.metadata.image_id.is_empty() || !words.tags.is_empty() => image(intake, &words),
            // `nginx:1.17 (debian 10.3)`: an old report names its image in the target of its first result.
            "" if self.name.is_empty() => {
                let (asked, _) = self.first_target.rsplit_once(" (")?;
                image(intake, &ImageWords { asked, ..Default::default() })
            }
            _ => None,
        }
    }
}
