//! 0.x, "Publication".

use crate::client::Request;
use crate::harness::{HUB, anonymous_hub, escape, hub, post, publisher};

/// The answer is the update's id; the update reaches who has subscribed to any of its topics.
#[test]
fn publishes_what_the_form_says() {
    let hub = anonymous_hub();
    let mut stream = hub.subscribe("topic=/b");
    let response = hub.post("topic=/a&topic=%2Fb&data=line+1%0Aline%202&id=urn:x:1&type=note&retry=1500&unknown=%FF");
    assert_eq!((response.status, response.text()), (200, "urn:x:1"));
    assert_eq!(
        response.header("content-type").as_deref(),
        Some("text/plain; charset=utf-8")
    );
    let event = stream.event();
    assert_eq!((event.id.as_str(), event.data.as_str()), ("urn:x:1", "line 1\nline 2"));
    assert_eq!(
        (event.event.as_deref(), event.retry.as_deref()),
        (Some("note"), Some("1500"))
    );
}

/// "If omitted, the hub MUST generate a valid IRI"
#[test]
fn an_id_is_made_where_there_is_none() {
    let hub = anonymous_hub();
    let mut stream = hub.subscribe("topic=/a");
    for form in ["topic=/a", "topic=/a&id=&type=&retry="] {
        let response = hub.post(form);
        assert_eq!(response.status, 200);
        assert!(response.text().starts_with("urn:uuid:"));
        let event = stream.event();
        assert_eq!(event.id, response.text());
        assert_eq!((event.data.as_str(), event.event, event.retry), ("", None, None));
    }
}

#[test]
fn the_first_of_several_fields_counts() {
    let hub = anonymous_hub();
    let mut stream = hub.subscribe("topic=/a");
    assert_eq!(hub.post("topic=/a&data=1&data=2&id=x&id=y").text(), "x");
    assert_eq!(stream.data(), "1");
}

/// What no publisher may send, with a word about what is wrong; nothing of it reaches anyone.
#[test]
fn a_bad_form_is_a_bad_request() {
    let hub = anonymous_hub();
    let mut stream = hub.subscribe("topic=*");
    let long = format!("topic=/a&id={}", "x".repeat(8193));
    let many = "topic=/a&".repeat(101);
    for (form, hint) in [
        ("", "topic"),
        ("data=x", "topic"),
        ("topic=", "topic"),
        ("topic=*", "topic"),
        ("topic=/a&retry=-1", "retry"),
        ("topic=/a&retry=%2B1", "retry"),
        ("topic=/a&retry=1.5", "retry"),
        ("topic=/a&retry=1s", "retry"),
        ("topic=/a&retry=18446744073709551616", "retry"),
        ("topic=/a&id=%23x", "id"),
        ("topic=/a&id=earliest", "id"),
        ("topic=/a&type=mercure", "type"),
        ("topic=%FF", "topic"),
        ("topic=/a&data=%C3", "data"),
        ("topic=/a&id=%FF", "id"),
        (&long, "id"),
        (&many, "topics"),
    ] {
        let response = hub.post(form);
        assert_eq!(response.status, 400, "{form:.60}");
        assert!(response.text().contains(hint), "{form:.60}: {}", response.text());
    }
    hub.send("/a", "the next one");
    assert_eq!(stream.data(), "the next one");
}

/// HTML Standard: a line break in a field would be another field.
#[test]
fn no_field_can_inject_another() {
    let hub = anonymous_hub();
    let mut stream = hub.subscribe("topic=*");
    for bad in [
        "a\nid: forged",
        "a\r\ndata: forged",
        "a\rb",
        "a\0b",
        "a\u{85}b",
        "a\u{2028}\u{200B}b",
    ] {
        for field in ["topic", "id", "type"] {
            let topic = if field == "topic" { "" } else { "topic=/a&" };
            assert_eq!(
                hub.post(&format!("{topic}{field}={}", escape(bad))).status,
                400,
                "{field} {bad:?}"
            );
        }
    }
    hub.post(&format!(
        "topic=/a&data={}",
        escape("x\n\nid: forged\r\n\r\nevent: forged\n\n")
    ));
    let event = stream.event();
    assert!(event.id.starts_with("urn:uuid:"));
    assert_eq!(
        (event.data.as_str(), event.event),
        ("x\n\nid: forged\n\nevent: forged\n\n", None)
    );
}

/// "The request MUST be encoded using the application/x-www-form-urlencoded format"
#[test]
fn other_bodies_are_refused() {
    let hub = anonymous_hub();
    let request = || post("topic=/a", &publisher(&["*"]));
    for content_type in ["application/json", "multipart/form-data; boundary=x", "text/plain", ""] {
        assert_eq!(
            hub.request(&request().header("Content-Type", content_type)).status,
            415,
            "{content_type}"
        );
    }
    assert_eq!(hub.request(&request().without("Content-Type")).status, 415);
    assert_eq!(hub.request(&request().header("Content-Encoding", "gzip")).status, 415);
    let charset = "Application/X-WWW-Form-Urlencoded; charset=UTF-8";
    assert_eq!(hub.request(&request().header("Content-Type", charset)).status, 200);
}

/// RFC 9110, 15.5.14: the answer arrives although the body was not read; announced or not, and with `Expect` before it is sent.
#[test]
fn a_large_body_is_refused_with_an_answer() {
    let hub = hub(&[("max_request_body_size", "64K")]);
    let form = |length: usize| format!("topic=/a&data={}", "x".repeat(length - "topic=/a&data=".len()));
    let token = publisher(&["*"]);
    assert_eq!(hub.request(&post(&form(65536), &token)).status, 200);
    assert_eq!(hub.request(&post(&form(65537), &token)).status, 413);
    // So large that the sockets' buffers do not take it.
    assert_eq!(hub.request(&post(&form(16 << 20), &token)).status, 413);

    let chunked = post("", &token)
        .without("Content-Length")
        .header("Transfer-Encoding", "chunked");
    let mut connection = hub.connect();
    let body = form(100_000);
    connection.write(&chunked.bytes()).unwrap();
    connection
        .write(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).as_bytes())
        .unwrap();
    assert_eq!(connection.response(false).status, 413);

    let announced = post("", &token)
        .header("Content-Length", "65537")
        .header("Expect", "100-continue");
    assert_eq!(hub.request(&announced).status, 413);
}

/// Larger than what the history can take, although the body's limit would allow it.
#[test]
fn an_update_too_large_for_the_history_is_refused() {
    let hub = hub(&[
        ("max_request_body_size", "16M"),
        ("history_size", "4M"),
        ("anonymous", "1"),
    ]);
    let mut stream = hub.subscribe("topic=/a");
    assert_eq!(hub.post(&format!("topic=/a&data={}", "x".repeat(3 << 20))).status, 413);
    assert_eq!(hub.post("topic=/a&data=small").status, 200);
    assert_eq!(stream.data(), "small");
}

/// 1 MiB over HTTP, from a client that waits for 100 (Continue), as curl does.
#[test]
fn a_large_update_arrives() {
    let hub = hub(&[("max_request_body_size", "2M"), ("anonymous", "1")]);
    let mut stream = hub.subscribe("topic=/a");
    let data = "0123456789abcdef".repeat(65536);
    let form = format!("topic=/a&data={data}");
    let head = post("", &publisher(&["*"])).header("Content-Length", &form.len().to_string());
    let mut connection = hub.connect();
    connection
        .write(&head.header("Expect", "100-continue").bytes())
        .unwrap();
    assert_eq!(connection.response(true).status, 100);
    connection.write(form.as_bytes()).unwrap();
    assert_eq!(connection.response(false).status, 200);
    assert_eq!(stream.data(), data);
}

/// RFC 9112, 9.3: several publications on one connection, and both ways into the hub in one order.
#[test]
fn a_connection_is_kept_alive() {
    let hub = anonymous_hub();
    let mut stream = hub.subscribe("topic=/a");
    let (token, mut connection) = (publisher(&["*"]), hub.connect());
    for n in 0..50 {
        let response = connection.request(&post(&format!("topic=/a&data={n}"), &token));
        assert_eq!(response.status, 200);
        hub.send("/a", &format!("{n}, queued"));
    }
    for n in 0..50 {
        assert_eq!(stream.data(), n.to_string());
        assert_eq!(stream.data(), format!("{n}, queued"));
    }
    // Refused before its body was read: the connection ends, with the answer.
    assert_eq!(connection.request(&Request::post(HUB, "topic=/a")).status, 401);
}

/// A client that has closed its sending half still gets its answer.
#[test]
fn a_half_closed_connection_is_answered() {
    let hub = anonymous_hub();
    let mut connection = hub.connect();
    connection
        .write(&post("topic=/a&id=x", &publisher(&["*"])).bytes())
        .unwrap();
    connection.finish_writing();
    let response = connection.response(false);
    assert_eq!((response.status, response.text()), (200, "x"));
}
