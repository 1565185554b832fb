//! Where batches go: to the service by way of the spool, or to the standard output or a file as JSON lines.

use std::io::{self, Write};

use assay_core::batch::SensorBatch;

use crate::coverage::Gap;
use crate::ship::Shipper;

/// An outlet.
pub enum Outlet {
    /// JSON lines; the number is counted here.
    Lines {
        /// Where they go.
        out: Box<dyn Write + Send>,
        /// The next number.
        next: u64,
    },
    /// The service.
    Ship(Shipper),
}

impl Outlet {
    /// JSON lines to this place.
    pub fn lines(out: Box<dyn Write + Send>) -> Self {
        Self::Lines { out, next: 0 }
    }

    /// Hands a batch on; false when it must be offered again later. It never waits for the service.
    ///
    /// # Errors
    /// When the standard output is closed, or the shipping thread ended.
    pub fn offer(&mut self, mut batch: SensorBatch) -> io::Result<bool> {
        match self {
            Self::Lines { out, next } => {
                batch.sequence = *next;
                *next += 1;
                serde_json::to_writer(&mut *out, &batch).map_err(io::Error::other)?;
                out.write_all(b"\n")?;
                out.flush()?;
                Ok(true)
            }
            Self::Ship(shipper) => shipper.offer(batch),
        }
    }

    /// Containers of which the service has ordered evidence since the last call.
    pub fn ordered(&mut self) -> Vec<String> {
        match self {
            Self::Lines { .. } => Vec::new(),
            Self::Ship(shipper) => shipper.ordered(),
        }
    }

    /// Stretches whose facts were given up on the way since the last call.
    pub fn gaps(&mut self) -> Vec<Gap> {
        match self {
            Self::Lines { .. } => Vec::new(),
            Self::Ship(shipper) => shipper.gaps(),
        }
    }
}
