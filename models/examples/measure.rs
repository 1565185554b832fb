//! Measures the two models on this machine: load time, memory, passages a second, time of a choice. With `--pull`
//! it first pulls what is missing, from the Python packages.
//!
//!     cargo run --release -p assay-models --example measure -- MODELS_DIR [TEXTS_FILE] [--pull]
//!
//! ASSAY_PLANNER names another language model of the manifest. TEXTS_FILE has a passage a line; without it 500 passages of about 70 tokens are made up.
#![expect(clippy::print_stdout, reason = "what it prints is its result")]

use std::error::Error;
use std::time::Instant;

use assay_core::ids::Span;
use assay_core::ports::{Choices, Embed, Planner};
use assay_models::manifest::Manifest;
use assay_models::plan::PlanLimits;
use assay_models::pull::{Progress, Sources};
use assay_models::{Embedder, LocalPlanner, ModelStore, Puller, embed, plan};

const SYSTEM: &str = "You order facts about one security finding for an operator at night. Answer with letters only.";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut paths = arguments.iter().filter(|argument| !argument.starts_with("--"));
    let store = ModelStore::new(paths.next().ok_or("usage: measure MODELS_DIR [TEXTS_FILE] [--pull]")?);
    if arguments.iter().any(|argument| argument == "--pull") {
        pull(&store)?;
    }
    let texts = match paths.next() {
        Some(path) => std::fs::read_to_string(path)?.lines().map(str::to_owned).collect(),
        None => passages(),
    };
    println!("at start: {}", memory()?);
    let begin = Instant::now();
    let embedder = Embedder::load(&store)?;
    println!("embedder loaded in {:.2} s: {}", begin.elapsed().as_secs_f64(), memory()?);
    embedding(&embedder, &texts)?;
    println!("after embedding: {}", memory()?);
    let begin = Instant::now();
    let name = std::env::var("ASSAY_PLANNER").unwrap_or_else(|_| plan::PLANNER.to_owned());
    let planner = LocalPlanner::load_named(&store, &name, SYSTEM, PlanLimits::default())?;
    println!("planner loaded in {:.2} s: {}", begin.elapsed().as_secs_f64(), memory()?);
    planning(&planner)?;
    for _ in 0..5 {
        let speed = planner.speed(512, 64)?;
        let (read, written) = (512.0 / speed.prompt.as_secs_f64(), 64.0 / speed.answer.as_secs_f64());
        println!("prompt of 512 tokens: {read:.0} tokens/s, then 64 one by one among 26: {written:.0} tokens/s");
    }
    println!("after planning, both models loaded: {}", memory()?);
    Ok(())
}

fn pull(store: &ModelStore) -> Result<(), Box<dyn Error>> {
    let manifest = Manifest::built_in()?;
    let sources = Sources { hub: None, ..Sources::of(manifest) };
    let puller = Puller { store, sources: &sources, fetch: None, terms_accepted: false };
    for name in [embed::EMBEDDER, plan::PLANNER] {
        let model = manifest.model(name).ok_or("not in the manifest")?;
        puller.pull(model, &mut |progress| match progress {
            Progress::Bytes { .. } => {}
            other => println!("{other:?}"),
        })?;
    }
    Ok(())
}

fn embedding(embedder: &Embedder, texts: &[String]) -> Result<(), Box<dyn Error>> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    embedder.embed(&texts[..texts.len().min(20)])?;
    let (begin, used, count) = (Instant::now(), processor()?, texts.len() as f64);
    embedder.embed(&texts)?;
    let (seconds, used) = (begin.elapsed().as_secs_f64(), processor()? - used);
    let each = used / count * 1000.0;
    println!("{count} passages in {seconds:.2} s: {:.1} passages/s, {each:.1} ms of a core each", count / seconds);
    let mut one = Vec::new();
    for _ in 0..50 {
        let begin = Instant::now();
        embedder.embed(&["which workloads in production are exposed and run a vulnerable openssl?"])?;
        one.push(begin.elapsed().as_secs_f64());
    }
    println!("one question: {}", spread(&mut one));
    Ok(())
}

fn planning(planner: &LocalPlanner) -> Result<(), Box<dyn Error>> {
    let cold = Instant::now();
    let (_, tokens, plan) = ask(planner, 12, 0)?;
    println!("cold, prompt of {tokens} tokens: {:.2} s -> {plan}", cold.elapsed().as_secs_f64());
    for facts in [6, 9, 12, 16, 20] {
        let (mut times, mut length, mut written) = (Vec::new(), 0, String::new());
        let used = processor()?;
        for turn in 0..20 {
            let (time, tokens, plan) = ask(planner, facts, turn)?;
            times.push(time);
            (length, written) = (tokens, plan);
        }
        let used = (processor()? - used) / times.len() as f64;
        let times = spread(&mut times);
        println!("{facts} facts, prompt of {length} tokens: {times}, {used:.2} s of a core each -> {written}");
    }
    Ok(())
}

fn ask(planner: &LocalPlanner, facts: usize, turn: usize) -> Result<(f64, usize, String), Box<dyn Error>> {
    const GISTS: [&str; 10] = [
        "the flaw is in the catalogue of known exploited vulnerabilities",
        "reachable from the internet, with traffic seen in the last week",
        "the vulnerable package was loaded by a running process",
        "environment production, by the operator's rule file",
        "a shell ran in the container",
        "a fix exists in a later version of the package",
        "exploitation can be automated, derived from the vector",
        "technical impact is total, published by an authority",
        "the sensor saw two of five replicas",
        "the workload may read secrets of its namespace",
    ];
    let line = |i: usize| format!("{}: {}\n", char::from(b'A' + i as u8), GISTS[(i + turn) % GISTS.len()]);
    let lines: String = (0..facts).map(line).collect();
    let prompt = format!(
        "Facts:\n{lines}Put every letter once, most important first. Join two letters with + when they belong in one \
         sentence.\nOrder:"
    );
    let mut order = Order { left: (b'A'..b'A' + facts as u8).map(char::from).collect(), written: String::new() };
    let begin = Instant::now();
    planner.choose(&prompt, &mut order, Span::minutes(5))?;
    Ok((begin.elapsed().as_secs_f64(), planner.tokens(&prompt)?, order.written))
}

/// Every letter once, each alone or joined to the one before.
struct Order {
    left: Vec<char>,
    written: String,
}

impl Choices for Order {
    fn options(&self) -> Vec<String> {
        let alone = if self.written.is_empty() { "" } else { " " };
        let joined = self.written.len() >= 2
            && !self.written.ends_with('+')
            && !self.written[self.written.len() - 2..].starts_with('+');
        let open = self.left.iter().map(|letter| format!("{alone}{letter}"));
        let join = self.left.iter().filter(|_| joined || self.written.len() == 1).map(|letter| format!("+{letter}"));
        open.chain(join).collect()
    }

    fn take(&mut self, index: usize) {
        let text = self.options().swap_remove(index);
        self.written.push_str(&text);
        self.left.retain(|letter| !text.ends_with(*letter));
    }
}

fn passages() -> Vec<String> {
    const PARTS: [&str; 7] = [
        "A heap-based buffer overflow in the header parser of the library",
        "allows a remote attacker to execute arbitrary code via a crafted request",
        "in versions before the one that is fixed",
        "when the option is enabled, which it is not by default",
        "because a length field is trusted before it is checked",
        "An attacker needs a valid account with low privileges",
        "and the user must open a file that was prepared",
    ];
    (0..500)
        .map(|i| (0..5 + i % 4).map(|j| PARTS[(i * 3 + j * (1 + i % 5)) % 7]).collect::<Vec<_>>().join(" "))
        .collect()
}

fn spread(times: &mut [f64]) -> String {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    format!("p50 {:.3} s, p95 {:.3} s", at(0.5), at(0.95))
}

/// Seconds of processor time that this process used so far: what stays true on a machine that others use too.
fn processor() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    Ok((ticks(11) + ticks(12)) / 100.0)
}

fn memory() -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = |name: &str| status.lines().find(|line| line.starts_with(name)).unwrap_or_default().replace('\t', " ");
    Ok(format!("{}, {}", line("VmRSS:"), line("VmHWM:")))
}
