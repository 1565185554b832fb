//! Trains the adapter that reads CVE texts, and measures it beside the baseline of counted words. Comes in: JSON lines
//! of texts and the published encoder. Goes out: an adapter file and its numbers. It is run by hand; the product only
//! reads what it wrote.

mod adam;
mod adapter;
mod calibrate;
mod checkpoint;
mod encoder;
mod fit;
mod numbers;
mod params;
mod steps;
mod words;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use assay_core::ids::Digest;
use assay_core::scene::Dice;
use assay_eval::read::questions::outputs;
use assay_eval::read::texts::{Example, Part, Split, parse};
use assay_models::embed;
use clap::Parser;
use tokenizers::Tokenizer;

use crate::encoder::{Frozen, Live};
use crate::fit::{Lesson, Plan, fit, outputs_of};
use crate::numbers::{measure, settle, together};
use crate::params::{Layout, Sizes};

/// Learns to read CVE texts.
#[derive(Parser)]
#[command(
    after_help = "Example:\n  RAYON_NUM_THREADS=1 assay-train texts.jsonl.gz --models ~/.cache/assay/models --out read.safetensors"
)]
struct Arguments {
    /// The texts, JSON lines, plain or gzip.
    texts: PathBuf,
    /// The folder of installed models.
    #[arg(long, env = "ASSAY_MODELS")]
    models: PathBuf,
    /// The adapter to write; where it stood is kept beside it.
    #[arg(long)]
    out: PathBuf,
    /// How often every text is read.
    #[arg(long, default_value_t = 3)]
    epochs: usize,
    /// Texts to learn from; default: all of the split's part.
    #[arg(long)]
    texts_max: Option<usize>,
    /// Split by CVE and not by vendor: easier, for others' numbers are of that kind.
    #[arg(long)]
    by_cve: bool,
    /// Everything that is drawn is drawn from it.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The rank of the additions.
    #[arg(long, default_value_t = 16)]
    rank: usize,
    /// The peak of the learning rate.
    #[arg(long, default_value_t = 0.001)]
    rate: f32,
    /// Threads; each takes whole texts.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// The texts of one part, as they are and as tokens.
struct Lessons {
    texts: Vec<String>,
    lessons: Vec<Lesson>,
}

impl Lessons {
    fn of(part: Part, examples: &[Example], tokenizer: &Tokenizer) -> Result<Self> {
        let some: Vec<&Example> = examples.iter().filter(|e| e.part == part).collect();
        let lessons = some.iter().map(|e| {
            let encoded = tokenizer.encode_fast(e.text.as_str(), true).map_err(|e| anyhow::anyhow!("{e}"))?;
            Ok(Lesson { tokens: encoded.get_ids().to_vec(), classes: e.classes.clone() })
        });
        Ok(Self { lessons: lessons.collect::<Result<_>>()?, texts: some.iter().map(|e| e.text.clone()).collect() })
    }

    fn tokens(&self) -> Vec<&[u32]> {
        self.lessons.iter().map(|l| l.tokens.as_slice()).collect()
    }

    fn classes(&self) -> Vec<Vec<Option<usize>>> {
        self.lessons.iter().map(|l| l.classes.clone()).collect()
    }
}

fn main() -> Result<()> {
    let args = Arguments::parse();
    let split = if args.by_cve { Split::Cve } else { Split::Vendor };
    let examples = examples(&args.texts, split)?;
    let folder = args.models.join(embed::EMBEDDER);
    let tokenizer = tokenizer(&folder)?;
    let weights = std::fs::read(folder.join("model.safetensors")).context("the encoder is not installed")?;
    let base = Digest::of_bytes(&weights);
    let sizes = Sizes { layers: 6, width: 384, heads: 12, inner: 1536, rank: args.rank, outputs: outputs().1 };
    let layout = Layout::new(&sizes);
    let mut dice = Dice::new(args.seed);
    let mut draw = || (dice.below(2_000_001) as f32 - 1_000_000.0) / 1_000_000.0;
    let (frozen, start) = Frozen::load(&weights, &sizes, &layout, &mut draw)?;
    drop(weights);
    let part = |part: Part| Lessons::of(part, &examples, &tokenizer);
    let (mut learn, tune, test) = (part(Part::Learn)?, part(Part::Tune)?, part(Part::Test)?);
    learn.lessons.truncate(args.texts_max.unwrap_or(usize::MAX));
    learn.texts.truncate(learn.lessons.len());
    let counts = [&learn, &tune, &test].map(|l| l.lessons.len());
    eprintln!(
        "{} texts to learn, {} to tune, {} to test; {} numbers are learned",
        counts[0], counts[1], counts[2], layout.total
    );
    let plan = Plan {
        seed: args.seed,
        epochs: args.epochs,
        batch: 32,
        peak: args.rate,
        dropout: 10,
        threads: args.threads,
        checkpoint: fit::beside(&args.out),
    };
    let read = |params: &[f32], lessons: &Lessons| -> Result<Vec<Vec<f32>>> {
        let live = Live::new(sizes, &layout, params)?;
        outputs_of(&frozen, &live, &lessons.tokens(), args.threads)
    };
    let params = fit(&frozen, sizes, &layout, start, &learn.lessons, &plan, |epoch, params| {
        let outputs = read(params, &tune)?;
        let told = (outputs.as_slice(), tune.classes());
        let numbers = measure("encoder", (told.0, &told.1), &settle((told.0, &told.1)));
        let short: Vec<String> = numbers.iter().map(|n| format!("{} {:.3}", n.question, n.macro_f1)).collect();
        eprintln!("after {epoch}, tune: {}", short.join(", "));
        Ok(())
    })?;
    let classes = [tune.classes(), test.classes()];
    let encoder = [read(&params, &tune)?, read(&params, &test)?];
    let settled = settle((&encoder[0], &classes[0]));
    adapter::write(&args.out, &layout, &params, &settled, base)?;
    let mut numbers = measure("encoder", (&encoder[1], &classes[1]), &settled);

    let learned = learn.classes();
    let lessons: Vec<(&str, &[Option<usize>])> =
        learn.texts.iter().zip(&learned).map(|(t, c)| (t.as_str(), c.as_slice())).collect();
    let counted = [&tune, &test].map(|part| {
        let texts: Vec<&str> = part.texts.iter().map(String::as_str).collect();
        words::outputs(&lessons, &texts, args.seed)
    });
    let by_words = settle((&counted[0], &classes[0]));
    numbers.extend(measure("words", (&counted[1], &classes[1]), &by_words));
    let both = [0, 1].map(|i| together((&encoder[i], &settled), (&counted[i], &by_words)));
    numbers.extend(measure("both", (&both[1], &classes[1]), &settle((&both[0], &classes[0]))));
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(
        &mut out,
        &serde_json::json!({
            "texts": { "learn": counts[0], "tune": counts[1], "test": counts[2] },
            "by": if args.by_cve { "CVE" } else { "vendor" }, "seed": args.seed, "epochs": args.epochs, "rank": args.rank, "rate": args.rate, "threads": args.threads,
            "numbers": numbers,
        }),
    )?;
    writeln!(out)?;
    Ok(())
}

fn examples(path: &Path, split: Split) -> Result<Vec<Example>> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let input: Box<dyn Read> = match path.extension().is_some_and(|e| e == "gz") {
        true => Box::new(flate2::read::MultiGzDecoder::new(file)),
        false => Box::new(file),
    };
    let mut examples = Vec::new();
    for (at, line) in BufReader::new(input).lines().enumerate() {
        let line = line.with_context(|| format!("{} cannot be read", path.display()))?;
        let example = parse(&line, split).with_context(|| format!("{}, line {}", path.display(), at + 1))?;
        examples.extend(example);
    }
    Ok(examples)
}

/// The tokens as the product cuts them.
fn tokenizer(folder: &Path) -> Result<Tokenizer> {
    let path = folder.join("tokenizer.json");
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(embed::tokenizer(&path, &bytes)?)
}

#[cfg(test)]
mod tests;
