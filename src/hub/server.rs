//! Accept loops: one for each listener.

use super::http::{self, Front};
use super::{Hub, Listener, Socket};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{mpsc, watch};

/// How long requests that are being answered may still take once the hub is to stop.
const DRAIN: Duration = Duration::from_millis(400);

/// Pause after the first failed accept, doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Descriptors that no connection gets: an update in a memfd needs one to be received, and must not be lost for want of it.
const RESERVED: u64 = 16;

/// Accepts connections from `listener` and serves each in a task of its own, until `shutdown` says true; then closes idle ones
/// and returns when the others are done, or after [`DRAIN`]. Streams are not waited for: they are the hub's.
pub(crate) async fn serve(listener: Listener, hub: Hub, mut shutdown: watch::Receiver<bool>) {
    let front = Arc::new(Front::new(hub));
    let (open, mut all_closed) = mpsc::channel(1);
    let accepting = accept_all(listener, front, shutdown.clone(), open);
    tokio::select! {
        result = accepting => {
            if let Err(error) = result {
                tracing::error!(%error, "a listener cannot be used");
            }
        }
        _ = shutdown.wait_for(|stop| *stop) => {}
    }
    // Nothing is ever sent: each connection holds a sender, and the last one to go ends the channel.
    let _ = tokio::time::timeout(DRAIN, all_closed.recv()).await;
}

async fn accept_all(
    listener: Listener,
    front: Arc<Front>,
    shutdown: watch::Receiver<bool>,
    open: mpsc::Sender<()>,
) -> io::Result<()> {
    let connections = Connections { front, shutdown, open };
    let mut trouble = Trouble::new();
    match listener {
        Listener::Tcp(listener) => {
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            loop {
                if let Some(stream) = trouble.sort_out(listener.accept().await).await {
                    // Events are written whole: waiting for more would only delay them. An error would mean that the
                    // connection is already gone, which reading from it shows.
                    let _ = stream.set_nodelay(true);
                    connections.start(stream, Socket::Tcp);
                }
            }
        }
        Listener::Unix(listener) => {
            listener.set_nonblocking(true)?;
            let listener = UnixListener::from_std(listener)?;
            loop {
                if let Some(stream) = trouble.sort_out(listener.accept().await).await {
                    connections.start(stream, Socket::Unix);
                }
            }
        }
    }
}

/// Starts connections.
struct Connections {
    front: Arc<Front>,
    shutdown: watch::Receiver<bool>,
    open: mpsc::Sender<()>,
}

impl Connections {
    fn start<S>(&self, stream: S, socket: fn(S) -> Socket)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let open = self.open.clone();
        let served = http::drive(Arc::clone(&self.front), stream, socket, self.shutdown.clone());
        tokio::spawn(async move {
            served.await;
            drop(open);
        });
    }
}

/// Failing accepts: what fails for want of descriptors or memory stays in the backlog and would fail again at once, so the
/// loop pauses, and says so once until it works again.
struct Trouble {
    pause: Option<Duration>,
    /// The lowest descriptor that is reserved.
    ceiling: u64,
}

impl Trouble {
    fn new() -> Self {
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        Self {
            pause: None,
            ceiling: limit.saturating_sub(RESERVED),
        }
    }

    async fn sort_out<T: AsRawFd>(&mut self, accepted: io::Result<(T, impl Sized)>) -> Option<T> {
        let accepted = accepted.and_then(|(connection, _)| {
            // The kernel gives the lowest free descriptor: this one means that there are hardly any left.
            if u64::from(connection.as_raw_fd().cast_unsigned()) < self.ceiling {
                Ok(connection)
            } else {
                Err(Errno::MFILE.into())
            }
        });
        match accepted {
            Ok(connection) => {
                if self.pause.take().is_some() {
                    tracing::info!("accepting connections again");
                }
                Some(connection)
            }
            Err(error) if is_of_one_connection(&error) => None,
            Err(error) => {
                let pause = match self.pause {
                    None => {
                        tracing::error!(%error, "cannot accept connections for now; is the limit of open files (RLIMIT_NOFILE) too low?");
                        FIRST_PAUSE
                    }
                    Some(pause) => (pause * 2).min(LONGEST_PAUSE),
                };
                self.pause = Some(pause);
                tokio::time::sleep(pause).await;
                None
            }
        }
    }
}

/// Whether only the connection that was to be accepted is lost (accept(2), "Error handling").
fn is_of_one_connection(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    errno.is_some_and(|errno| {
        [
            Errno::CONNABORTED,
            Errno::INTR,
            Errno::PROTO,
            Errno::NETDOWN,
            Errno::NOPROTOOPT,
            Errno::HOSTDOWN,
            Errno::NONET,
            Errno::HOSTUNREACH,
            Errno::OPNOTSUPP,
            Errno::NETUNREACH,
            Errno::PERM,
        ]
        .contains(&errno)
    })
}
