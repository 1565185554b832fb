//! Canaries: secrets in every field of a report, in a ticket and in a question. Comes in: recipes. Goes out: each place behind
//! the door where one is seen.

use assay_core::scene::{Dice, SINKS, filled};
use assay_core::sink::escape;
use serde_json::json;

use super::{Recipe, Sort};
use crate::ground::{Asked, Fault, Ground};
use crate::situation::now;

/// The most canaries of one report.
const CANARIES_MAX: usize = 400;

/// One secret, and the text that it stands in.
pub(super) struct Canary {
    id: String,
    text: String,
    secret: String,
}

/// One canary for each shape of a provider.
pub(super) fn planted(recipes: &[Recipe], seed: u64) -> Vec<Canary> {
    let mut dice = Dice::new(seed ^ 0xca);
    let one = |recipe: &Recipe| {
        let secret = filled(&recipe.secret, &mut dice);
        let text = format!("{}{secret}{}", filled(&recipe.before, &mut dice), filled(&recipe.behind, &mut dice));
        Canary { id: recipe.id.clone(), text, secret }
    };
    recipes.iter().filter(|r| r.sort == Sort::Provider).take(CANARIES_MAX).map(one).collect()
}

/// Where canaries are seen.
pub(super) fn seen(planted: &[Canary], ground: &impl Ground) -> Result<Vec<String>, Fault> {
    let findings: Vec<_> = (1_000..)
        .zip(planted)
        .map(|(n, c)| {
            json!({
                "VulnerabilityID": format!("CVE-2026-{n}"), "PkgName": format!("lib {}", c.text),
                "InstalledVersion": format!("1 {}", c.text), "FixedVersion": format!("2 {}", c.text), "Severity": "HIGH",
                "Title": format!("title {}", c.text), "Description": format!("description {}", c.text),
            })
        })
        .collect();
    let report = json!({
        "SchemaVersion": 2, "ArtifactName": "docker.io/shop/web:1", "ArtifactType": "container_image",
        "Results": [{"Target": "web", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": findings}],
    });
    let all = planted.iter().map(|c| c.text.as_str()).collect::<Vec<_>>().join("\n");
    let asked = Asked {
        tickets: vec![format!("CVE-2026-1000 in shop/web\n{all}")],
        questions: planted.iter().take(20).map(|c| format!("why is shop/web {} urgent?", c.text)).collect(),
    };
    let traces = ground.traces(&report.to_string(), &asked, now())?;
    let mut found = Vec::new();
    let mut look = |place: &str, text: &str| {
        let seen = planted.iter().filter(|canary| text.contains(&canary.secret));
        found.extend(seen.map(|canary| format!("{} in {place}", canary.id)));
    };
    for (place, bytes) in &traces.kept {
        look(place, &String::from_utf8_lossy(bytes));
    }
    for (place, document) in &traces.shown {
        for sink in SINKS {
            look(&format!("{place} on {sink:?}"), &escape(document, sink));
        }
    }
    Ok(found)
}
