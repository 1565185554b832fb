//! Tokens: made once, printed or written once, kept as digests.

use anyhow::Result;
use assay_core::ids::{Digest, Time};
use assay_core::text::Opaque;
use assay_store::{Role, Store};

use crate::data::{DataFolder, random, write_private};

/// A new token: 256 random bits, with a prefix by which leaks can be found.
pub(crate) fn fresh() -> Result<String> {
    Ok(format!("assay_{}", data_encoding::BASE32_NOPAD.encode(&random::<32>()?).to_ascii_lowercase()))
}

/// The digest under which a token is kept.
pub(crate) fn digest(token: &str) -> Digest {
    Digest::of_fields([b"token".as_slice(), token.as_bytes()])
}

/// At the first start, a token for people and one for agents, in files that only their owner can read. Returns what was
/// made, for the person who starts the service.
pub(crate) fn first_start(store: &mut Store, data: &DataFolder, at: Time) -> Result<Vec<String>> {
    let mut made = Vec::new();
    for (file, role) in [("token", Role::Writer), ("agent-token", Role::Agent)] {
        let path = data.token(file);
        let name = Opaque::readmit(file);
        if path.exists() {
            // The file counts: a data folder that was restored without its records gets its token back.
            let text = std::fs::read_to_string(&path)?;
            store.add_token(&name, role, &digest(text.trim()), at)?;
            continue;
        }
        let token = fresh()?;
        if store.add_token(&name, role, &digest(&token), at)? {
            write_private(&path, token.as_bytes())?;
            made.push(path.display().to_string());
        }
    }
    Ok(made)
}
