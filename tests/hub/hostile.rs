//! Clients that are broken or mean no good: the hub answers or drops, and goes on.

use crate::client::{Connection, Request};
use crate::harness::{HUB, TestHub, anonymous_hub, post, publisher};
use rustix::net::sockopt::set_socket_linger;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether the hub still does its work.
fn assert_well(hub: &TestHub) {
    let mut stream = hub.subscribe("topic=/well");
    hub.send("/well", "yes");
    assert_eq!(stream.data(), "yes");
}

/// What the hub answers to these bytes, after which it closes the connection: a status, or 0 for nothing at all.
fn raw(hub: &TestHub, bytes: &[u8]) -> u16 {
    let mut connection = hub.connect();
    // The hub may have closed before everything was sent.
    let _ = connection.write(bytes);
    connection.finish_writing();
    let answer = String::from_utf8(connection.rest()).unwrap();
    answer.split(' ').nth(1).map_or(0, |status| status.parse().unwrap())
}

/// RFC 9112, 2.2, 3 and 5: what is no request
#[test]
fn garbage_is_refused() {
    let hub = anonymous_hub();
    for garbage in [
        &b"nonsense\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /.well-known/mercure?topic=a HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
        b"GET /.well-known/mercure?topic=a HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        b"GET /.well-known/mercure?topic=a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /.well-known/mercure?topic=\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /.well-known/mercure HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /.well-known/mercure HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /.well-known/mercure HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    ] {
        assert_eq!(raw(&hub, garbage), 400, "{}", garbage.escape_ascii());
    }
    assert_eq!(raw(&hub, b""), 0);
    assert_eq!(raw(&hub, b"GET / HT"), 0);
    assert_eq!(raw(&hub, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 0);
    assert_well(&hub);
}

/// RFC 9112, 3.2
#[test]
fn a_request_has_one_host() {
    let hub = anonymous_hub();
    let get = || Request::get(&format!("{HUB}?topic=a"));
    assert_eq!(hub.request(&get().without("Host")).status, 400);
    assert_eq!(hub.request(&get().and_header("Host", "other.example")).status, 400);
}

/// RFC 9110, 5.4 and 15.5.15: too much of everything
#[test]
fn heads_have_a_limit() {
    let hub = anonymous_hub();
    let many = (0..200).fold(Request::get(HUB), |request, n| request.header(&format!("X-{n}"), "x"));
    assert_eq!(hub.request(&many).status, 431);
    assert_eq!(
        raw(&hub, &Request::get(HUB).header("X", &"x".repeat(300_000)).bytes()),
        431
    );
    let target = format!("{HUB}?topic={}", "x".repeat(70_000));
    assert!([414, 431].contains(&raw(&hub, &Request::get(&target).bytes())));
    // A head without an end.
    let endless = format!(
        "GET {HUB} HTTP/1.1\r\nHost: x\r\n{}",
        "X: xxxxxxxxxxxxxxxxxxxx\r\n".repeat(50_000)
    );
    assert!([400, 431].contains(&raw(&hub, endless.as_bytes())));
    assert_well(&hub);
}

/// A client that sends its head byte by byte, or nothing, is let go after a while and hinders nobody.
#[test]
fn slow_heads_are_dropped() {
    let hub = anonymous_hub();
    let mut silent = hub.connect();
    let mut slow = hub.connect();
    slow.write(b"GET /.well-known/mercure?topic=a HTTP/1.1\r\nHost: x\r\nX: ")
        .unwrap();
    assert_well(&hub);
    assert_eq!(silent.rest(), b"");
    // It went on all the time.
    while slow.write(b"x").is_ok() {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// What follows a subscription on its connection is no request: nothing can.
#[test]
fn bytes_after_a_subscription_are_ignored() {
    let hub = anonymous_hub();
    let forged = post("topic=/a&data=forged", &publisher(&["*"])).bytes();
    let mut connection = hub.connect();
    let subscription = Request::get(&format!("{HUB}?topic=/a")).bytes();
    connection
        .write(&[subscription, forged.clone(), vec![b'x'; 100_000]].concat())
        .unwrap();
    let mut stream = connection.stream();
    stream.connection().write(&forged).unwrap();
    stream.connection().write(b"\0\xff\r\n\r\n").unwrap();
    hub.send("/a", "genuine");
    assert_eq!(stream.data(), "genuine");
    // A body that a GET should not have.
    let with_body = Request::post(&format!("{HUB}?topic=/a"), "x").bytes();
    let mut connection = hub.connect();
    connection.write(&[b"GET", &with_body[4..]].concat()).unwrap();
    let mut stream = connection.stream();
    hub.send("/a", "genuine");
    assert_eq!(stream.data(), "genuine");
}

/// Requests that were sent without waiting are answered in order, and a subscription at their end is served.
#[test]
fn pipelined_requests_are_answered_in_order() {
    let hub = anonymous_hub();
    let token = publisher(&["*"]);
    let mut bytes = Vec::new();
    for n in 0..10 {
        bytes.extend(post(&format!("topic=/a&id={n}"), &token).bytes());
    }
    bytes.extend(Request::get(&format!("{HUB}?topic=/a")).bytes());
    let mut connection = hub.connect();
    connection.write(&bytes).unwrap();
    for n in 0..10 {
        assert_eq!(connection.response(false).text(), n.to_string());
    }
    let mut stream = connection.stream();
    assert_eq!(stream.last_event_id(), "9");
    hub.send("/a", "x");
    assert_eq!(stream.data(), "x");
}

/// Connections that end in the middle of everything.
#[test]
fn early_disconnects() {
    let hub = anonymous_hub();
    let publication = post("topic=/a&data=x", &publisher(&["*"])).bytes();
    for at in (1..publication.len()).step_by(7) {
        let mut connection = hub.connect();
        connection.write(&publication[..at]).unwrap();
    }
    for _ in 0..200 {
        let mut connection = hub.connect();
        connection
            .write(&Request::get(&format!("{HUB}?topic=/a")).bytes())
            .unwrap();
    }
    for _ in 0..200 {
        drop(Connection::tcp(hub.address));
    }
    hub.send("/a", "to those who have gone");
    assert_well(&hub);
}

/// What a request says comes back in no header and no text that could be taken for one.
#[test]
fn nothing_is_reflected() {
    let hub = anonymous_hub();
    for query in [
        "topic=%0D%0AX-Injected:%201&lastEventID=%0D%0AX-Injected:%201",
        "topic=a&lastEventID=%00%7F",
    ] {
        let stream = hub.subscribe(query);
        assert_eq!(stream.head.header("x-injected"), None);
        assert_eq!(stream.last_event_id(), "earliest");
    }
    let response = hub.get("t=%3Cscript%3E&%3Cscript%3E=t");
    assert!(!response.text().contains("<script"));
    assert_eq!(response.header("x-content-type-options").as_deref(), Some("nosniff"));
}

/// Clients that go on sending on their streams keep the hub from nothing.
#[test]
fn endless_input_on_streams_hinders_nobody() {
    let hub = anonymous_hub();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let mut flooder = hub.subscribe("topic=/flood");
            let done = &done;
            scope.spawn(move || {
                let bytes = vec![b'x'; 1 << 20];
                while !done.load(Ordering::Relaxed) && flooder.connection().write(&bytes).is_ok() {}
            });
        }
        let mut streams: Vec<_> = (0..4).map(|_| hub.subscribe("topic=/a")).collect();
        for n in 0..500 {
            hub.send("/a", &n.to_string());
            for stream in &mut streams {
                assert_eq!(stream.data(), n.to_string());
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// Datagrams that are no frames are thrown away, and those behind them are not lost.
#[test]
fn garbage_in_the_queue() {
    let hub = anonymous_hub();
    let mut stream = hub.subscribe("topic=*");
    for garbage in [&b""[..], b"x", b"MRC\x01", &[0xFF; 1000], mercure::ipc::queue::MEMFD] {
        hub.enqueue_bytes(garbage);
    }
    hub.send("/a", "x");
    assert_eq!(stream.data(), "x");
}

/// Descriptors that take their time to be closed, as a socket does that lingers over what its peer does not read.
#[test]
fn descriptors_that_cannot_be_closed() {
    let hub = anonymous_hub();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let _peer = listener.accept().unwrap();
    socket.set_nonblocking(true).unwrap();
    while socket.write(&[0; 65536]).is_ok() {}
    set_socket_linger(&socket, Some(Duration::from_secs(3600))).unwrap();
    hub.enqueue_descriptor(mercure::ipc::queue::MEMFD, socket.as_fd());
    drop(socket);
    assert_well(&hub);
}
