//! The OpenAPI document: committed, served as it lies, and held by a test against the routes that answer.

/// The document.
pub(crate) fn document() -> &'static str {
    include_str!("openapi.json")
}
