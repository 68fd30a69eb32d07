//! `text/event-stream` bytes (HTML Standard, "Server-sent events"). Pure: knows no socket and no subscriber.

use crate::update::Update;
use bytes::Bytes;
use std::fmt::Write as _;

/// A comment: keeps proxies and TCP awake, and is ignored by every client.
pub static HEARTBEAT: Event = Event {
    framed: Bytes::from_static(b"2\r\n:\n\r\n"),
    body_start: 3,
};

/// One event, serialized once and shared by all who receive it, with HTTP/1.1 chunk framing (RFC 9112, 7.1) around it: one
/// event is one chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    framed: Bytes,
    body_start: usize,
}

impl Event {
    /// Serializes an update.
    #[must_use]
    pub fn new(update: &Update) -> Self {
        let data = update.data();
        let fields = update.id().len() + update.event_type().map_or(0, str::len) + 48;
        let lines = data.bytes().filter(|byte| matches!(byte, b'\r' | b'\n')).count() + 1;
        let mut body = String::with_capacity(fields + data.len() + lines * 7);
        if let Some(event_type) = update.event_type() {
            line(&mut body, "event", event_type);
        }
        if let Some(retry) = update.retry() {
            // Writing to a String cannot fail.
            let _ = writeln!(body, "retry: {retry}");
        }
        line(&mut body, "id", update.id());
        for text in Lines(Some(data)) {
            line(&mut body, "data", text);
        }
        body.push('\n');
        Self::framed(&body)
    }

    /// Tells an `EventSource` where it stands before it has received an event: it takes the id over, as what to name when it
    /// reconnects, and dispatches nothing, since there is no data.
    #[must_use]
    pub fn position(id: &str) -> Self {
        let mut body = String::with_capacity(id.len() + 6);
        line(&mut body, "id", id);
        body.push('\n');
        Self::framed(&body)
    }

    fn framed(body: &str) -> Self {
        let head = format!("{:x}\r\n", body.len());
        let framed = [head.as_bytes(), body.as_bytes(), b"\r\n"].concat();
        Self {
            framed: framed.into(),
            body_start: head.len(),
        }
    }

    /// The event as one chunk of a chunked body.
    #[must_use]
    pub fn chunk(&self) -> &Bytes {
        &self.framed
    }

    /// The event alone, for bodies that are not chunked.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.framed.slice(self.body_start..self.framed.len() - 2)
    }
}

fn line(out: &mut String, field: &str, value: &str) {
    out.push_str(field);
    out.push_str(": ");
    out.push_str(value);
    out.push('\n');
}

/// Splits at LF, CR and CRLF: each ends a line of an event stream, so each must end a line of the data.
struct Lines<'a>(Option<&'a str>);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0?;
        let Some(end) = text.find(['\r', '\n']) else {
            return self.0.take();
        };
        let rest = &text[end..];
        self.0 = Some(rest.strip_prefix("\r\n").unwrap_or(&rest[1..]));
        Some(&text[..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::update::Draft;

    fn body(data: &str) -> String {
        let draft = Draft {
            topics: vec!["t".into()],
            data: data.into(),
            id: Some("1".into()),
            ..Draft::default()
        };
        String::from_utf8(Event::new(&Update::new(draft).unwrap()).body().to_vec()).unwrap()
    }

    #[test]
    fn every_line_break_starts_a_data_line() {
        assert_eq!(body("a\nb\rc\r\nd"), "id: 1\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
        assert_eq!(body(""), "id: 1\ndata: \n\n");
        assert_eq!(body("a\n"), "id: 1\ndata: a\ndata: \n\n");
        assert_eq!(body("\r\n\r\n"), "id: 1\ndata: \ndata: \ndata: \n\n");
    }

    #[test]
    fn a_position_is_an_id_without_data() {
        assert_eq!(&Event::position("urn:x").body()[..], b"id: urn:x\n\n");
        assert_eq!(&Event::position("urn:x").chunk()[..], b"b\r\nid: urn:x\n\n\r\n");
    }

    #[test]
    fn one_event_is_one_chunk() {
        let draft = Draft {
            topics: vec!["t".into()],
            data: "x".into(),
            id: Some("7".into()),
            event_type: Some("note".into()),
            retry: Some(250),
            ..Draft::default()
        };
        let event = Event::new(&Update::new(draft).unwrap());
        assert_eq!(&event.body()[..], b"event: note\nretry: 250\nid: 7\ndata: x\n\n");
        assert_eq!(
            &event.chunk()[..],
            b"26\r\nevent: note\nretry: 250\nid: 7\ndata: x\n\n\r\n"
        );
        assert_eq!(&HEARTBEAT.body()[..], b":\n");
    }
}
