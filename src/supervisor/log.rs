//! Where the hub's and the supervisor's log lines go, and the supervisor's own lines.

use crate::config::Config;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// Opens the log that `mercure.log` names; `None`: nowhere. With an empty value it is the server's standard error if somebody
/// reads that: a server that goes to the background closes its own, and whoever started it waits for the end of it.
///
/// # Errors
/// A sentence naming the directive.
pub fn open(config: &Config, foreground: bool) -> Result<Option<OwnedFd>, String> {
    match config.log.as_str() {
        "" if foreground || stderr_is_the_journal() => Ok(stderr()),
        "" => Ok(None),
        "stderr" => Ok(stderr()),
        path => {
            let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOCTTY;
            let file = rustix::fs::open(path, flags, Mode::from_raw_mode(0o640));
            file.map(Some)
                .map_err(|error| format!("mercure.log: cannot open {path}: {error}"))
        }
    }
}

/// Writes a line as the hub does. A log that cannot be written to has nowhere to say so.
pub fn line(level: &str, message: &str) {
    let mut time = String::new();
    let _ = SystemTime.format_time(&mut Writer::new(&mut time));
    let _ = writeln!(std::io::stderr(), "{time} {level:>5} {message}");
}

fn stderr() -> Option<OwnedFd> {
    rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr().as_fd(), 3).ok()
}

/// systemd tells in `JOURNAL_STREAM` which descriptor is the journal's, as device:inode.
fn stderr_is_the_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
        return false;
    };
    let Ok(stderr) = std::fs::metadata("/proc/self/fd/2") else {
        return false;
    };
    stream == format!("{}:{}", stderr.dev(), stderr.ino())
}
