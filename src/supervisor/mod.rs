//! The process model: who starts a hub, keeps it alive, and stops it.
//!
//! ```text
//! server (MINIT) -- gate --> rendezvous -- spawn --> supervise -- hub_process --> hub::run
//!        |                       |                       |
//!        +------- lease ---------+-----------------------+   while a server holds one, the hub runs
//! ```

mod bind;
mod gate;
mod hub_process;
mod identity;
mod lock;
mod log;
mod paths;
mod rendezvous;
mod spawn;
mod supervise;
mod user;

use crate::config::Config;
use crate::publisher::Local;
use paths::Paths;
use std::sync::Arc;

/// Starts or joins the hub, where this process serves requests, and returns the way to it. Never fails: what went wrong is
/// thrown by each publish, and told once by [`Local::warning`].
#[must_use]
pub fn start(config: &Arc<Config>, sapi: &str) -> Local {
    let serves = gate::serves_requests(sapi, &gate::arguments());
    if !serves || config.listen.is_empty() {
        return Local::new(Arc::clone(config), paths::of_publisher(config));
    }
    let paths = Paths::of_server(config);
    match rendezvous::lease(config, sapi, &paths) {
        Ok(leased) => Local::leased(Arc::clone(config), paths.publish, leased.lease, leased.warning),
        Err(failure) => Local::failed(Arc::clone(config), paths.publish, failure),
    }
}
