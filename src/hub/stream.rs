//! One subscriber's stream: its socket, what waits for it, and the rule for a socket that refuses bytes.

use super::dispatched::Dispatched;
use super::{Socket, StreamStart};
use crate::matcher::TopicMatcher;
use crate::sse;
use bytes::{Buf, Bytes};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendFlags, Shutdown, send, sendmsg, shutdown};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::time::{Instant, SystemTime};

/// Ends a chunked body (RFC 9112, 7.1).
const LAST_CHUNK: Bytes = Bytes::from_static(b"0\r\n\r\n");

const SEND: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);

/// The most buffers one system call is given.
const MOST_BUFFERS: usize = 64;

/// A queue that has grown beyond this in a burst is given back when it is empty, so that an idle stream stays small.
const KEPT_CAPACITY: usize = 8;

#[derive(Debug)]
pub(super) struct Stream {
    socket: OwnedFd,
    chunked: bool,
    matchers: Box<[TopicMatcher]>,
    grants: Box<[TopicMatcher]>,
    /// What the socket has refused so far, oldest first.
    queue: VecDeque<Bytes>,
    queued_bytes: usize,
    /// While it is replayed: sequence of the last update it got or skipped. Live: where it started.
    pub(super) cursor: u64,
    /// Whether it reads the history, rather than what is dispatched.
    pub(super) replaying: bool,
    /// Which updates of the batch at hand it gets.
    pub(super) batch: u64,
    /// When its socket began to refuse, or last took some bytes after that.
    refusing_since: Option<Instant>,
    /// When bytes were last written.
    pub(super) last_write: Instant,
    /// When it ends: its longest life, or its token's.
    pub(super) ends_at: Option<Instant>,
}

/// What became of an attempt to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// The socket has taken everything.
    All,
    /// The socket refuses; what is left waits in the stream's queue.
    Waiting,
    /// The socket refuses and the queue is full: nothing of this was taken.
    Overflow,
    /// The peer has gone.
    Gone,
}

impl Stream {
    /// `life_ends`: `mercure.write_timeout` from now, if there is one.
    pub(super) fn new(start: StreamStart, life_ends: Option<Instant>, now: Instant) -> io::Result<(Self, Vec<u8>)> {
        let StreamStart {
            socket,
            head,
            chunked,
            subscriber,
            position,
        } = start;
        let socket = match socket {
            Socket::Tcp(socket) => OwnedFd::from(socket.into_std()?),
            Socket::Unix(socket) => OwnedFd::from(socket.into_std()?),
        };
        // An expiry too far off for the clock's type never comes.
        let expires = subscriber
            .expires
            .map(|at| at.duration_since(SystemTime::now()).unwrap_or_default());
        let token_ends = expires.and_then(|left| now.checked_add(left));
        let stream = Self {
            socket,
            chunked,
            matchers: subscriber.matchers.into(),
            grants: subscriber.grants.into(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            cursor: position.sequence,
            replaying: false,
            batch: 0,
            refusing_since: None,
            last_write: now,
            ends_at: [life_ends, token_ends].into_iter().flatten().min(),
        };
        Ok((stream, head))
    }

    pub(super) fn matchers(&self) -> &[TopicMatcher] {
        &self.matchers
    }

    /// Whether a live update whose topic is matched is also meant for this stream: not from before its start, and not
    /// private to others (Mercure, "Authorization").
    pub(super) fn may_receive(&self, update: &Dispatched) -> bool {
        !self.replaying && update.sequence > self.cursor && self.is_authorized(update.private, &update.topics)
    }

    /// Whether an update from the history is for this stream.
    pub(super) fn wants(&self, private: bool, topics: &[String]) -> bool {
        matched(&self.matchers, topics) && self.is_authorized(private, topics)
    }

    fn is_authorized(&self, private: bool, topics: &[String]) -> bool {
        !private || matched(&self.grants, topics)
    }

    /// Whether bytes wait for the socket to take them.
    pub(super) fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Since when the socket has not taken a single byte of what waits.
    pub(super) fn refusing_since(&self) -> Option<Instant> {
        self.refusing_since
    }

    /// The event's bytes in this stream's framing.
    pub(super) fn framed(&self, event: &sse::Event) -> Bytes {
        if self.chunked {
            event.chunk().clone()
        } else {
            event.body()
        }
    }

    pub(super) fn is_chunked(&self) -> bool {
        self.chunked
    }

    /// Writes `bytes`, or puts what the socket refuses into the queue, which takes up to `limit` bytes (and one piece of any
    /// size when it is empty).
    pub(super) fn send(&mut self, bytes: &Bytes, limit: usize, now: Instant) -> Sent {
        if !self.queue.is_empty() {
            if self.queued_bytes + bytes.len() > limit {
                return Sent::Overflow;
            }
            self.enqueue(bytes.clone());
            return Sent::Waiting;
        }
        loop {
            match send(&self.socket, bytes, SEND) {
                Ok(sent) => {
                    self.last_write = now;
                    if sent == bytes.len() {
                        return Sent::All;
                    }
                    self.enqueue(bytes.slice(sent..));
                }
                Err(Errno::AGAIN) => self.enqueue(bytes.clone()),
                Err(Errno::INTR) => continue,
                Err(_) => return Sent::Gone,
            }
            self.refusing_since = Some(now);
            return Sent::Waiting;
        }
    }

    /// Writes what waits, as far as the socket takes it.
    pub(super) fn flush(&mut self, now: Instant) -> Sent {
        while !self.queue.is_empty() {
            let mut buffers = [IoSlice::new(&[]); MOST_BUFFERS];
            let mut count = 0;
            for (buffer, bytes) in buffers.iter_mut().zip(&self.queue) {
                *buffer = IoSlice::new(bytes);
                count += 1;
            }
            match sendmsg(
                &self.socket,
                &buffers[..count],
                &mut SendAncillaryBuffer::default(),
                SEND,
            ) {
                Ok(sent) => {
                    self.last_write = now;
                    self.refusing_since = Some(now);
                    self.dequeue(sent);
                }
                Err(Errno::AGAIN) => return Sent::Waiting,
                Err(Errno::INTR) => {}
                Err(_) => return Sent::Gone,
            }
        }
        self.refusing_since = None;
        if self.queue.capacity() > KEPT_CAPACITY {
            self.queue = VecDeque::new();
        }
        Sent::All
    }

    /// Ends the body properly, if the socket takes it, and tells the peer that nothing follows.
    pub(super) fn end(&mut self, now: Instant) {
        if self.chunked && !self.is_waiting() {
            self.send(&LAST_CHUNK, 0, now);
        }
        // Fails only when the peer has gone already.
        let _ = shutdown(&self.socket, Shutdown::Write);
    }

    /// Reads and forgets some of what a client sends on a stream: not all, as it may send faster than we read. Returns whether
    /// it is still there.
    pub(super) fn is_peer_there(&self) -> bool {
        let mut forgotten = [0; 4096];
        match rustix::io::read(&self.socket, &mut forgotten) {
            Ok(read) => read > 0,
            Err(error) => matches!(error, Errno::AGAIN | Errno::INTR),
        }
    }

    fn enqueue(&mut self, bytes: Bytes) {
        self.queued_bytes += bytes.len();
        self.queue.push_back(bytes);
    }

    fn dequeue(&mut self, mut sent: usize) {
        self.queued_bytes -= sent;
        while let Some(front) = self.queue.front_mut() {
            if sent < front.len() {
                front.advance(sent);
                return;
            }
            sent -= front.len();
            self.queue.pop_front();
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn matched(matchers: &[TopicMatcher], topics: &[String]) -> bool {
    matchers
        .iter()
        .any(|matcher| topics.iter().any(|topic| matcher.matches(topic)))
}
