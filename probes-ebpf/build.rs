//! Compiles the probes with clang and hands the object to the crate. Without clang the build goes on: the agent then
//! says that it has no probes, and how to get them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const HOW: &str = "the agent is built without probes: install clang (Debian: apt-get install clang) and build again";

fn main() {
    println!("cargo:rustc-check-cfg=cfg(probes_built)");
    println!("cargo:rerun-if-changed=bpf");
    println!("cargo:rerun-if-env-changed=CLANG");
    let Some(out) = env::var_os("OUT_DIR").map(PathBuf::from) else { return };
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        println!("cargo:warning=probes are for Linux: {HOW}");
        return;
    }
    let clang = env::var("CLANG").unwrap_or_else(|_| "clang".to_owned());
    if !knows_bpf(&clang) {
        println!("cargo:warning=no {clang} that can build for BPF: {HOW}");
        return;
    }
    compile(&clang, Path::new("bpf/probes.bpf.c"), &out.join("probes.bpf.o"));
    println!("cargo:rustc-cfg=probes_built");
}

fn knows_bpf(clang: &str) -> bool {
    let targets = Command::new(clang).arg("--print-targets").output();
    targets.is_ok_and(|o| o.status.success() && String::from_utf8_lossy(&o.stdout).contains("bpf"))
}

fn compile(clang: &str, source: &Path, object: &Path) {
    // The object carries a path of its source only in debug sections, and those must not name the builder's machine.
    let here = env::current_dir().unwrap_or_default();
    let done = Command::new(clang)
        .args(["-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror", "-c"])
        .arg(format!("-fdebug-prefix-map={}=.", here.display()))
        .arg(source)
        .arg("-o")
        .arg(object)
        .output();
    match done {
        Ok(done) if done.status.success() => {}
        Ok(done) => panic!("the probes do not compile:\n{}", String::from_utf8_lossy(&done.stderr)),
        Err(error) => panic!("{clang} does not start: {error}"),
    }
}
