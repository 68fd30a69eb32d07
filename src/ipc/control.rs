//! What servers and supervisors say to each other over the control socket (`SOCK_SEQPACKET`, so that a message is a packet).
//! The connection itself is the lease. Both ends run as the same user; a message that is not understood ends the connection.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;

/// The version of these messages. Another one is refused like another configuration.
pub const VERSION: u32 = 1;

/// The most descriptors in a message.
pub const MOST_FDS: usize = 200;

const LARGEST_MESSAGE: usize = 64 * 1024;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A server to the supervisor: may this connection be my lease?
    Hello {
        /// [`VERSION`].
        version: u32,
        /// Configuration and build.
        identity: [u8; 32],
        /// Proves that this is the server that started the supervisor, after a reload.
        token: Option<String>,
    },
    /// Yes: the hub is what you would have started.
    Adopted,
    /// No, and why.
    Refused(String),
    /// You started me, and want another hub now: here is everything. Comes with [`Estate`]'s descriptors.
    TakeOver(Estate),
    /// The successor is ready: stop, and close this connection when the hub has stopped.
    Commit,
    /// There is no successor after all: go on, with this connection as a lease; answered by [`Message::Adopted`].
    Abort,
}

/// What the descriptors of [`Message::TakeOver`] are, in their order: queue, log, lock, control listener, then these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estate {
    /// Process id of the supervisor that hands over.
    pub supervisor: i32,
    /// One listener for each of these, as `mercure.listen` writes them.
    pub listeners: Vec<String>,
    /// How many leases of other servers follow.
    pub leases: usize,
}

/// Sends a message with descriptors.
///
/// # Errors
/// What the system says; the other end may have gone.
pub fn send(socket: impl AsFd, message: &Message, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let bytes = serde_json::to_vec(message)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FDS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "too many descriptors for one message",
        ));
    }
    loop {
        match sendmsg(&socket, &[IoSlice::new(&bytes)], &mut ancillary, SendFlags::NOSIGNAL) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Receives a message with its descriptors; `None` when the other end has closed the connection.
///
/// # Errors
/// What the system says (`WouldBlock` after the socket's receive timeout), or that the message is not understood.
pub fn receive(socket: impl AsFd) -> io::Result<Option<(Message, Vec<OwnedFd>)>> {
    let mut bytes = vec![0; LARGEST_MESSAGE];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_FDS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        match recvmsg(
            &socket,
            &mut [IoSliceMut::new(&mut bytes)],
            &mut ancillary,
            RecvFlags::CMSG_CLOEXEC,
        ) {
            Ok(received) => break received.bytes,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    };
    let mut fds = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            fds.extend(received);
        }
    }
    if received == 0 {
        return Ok(None);
    }
    Ok(Some((serde_json::from_slice(&bytes[..received])?, fds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    #[test]
    fn messages_arrive_with_their_descriptors() {
        let pair = || socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap();
        let (a, b) = pair();
        let estate = Estate {
            supervisor: 7,
            listeners: vec!["127.0.0.1:3000".into()],
            leases: 1,
        };
        let (c, d) = pair();
        send(&a, &Message::TakeOver(estate.clone()), &[c.as_fd(), d.as_fd()]).unwrap();
        send(&a, &Message::Commit, &[]).unwrap();
        let (message, fds) = receive(&b).unwrap().unwrap();
        assert_eq!((message, fds.len()), (Message::TakeOver(estate), 2));
        assert_eq!(receive(&b).unwrap().unwrap().0, Message::Commit);
        rustix::net::send(&a, b"{\"nonsense\":1}", SendFlags::empty()).unwrap();
        assert!(receive(&b).is_err());
        drop(a);
        assert!(receive(&b).unwrap().is_none());
    }
}
