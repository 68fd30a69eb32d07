//! The hub as its clients see it: over real sockets, in one process with the test, without PHP. Each test names the section
//! of the specification (0.x: the last revision before 1.0) that it shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod authorization;
mod client;
mod cors;
mod descriptors;
mod harness;
mod hostile;
mod log;
mod ordering;
mod publish;
mod reconciliation;
mod streams;
mod subscribe;
