//! A connected end of the publish queue: one frame is one `send()`, or a sealed memfd where it is too large for a datagram.

use crate::ipc::queue::{MEMFD, SEALS};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{MemfdFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType,
    connect, send, sendmsg, socket_with,
};
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::path::Path;
use std::time::{Duration, Instant};

/// The largest frame sent as a datagram of its own. Far below what a socket buffer takes by default (212,992 bytes), so
/// that a few large updates do not make every other publisher wait.
const LARGEST_DATAGRAM: usize = 64 * 1024;

const FLAGS: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);

#[derive(Debug)]
pub(super) struct Socket(OwnedFd);

impl Socket {
    /// Connects to the queue bound at `path`.
    pub(super) fn connect(path: &Path) -> Result<Self, Errno> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
        connect(&socket, &SocketAddrUnix::new(path)?)?;
        Ok(Self(socket))
    }

    /// Puts a frame into the queue, waiting for room for at most `timeout`.
    ///
    /// # Errors
    /// `TIMEDOUT` when there was no room; what the system says otherwise. In each case the frame is not in the queue.
    pub(super) fn send(&self, frame: &[u8], timeout: Duration) -> Result<(), Errno> {
        if frame.len() <= LARGEST_DATAGRAM {
            match self.retry(timeout, || send(&self.0, frame, FLAGS)) {
                Err(Errno::MSGSIZE) => {}
                other => return other,
            }
        }
        let memfd = sealed_memfd(frame)?;
        let fds = [memfd.as_fd()];
        self.retry(timeout, || {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut ancillary = SendAncillaryBuffer::new(&mut space);
            ancillary.push(SendAncillaryMessage::ScmRights(&fds));
            sendmsg(&self.0, &[IoSlice::new(MEMFD)], &mut ancillary, FLAGS)
        })
    }

    fn retry(&self, timeout: Duration, mut send: impl FnMut() -> Result<usize, Errno>) -> Result<(), Errno> {
        let mut deadline = None;
        loop {
            match send() {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                // NOBUFS: the sockets' memory is used up for the moment.
                Err(Errno::AGAIN | Errno::NOBUFS) => {
                    let deadline = *deadline.get_or_insert_with(|| Instant::now() + timeout);
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Errno::TIMEDOUT);
                    }
                    self.wait_for_room(left)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Sleeps until there may be room. Not for longer than 50 ms: another sender may take the room, and a wake-up is not
    /// promised to each who waits.
    fn wait_for_room(&self, left: Duration) -> Result<(), Errno> {
        let left = left.min(Duration::from_millis(50));
        let left = Timespec {
            tv_sec: 0,
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], Some(&left)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn sealed_memfd(frame: &[u8]) -> Result<OwnedFd, Errno> {
    let memfd = memfd_create("mercure-update", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut rest = frame;
    while !rest.is_empty() {
        match rustix::io::write(&memfd, rest) {
            Ok(written) => rest = &rest[written..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    fcntl_add_seals(&memfd, SEALS)?;
    Ok(memfd)
}
