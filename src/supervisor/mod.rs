//! The process model: who starts a hub, keeps it alive, and stops it.
//!
//! ```text
//! server (MINIT) -- gate --> rendezvous -- spawn --> supervise -- hub_process --> hub::run
//!        |                       |                       |
//!        +------- lease ---------+-----------------------+   while a server holds one, the hub runs
//! ```

mod bind;
mod gate;
mod holdings;
mod hub_process;
mod identity;
mod lock;
mod log;
pub(crate) mod paths;
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
    let invocation = gate::invocation(sapi, &gate::arguments());
    if config.listen.is_empty() {
        return Local::new(Arc::clone(config), paths::of_publisher(config));
    }
    if !invocation.serves {
        // `php-fpm -t` is how one finds out before a reload.
        let wrong = if sapi == "fpm-fcgi" {
            user::check(config).err()
        } else {
            None
        };
        return Local::new(Arc::clone(config), paths::of_publisher(config)).with_warning(wrong);
    }
    let paths = Paths::of_server(config);
    // PID 1 is a container's, and stays whatever its command line says.
    let foreground = invocation.foreground || std::process::id() == 1;
    match rendezvous::lease(config, foreground, &paths) {
        Ok(leased) => {
            Local::leased(Arc::clone(config), leased.publish_socket, leased.lease).with_warning(leased.warning)
        }
        Err(failure) => Local::failed(Arc::clone(config), paths.publish, failure),
    }
}
