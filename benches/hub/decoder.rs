//! Bytes of one HTTP/1.1 answer -> events of its event stream. Knows no socket; keeps only what a read cut in two.

use memchr::memchr;

const STAMP_DIGITS: usize = 20;

/// Reads one stream's answer: head, then a chunked or a close-delimited body.
#[derive(Debug)]
pub struct Decoder {
    body: Body,
    /// An incomplete head or chunk size; empty nearly always, as the next, so an idle stream costs no heap.
    framing: Vec<u8>,
    /// An incomplete line of the event stream; a line may go on in the next chunk.
    partial: Vec<u8>,
    /// The event being read has data; with the time it was sent at, or zero.
    pending: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    Head,
    Close,
    ChunkSize,
    Chunk(usize),
    ChunkEnd,
    Ended,
}

impl Decoder {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self {
            body: Body::Head,
            framing: Vec::new(),
            partial: Vec::new(),
            pending: None,
        }
    }

    /// Whether the head of a 200 answer has been read.
    pub fn is_open(&self) -> bool {
        self.body != Body::Head
    }

    /// Takes what was read and calls `event` for each complete event that carries data, with the time in its stamp
    /// (`t=` and 20 digits at the start of the data; zero without one).
    ///
    /// # Errors
    /// What the answer says that a stream's answer must not say: another status than 200, broken chunks, its end.
    pub fn feed(&mut self, mut bytes: &[u8], event: &mut impl FnMut(u64)) -> Result<(), String> {
        while !bytes.is_empty() {
            bytes = match self.body {
                Body::Head => self.head(bytes)?,
                Body::Close => self.lines(bytes, event),
                Body::ChunkSize => self.chunk_size(bytes)?,
                Body::Chunk(left) => {
                    let (payload, rest) = bytes.split_at(left.min(bytes.len()));
                    self.lines(payload, event);
                    self.body = if payload.len() == left {
                        Body::ChunkEnd
                    } else {
                        Body::Chunk(left - payload.len())
                    };
                    rest
                }
                Body::ChunkEnd => match memchr(b'\n', bytes) {
                    Some(end) => {
                        self.body = Body::ChunkSize;
                        &bytes[end + 1..]
                    }
                    None => &[],
                },
                Body::Ended => return Err("the server ended the stream".to_owned()),
            };
        }
        match self.body {
            Body::Ended => Err("the server ended the stream".to_owned()),
            _ => Ok(()),
        }
    }

    fn head<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], String> {
        let before = self.framing.len();
        self.framing.extend_from_slice(bytes);
        let Some(end) = self.framing.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(&[]);
        };
        let head = String::from_utf8_lossy(&self.framing[..end]).to_ascii_lowercase();
        if head.split(' ').nth(1) != Some("200") {
            let status = head.lines().next().unwrap_or_default();
            return Err(format!("a stream was answered \"{status}\""));
        }
        let chunked = head
            .lines()
            .any(|line| line.starts_with("transfer-encoding:") && line.contains("chunked"));
        self.body = if chunked { Body::ChunkSize } else { Body::Close };
        self.framing = Vec::new();
        Ok(&bytes[end + 4 - before..])
    }

    fn chunk_size<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], String> {
        let Some(end) = memchr(b'\n', bytes) else {
            self.framing.extend_from_slice(bytes);
            return Ok(&[]);
        };
        self.framing.extend_from_slice(&bytes[..end]);
        let digits = self.framing.iter().take_while(|byte| byte.is_ascii_hexdigit());
        let size = digits.fold(0, |size, digit| {
            size * 16 + char::from(*digit).to_digit(16).unwrap_or_default() as usize
        });
        if !self.framing.first().is_some_and(u8::is_ascii_hexdigit) {
            return Err(format!("{:?} is no chunk size", String::from_utf8_lossy(&self.framing)));
        }
        self.framing.clear();
        self.body = if size == 0 { Body::Ended } else { Body::Chunk(size) };
        Ok(&bytes[end + 1..])
    }

    /// Lines of the event stream; the rest of a line waits for the next read. Returns nothing left over.
    fn lines(&mut self, mut bytes: &[u8], event: &mut impl FnMut(u64)) -> &'static [u8] {
        while let Some(end) = memchr(b'\n', bytes) {
            if self.partial.is_empty() {
                self.line(&bytes[..end], event);
            } else {
                let mut line = std::mem::take(&mut self.partial);
                line.extend_from_slice(&bytes[..end]);
                self.line(&line, event);
            }
            bytes = &bytes[end + 1..];
        }
        self.partial.extend_from_slice(bytes);
        &[]
    }

    fn line(&mut self, line: &[u8], event: &mut impl FnMut(u64)) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            if let Some(sent) = self.pending.take() {
                event(sent);
            }
        } else if self.pending.is_none()
            && let Some(data) = line.strip_prefix(b"data:")
        {
            self.pending = Some(stamp(data.strip_prefix(b" ").unwrap_or(data)));
        }
    }
}

fn stamp(data: &[u8]) -> u64 {
    let digits = data.strip_prefix(b"t=").and_then(|data| data.get(..STAMP_DIGITS));
    digits
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
        .unwrap_or(0)
}
