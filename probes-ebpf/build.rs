//! Compiles the probes with clang and hands the object to the crate. Without clang the build goes on: the agent then
//! says that it has no probes, and how to get them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const HOW: &str = "the agent is built without probes: install clang (Debian: apt-get install clang) and build again";

fn main() -> Result<(), String> {
    println!("cargo:rustc-check-cfg=cfg(probes_built)");
    println!("cargo:rerun-if-changed=bpf");
    println!("cargo:rerun-if-env-changed=CLANG");
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or("cargo gives no OUT_DIR")?;
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        println!("cargo:warning=probes are for Linux: {HOW}");
        return Ok(());
    }
    let clang = env::var("CLANG").unwrap_or_else(|_| "clang".to_owned());
    if !knows_bpf(&clang) {
        println!("cargo:warning=no {clang} that can build for BPF: {HOW}");
        return Ok(());
    }
    compile(&clang, Path::new("bpf/probes.bpf.c"), &out.join("probes.bpf.o"))?;
    println!("cargo:rustc-cfg=probes_built");
    Ok(())
}

fn knows_bpf(clang: &str) -> bool {
    let targets = Command::new(clang).arg("--print-targets").output();
    targets.is_ok_and(|o| o.status.success() && String::from_utf8_lossy(&o.stdout).contains("bpf"))
}

fn compile(clang: &str, source: &Path, object: &Path) -> Result<(), String> {
    // The object carries a path of its source only in debug sections, and those must not name the builder's machine.
    let here = env::current_dir().unwrap_or_default();
    let done = Command::new(clang)
        .args(["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror", "-c"])
        .arg(format!("-fdebug-prefix-map={}=.", here.display()))
        .arg(source)
        .arg("-o")
        .arg(object)
        .output()
        .map_err(|error| format!("{clang} does not start: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    Err(format!("the probes do not compile:\n{}", String::from_utf8_lossy(&done.stderr)))
}
