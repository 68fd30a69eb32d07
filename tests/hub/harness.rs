//! A running hub, and the ways into it: the publish queue, HTTP, tokens.

use crate::client::{Connection, Request, Response, Stream};
use jsonwebtoken::{EncodingKey, Header, encode};
use mercure::config::{Config, log_capacity};
use mercure::hub::{self, Inherited, Listener};
use mercure::ipc::frame;
use mercure::ipc::queue::{MEMFD, SEALS};
use mercure::transport::log;
use mercure::update::{Draft, Update};
use rustix::fs::{MemfdFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use serde_json::{Value, json};
use std::io::{IoSlice, Write};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixDatagram, UnixListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

pub const PUBLISHER_KEY: &str = "publisher key of the tests, long enough";
pub const SUBSCRIBER_KEY: &str = "subscriber key of the tests, long enough";

/// The hub's URL.
pub const HUB: &str = "/.well-known/mercure";

/// Stops its hub when dropped.
pub struct TestHub {
    pub address: SocketAddr,
    queue: UnixDatagram,
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

/// A hub with keys for both roles; `directives` add to the configuration, or replace.
pub fn hub(directives: &[(&str, &str)]) -> TestHub {
    hub_with(directives, Vec::new())
}

/// The same for everyone, without tokens.
pub fn anonymous_hub() -> TestHub {
    hub(&[("anonymous", "1")])
}

/// A hub that also listens on `path`.
pub fn unix_hub(path: &PathBuf) -> TestHub {
    let listener = UnixListener::bind(path).unwrap();
    hub_with(&[("anonymous", "1")], vec![Listener::Unix(listener)])
}

fn hub_with(directives: &[(&str, &str)], mut listeners: Vec<Listener>) -> TestHub {
    let ini = |name: &str| {
        let given = directives.iter().find(|(directive, _)| *directive == name);
        let usual = match name {
            "publisher_jwt_key" => Some(PUBLISHER_KEY),
            "subscriber_jwt_key" => Some(SUBSCRIBER_KEY),
            _ => None,
        };
        given.map(|(_, value)| *value).or(usual).map(str::to_owned)
    };
    let config = Arc::new(Config::load(ini, |_| None).unwrap());

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listeners.push(Listener::Tcp(listener));

    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "mercure-tests-{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let queue_address = UnixAddr::from_abstract_name(name).unwrap();
    let receiver = UnixDatagram::bind_addr(&queue_address).unwrap();
    let queue = UnixDatagram::unbound().unwrap();
    queue.connect_addr(&queue_address).unwrap();

    let log = memfd_create("log", MemfdFlags::CLOEXEC).unwrap();
    ftruncate(&log, (log::HEADER + log_capacity(config.history_size)) as u64).unwrap();
    let (stopped, stop) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
    let inherited = Inherited {
        listeners,
        queue: receiver.into(),
        log,
    };
    let thread = std::thread::spawn(move || hub::run(inherited, config, stopped).unwrap());
    TestHub {
        address,
        queue,
        stop: Some(stop),
        thread: Some(thread),
    }
}

impl TestHub {
    /// Stops the hub and waits for its end.
    pub fn stop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    /// Publishes as PHP does, through the queue; returns the id.
    pub fn enqueue(&self, draft: Draft) -> String {
        let update = Update::new(draft).unwrap();
        let mut bytes = Vec::new();
        frame::encode(&update, &mut bytes);
        if bytes.len() < 100_000 {
            self.queue.send(&bytes).unwrap();
        } else {
            self.enqueue_memfd(&bytes);
        }
        update.id().to_owned()
    }

    /// Puts anything into the queue.
    pub fn enqueue_bytes(&self, bytes: &[u8]) {
        self.queue.send(bytes).unwrap();
    }

    fn enqueue_memfd(&self, bytes: &[u8]) {
        let memfd = memfd_create("update", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        std::fs::File::from(memfd.try_clone().unwrap())
            .write_all(bytes)
            .unwrap();
        fcntl_add_seals(&memfd, SEALS).unwrap();
        self.enqueue_descriptor(MEMFD, memfd.as_fd());
    }

    /// Puts anything into the queue, with a descriptor.
    pub fn enqueue_descriptor(&self, bytes: &[u8], descriptor: BorrowedFd<'_>) {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let fds = [descriptor];
        assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
        sendmsg(&self.queue, &[IoSlice::new(bytes)], &mut control, SendFlags::empty()).unwrap();
    }

    /// Publishes a public update through the queue.
    pub fn send(&self, topic: &str, data: &str) -> String {
        self.enqueue(draft(topic, data))
    }

    pub fn connect(&self) -> Connection {
        Connection::tcp(self.address)
    }

    /// One request on a connection of its own.
    pub fn request(&self, request: &Request) -> Response {
        self.connect().request(request)
    }

    pub fn get(&self, query: &str) -> Response {
        self.request(&Request::get(&format!("{HUB}?{query}")))
    }

    /// A stream that must be accepted.
    pub fn subscribe(&self, query: &str) -> Stream {
        self.subscribe_with(&Request::get(&format!("{HUB}?{query}")))
    }

    pub fn subscribe_with(&self, request: &Request) -> Stream {
        self.connect().subscribe(request)
    }

    /// `POST` with a token that may do everything.
    pub fn post(&self, form: &str) -> Response {
        self.request(&post(form, &publisher(&["*"])))
    }
}

impl Drop for TestHub {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A failed test is already on its way out.
            let _ = thread.join();
        }
    }
}

pub fn draft(topic: &str, data: &str) -> Draft {
    Draft {
        topics: vec![topic.to_owned()],
        data: data.to_owned(),
        ..Draft::default()
    }
}

pub fn private_draft(topic: &str, data: &str) -> Draft {
    Draft {
        private: true,
        ..draft(topic, data)
    }
}

/// A `POST` request with a token in the header.
pub fn post(form: &str, token: &str) -> Request {
    Request::post(HUB, form).header("Authorization", &format!("Bearer {token}"))
}

/// A subscription with a token in the header.
pub fn subscription(query: &str, token: &str) -> Request {
    Request::get(&format!("{HUB}?{query}")).header("Authorization", &format!("Bearer {token}"))
}

pub fn publisher(selectors: &[&str]) -> String {
    sign(&json!({"mercure": {"publish": selectors}}), PUBLISHER_KEY)
}

pub fn subscriber(selectors: &[&str]) -> String {
    sign(&json!({"mercure": {"subscribe": selectors}}), SUBSCRIBER_KEY)
}

/// HS256.
pub fn sign(claims: &Value, key: &str) -> String {
    encode(&Header::default(), claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
}

/// Percent-encodes everything but letters and digits.
pub fn escape(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
