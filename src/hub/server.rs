//! Accepts connections.
use super::{Hub, Listener};
use tokio::sync::watch;
pub(super) async fn serve(listener: Listener, hub: Hub, mut shutdown: watch::Receiver<bool>) {
    let _ = (listener, hub, shutdown.changed().await);
}
