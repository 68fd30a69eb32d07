//! Publishing from inside the PHP process, through the publish queue of the local hub.

mod local;
mod socket;

pub use local::{Local, Status};

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
