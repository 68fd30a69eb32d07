//! A small HTTP/1.1 client that shows everything and forgives nothing.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Request {
    method: String,
    target: String,
    version: &'static str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            version: "HTTP/1.1",
            headers: vec![("Host".to_owned(), "hub.example".to_owned())],
            body: Vec::new(),
        }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn post(target: &str, form: &str) -> Self {
        let request = Self::new("POST", target).header("Content-Type", "application/x-www-form-urlencoded");
        Self {
            body: form.as_bytes().to_vec(),
            ..request.header("Content-Length", &form.len().to_string())
        }
    }

    /// Adds a header, or replaces the one with this name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.and_header(name, value)
    }

    /// Adds a header, whatever is there.
    pub fn and_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self
    }

    pub fn http_1_0(mut self) -> Self {
        self.version = "HTTP/1.0";
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} {}\r\n", self.method, self.target, self.version).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

#[derive(Debug)]
pub struct Response {
    pub version: String,
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The values of a header, joined.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.read(buffer),
            Self::Unix(socket) => socket.read(buffer),
        }
    }
}

impl Socket {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.write_all(bytes),
            Self::Unix(socket) => socket.write_all(bytes),
        }
    }
}

pub struct Connection(BufReader<Socket>);

impl Connection {
    pub fn tcp(address: SocketAddr) -> Self {
        Self::from_tcp(TcpStream::connect(address).unwrap())
    }

    pub fn from_tcp(socket: TcpStream) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(Socket::Tcp(socket)))
    }

    pub fn unix(path: &Path) -> Self {
        let socket = UnixStream::connect(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(Socket::Unix(socket)))
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_all(bytes)
    }

    /// Tells the hub that nothing more will come.
    pub fn finish_writing(&mut self) {
        match self.0.get_ref() {
            Socket::Tcp(socket) => socket.shutdown(Shutdown::Write).unwrap(),
            Socket::Unix(socket) => socket.shutdown(Shutdown::Write).unwrap(),
        }
    }

    /// The connection stays usable for another request.
    pub fn request(&mut self, request: &Request) -> Response {
        self.write(&request.bytes()).unwrap();
        self.response(request.method == "HEAD")
    }

    /// Reads a response, as large as its headers say.
    pub fn response(&mut self, without_body: bool) -> Response {
        let mut response = self.head();
        if without_body || response.status == 204 {
            return response;
        }
        match response.header("content-length") {
            Some(length) => {
                response.body = vec![0; length.parse().unwrap()];
                self.0.read_exact(&mut response.body).unwrap();
            }
            None => panic!("a response without a length: {response:?}"),
        }
        response
    }

    fn head(&mut self) -> Response {
        let status_line = self.line().expect("a response");
        let mut parts = status_line.splitn(3, ' ');
        let version = parts.next().unwrap().to_owned();
        let status = parts.next().unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.line().expect("a whole head");
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap();
            headers.push((name.to_owned(), value.to_owned()));
        }
        Response {
            version,
            status,
            headers,
            body: Vec::new(),
        }
    }

    /// A line that ends with CRLF; `None` at the end of the connection.
    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).unwrap();
        if line.is_empty() {
            return None;
        }
        assert!(line.ends_with(b"\r\n"), "{line:?}");
        line.truncate(line.len() - 2);
        Some(String::from_utf8(line).unwrap())
    }

    /// Everything up to the end of the connection; an abrupt end is one too.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => rest,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => rest,
            Err(error) => panic!("the connection should have ended: {error}"),
        }
    }

    /// Sends a request that must be answered with a stream.
    pub fn subscribe(mut self, request: &Request) -> Stream {
        self.write(&request.bytes()).unwrap();
        self.stream()
    }

    /// Reads the head of a stream.
    pub fn stream(mut self) -> Stream {
        let head = self.head();
        assert_eq!(head.status, 200, "{head:?}");
        let chunked = head.header("transfer-encoding").as_deref() == Some("chunked");
        Stream {
            head,
            body: Body {
                connection: self,
                chunked,
                chunk: 0,
                ended: false,
            },
            line: String::new(),
        }
    }
}

/// An event as the HTML Standard's parser makes it of the stream.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub event: Option<String>,
    pub retry: Option<String>,
    pub data: String,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Item {
    Event(Event),
    Comment,
    /// The end of the body, as it should be.
    End,
    /// The connection ended in the middle.
    Broken,
}

pub struct Stream {
    pub head: Response,
    body: Body,
    line: String,
}

impl Stream {
    /// The next event; comments are passed over.
    pub fn event(&mut self) -> Event {
        loop {
            match self.item() {
                Item::Event(event) => return event,
                Item::Comment => {}
                end => panic!("the stream ended: {end:?}"),
            }
        }
    }

    /// The data of the next event.
    pub fn data(&mut self) -> String {
        self.event().data
    }

    pub fn last_event_id(&self) -> String {
        let id = self.head.header("last-event-id").unwrap();
        assert_eq!(self.head.header("mercure-last-event-id").unwrap(), id);
        id
    }

    pub fn item(&mut self) -> Item {
        let mut event = Event::default();
        let mut data: Option<String> = None;
        let mut begun = false;
        loop {
            self.line.clear();
            if let Some(end) = self.body.line(&mut self.line) {
                assert!(!begun || end == Item::Broken, "the body ends inside an event");
                return end;
            }
            let line = self.line.as_str();
            if line.is_empty() {
                if begun {
                    event.data = data.unwrap_or_default();
                    return Item::Event(event);
                }
                continue;
            }
            if line.starts_with(':') {
                return Item::Comment;
            }
            begun = true;
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => event.id = value.to_owned(),
                "event" => event.event = Some(value.to_owned()),
                "retry" => event.retry = Some(value.to_owned()),
                "data" => match &mut data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => data = Some(value.to_owned()),
                },
                field => panic!("unknown field {field:?}"),
            }
        }
    }

    pub fn connection(&mut self) -> &mut Connection {
        &mut self.body.connection
    }
}

struct Body {
    connection: Connection,
    chunked: bool,
    /// Bytes left of the chunk at hand.
    chunk: usize,
    ended: bool,
}

impl Body {
    /// Appends a line to `line`, or says how the body ended.
    fn line(&mut self, line: &mut String) -> Option<Item> {
        let mut bytes = Vec::new();
        loop {
            if self.chunked && self.chunk == 0 {
                match self.next_chunk() {
                    Some(0) => {
                        assert!(bytes.is_empty());
                        self.ended = true;
                        return Some(Item::End);
                    }
                    Some(size) => self.chunk = size,
                    None => return Some(Item::Broken),
                }
            }
            let limit = if self.chunked { self.chunk as u64 } else { u64::MAX };
            let read = match (&mut self.connection.0).take(limit).read_until(b'\n', &mut bytes) {
                Ok(0) => return Some(if self.chunked { Item::Broken } else { Item::End }),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Some(Item::Broken),
                Err(error) => panic!("nothing came: {error}"),
            };
            if self.chunked {
                self.chunk -= read;
                if self.chunk == 0 {
                    assert_eq!(self.connection.line().as_deref(), Some(""), "CRLF after a chunk");
                }
            }
            if bytes.ends_with(b"\n") {
                bytes.pop();
                line.push_str(std::str::from_utf8(&bytes).unwrap());
                return None;
            }
        }
    }

    fn next_chunk(&mut self) -> Option<usize> {
        if self.ended {
            return None;
        }
        let mut size = Vec::new();
        match self.connection.0.read_until(b'\n', &mut size) {
            Ok(_) if size.ends_with(b"\r\n") => {}
            Ok(_) => return None,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return None,
            Err(error) => panic!("nothing came: {error}"),
        }
        let size = std::str::from_utf8(&size[..size.len() - 2]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            assert_eq!(self.connection.line().as_deref(), Some(""), "no trailers");
        }
        Some(size)
    }
}
