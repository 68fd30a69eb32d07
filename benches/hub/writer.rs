//! The bare writer's process: the least a hub could be. It knows no topic, no history and no bound; it takes a datagram,
//! makes one event of it and sends that to every stream with one write(2) each, on one thread.
//!
//! Prints `ready port=...` once it listens. `deliver=0` makes it take updates and send nothing, `framing=close` makes it
//! answer without chunks: both for the benchmark's check of itself.

use crate::Result;
use crate::fields::Fields;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, RecvFlags, SocketAddrUnix, SocketFlags, SocketType, sockopt};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::PathBuf;

const LISTENER: u64 = u64::MAX;
const UPDATES: u64 = u64::MAX - 1;
const BACKLOG: i32 = 4096;
const CHUNKED_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const CLOSE_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

/// Runs until it is killed.
pub fn run(fields: &Fields) -> Result<()> {
    let path: PathBuf = fields.get("updates")?;
    let nonblocking = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let updates = net::socket_with(AddressFamily::UNIX, SocketType::DGRAM, nonblocking, None)?;
    net::bind(&updates, &SocketAddrUnix::new(&path)?)?;
    let listener = net::socket_with(AddressFamily::INET, SocketType::STREAM, nonblocking, None)?;
    net::bind(&listener, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
    net::listen(&listener, BACKLOG)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    epoll::add(&epoll, &updates, EventData::new_u64(UPDATES), EventFlags::IN)?;
    println!(
        "ready port={}",
        SocketAddr::try_from(net::getsockname(&listener)?)?.port()
    );
    std::io::stdout().flush()?;

    let mut writer = Writer {
        epoll,
        deliver: fields.get_or("deliver", 1)? != 0,
        chunked: fields.get_or("framing", "chunked".to_owned())? == "chunked",
        connections: Vec::new(),
        free: Vec::new(),
        sequence: 0,
    };
    let mut ready = Vec::with_capacity(1024);
    let mut update = vec![0; 256 * 1024];
    loop {
        match epoll::wait(&writer.epoll, spare_capacity(&mut ready), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in ready.drain(..) {
            match event.data.u64() {
                LISTENER => writer.accept(&listener)?,
                UPDATES => {
                    while let Ok((length, _)) = net::recv(&updates, update.as_mut_slice(), RecvFlags::empty()) {
                        writer.send(&update[..length]);
                    }
                }
                slot => writer.read(slot as usize),
            }
        }
    }
}

struct Connection {
    socket: OwnedFd,
    request: Vec<u8>,
    streaming: bool,
}

struct Writer {
    epoll: OwnedFd,
    deliver: bool,
    chunked: bool,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    sequence: u64,
}

impl Writer {
    fn accept(&mut self, listener: &OwnedFd) -> Result<()> {
        loop {
            let socket = match net::accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK) {
                Ok(socket) => socket,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR | Errno::CONNABORTED) => continue,
                Err(error) => return Err(format!("cannot accept a stream: {error}").into()),
            };
            sockopt::set_tcp_nodelay(&socket, true)?;
            let slot = self.free.pop().unwrap_or_else(|| {
                self.connections.push(None);
                self.connections.len() - 1
            });
            let flags = EventFlags::IN | EventFlags::RDHUP;
            epoll::add(&self.epoll, &socket, EventData::new_u64(slot as u64), flags)?;
            self.connections[slot] = Some(Connection {
                socket,
                request: Vec::new(),
                streaming: false,
            });
        }
    }

    /// A request or the end of a connection.
    fn read(&mut self, slot: usize) {
        let Some(connection) = self.connections[slot].as_mut() else {
            return;
        };
        let mut buffer = [0; 4096];
        match rustix::io::read(&connection.socket, &mut buffer) {
            Ok(length) if length > 0 => {
                if connection.streaming {
                    return;
                }
                connection.request.extend_from_slice(&buffer[..length]);
                if connection.request.ends_with(b"\r\n\r\n") {
                    connection.request = Vec::new();
                    connection.streaming = true;
                    let head = if self.chunked { CHUNKED_HEAD } else { CLOSE_HEAD };
                    if !write_whole(&connection.socket, head) {
                        self.close(slot);
                    }
                }
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            _ => self.close(slot),
        }
    }

    fn send(&mut self, data: &[u8]) {
        let event = self.event(data);
        if !self.deliver {
            return;
        }
        for slot in 0..self.connections.len() {
            let open = match &self.connections[slot] {
                Some(connection) if connection.streaming => write_whole(&connection.socket, &event),
                _ => continue,
            };
            if !open {
                self.close(slot);
            }
        }
    }

    /// The bytes of the event as the hub sends them: an id of the same length, the data, one chunk around both.
    fn event(&mut self, data: &[u8]) -> Vec<u8> {
        self.sequence += 1;
        let mut body = format!("id: urn:uuid:00000000-0000-4000-8000-{:012x}\ndata: ", self.sequence).into_bytes();
        body.extend_from_slice(data);
        body.extend_from_slice(b"\n\n");
        if !self.chunked {
            return body;
        }
        [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n"].concat()
    }

    fn close(&mut self, slot: usize) {
        self.connections[slot] = None;
        self.free.push(slot);
    }
}

/// One write(2), unless the socket's buffer is full: then it waits, for this stream alone. False when the stream is gone.
fn write_whole(socket: &OwnedFd, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match rustix::io::write(socket, bytes) {
            Ok(length) => bytes = &bytes[length..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let mut full = [PollFd::new(socket, PollFlags::OUT)];
                if !matches!(poll(&mut full, None), Ok(_) | Err(Errno::INTR)) {
                    return false;
                }
            }
            Err(_) => return false,
        }
    }
    true
}
