//! The hub's end of the publish queue: a bound Unix datagram socket whose datagrams are frames, or carry one as a sealed memfd.
//!
//! A datagram is looked at first ([`Queue::peek`]) and removed when what it holds is safe ([`Queue::remove`]), so that nothing is
//! lost when the hub is killed in between.

use super::frame;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::SealFlags;
use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recv, recvmsg};
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;

/// The datagram that comes with a memfd: this text, the version last.
pub const MEMFD: &[u8; 8] = b"MRCFILE\x01";

/// The seals a memfd needs, so that its sender cannot change it any more.
pub const SEALS: SealFlags = SealFlags::SEAL
    .union(SealFlags::SHRINK)
    .union(SealFlags::GROW)
    .union(SealFlags::WRITE);

/// Room for the largest datagram a sender's socket buffer allows by default, and then some.
const LARGEST_DATAGRAM: usize = 512 * 1024;

/// What is next in the queue.
#[derive(Debug, PartialEq, Eq)]
pub enum Datagram {
    /// Nothing.
    None,
    /// Bytes that may be a frame; they are in the buffer.
    Frame,
    /// Something else; why.
    Refused(&'static str),
}

/// The receiving end.
#[derive(Debug)]
pub struct Queue {
    socket: OwnedFd,
    scratch: Vec<u8>,
    depth: usize,
    largest_memfd: usize,
}

impl Queue {
    /// `largest_memfd`: size in bytes beyond which a memfd is not even read.
    #[must_use]
    pub fn new(socket: OwnedFd, largest_memfd: usize) -> Self {
        // The kernel's default where it cannot be read; the limit only has to be at least the socket's own.
        let depth = std::fs::read_to_string("/proc/sys/net/unix/max_dgram_qlen")
            .ok()
            .and_then(|text| text.trim().parse::<usize>().ok())
            .unwrap_or(512);
        Self {
            socket,
            scratch: vec![0; LARGEST_DATAGRAM],
            depth: (depth + 2).max(64),
            largest_memfd,
        }
    }

    /// After so many datagrams, all that the queue held before them has been read.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Puts the frame at the front of the queue into `into`, without removing it.
    ///
    /// # Errors
    /// When the socket is unusable.
    pub fn peek(&mut self, into: &mut Vec<u8>) -> io::Result<Datagram> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC | RecvFlags::TRUNC;
        let received = loop {
            match recvmsg(
                &self.socket,
                &mut [IoSliceMut::new(&mut self.scratch)],
                &mut ancillary,
                flags,
            ) {
                Ok(received) => break received,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(Datagram::None),
                Err(error) => return Err(error.into()),
            }
        };
        let mut memfd = None;
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                memfd = fds.last();
            }
        }
        let Some(bytes) = self.scratch.get(..received.bytes) else {
            return Ok(Datagram::Refused(
                "it is larger than any frame that is sent as one datagram",
            ));
        };
        into.clear();
        match memfd {
            Some(memfd) if bytes == MEMFD => Ok(read_memfd(memfd.as_fd(), self.largest_memfd, into)),
            Some(_) => Ok(Datagram::Refused(
                "it carries descriptors, but does not say it is a frame in a memfd",
            )),
            None if bytes.len() < frame::HEADER => Ok(Datagram::Refused("it is shorter than any frame")),
            None => {
                into.extend_from_slice(bytes);
                Ok(Datagram::Frame)
            }
        }
    }

    /// Removes the datagram that was peeked at.
    pub fn remove(&self) {
        while recv(
            &self.socket,
            &mut [0_u8; 1][..0],
            RecvFlags::DONTWAIT | RecvFlags::TRUNC,
        ) == Err(Errno::INTR)
        {}
    }
}

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn read_memfd(memfd: BorrowedFd<'_>, largest: usize, into: &mut Vec<u8>) -> Datagram {
    // Only memfds have seals: an error means that this is something else, such as a pipe that would block us.
    match rustix::fs::fcntl_get_seals(memfd) {
        Ok(seals) if seals.contains(SEALS) => {}
        _ => return Datagram::Refused("its descriptor is no sealed memfd"),
    }
    let size = rustix::fs::fstat(memfd)
        .ok()
        .and_then(|stat| usize::try_from(stat.st_size).ok());
    let Some(size) = size.filter(|size| *size <= largest) else {
        return Datagram::Refused("its memfd is larger than the history can hold");
    };
    into.resize(size, 0);
    let mut read = 0;
    while read < size {
        match rustix::io::pread(memfd, &mut into[read..], read as u64) {
            Ok(0) => return Datagram::Refused("its memfd ends early"),
            Ok(n) => read += n,
            Err(Errno::INTR) => {}
            Err(_) => return Datagram::Refused("its memfd cannot be read"),
        }
    }
    Datagram::Frame
}
