//! What must not compile: a stranger's text in a prompt, a document that nobody guarded, one scale taken for another.
//!
//! Each file in `tests/refused` says in its second line with which error the compiler refuses it. Codes and names are
//! compared, not whole messages: those change with the compiler.
#![expect(clippy::disallowed_types, reason = "the compiler is asked; the core itself starts no process")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// What the compiler says about a file; none when it takes it. What it makes goes into a folder of its own: as root, the
/// compiler puts its output in the place of whatever `-o` names, also of a device.
fn refusal(file: &Path, core: &Path) -> Option<String> {
    let deps = core.parent().expect("a file lies in a folder");
    let output = Command::new("rustc")
        .args(["--edition=2024", "--crate-type=bin", "--emit=metadata", "--out-dir", env!("CARGO_TARGET_TMPDIR")])
        .arg(format!("-Ldependency={}", deps.display()))
        .arg(format!("--extern=assay_core={}", core.display()))
        .arg(file)
        .output()
        .expect("the compiler runs");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The library that this test was built with: of those that lie beside it, one that the sound file compiles with.
fn library(sound: &Path) -> PathBuf {
    let this = std::env::current_exe().expect("this test has a path");
    let deps = this.parent().expect("a file lies in a folder");
    let mut built: Vec<PathBuf> = std::fs::read_dir(deps).expect("the folder").flatten().map(|e| e.path()).collect();
    let is_core = |path: &PathBuf| {
        path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("libassay_core-"))
            && path.extension().is_some_and(|e| e == "rlib")
    };
    built.retain(is_core);
    built.sort_by_key(|path| std::cmp::Reverse(path.metadata().and_then(|m| m.modified()).ok()));
    let fits = |path: &PathBuf| refusal(sound, path).is_none();
    built.into_iter().find(fits).expect("the core's library lies beside its tests")
}

#[test]
fn what_breaks_a_law_does_not_compile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused");
    let core = library(&folder.join("sound.rs"));
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        let Some(expected) = text.lines().nth(1).and_then(|line| line.strip_prefix("// refused: ")) else {
            assert!(file.ends_with("sound.rs"), "{} does not say why it is refused", file.display());
            continue;
        };
        let said = refusal(&file, &core).unwrap_or_else(|| unreachable!("{} compiles", file.display()));
        for word in expected.split_whitespace() {
            assert!(said.contains(word), "{}: no `{word}` in\n{said}", file.display());
        }
        // One error: nothing else is wrong with the file.
        assert_eq!(said.matches("\nerror[").count() + usize::from(said.starts_with("error[")), 1, "{said}");
        seen += 1;
    }
    assert!(seen >= 10, "{seen} files");
}
