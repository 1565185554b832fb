//! The service through its public door: who may do what, what is refused and how, sessions, chat, tickets, and the document
//! that describes it all.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

mod agents;
#[path = "../../../sources/tests/cluster/watched/api.rs"]
#[expect(dead_code, reason = "the tests of the watch itself use the rest")]
mod api;
mod chat;
#[path = "../door/mod.rs"]
mod door;
mod health;
mod keeping;
mod limits;
mod model_server;
#[path = "../../../sources/tests/cluster/watched/objects.rs"]
mod objects;
mod openapi;
mod problems;
mod questions;
mod reports;
mod roles;
mod schema;
#[path = "../../../../models/tests/scripted/mod.rs"]
#[expect(dead_code, reason = "the tests of the planner itself use the rest")]
mod scripted;
mod sessions;
mod shown;
mod tickets;
mod watching;
