//! A static executable of Go: the modules in it, and one that is required and not in it.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use assay_core::observation::UseLevel;

use super::Workload;
use super::image::Image;

pub(super) const GO: Workload = Workload {
    runtime: "Go",
    needs: &[("/usr/bin/go", "golang-go")],
    lay,
    owners,
    executed: UseLevel::Linked,
    blurred: &[],
};

const SOURCE: &str = "srv/source";
const PROGRAM: &str = "srv/app/server";

const FILES: [(&str, &str); 6] = [
    (
        "go.mod",
        "module example.org/server\ngo 1.18\nrequire (\nexample.org/mux v1.8.0\nexample.org/yaml/v3 v3.0.1\nexample.org/idle v0.1.0\n)\n",
    ),
    (
        "main.go",
        "package main\nimport (\n\"crypto/sha256\"\n\"example.org/mux\"\n)\nfunc main() { println(mux.Name(), sha256.Size) }\n",
    ),
    (
        "vendor/modules.txt",
        "# example.org/mux v1.8.0\n## explicit\nexample.org/mux\n# example.org/yaml/v3 v3.0.1\n## explicit\nexample.org/yaml/v3\n# example.org/idle v0.1.0\n## explicit\nexample.org/idle\n",
    ),
    (
        "vendor/example.org/mux/mux.go",
        "package mux\nimport \"example.org/yaml/v3\"\nfunc Name() string { return yaml.Name() }\n",
    ),
    ("vendor/example.org/yaml/v3/yaml.go", "package yaml\nfunc Name() string { return \"yaml\" }\n"),
    ("vendor/example.org/idle/idle.go", "package idle\nfunc Name() string { return \"idle\" }\n"),
];

fn lay(image: &Image) -> Result<String> {
    for (file, text) in FILES {
        image.file(&format!("{SOURCE}/{file}"), text)?;
    }
    let mut build = Command::new("go");
    build.args(["build", "-mod=vendor", "-buildvcs=false", "-o"]).arg(image.laid(PROGRAM));
    // Nothing is fetched, and nothing is kept of it.
    build.env("CGO_ENABLED", "0").env("GOFLAGS", "").env("GOCACHE", image.laid("cache")).env("GOPROXY", "off");
    let done = build.current_dir(image.laid(SOURCE)).output()?;
    if !done.status.success() {
        bail!("go: {}", String::from_utf8_lossy(&done.stderr));
    }
    fs::remove_dir_all(image.laid("cache"))?;
    Ok(format!("set -e; /{PROGRAM} 2>/dev/null"))
}

/// By what Go itself reads out of the executable, if it ran.
fn owners(image: &Image, files: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    if !files.contains(&format!("/{PROGRAM}")) {
        return Ok(BTreeSet::new());
    }
    let read = Command::new("go").args(["version", "-m"]).arg(image.laid(PROGRAM)).output()?;
    let text = String::from_utf8_lossy(&read.stdout).into_owned();
    let mut lines = text.lines();
    let library = lines.next().and_then(|line| line.rsplit_once(": go")).context("the version of Go")?.1;
    let mut packages = BTreeSet::from([format!("golang/stdlib@{library}")]);
    for line in lines {
        match line.trim().split('\t').collect::<Vec<_>>()[..] {
            ["mod" | "dep", name, "(devel)", ..] => packages.insert(format!("golang/{name}")),
            ["mod" | "dep", name, version, ..] => packages.insert(format!("golang/{name}@{version}")),
            _ => false,
        };
    }
    Ok(packages)
}
