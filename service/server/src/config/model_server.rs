//! `[models.server]`: a model server that is asked before the local model. Off until it is switched on.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use assay_core::ids::{Span, Time};
use assay_models::BreakerLimits;
use assay_models::server::{Form, ServerSettings};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ModelServerFile {
    enabled: Option<bool>,
    url: Option<String>,
    model: Option<String>,
    key_file: Option<PathBuf>,
    timeout_ms: Option<u64>,
    form: Option<String>,
    failures_max: Option<u32>,
    pause_seconds: Option<u64>,
}

/// A model server that is asked before the local model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ModelServer {
    /// Whether anything is sent.
    pub(crate) enabled: bool,
    pub(crate) url: String,
    pub(crate) model: String,
    /// The file that holds the key, read when it is first needed.
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) timeout: Span,
    pub(crate) form: Form,
    /// When it is left alone.
    pub(crate) rest: BreakerLimits,
}

impl ModelServerFile {
    /// None where no server is named.
    pub(super) fn read(self) -> Result<Option<ModelServer>> {
        let (Some(url), Some(model)) = (&self.url, &self.model) else {
            let something = self.enabled.is_some() || self.url.is_some() || self.model.is_some();
            return match something {
                true => bail!("[models.server] needs url and model"),
                false => Ok(None),
            };
        };
        let form = match self.form.as_deref() {
            None | Some("answer") => Form::Answer,
            Some("grammar") => Form::Grammar,
            Some(other) => bail!("form in [models.server] is `{other}`: expected answer or grammar"),
        };
        let limits = BreakerLimits::default();
        let failures_max = self.failures_max.unwrap_or(limits.failures_max);
        if failures_max == 0 {
            bail!("failures_max in [models.server] is at least 1");
        }
        let ms = self.timeout_ms.unwrap_or(2000).min(86_400_000);
        let timeout = Time::from_millis(0).until(Time::from_millis(i64::try_from(ms)?));
        Ok(Some(ModelServer {
            enabled: self.enabled.unwrap_or(false),
            url: url.clone(),
            model: model.clone(),
            key_file: self.key_file,
            timeout,
            form,
            rest: BreakerLimits {
                failures_max,
                pause: self.pause_seconds.map_or(limits.pause, |seconds| Duration::from_secs(seconds.min(86_400))),
            },
        }))
    }
}

impl ModelServer {
    /// What the client needs, with the key read from its file.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub(crate) fn settings(&self) -> Result<ServerSettings> {
        let read = |path: &PathBuf| {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("the key of the model server cannot be read from {}", path.display()))?;
            Ok::<String, anyhow::Error>(text.trim().to_owned())
        };
        Ok(ServerSettings {
            url: self.url.clone(),
            model: self.model.clone(),
            key: self.key_file.as_ref().map(read).transpose()?.filter(|key| !key.is_empty()),
            timeout: self.timeout,
            form: self.form,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<ModelServer>> {
        toml::from_str::<ModelServerFile>(text)?.read()
    }

    #[test]
    fn a_server_is_off_until_it_is_switched_on() {
        assert_eq!(read("").unwrap(), None);
        let server = read("url = 'http://127.0.0.1:8080/v1'\nmodel = 'm'").unwrap().unwrap();
        assert!(!server.enabled && server.form == Form::Answer && server.timeout == Span::secs(2));
        assert_eq!(server.rest, BreakerLimits::default());
        let server =
            read("url = 'u'\nmodel = 'm'\nenabled = true\nform = 'grammar'\npause_seconds = 5\ntimeout_ms = 700");
        let server = server.unwrap().unwrap();
        assert!(server.enabled && server.form == Form::Grammar && server.rest.pause == Duration::from_secs(5));
        assert_eq!(server.timeout.millis(), 700);
    }

    #[test]
    fn what_is_half_said_is_refused() {
        for bad in [
            "enabled = true",
            "url = 'u'",
            "model = 'm'",
            "url = 'u'\nmodel = 'm'\nform = 'json'",
            "url = 'u'\nmodel = 'm'\nfailures_max = 0",
            "url = 'u'\nmodel = 'm'\nkey = 'secret'",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_comes_from_its_file_and_is_never_printed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "k3y\n").unwrap();
        let text = format!("url = 'u'\nmodel = 'm'\nkey_file = '{}'", file.path().display());
        let server = read(&text).unwrap().unwrap();
        assert_eq!(server.settings().unwrap().key.as_deref(), Some("k3y"));
        assert!(!format!("{server:?}").contains("k3y"));
        let gone = read("url = 'u'\nmodel = 'm'\nkey_file = '/nowhere/key'").unwrap().unwrap();
        assert!(gone.settings().unwrap_err().to_string().contains("/nowhere/key"));
    }
}
