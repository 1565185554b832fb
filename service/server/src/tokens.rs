//! Tokens: made once, printed or written once, kept as digests.

use anyhow::Result;
use assay_core::ids::{Digest, Time};
use assay_core::text::Opaque;
use assay_store::{Grant, Role, Store};

use crate::Usage;
use crate::data::{DataFolder, random, write_private};

/// A new token: 256 random bits, with a prefix by which leaks can be found.
pub(crate) fn fresh() -> Result<String> {
    Ok(format!("assay_{}", data_encoding::BASE32_NOPAD.encode(&random::<32>()?).to_ascii_lowercase()))
}

/// The digest under which a token is kept.
pub(crate) fn digest(token: &str) -> Digest {
    Digest::of_fields([b"token".as_slice(), token.as_bytes()])
}

/// The longest name of a node, as the API server allows it.
const NODE_NAME_BYTES_MAX: usize = 253;

/// The node that a token of this role is bound to. A name that no node can have would bind it to nothing.
pub(crate) fn node_of(role: Role, node: &str) -> Result<String, Usage> {
    if role != Role::Agent {
        return Err(Usage(format!("--node goes with --role agent: a {role} speaks for no node")));
    }
    let may = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if node.is_empty() || node.len() > NODE_NAME_BYTES_MAX || !node.bytes().all(may) {
        let takes = "letters, digits, `-`, `.` and `_`, at most 253 of them";
        return Err(Usage(format!("`{}` is no name of a node: {takes}", node.escape_debug())));
    }
    Ok(node.to_owned())
}

/// At the first start, a token for people and one for agents, in files that only their owner can read. Returns what was
/// made, for the person who starts the service.
pub(crate) fn first_start(store: &mut Store, data: &DataFolder, at: Time) -> Result<Vec<String>> {
    let mut made = Vec::new();
    for (file, role) in [("token", Role::Writer), ("agent-token", Role::Agent)] {
        let path = data.token(file);
        let grant = Grant { name: Opaque::readmit(file), role, node: None };
        if path.exists() {
            // The file counts: a data folder that was restored without its records gets its token back.
            let text = std::fs::read_to_string(&path)?;
            store.add_token(&grant, &digest(text.trim()), at)?;
            continue;
        }
        let token = fresh()?;
        if store.add_token(&grant, &digest(&token), at)? {
            write_private(&path, token.as_bytes())?;
            made.push(path.display().to_string());
        }
    }
    Ok(made)
}
