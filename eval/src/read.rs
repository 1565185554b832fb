//! Reading of CVE texts, held against what was published about the same flaws. Comes in: texts with their published
//! values, split by construction. Goes out: how good the answers to closed questions are. Nothing is chosen by the texts
//! that it measures on.

pub mod classes;
pub mod questions;
pub mod texts;
