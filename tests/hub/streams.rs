//! The life of a stream: heartbeats, ends, slow readers, large updates.

use crate::client::{Connection, Item, Request};
use crate::harness::{HUB, anonymous_hub, hub};
use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::net::{AddressFamily, SocketType, connect, socket};
use std::net::TcpStream;

/// HTML Standard, "Authoring notes": a comment now and then keeps proxies from closing an idle stream.
#[test]
fn an_idle_stream_gets_comments() {
    let hub = hub(&[("heartbeat", "100ms"), ("anonymous", "1")]);
    let mut stream = hub.subscribe("topic=/a");
    for _ in 0..4 {
        assert_eq!(stream.item(), Item::Comment);
    }
    hub.send("/a", "x");
    assert_eq!(stream.data(), "x");
    assert_eq!(stream.item(), Item::Comment);
}

/// Without heartbeats only the comment at the start comes before the first event.
#[test]
fn heartbeats_can_be_off() {
    let hub = hub(&[("heartbeat", "0"), ("anonymous", "1")]);
    let mut stream = hub.subscribe("topic=/a");
    assert_eq!(stream.item(), Item::Comment);
    std::thread::sleep(std::time::Duration::from_millis(500));
    hub.send("/a", "x");
    assert!(matches!(stream.item(), Item::Event(_)));
}

/// `mercure.write_timeout`: the body ends as it should, so that the client comes back without an error.
#[test]
fn a_stream_has_a_longest_life() {
    let hub = hub(&[("write_timeout", "500ms"), ("anonymous", "1")]);
    let mut stream = hub.subscribe("topic=/a");
    hub.send("/a", "x");
    assert_eq!(stream.data(), "x");
    assert_eq!(stream.item(), Item::End);
    assert_eq!(stream.connection().rest(), b"");
}

/// A hub that stops delivers what it has taken and ends every stream properly.
#[test]
fn a_stopping_hub_ends_its_streams() {
    let mut hub = anonymous_hub();
    let mut streams: Vec<_> = (0..20).map(|_| hub.subscribe("topic=/a")).collect();
    let mut idle = hub.connect();
    assert_eq!(idle.request(&Request::get("/healthz")).status, 200);
    for n in 0..10 {
        hub.send("/a", &n.to_string());
    }
    let last = hub.post("topic=/a&data=last");
    assert_eq!(last.status, 200);
    hub.stop();
    for stream in &mut streams {
        for n in 0..10 {
            assert_eq!(stream.data(), n.to_string());
        }
        assert_eq!(stream.data(), "last");
        assert_eq!(stream.item(), Item::End);
    }
    assert_eq!(idle.rest(), b"");
    assert!(TcpStream::connect(hub.address).is_err());
}

/// 1 MiB through the queue (as a sealed memfd), with every kind of line break, to several subscribers.
#[test]
fn large_updates_arrive_whole() {
    let hub = anonymous_hub();
    let mut streams: Vec<_> = (0..5).map(|_| hub.subscribe("topic=/a")).collect();
    let data = "0123456789\nabcdef".repeat(65536);
    for n in 0..5 {
        hub.send("/a", &format!("{n}{data}"));
    }
    for stream in &mut streams {
        for n in 0..5 {
            assert_eq!(stream.data(), format!("{n}{data}"));
        }
    }
    let mut late = hub.subscribe("topic=/a&lastEventID=earliest");
    assert_eq!(late.data(), format!("0{data}"));
}

/// A subscriber whose socket takes nothing is disconnected, never skipped over; the others do not notice. When it comes back it
/// goes on where it was.
#[test]
fn a_slow_reader_costs_itself_only() {
    let hub = hub(&[
        ("dispatch_timeout", "1s"),
        ("subscriber_queue_size", "256K"),
        ("history_size", "64M"),
        ("heartbeat", "0"),
        ("anonymous", "1"),
    ]);
    let mut slow =
        Connection::from_tcp(with_small_buffer(hub.address)).subscribe(&Request::get(&format!("{HUB}?topic=/a")));
    let mut fast = hub.subscribe("topic=/a");
    let data = "x".repeat(10_000);
    const COUNT: usize = 3000;
    let publisher = std::thread::scope(|scope| {
        let sent = scope.spawn(|| (0..COUNT).map(|_| hub.send("/a", &data)).collect::<Vec<_>>());
        let received: Vec<_> = (0..COUNT).map(|_| fast.event().id).collect();
        let sent = sent.join().unwrap();
        assert_eq!(received, sent);
        sent
    });
    // Until well after the timeout nothing is read.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    let mut received = Vec::new();
    loop {
        match slow.item() {
            Item::Event(event) => received.push(event.id),
            Item::Comment => {}
            Item::End | Item::Broken => break,
        }
    }
    assert!(received.len() < COUNT, "it got everything");
    assert_eq!(received, publisher[..received.len()]);
    let last = received.last().map_or("earliest", String::as_str);
    let mut back = hub.subscribe(&format!("topic=/a&lastEventID={last}"));
    for id in &publisher[received.len()..] {
        assert_eq!(back.event().id, *id);
    }
}

/// A reader that pauses for less than the timeout loses nothing and stays connected, although its queue was full meanwhile.
#[test]
fn a_reader_that_pauses_stays() {
    let hub = hub(&[
        ("subscriber_queue_size", "64K"),
        ("dispatch_timeout", "30s"),
        ("anonymous", "1"),
    ]);
    let mut slow =
        Connection::from_tcp(with_small_buffer(hub.address)).subscribe(&Request::get(&format!("{HUB}?topic=/a")));
    let data = "x".repeat(10_000);
    let sent: Vec<_> = (0..1000).map(|_| hub.send("/a", &data)).collect();
    std::thread::sleep(std::time::Duration::from_millis(300));
    for id in &sent {
        assert_eq!(slow.event().id, *id);
    }
    let id = hub.send("/a", "live again");
    assert_eq!(slow.event().id, id);
}

fn with_small_buffer(address: std::net::SocketAddr) -> TcpStream {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    set_socket_recv_buffer_size(&socket, 4096).unwrap();
    connect(&socket, &address).unwrap();
    socket.into()
}

/// Many come and go; each gets what it should, and nothing is left of those that went.
#[test]
fn subscribers_come_and_go() {
    let hub = anonymous_hub();
    let mut stays = hub.subscribe("topic=/%7Bn%7D");
    for n in 0..500 {
        let mut stream = hub.subscribe(&format!("topic=/{n}"));
        hub.send(&format!("/{n}"), "x");
        assert_eq!(stream.data(), "x");
        assert_eq!(stays.data(), "x");
    }
}
