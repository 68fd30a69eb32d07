//! A complete Mercure hub inside PHP. ARCHITECTURE.md has the map; the modules below are in the order of the data's way.

pub(crate) mod authorization;
pub mod config;
pub mod hub;
pub mod ipc;
pub mod logging;
pub mod matcher;
pub(crate) mod protocol;
pub mod publisher;
pub mod sse;
pub mod supervisor;
pub mod transport;
pub mod update;

#[cfg(feature = "php")]
mod ext;
