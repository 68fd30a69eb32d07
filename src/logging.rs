//! Where log lines go: standard error, which whoever starts the hub has pointed at `mercure.log`.

use tracing::Level;

/// Starts logging at `level` and above. A process that logs already goes on as it does.
pub fn start(level: Level) {
    let logger = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_max_level(level);
    // Fails when there is a logger already, as with several hubs in one test.
    let _ = logger.with_target(false).try_init();
}
