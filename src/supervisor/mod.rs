//! The process model: who starts a hub, keeps it alive, and stops it.

use crate::config::Config;
use crate::publisher::Local;
use std::sync::Arc;

/// Starts or joins the hub where this process should, and returns the way to it.
#[must_use]
pub fn start(config: &Arc<Config>, _sapi: &str) -> Local {
    let default = || "/run/mercure/publish.sock".into();
    Local::new(config.publish_socket.clone().unwrap_or_else(default))
}
