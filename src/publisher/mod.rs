//! Publishing from inside the PHP process, through the publish queue of the local hub.

use crate::ipc::frame;
use crate::update::Update;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use thiserror::Error;

/// Why an update was not taken. The messages reach PHP users.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PublishError {
    /// No hub can be reached; `0` says why and what to do.
    #[error("{0}")]
    Unavailable(String),
    /// The hub is there, but did not take the update (no room within the deadline, too large, ...).
    #[error("{0}")]
    Refused(String),
}

/// The way from this process to the local hub's publish queue.
#[derive(Debug)]
pub struct Local {
    socket: PathBuf,
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
    /// A publisher to the queue at `socket`.
    #[must_use]
    pub fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// What the administrator should know about how the hub was started, in one line.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        None
    }

    /// Puts `update` into the queue.
    ///
    /// # Errors
    /// [`PublishError`] where the queue cannot be reached or does not take it.
    pub fn publish(&self, update: &Update) -> Result<(), PublishError> {
        let queue = self.connect().map_err(PublishError::Unavailable)?;
        let mut bytes = Vec::new();
        frame::encode(update, &mut bytes);
        match queue.send(&bytes) {
            Ok(_) => Ok(()),
            Err(error) => Err(PublishError::Refused(format!("the update was not taken: {error}"))),
        }
    }

    /// Whether the hub can be reached.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            reachable: self.connect().map(drop),
            socket: self.socket.clone(),
        }
    }

    fn connect(&self) -> Result<UnixDatagram, String> {
        let connect = || {
            let socket = UnixDatagram::unbound()?;
            socket.connect(&self.socket)?;
            Ok(socket)
        };
        connect()
            .map_err(|error: std::io::Error| format!("no hub listens at {}: {error}; start one", self.socket.display()))
    }
}
