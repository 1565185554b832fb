//! Which line of its file each field of an object stands on. Comes in: paths with lines, while a document is read.
//! Goes out: the line of a path, or of its nearest ancestor. Paths are kept as hashes: the names in them are
//! strangers', and a line is evidence, never identity.

/// One step of a path into an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A field of a mapping.
    Field(&'a str),
    /// An item of a list.
    Item(usize),
}

/// A path that a table can be asked for: the hash of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(u64);

impl Path {
    /// The object itself.
    pub const ROOT: Path = Path(0xcbf2_9ce4_8422_2325);

    /// One step further down.
    pub fn child(self, step: Step<'_>) -> Self {
        match step {
            Step::Field(name) => self.fold(b"f").fold(name.as_bytes()),
            Step::Item(index) => self.fold(b"i").fold(&index.to_le_bytes()),
        }
    }

    /// FNV-1a: a collision costs a wrong line number, nothing else.
    fn fold(self, bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
    }
}

/// The lines of one object's fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines(Box<[(Path, u32)]>);

impl Lines {
    /// A table from what was noted while reading, in any order.
    pub(super) fn new(mut noted: Vec<(Path, u32)>) -> Self {
        noted.sort_unstable();
        noted.dedup_by_key(|(path, _)| *path);
        Self(noted.into_boxed_slice())
    }

    /// The line of this path, or of the nearest part of it that was written. None where no lines are known.
    pub fn at<'a>(&self, steps: impl IntoIterator<Item = Step<'a>>) -> Option<u32> {
        let mut path = Path::ROOT;
        let mut line = self.of(path);
        for step in steps {
            path = path.child(step);
            match self.of(path) {
                Some(found) => line = Some(found),
                None => break,
            }
        }
        line
    }

    fn of(&self, path: Path) -> Option<u32> {
        self.0.binary_search_by_key(&path, |(known, _)| *known).ok().map(|at| self.0[at].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_was_not_written_has_the_line_of_what_holds_it() {
        let spec = Path::ROOT.child(Step::Field("spec"));
        let first = spec.child(Step::Field("containers")).child(Step::Item(0));
        let lines =
            Lines::new(vec![(first, 7), (spec.child(Step::Field("containers")), 6), (spec, 5), (Path::ROOT, 1)]);
        let at = |steps: &[Step<'_>]| lines.at(steps.iter().copied());
        let container = [Step::Field("spec"), Step::Field("containers"), Step::Item(0)];
        assert_eq!(at(&container), Some(7));
        assert_eq!(
            at(&[&container[..], &[Step::Field("securityContext"), Step::Field("privileged")]].concat()),
            Some(7)
        );
        assert_eq!(at(&[Step::Field("status")]), Some(1));
        assert_eq!(Lines::default().at(container), None);
    }
}
