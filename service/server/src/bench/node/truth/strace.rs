//! A log of strace becomes the files that were used, each with how. Whose they are is not known here.

use std::collections::{BTreeMap, BTreeSet};

/// What is code: such a file that is opened is on its way to an interpreter.
const CODE: [&str; 7] = ["py", "pyc", "js", "mjs", "cjs", "jar", "pm"];

/// Files by how they were used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Trace {
    /// As the call names them: an alias is not resolved.
    pub(super) executed: BTreeSet<String>,
    /// Mapped to be executed.
    pub(super) loaded: BTreeSet<String>,
    /// Code that was opened to be read.
    pub(super) read: BTreeSet<String>,
    /// Anything else that was opened to be read.
    pub(super) data: BTreeSet<String>,
}

impl Trace {
    pub(super) fn read(log: &str) -> Self {
        let mut trace = Self::default();
        let mut begun: BTreeMap<&str, &str> = BTreeMap::new();
        for line in log.lines() {
            let Some((process, call)) = line.split_once(' ') else { continue };
            let call = call.trim_start();
            // Threads come in between: a call is cut in two lines.
            if let Some(head) = call.strip_suffix(" <unfinished ...>") {
                begun.insert(process, head);
            } else if let Some(rest) = call.strip_prefix("<... ") {
                let end = rest.split_once(" resumed>").map(|(_, end)| end).unwrap_or_default();
                trace.note(&format!("{}{end}", begun.remove(process).unwrap_or_default()));
            } else {
                trace.note(call);
            }
        }
        trace
    }

    /// One whole call: `openat(AT_FDCWD</>, "/etc/x", O_RDONLY) = 3</etc/x>`.
    fn note(&mut self, call: &str) -> Option<()> {
        let (name, rest) = call.split_once('(')?;
        let (args, result) = rest.rsplit_once(" = ")?;
        if result.starts_with('-') {
            return None;
        }
        match name {
            "execve" | "execveat" => {
                self.executed.insert(args.split('"').nth(1)?.to_owned());
            }
            "mmap" if args.contains("PROT_EXEC") => {
                let (_, path) = args.split_once('<')?;
                self.loaded.insert(path.rsplit_once('>')?.0.to_owned());
            }
            "openat" if !["O_WRONLY", "O_RDWR", "O_DIRECTORY", "O_PATH"].iter().any(|flag| args.contains(flag)) => {
                let path = result.split_once('<')?.1.rsplit_once('>')?.0;
                let end = path.rsplit('/').next()?.rsplit_once('.').map(|(_, end)| end).unwrap_or_default();
                let into = if CODE.contains(&end) { &mut self.read } else { &mut self.data };
                into.insert(path.to_owned());
            }
            _ => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_become_files_by_how_they_were_used() {
        let trace = Trace::read(
            "7  execve(\"/bin/sh\", [\"/bin/sh\", \"-c\", \"x = 1\"], 0x7ff /* 5 vars */) = 0\n\
             7  execve(\"/sbin/x\", [\"x\"], 0x7ff /* 5 vars */) = -1 ENOENT (No such file or directory)\n\
             7  openat(AT_FDCWD</>, \"/lib/libc.so.6\", O_RDONLY|O_CLOEXEC) = 3</usr/lib/libc.so.6>\n\
             7  mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3</usr/lib/libm.so.6>, 0) = 0x7f\n\
             7  mmap(0x7f, 8192, PROT_READ|PROT_EXEC, MAP_PRIVATE, 3</usr/lib/libc.so.6>, 0x28000) = 0x7f\n\
             7  openat(AT_FDCWD</app>, \"a.py\", O_RDONLY <unfinished ...>\n\
             8  openat(AT_FDCWD</app>, \"b.py\", O_WRONLY|O_CREAT, 0666) = 4</app/b.py>\n\
             7  <... openat resumed>)             = 4</app/a.py>\n\
             7  openat(AT_FDCWD</app>, \".\", O_RDONLY|O_DIRECTORY) = 4</app>\n\
             7  +++ exited with 0 +++\n",
        );
        let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(trace.executed, set(&["/bin/sh"]));
        assert_eq!(trace.loaded, set(&["/usr/lib/libc.so.6"]));
        assert_eq!(trace.read, set(&["/app/a.py"]));
        assert_eq!(trace.data, set(&["/usr/lib/libc.so.6"]));
    }
}
