//! The hub: [`run`] serves it on what the supervisor (or a test) hands over, until told to stop.

mod http;
mod server;

use crate::config::Config;
use crate::matcher::TopicMatcher;
use crate::update::Update;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::SystemTime;
use thiserror::Error;

/// A bound, listening socket.
#[derive(Debug)]
pub enum Listener {
    /// `mercure.listen = host:port`.
    Tcp(std::net::TcpListener),
    /// `mercure.listen = unix:/path`.
    Unix(std::os::unix::net::UnixListener),
}

/// What outlives the hub and is handed to each successor.
#[derive(Debug)]
pub struct Inherited {
    /// HTTP listeners.
    pub listeners: Vec<Listener>,
    /// The publish queue: a bound `SOCK_DGRAM` Unix socket.
    pub queue: OwnedFd,
    /// The history log: a memfd (see `transport::log`).
    pub log: OwnedFd,
}

/// Why the hub could not start or had to stop.
#[derive(Debug, Error)]
pub enum HubError {
    /// A system call failed; the text says which, on what.
    #[error("{context}: {source}")]
    Io {
        /// What was attempted.
        context: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
}

/// Runs the hub on a Tokio runtime of its own and blocks until `shutdown` (the reading end of a pipe) has a byte or reaches
/// its end; then stops reading the queue, delivers what the log holds, flushes what sockets accept within a second, closes every
/// stream and returns.
///
/// # Errors
/// [`HubError`] when the runtime, the log or a listener cannot be used.
pub fn run(inherited: Inherited, config: Arc<Config>, shutdown: OwnedFd) -> Result<(), HubError> {
    let _ = (inherited, config, shutdown);
    Ok(())
}

/// The running hub as HTTP handlers see it. Cheap to clone (an `Arc` inside).
#[derive(Debug, Clone)]
pub struct Hub {}

/// A place in the one total order of updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// A subscriber at this position receives the updates after it.
    pub sequence: u64,
    /// Id of the update at this position; `earliest` when there is none (or it was asked for but is unknown).
    pub last_event_id: String,
}

/// Where a subscriber wants to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartAt {
    /// What is published from now on.
    Now,
    /// All that history holds (`earliest`).
    Earliest,
    /// After the update with this id; like `Earliest` when it is unknown or discarded.
    After(String),
}

/// Who receives what.
#[derive(Debug, Clone)]
pub struct Subscriber {
    /// What was asked for (`topic=`).
    pub matchers: Vec<TopicMatcher>,
    /// What the token grants: a private update is delivered if one of its topics is matched here (and one above).
    pub grants: Vec<TopicMatcher>,
    /// When the token expires, and the stream with it.
    pub expires: Option<SystemTime>,
}

/// The connection of an accepted subscription, out of hyper's hands; nothing of the response has been written.
#[derive(Debug)]
pub enum Socket {
    /// Over TCP.
    Tcp(tokio::net::TcpStream),
    /// Over a Unix socket.
    Unix(tokio::net::UnixStream),
}

/// A stream about to start.
#[derive(Debug)]
pub struct StreamStart {
    /// The connection.
    pub socket: Socket,
    /// Status line and headers, written before everything else.
    pub head: Vec<u8>,
    /// Whether events are sent as chunks (HTTP/1.1) or bare (HTTP/1.0).
    pub chunked: bool,
    /// Who receives what.
    pub subscriber: Subscriber,
    /// From where on.
    pub position: Position,
}

/// Why the hub did not take an update over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PublishRefused {
    /// Larger than a quarter of the history log.
    #[error("the update is larger than the history can hold")]
    TooLarge,
    /// The hub is stopping.
    #[error("the hub is stopping")]
    Stopping,
}

impl Hub {
    /// The one way in: puts `update` into the total order and returns once history has it, before fan-out.
    ///
    /// # Errors
    /// [`PublishRefused`]; the update was not taken.
    pub async fn publish(&self, update: Update) -> Result<(), PublishRefused> {
        let _ = update;
        Err(PublishRefused::Stopping)
    }

    /// Resolves where a subscriber starts, after all that the publish queue held when this was called.
    ///
    /// # Errors
    /// [`PublishRefused::Stopping`].
    pub async fn position(&self, start: StartAt) -> Result<Position, PublishRefused> {
        let _ = start;
        Err(PublishRefused::Stopping)
    }

    /// Hands a stream to the shard that will serve it from now on.
    pub fn attach(&self, stream: StreamStart) {
        drop(stream);
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        unreachable!()
    }
}
