//! Other engines, run by Python where it has them: one JSON object a line in, one out. Nothing of Assay's rests on them.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::bench::child::Running;

/// The Python that has llama-cpp-python or onnxruntime; default: `python3`.
const PYTHON: &str = "ASSAY_BENCH_PYTHON";
/// A folder with `model.onnx` and `tokenizer.json` of all-MiniLM-L6-v2.
const ONNX: &str = "ASSAY_BENCH_ONNX";

/// A Python process that answers line by line.
struct Peer {
    running: Running,
    answers: BufReader<std::process::ChildStdout>,
}

impl Peer {
    /// Starts it; why not, when it cannot.
    fn start(script: &str, args: &[&str]) -> Result<Self, String> {
        let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
        let mut command = Command::new(&python);
        command.arg("-c").arg(script).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("{python} cannot be run: {error}"))?;
        let answers = child.stdout.take().map(BufReader::new).ok_or("it has no output")?;
        let mut peer = Self { running: Running(child), answers };
        let ready = peer.line().map_err(|error| error.to_string())?;
        match ready["missing"].as_str() {
            Some(missing) => Err(format!("{python} has no {missing}; {PYTHON} names one that has")),
            None => Ok(peer),
        }
    }

    fn ask(&mut self, question: &Value) -> Result<Value> {
        let input = self.running.0.stdin.as_mut().context("it has no input")?;
        writeln!(input, "{question}")?;
        input.flush()?;
        self.line()
    }

    fn line(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            bail!("the other engine ended");
        }
        Ok(serde_json::from_str(&line)?)
    }
}

/// llama.cpp by llama-cpp-python, on the same file, with as many threads as cores. Its cache of the last prompt is its
/// own: what two prompts share at their beginning is read once.
pub(super) struct Llama(Peer);

impl Llama {
    pub(super) fn start(model: &Path, system: &str) -> Result<Self, String> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).to_string();
        Peer::start(include_str!("llama.py"), &[&model.display().to_string(), &cores, system]).map(Self)
    }

    /// Seconds for one answer: as many letters as there are, each of them legal at any place, held by a grammar.
    pub(super) fn arrange(&mut self, prompt: &str, letters: &[char]) -> Result<f64> {
        let one = letters.iter().map(|letter| format!("\"{letter}\"")).collect::<Vec<_>>().join(" | ");
        let rest = " sep letter".repeat(letters.len().saturating_sub(1));
        let grammar = format!("root ::= letter{rest}\nsep ::= \" \" | \"+\"\nletter ::= {one}\n");
        let answer = self.0.ask(&json!({ "prompt": prompt, "grammar": grammar, "tokens": 2 * letters.len() }))?;
        answer["seconds"].as_f64().context("it told no time")
    }

    /// Seconds for a prompt of so many tokens, and for so many tokens after it.
    pub(super) fn speed(&mut self, prompt: usize, answer: usize) -> Result<[f64; 2]> {
        let told = self.0.ask(&json!({ "speed": [prompt, answer] }))?;
        let seconds = |at: usize| told["seconds"][at].as_f64().context("it told no time");
        Ok([seconds(0)?, seconds(1)?])
    }
}

/// MiniLM on onnxruntime.
pub(super) struct Onnx(Peer);

impl Onnx {
    pub(super) fn start() -> Result<Self, String> {
        let folder = std::env::var(ONNX).map_err(|_| {
            format!("no ONNX file of this model: {ONNX} names a folder with model.onnx and tokenizer.json")
        })?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).to_string();
        Peer::start(include_str!("onnx.py"), &[&folder, &cores]).map(Self)
    }

    /// Seconds for these texts.
    pub(super) fn embed(&mut self, texts: &[&str]) -> Result<f64> {
        self.0.ask(&json!({ "texts": texts }))?["seconds"].as_f64().context("it told no time")
    }
}
