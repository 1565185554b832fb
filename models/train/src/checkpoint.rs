//! Where learning stood. One file, replaced in one move, so that a run that is cut off goes on where it was.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use crate::adam::Adam;

/// What was kept: the numbers learned so far and the optimiser. None where nothing was kept.
pub(crate) fn read(path: &Path, count: usize) -> Result<Option<(Vec<f32>, Adam)>> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (step, rest) = bytes.split_first_chunk::<8>().context("the checkpoint is cut")?;
    anyhow::ensure!(rest.len() == count * 12, "{} is of another plan; remove it to start anew", path.display());
    let numbers: Vec<f32> = rest.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let [params, first, second] = [0, 1, 2].map(|i| numbers[i * count..(i + 1) * count].to_vec());
    Ok(Some((params, Adam { first, second, step: u64::from_le_bytes(*step) as usize })))
}

/// Keeps where it stands.
pub(crate) fn write(path: &Path, params: &[f32], adam: &Adam) -> Result<()> {
    let mut bytes = (adam.step as u64).to_le_bytes().to_vec();
    for number in params.iter().chain(&adam.first).chain(&adam.second) {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    let new = path.with_extension("new");
    let mut file = std::fs::File::create(&new).with_context(|| format!("cannot write {}", new.display()))?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path).with_context(|| format!("cannot replace {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.checkpoint");
        assert!(read(&path, 2).unwrap().is_none());
        write(&path, &[1.0, 2.0], &Adam { first: vec![3.0, 4.0], second: vec![5.0, 6.0], step: 7 }).unwrap();
        let (params, adam) = read(&path, 2).unwrap().unwrap();
        assert_eq!((params, adam.first, adam.second, adam.step), (vec![1.0, 2.0], vec![3.0, 4.0], vec![5.0, 6.0], 7));
        assert!(read(&path, 3).unwrap_err().to_string().contains("another plan"));
    }
}
