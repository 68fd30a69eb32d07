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
use std::sync::Arc;

/// The datagram that comes with a memfd: this text, the version last.
pub const MEMFD: &[u8; 8] = b"MRCFILE\x01";

/// The seals a memfd needs, so that its sender cannot change it any more.
pub const SEALS: SealFlags = SealFlags::SEAL
    .union(SealFlags::SHRINK)
    .union(SealFlags::GROW)
    .union(SealFlags::WRITE);

/// Room for the largest datagram a sender's socket buffer allows by default, and then some.
const LARGEST_DATAGRAM: usize = 512 * 1024;

/// The most descriptors that a datagram can carry (the kernel's `SCM_MAX_FD`).
const MOST_DESCRIPTORS: usize = 253;

/// Datagrams with descriptors that cannot be closed at the moment, beyond which the queue is given up.
const MOST_CLOSING: usize = 4;

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
    /// The descriptors of the datagram that was peeked at, where they are not what they should be.
    foreign: Vec<OwnedFd>,
    /// A clone is with each thread that closes some.
    closing: Arc<()>,
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
            foreign: Vec::new(),
            closing: Arc::new(()),
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
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
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
        let mut descriptors = Vec::new();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                descriptors.extend(fds);
            }
        }
        into.clear();
        if let [descriptor] = descriptors.as_slice()
            && self.scratch.get(..received.bytes) == Some(MEMFD)
            && is_sealed_memfd(descriptor)
        {
            return Ok(read_memfd(descriptor.as_fd(), self.largest_memfd, into));
        }
        if !descriptors.is_empty() {
            self.foreign = descriptors;
            return Ok(Datagram::Refused(
                "it carries descriptors that are not one sealed memfd",
            ));
        }
        let Some(bytes) = self.scratch.get(..received.bytes) else {
            return Ok(Datagram::Refused(
                "it is larger than any frame that is sent as one datagram",
            ));
        };
        if bytes.len() < frame::HEADER {
            return Ok(Datagram::Refused("it is shorter than any frame"));
        }
        into.extend_from_slice(bytes);
        Ok(Datagram::Frame)
    }

    /// Removes the datagram that was peeked at.
    ///
    /// # Errors
    /// When too many of the descriptors that came with datagrams cannot be closed; the queue is not to be used any more.
    pub fn remove(&mut self) -> io::Result<()> {
        while recv(
            &self.socket,
            &mut [0_u8; 1][..0],
            RecvFlags::DONTWAIT | RecvFlags::TRUNC,
        ) == Err(Errno::INTR)
        {}
        if self.foreign.is_empty() {
            return Ok(());
        }
        // Whoever is the last to close a socket that lingers, or a file of a FUSE, waits for its peer: not this thread. What
        // was peeked at is still open here, so that removing the datagram was not that.
        let foreign = std::mem::take(&mut self.foreign);
        if Arc::strong_count(&self.closing) > MOST_CLOSING {
            std::mem::forget(foreign);
            return Err(io::Error::other("publishers send descriptors that cannot be closed"));
        }
        let closing = Arc::clone(&self.closing);
        std::thread::Builder::new()
            .name("mercure-close".to_owned())
            .spawn(move || {
                drop(foreign);
                drop(closing);
            })?;
        Ok(())
    }
}

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Only memfds have seals: anything else, such as a pipe that would block us, gives an error.
fn is_sealed_memfd(descriptor: &OwnedFd) -> bool {
    rustix::fs::fcntl_get_seals(descriptor).is_ok_and(|seals| seals.contains(SEALS))
}

fn read_memfd(memfd: BorrowedFd<'_>, largest: usize, into: &mut Vec<u8>) -> Datagram {
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
