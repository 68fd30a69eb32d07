//! 0.x, "Subscription" and "Topic Selectors"; HTML Standard, "Server-sent events".

use crate::client::{Event, Item, Request};
use crate::harness::{HUB, anonymous_hub, draft, escape, hub, unix_hub};
use mercure::update::Draft;

/// "Topic Selectors": exact strings, templates and `*`, each matched by what it means and by nothing else.
#[test]
fn receives_what_its_selectors_match() {
    let hub = anonymous_hub();
    for (selectors, matching, other) in [
        (
            vec!["https://example.com/books/1"],
            "https://example.com/books/1",
            "https://example.com/books/2",
        ),
        (
            vec!["https://example.com/books/{id}"],
            "https://example.com/books/1",
            "https://example.com/books/1/2",
        ),
        (
            vec!["https://example.com/books/{id}"],
            "https://example.com/books/{id}",
            "https://example.com/books",
        ),
        (vec!["/search{?q}"], "/search?q=a", "/search?r=a"),
        (vec!["/{id:3}"], "/abc", "/abcd"),
        (vec!["{+path}/end"], "/a/b/c/end", "/a/b/c/END"),
        (vec!["/a", "/b/{id}"], "/b/1", "/c"),
        (vec!["bar"], "bar", "Bar"),
        (vec!["not {valid"], "not {valid", "not "),
    ] {
        let query: Vec<_> = selectors
            .iter()
            .map(|selector| format!("topic={}", escape(selector)))
            .collect();
        let mut stream = hub.subscribe(&query.join("&"));
        hub.send(other, "other");
        hub.send(matching, "matching");
        assert_eq!(stream.data(), "matching", "{selectors:?}");
    }
    let mut stream = hub.subscribe("topic=*");
    hub.send("anything at all", "1");
    assert_eq!(stream.data(), "1");
}

/// "Publication": canonical and alternate topics; each update comes once, however many of its topics match.
#[test]
fn an_update_comes_once() {
    let hub = anonymous_hub();
    let mut stream = hub.subscribe("topic=/b&topic=/c&topic=*&topic=/b");
    hub.enqueue(Draft {
        topics: vec!["/a".into(), "/b".into(), "/c".into()],
        ..draft("", "once")
    });
    hub.send("/b", "next");
    assert_eq!((stream.data(), stream.data()), ("once".into(), "next".into()));
}

/// "Subscription"; URL Standard, 5.1: what encodes nothing is data.
#[test]
fn a_query_is_read_as_forms_are() {
    let hub = anonymous_hub();
    for (query, topic) in [
        ("topic=/a;b", "/a;b"),
        ("topic=/100%", "/100%"),
        ("topic=/%4", "/%4"),
        ("topic=/a+b%2Bc", "/a b+c"),
        ("topic=/%C3%A9", "/é"),
        ("t%6Fpic=/t&unknown=1", "/t"),
        // Not encoded, as in a shell.
        ("topic=https://example.com/{id}", "https://example.com/1"),
        ("topic=/ü|^`'()", "/ü|^`'()"),
        ("topic=%EF%BF%BD", "\u{FFFD}"),
        // Control characters are forbidden to publishers; who asks for them gets nothing, but may ask.
        ("topic=%00&topic=/x", "/x"),
    ] {
        let mut stream = hub.subscribe(query);
        hub.send(topic, "data");
        assert_eq!(stream.data(), "data", "{query}");
    }
}

/// "Subscription": at least one topic, in UTF-8, within the hub's limits.
#[test]
fn an_impossible_subscription_is_a_bad_request() {
    let hub = anonymous_hub();
    let long = "x".repeat(4097);
    for query in [
        "",
        "a=b",
        "Topic=x",
        "topics=x",
        "topic=%FF",
        &"topic=a&".repeat(101),
        &format!("topic={long}"),
    ] {
        let response = hub.get(query);
        assert_eq!(response.status, 400, "{query:.40}");
        assert!(response.text().contains("topic"), "{}", response.text());
    }
    hub.subscribe(&"topic=a&".repeat(100));
    hub.subscribe(&format!("topic={}", &long[1..]));
}

/// "Subscription": `text/event-stream`; headers that keep caches and proxies from holding events back.
#[test]
fn the_head_of_a_stream() {
    let hub = anonymous_hub();
    let stream = hub.subscribe("topic=/a");
    let header = |name| stream.head.header(name).unwrap_or_default();
    assert_eq!(header("content-type"), "text/event-stream");
    assert!(header("cache-control").contains("private") && header("cache-control").contains("no-store"));
    assert_eq!(header("x-accel-buffering"), "no");
    assert_eq!(header("transfer-encoding"), "chunked");
    assert!(header("date").ends_with(" GMT"));
    assert_eq!(stream.head.header("content-length"), None);
    assert_eq!(stream.last_event_id(), "earliest");
}

/// Some clients wait for the first byte of the body before they call a stream open.
#[test]
fn a_stream_begins_with_a_comment() {
    let hub = anonymous_hub();
    assert_eq!(hub.subscribe("topic=/a").item(), Item::Comment);
}

/// "Reconnection, State Reconciliation and Event Sourcing": a page cannot read the head, so the stream tells it what to name when
/// it reconnects before the first event. HTML Standard, "Interpreting an event stream": an id without data is no event.
#[test]
fn a_page_is_told_its_position_in_the_stream() {
    let hub = anonymous_hub();
    let position = || {
        let mut stream =
            hub.subscribe_with(&Request::get(&format!("{HUB}?topic=/a")).header("Sec-Fetch-Site", "same-origin"));
        assert_eq!(stream.item(), Item::Comment);
        stream.item()
    };
    let only_id = |id: &str| {
        Item::Event(Event {
            id: id.to_owned(),
            ..Event::default()
        })
    };
    assert_eq!(position(), only_id("earliest"));
    let id = hub.enqueue(draft("/b", "x"));
    assert_eq!(position(), only_id(&id));
}

/// HTML Standard, "Interpreting an event stream": every field of an update, and each way to break a line of data.
#[test]
fn every_field_arrives() {
    let hub = anonymous_hub();
    let mut stream = hub.subscribe("topic=/a");
    hub.enqueue(Draft {
        id: Some("urn:x:é".into()),
        event_type: Some("note".into()),
        retry: Some(2500),
        ..draft("/a", "one\ntwo\rthree\r\nfour\n\n: not a comment\nid: not an id\n")
    });
    let event = stream.event();
    assert_eq!(event.id, "urn:x:é");
    assert_eq!(event.event.as_deref(), Some("note"));
    assert_eq!(event.retry.as_deref(), Some("2500"));
    assert_eq!(event.data, "one\ntwo\nthree\nfour\n\n: not a comment\nid: not an id\n");
    let id = hub.send("/a", "");
    let event = stream.event();
    assert_eq!((event.id.as_str(), event.data.as_str()), (id.as_str(), ""));
    assert!(id.starts_with("urn:uuid:"));
    assert_eq!((event.event, event.retry), (None, None));
}

/// RFC 9112, 7 and 9: HTTP/1.0 knows no chunks, so the body is bare and ends with the connection.
#[test]
fn http_1_0_gets_a_bare_stream() {
    let mut hub = anonymous_hub();
    let mut stream = hub.subscribe_with(&Request::get(&format!("{HUB}?topic=/a")).http_1_0().without("Host"));
    assert_eq!(stream.head.version, "HTTP/1.0");
    assert_eq!(stream.head.header("transfer-encoding"), None);
    hub.send("/a", "one");
    hub.send("/a", "two");
    assert_eq!((stream.data(), stream.data()), ("one".into(), "two".into()));
    hub.stop();
    assert_eq!(stream.item(), Item::End);
}

/// RFC 9110, 9.3.2: the same head as GET, and no stream.
#[test]
fn head_is_answered_without_a_stream() {
    let hub = anonymous_hub();
    let id = hub.send("/a", "x");
    let mut connection = hub.connect();
    let response = connection.request(&Request::new("HEAD", &format!("{HUB}?topic=/a")));
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type").as_deref(), Some("text/event-stream"));
    assert_eq!(response.header("last-event-id"), Some(id));
    assert_eq!(hub.request(&Request::new("HEAD", HUB)).status, 400);
}

/// The socket that nginx is given.
#[test]
fn streams_over_a_unix_socket() {
    let path = std::env::temp_dir().join(format!("mercure-tests-{}.sock", std::process::id()));
    let hub = unix_hub(&path);
    let connection = crate::client::Connection::unix(&path);
    std::fs::remove_file(&path).unwrap();
    let mut stream = connection.subscribe(&Request::get(&format!("{HUB}?topic=/a")));
    hub.send("/a", "x");
    assert_eq!(stream.data(), "x");
}

/// RFC 9110, 15.5.5 and 15.5.6
#[test]
fn other_paths_and_methods() {
    let hub = hub(&[("anonymous", "1")]);
    for target in [
        "/",
        "/.well-known/mercure/",
        "/.well-known/mercure/subscriptions",
        "/.well-known/Mercure",
        "/.well-known/x/../mercure",
        "//.well-known/mercure",
        "/.well-known%2Fmercure",
    ] {
        assert_eq!(
            hub.request(&Request::get(&format!("{target}?topic=a"))).status,
            404,
            "{target}"
        );
    }
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "FOO"] {
        let response = hub.request(&Request::new(method, &format!("{HUB}?topic=a")));
        assert_eq!(response.status, 405, "{method}");
        assert_eq!(response.header("allow").as_deref(), Some("GET, HEAD, POST, OPTIONS"));
    }
    assert_eq!(hub.request(&Request::get("/healthz")).status, 200);
    assert_eq!(hub.request(&Request::post("/healthz", "")).status, 405);
    // The form of a request through a proxy.
    hub.subscribe_with(&Request::get(&format!("http://hub.example{HUB}?topic=/a")));
}
