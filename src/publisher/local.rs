//! The way from this process to the local hub.

use super::PublishError;
use super::socket::Socket;
use crate::config::{Config, max_update_size};
use crate::ipc::frame;
use crate::supervisor::paths::is_trusted;
use crate::update::Update;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A frame larger than this is not kept as a thread's buffer.
const KEPT_BUFFER: usize = 1 << 20;

thread_local! {
    /// Reused from update to update. Not shared by fork in any way that matters: it is filled anew each time.
    static FRAME: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Publishes to the hub of this machine. Connected at the start of the server, and inherited by its workers, so that it works
/// after a chroot and without a right to the socket's path; connects anew when the hub's supervisor is another one.
#[derive(Debug)]
pub struct Local {
    config: Arc<Config>,
    /// Where the queue may be, in order of preference.
    paths: Vec<PathBuf>,
    socket: Mutex<Option<Arc<Socket>>>,
    /// Why the server could not start a hub.
    failure: Option<String>,
    /// Why the hub is not quite the one the server wanted.
    warning: Option<String>,
    /// Kept open for as long as this process or a child of it lives: while anyone holds it, the hub runs. It says nothing; its
    /// end is the supervisor's.
    lease: Option<OwnedFd>,
}

/// What `phpinfo()` shows of the hub.
#[derive(Debug)]
pub struct Status {
    /// Whether an update could be published now, or why not.
    pub reachable: Result<(), String>,
    /// Where the publish queue is.
    pub socket: PathBuf,
}

impl Local {
    /// A publisher that connects when it is first used, to the first of `paths` at which there is a hub.
    #[must_use]
    pub fn new(config: Arc<Config>, paths: Vec<PathBuf>) -> Self {
        Self {
            config,
            paths,
            socket: Mutex::new(None),
            failure: None,
            warning: None,
            lease: None,
        }
    }

    /// A publisher of a server with a hub: connected now, and holding the hub's lease.
    #[must_use]
    pub fn leased(config: Arc<Config>, path: PathBuf, lease: OwnedFd) -> Self {
        let mut local = Self::new(config, vec![path]);
        local.lease = Some(lease);
        // Should it not be possible now, the first publish() tries again and tells why.
        let _ = local.connect();
        local
    }

    /// A publisher of a server that could not start its hub: every publish throws `failure`.
    #[must_use]
    pub fn failed(config: Arc<Config>, path: PathBuf, failure: String) -> Self {
        let mut local = Self::new(config, vec![path]);
        local.failure = Some(failure);
        local
    }

    /// The same publisher, with something to tell the administrator.
    #[must_use]
    pub fn with_warning(mut self, warning: Option<String>) -> Self {
        self.warning = warning;
        self
    }

    /// What the administrator should know about how the hub was started, in one line.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.failure.as_deref().or(self.warning.as_deref())
    }

    /// Puts `update` into the queue. When this returns, the hub has it as safely as memory can: queue and history outlive the
    /// hub's process.
    ///
    /// # Errors
    /// [`PublishError`]; the update is not in the queue.
    pub fn publish(&self, update: &Update) -> Result<(), PublishError> {
        if let Some(failure) = &self.failure {
            return Err(PublishError::Unavailable(failure.clone()));
        }
        // Taken out and put back: an update that is published while another one is (from a signal handler in PHP, say) gets a
        // buffer of its own.
        let mut bytes = FRAME.with(RefCell::take);
        bytes.clear();
        frame::encode(update, &mut bytes);
        let published = self.publish_frame(&bytes);
        if bytes.capacity() <= KEPT_BUFFER {
            FRAME.with(|frame| frame.replace(bytes));
        }
        published
    }

    /// Whether the hub can be reached.
    #[must_use]
    pub fn status(&self) -> Status {
        let reachable = match &self.failure {
            Some(failure) => Err(failure.clone()),
            // Where the path cannot be seen (in a chroot), what was inherited still works.
            None if self.has_live_lease() => Ok(()),
            None => self.connect().map(drop),
        };
        let there = |path: &&PathBuf| rustix::fs::lstat(path.as_path()).is_ok();
        let socket = self.paths.iter().find(there).or(self.paths.first());
        Status {
            reachable,
            socket: socket.cloned().unwrap_or_default(),
        }
    }

    fn has_live_lease(&self) -> bool {
        self.lease.as_ref().is_some_and(|lease| {
            let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
            poll(&mut [PollFd::new(lease, PollFlags::IN)], Some(&at_once)) == Ok(0)
        })
    }

    fn publish_frame(&self, bytes: &[u8]) -> Result<(), PublishError> {
        let limit = max_update_size(self.config.history_size);
        if bytes.len() > limit {
            return Err(PublishError::Refused(format!(
                "the update takes {} bytes, and an update may take {limit}: a quarter of mercure.history_size; publish a \
                 reference to the content instead, or raise it",
                bytes.len()
            )));
        }
        let timeout = self.config.publish_timeout;
        let socket = match self.connected() {
            Some(socket) => socket,
            None => self.connect().map_err(PublishError::Unavailable)?,
        };
        let sent = match socket.send(bytes, timeout) {
            // The supervisor behind this socket is gone; there may be another one. What was not sent was not taken.
            Err(Errno::CONNREFUSED | Errno::NOTCONN | Errno::CONNRESET | Errno::PIPE | Errno::DESTADDRREQ) => {
                self.connect().map_err(PublishError::Unavailable)?.send(bytes, timeout)
            }
            other => other,
        };
        sent.map_err(|error| match error {
            Errno::TIMEDOUT => PublishError::Refused(format!(
                "the hub's publish queue was full for {timeout:?} (mercure.publish_timeout): it is overloaded or has stopped; \
                 its log may tell more"
            )),
            Errno::CONNREFUSED | Errno::CONNRESET => {
                PublishError::Unavailable("the hub has stopped while the update was sent; publish it again".to_owned())
            }
            error => PublishError::Refused(format!("the publish queue did not take the update: {error}")),
        })
    }

    fn connected(&self) -> Option<Arc<Socket>> {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Connects to the first hub there is. Of several reasons why there is none, a socket that exists tells more than one that
    /// does not.
    fn connect(&self) -> Result<Arc<Socket>, String> {
        let mut reason = None;
        for path in &self.paths {
            let connected = match is_trusted(path) {
                true => Socket::connect(path),
                false => Err(Errno::NOENT),
            };
            match connected {
                Ok(socket) => {
                    let socket = Arc::new(socket);
                    *self.socket.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&socket));
                    return Ok(socket);
                }
                Err(Errno::NOENT | Errno::NOTDIR) => {}
                // A worker publishes through what it has inherited; that it may not open the path is not what is wrong.
                Err(Errno::ACCESS | Errno::PERM) if self.lease.is_some() && !self.has_live_lease() => {}
                Err(error) => reason = Some(unreachable_hub(path, error)),
            }
        }
        Err(reason.unwrap_or_else(|| self.no_hub()))
    }

    fn no_hub(&self) -> String {
        let paths: Vec<_> = self.paths.iter().map(|path| path.display().to_string()).collect();
        let paths = paths.join(" or ");
        if self.lease.is_some() {
            return format!("the hub at {paths} has stopped; reload php-fpm (or restart the server that started it)");
        }
        format!(
            "no hub runs here: there is no socket at {paths}; a hub is started by php-fpm, php -S or Apache when they load the \
             extension (reload them if it has just been installed), and mercure.publish_socket must be the same here and there"
        )
    }
}

fn unreachable_hub(path: &Path, error: Errno) -> String {
    let path = path.display();
    match error {
        Errno::ACCESS | Errno::PERM => format!(
            "this user may not publish: no permission to write to {path}; run as a member of its group, or set \
             mercure.publish_socket_group or mercure.publish_socket_mode"
        ),
        Errno::CONNREFUSED | Errno::CONNRESET => format!(
            "the hub at {path} has stopped: nobody reads its publish queue; reload php-fpm (or restart the server that \
             started it)"
        ),
        error => format!("the hub at {path} cannot be reached: {error}"),
    }
}
