//! The sockets of the load client: each one a subscription, opened the way a browser would, then only read.

use crate::Result;
use crate::decoder::Decoder;
use crate::fields::Fields;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SendFlags, SocketFlags, SocketType, sockopt};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// One loopback address has about 28,000 ports for connections to the same server; those of a run that has just ended are
/// still held (TIME_WAIT), so every run gets addresses of its own.
pub const STREAMS_PER_SOURCE: usize = 10_000;

/// Streams whose answer may be outstanding while more are opened: far below any listener's backlog.
const WINDOW: usize = 128;

/// One subscription.
pub struct Stream {
    socket: OwnedFd,
    decoder: Decoder,
}

/// What one read of a stream said.
pub enum Outcome {
    /// Bytes of the answer; more may be waiting.
    Read(usize),
    /// Nothing is waiting.
    Drained,
    /// The server ended the stream, or something else did; in words.
    Closed(String),
}

/// All streams of a client, by number; a stream that was disconnected leaves a gap.
pub struct Streams {
    address: SocketAddr,
    topic: String,
    source: u32,
    wanted: usize,
    open: usize,
    slots: Vec<Option<Stream>>,
}

impl Streams {
    /// Takes `address`, `streams`, `topic` (`%d` stands for the stream's number) and `source` (the number of the first
    /// loopback address to connect from).
    pub fn new(fields: &Fields) -> Result<Self> {
        Ok(Self {
            address: fields.get("address")?,
            topic: fields.get("topic")?,
            source: fields.get("source")?,
            wanted: fields.get("streams")?,
            open: 0,
            slots: Vec::new(),
        })
    }

    /// Whether the answers to all streams have begun.
    pub fn all_open(&self) -> bool {
        self.open == self.wanted
    }

    /// Connects and asks for more streams, as many as may be outstanding.
    pub fn open_more(&mut self, epoll: &OwnedFd) -> Result<()> {
        while self.slots.len() < self.wanted && self.slots.len() - self.open < WINDOW {
            let number = self.slots.len();
            let socket = self.subscribe(number).map_err(|error| {
                format!(
                    "cannot open stream {number} to {}: {error} (is the limit of open files high enough?)",
                    self.address
                )
            })?;
            // Edge-triggered: one system call per readable stream and no bookkeeping between events.
            let flags = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
            epoll::add(epoll, &socket, EventData::new_u64(number as u64), flags)?;
            self.slots.push(Some(Stream {
                socket,
                decoder: Decoder::new(),
            }));
        }
        Ok(())
    }

    /// Reads once from stream `number` into `buffer`; calls `event` with the stamp of every event that became complete.
    pub fn read(&mut self, number: usize, buffer: &mut [u8], event: &mut impl FnMut(u64)) -> Outcome {
        let Some(stream) = self.slots.get_mut(number).and_then(Option::as_mut) else {
            return Outcome::Drained;
        };
        let was_open = stream.decoder.is_open();
        let outcome = match rustix::io::read(&stream.socket, &mut *buffer) {
            Ok(0) => Outcome::Closed("the server closed the connection".to_owned()),
            Ok(length) => match stream.decoder.feed(&buffer[..length], event) {
                Ok(()) => Outcome::Read(length),
                Err(reason) => Outcome::Closed(reason),
            },
            Err(Errno::AGAIN) => Outcome::Drained,
            Err(Errno::INTR) => Outcome::Read(0),
            Err(error) => Outcome::Closed(error.to_string()),
        };
        if !was_open && stream.decoder.is_open() {
            self.open += 1;
        }
        if matches!(outcome, Outcome::Closed(_)) {
            self.slots[number] = None;
        }
        outcome
    }

    fn subscribe(&self, number: usize) -> rustix::io::Result<OwnedFd> {
        let socket = net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        if self.address.ip().is_loopback() {
            net::bind(&socket, &SocketAddrV4::new(self.source_of(number), 0))?;
        }
        net::connect(&socket, &self.address)?;
        sockopt::set_tcp_nodelay(&socket, true)?;
        let topic = self.topic.replace("%d", &number.to_string());
        let topic = utf8_percent_encode(&topic, NON_ALPHANUMERIC);
        let request = format!(
            "GET /.well-known/mercure?topic={topic} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n\r\n",
            self.address
        );
        // The request is far smaller than an empty socket buffer, so one send takes it whole.
        net::send(&socket, request.as_bytes(), SendFlags::NOSIGNAL)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        Ok(socket)
    }

    /// 127.0.0.2 and up; 127.0.0.1 is left to the servers.
    fn source_of(&self, number: usize) -> Ipv4Addr {
        let source = self.source + (number / STREAMS_PER_SOURCE) as u32;
        Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 0, 2)) + source)
    }
}
