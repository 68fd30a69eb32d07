//! The hub: [`run`] serves it on what the supervisor (or a test) hands over, until told to stop.

mod dispatched;
mod dispatcher;
mod http;
mod index;
mod log_limit;
mod sequencer;
mod server;
mod shard;
mod stream;
mod wake;

use crate::config::{Config, max_update_size};
use crate::ipc::queue::Queue;
use crate::logging;
use crate::matcher::TopicMatcher;
use crate::transport::memory::History;
pub use crate::transport::{Position, StartAt};
use crate::update::Update;
use dispatcher::Dispatcher;
use sequencer::Sequencer;
use shard::Shard;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use thiserror::Error;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use wake::Wake;

/// A bound, listening socket.
#[derive(Debug)]
pub enum Listener {
    /// `mercure.listen = host:port`.
    Tcp(std::net::TcpListener),
    /// `mercure.listen = unix:/path`.
    Unix(std::os::unix::net::UnixListener),
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener) => listener.as_fd(),
        }
    }
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
    /// A bug: the log has what the thread said.
    #[error("a part of the hub has panicked")]
    Panicked,
}

/// Runs the hub on a Tokio runtime of its own and blocks until `shutdown` (the reading end of a pipe) has a byte or reaches
/// its end; then stops reading the queue, delivers what the log holds, flushes what sockets accept within half a second, closes every
/// stream and returns.
///
/// # Errors
/// [`HubError`] when the runtime, the log or a listener cannot be used.
pub fn run(inherited: Inherited, config: Arc<Config>, shutdown: OwnedFd) -> Result<(), HubError> {
    // Streams are written with MSG_NOSIGNAL, but not everything below us is. PHP's SAPIs ignore it as well.
    // SAFETY: SIG_IGN is no function of ours, so nothing can run in a signal's context.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    logging::start(config.log_level);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores)
        .thread_name("mercure-hub")
        .enable_all()
        .build()
        .map_err(|source| HubError::Io {
            context: "starting the Tokio runtime",
            source,
        })?;
    let served = runtime.block_on(serve(inherited, config, shutdown, cores));
    runtime.shutdown_timeout(Duration::from_millis(100));
    served
}

async fn serve(
    inherited: Inherited,
    config: Arc<Config>,
    shutdown: OwnedFd,
    shard_count: usize,
) -> Result<(), HubError> {
    let Inherited { listeners, queue, log } = inherited;
    let io = |context| move |source| HubError::Io { context, source };
    let history = History::open(&log, config.history_size > 0).map_err(io("opening the history log"))?;
    let last = history.last_sequence();
    let largest = max_update_size(config.history_size);
    let history = Arc::new(Mutex::new(history));
    let wake = Arc::new(Wake::new().map_err(io("creating an eventfd"))?);
    let mut shards = Vec::new();
    let mut running = JoinSet::new();
    for _ in 0..shard_count {
        let (shard, handle) = Shard::new(Arc::clone(&config), Arc::clone(&history), Arc::clone(&wake), last)?;
        running.spawn(shard.run());
        shards.push(handle);
    }
    let dispatcher = Dispatcher::new(shards.clone(), last);
    let (sequencer, requests) = Sequencer::new(Queue::new(queue, largest), history, dispatcher, wake);
    let (ended, mut sequencer_ended) = oneshot::channel();
    std::thread::Builder::new()
        .name("mercure-seq".to_owned())
        .spawn(move || {
            // Nobody listens any more when the hub is on its way out.
            let _ = ended.send(sequencer.run());
        })
        .map_err(io("starting the sequencer's thread"))?;
    let hub = Hub(Arc::new(Inner {
        config,
        sequencer: requests,
        shards,
        next_shard: AtomicUsize::new(0),
    }));
    let (stop, stopping) = watch::channel(false);
    let mut servers = JoinSet::new();
    for listener in listeners {
        servers.spawn(server::serve(listener, hub.clone(), stopping.clone()));
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), url = %hub.config().public_url, "the hub is serving");
    let mut shutdown = pipe::Receiver::from_owned_fd(shutdown).map_err(io("watching the shutdown pipe"))?;
    let mut told = [0; 1];
    let result = tokio::select! {
        _ = shutdown.read(&mut told) => Ok(()),
        ended = &mut sequencer_ended => ended.unwrap_or(Err(HubError::Panicked)),
        // Its streams are gone, and those that came next would be, too: a successor serves them all.
        Some(_) = running.join_next() => Err(HubError::Panicked),
    };
    // No new connection, then no new update, then no stream.
    let _ = stop.send(true);
    if result.is_ok() {
        // Requests that are being answered still are; this is bounded by `server`.
        servers.join_all().await;
        hub.0.sequencer.stop();
        let _ = sequencer_ended.await;
    }
    let stopping: JoinSet<()> = hub
        .0
        .shards
        .iter()
        .cloned()
        .map(|shard| async move { shard.stop().await })
        .collect();
    stopping.join_all().await;
    tracing::info!("the hub has stopped");
    result
}

/// The running hub as HTTP handlers see it. Cheap to clone (an `Arc` inside).
#[derive(Debug, Clone)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Arc<Config>,
    sequencer: sequencer::Handle,
    shards: Vec<shard::Handle>,
    next_shard: AtomicUsize,
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
        self.0.sequencer.publish(update).await
    }

    /// Resolves where a subscriber starts, after all that the publish queue held when this was called.
    ///
    /// # Errors
    /// [`PublishRefused::Stopping`].
    pub async fn position(&self, start: StartAt) -> Result<Position, PublishRefused> {
        self.0.sequencer.position(start).await
    }

    /// Hands a stream to the shard that will serve it from now on.
    pub fn attach(&self, stream: StreamStart) {
        let shards = &self.0.shards;
        let turn = self.0.next_shard.fetch_add(1, Ordering::Relaxed);
        if let Some(shard) = shards.get(turn % shards.len().max(1)) {
            shard.attach(stream);
        }
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }
}
