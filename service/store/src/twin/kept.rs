//! Evidence that was kept on a node, as it stands in the data file.

use assay_core::observation::Kept;
use assay_core::text::Opaque;
use serde::{Deserialize, Serialize};

use super::Unread;

#[derive(Serialize, Deserialize)]
pub(crate) struct KeptRow {
    node: String,
    instance: String,
    file: String,
    sha256: String,
    bytes: u64,
    processes: u32,
    files: u32,
    sockets: u32,
    maps: u32,
    records: u32,
    left_out: u32,
}

impl KeptRow {
    pub(crate) fn of(kept: &Kept) -> Self {
        let text = |o: &Opaque| o.reveal().to_owned();
        Self {
            node: text(&kept.node),
            instance: text(&kept.instance),
            file: text(&kept.file),
            sha256: kept.sha256.to_string(),
            bytes: kept.bytes,
            processes: kept.processes,
            files: kept.files,
            sockets: kept.sockets,
            maps: kept.maps,
            records: kept.records,
            left_out: kept.left_out,
        }
    }

    pub(crate) fn kept(self) -> Result<Kept, Unread> {
        Ok(Kept {
            node: Opaque::readmit(&self.node),
            instance: Opaque::readmit(&self.instance),
            file: Opaque::readmit(&self.file),
            sha256: self.sha256.parse().map_err(|e: assay_core::ids::BadDigest| Unread(e.to_string()))?,
            bytes: self.bytes,
            processes: self.processes,
            files: self.files,
            sockets: self.sockets,
            maps: self.maps,
            records: self.records,
            left_out: self.left_out,
        })
    }
}
