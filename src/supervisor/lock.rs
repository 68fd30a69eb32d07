//! The lock file: whoever holds it is the one supervisor (or is about to start it).

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, open, stat};
use rustix::io::Errno;
use std::path::Path;

/// A held lock. It goes with its last descriptor, in whatever process.
#[derive(Debug)]
pub struct Lock(OwnedFd);

impl Lock {
    /// Takes the lock if nobody holds it.
    ///
    /// # Errors
    /// When the file cannot be created or opened.
    pub fn try_take(path: &Path) -> Result<Option<Self>, Errno> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let file = open(path, flags, Mode::RUSR | Mode::WUSR)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::AGAIN) => return Ok(None),
            Err(error) => return Err(error),
        }
        // The one who held it may have removed the file meanwhile: then this is the lock of nothing.
        let held = fstat(&file)?;
        match stat(path) {
            Ok(there) if (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino) => Ok(Some(Self(file))),
            _ => Ok(None),
        }
    }

    /// A lock that was taken by a predecessor and handed over.
    #[must_use]
    pub fn inherited(file: OwnedFd) -> Self {
        Self(file)
    }
}

impl AsFd for Lock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
