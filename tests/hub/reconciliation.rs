//! 0.x, "Reconnection, State Reconciliation and Event Sourcing".

use crate::client::{Item, Request};
use crate::harness::{HUB, TestHub, anonymous_hub, draft, escape, hub};
use mercure::update::Draft;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A hub that has `count` updates, with ids and data from 1.
fn hub_with_history(count: usize) -> TestHub {
    let hub = anonymous_hub();
    for n in 1..=count {
        enqueue(&hub, n);
    }
    hub
}

fn enqueue(hub: &TestHub, n: usize) {
    hub.enqueue(Draft {
        id: Some(n.to_string()),
        ..draft("/a", &n.to_string())
    });
}

fn get(query: &str) -> Request {
    Request::get(&format!("{HUB}?topic=/a{query}"))
}

/// Each way to name the id; the header takes precedence, and an empty one names none.
#[test]
fn goes_on_after_the_id() {
    let hub = hub_with_history(5);
    for request in [
        get("").header("Last-Event-ID", "3"),
        get("&last_event_id=3"),
        get("&lastEventID=3"),
        get("&Last-Event-ID=3"),
        get("&lastEventID=1").header("Last-Event-ID", "3"),
        get("&lastEventID=3").header("Last-Event-ID", ""),
        get("&last_event_id=3&lastEventID=4&Last-Event-ID=5"),
    ] {
        let mut stream = hub.subscribe_with(&request);
        assert_eq!(stream.last_event_id(), "3");
        assert_eq!((stream.data(), stream.data()), ("4".into(), "5".into()));
    }
    enqueue(&hub, 6);
    let mut stream = hub.subscribe("topic=/a&lastEventID=5");
    assert_eq!(stream.data(), "6");
    enqueue(&hub, 7);
    assert_eq!(stream.data(), "7");
}

/// "The reserved value earliest"; an id that is unknown is answered with it, so that the subscriber can tell.
#[test]
fn earliest_and_unknown_ids_get_everything() {
    let hub = hub_with_history(3);
    for id in ["earliest", "unknown", "#3", &"x".repeat(8192), "a\u{1F600}"] {
        let mut stream = hub.subscribe(&format!("topic=/a&lastEventID={}", escape(id)));
        assert_eq!(stream.last_event_id(), "earliest", "{id:.20}");
        assert_eq!(
            (stream.data(), stream.data(), stream.data()),
            ("1".into(), "2".into(), "3".into())
        );
    }
}

/// "the hub MUST set a Last-Event-ID header": the id before the first event sent; here always, to serve pages that render and
/// then connect.
#[test]
fn the_head_names_the_position() {
    let hub = anonymous_hub();
    assert_eq!(hub.subscribe("topic=/a").last_event_id(), "earliest");
    assert_eq!(hub.subscribe("topic=/a&lastEventID=x").last_event_id(), "earliest");
    enqueue(&hub, 1);
    assert_eq!(hub.subscribe("topic=/a").last_event_id(), "1");
    assert_eq!(hub.subscribe("topic=/other").last_event_id(), "1");
    assert_eq!(hub.subscribe("topic=/a&lastEventID=1").last_event_id(), "1");
}

/// Ids are any text that a publisher may send: long ones and ones outside ASCII come back whole, in both headers.
#[test]
fn any_id_can_be_named() {
    let hub = anonymous_hub();
    for id in [
        "urn:x:é\u{1F600}".to_owned(),
        "x".repeat(8192),
        "a b:c;d,e\"f".to_owned(),
    ] {
        hub.enqueue(Draft {
            id: Some(id.clone()),
            ..draft("/a", "")
        });
        assert_eq!(hub.subscribe("topic=/a").last_event_id(), id);
        let stream = hub.subscribe_with(&get("").header("Last-Event-ID", &id));
        assert_eq!(stream.last_event_id(), id);
        assert_eq!(
            hub.subscribe(&format!("topic=/a&lastEventID={}", escape(&id)))
                .last_event_id(),
            id
        );
    }
}

/// Publishers may use an id twice; the last one counts.
#[test]
fn a_repeated_id_names_the_last_one() {
    let hub = anonymous_hub();
    for (id, data) in [("x", "1"), ("y", "2"), ("x", "3"), ("z", "4")] {
        hub.enqueue(Draft {
            id: Some(id.into()),
            ..draft("/a", data)
        });
    }
    assert_eq!(hub.subscribe("topic=/a&lastEventID=x").data(), "4");
}

/// "The hub MAY discard some events": then the answer says `earliest`, and all that is held follows.
#[test]
fn a_discarded_id_is_answered_earliest() {
    let hub = hub(&[("history_size", "4M"), ("anonymous", "1")]);
    let data = "x".repeat(50_000);
    for n in 0..200 {
        hub.enqueue(Draft {
            id: Some(n.to_string()),
            ..draft("/a", &data)
        });
    }
    let mut stream = hub.subscribe("topic=/a&lastEventID=0");
    assert_eq!(stream.last_event_id(), "earliest");
    let mut next: usize = stream.event().id.parse().unwrap();
    assert!(next > 100, "the history holds {}", 200 - next);
    while next < 199 {
        next += 1;
        assert_eq!(stream.event().id, next.to_string());
    }
}

/// Also while what is held changes: the oldest updates may be discarded between the answer and the replay.
#[test]
fn earliest_is_what_is_held_when_it_is_read() {
    let hub = hub(&[("history_size", "4M"), ("anonymous", "1")]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let data = "x".repeat(10_000);
            for n in 0.. {
                hub.enqueue(Draft {
                    id: Some(n.to_string()),
                    ..draft("/a", &data)
                });
                if done.load(Ordering::Relaxed) {
                    return;
                }
                // What is held is replaced some times a second: no subscriber is too slow for that.
                if n > 500 {
                    std::thread::sleep(Duration::from_micros(500));
                }
            }
        });
        // Until the history is full.
        let mut stream = hub.subscribe("topic=/a");
        while stream.event().id != "500" {}
        drop(stream);
        let ended = (0..100).find_map(|_| {
            let mut stream = hub.subscribe("topic=/a&lastEventID=unknown");
            assert_eq!(stream.last_event_id(), "earliest");
            let first: usize = loop {
                match stream.item() {
                    Item::Event(event) => break event.id.parse().unwrap(),
                    Item::Comment => {}
                    end => return Some(end),
                }
            };
            assert_eq!(stream.event().id, (first + 1).to_string());
            None
        });
        done.store(true, Ordering::Relaxed);
        assert_eq!(ended, None, "a stream ended before its first event");
    });
}

/// A replay of any length goes on into live updates; ids are found however many there are.
#[test]
fn a_long_replay() {
    const COUNT: usize = 12_000;
    let hub = hub_with_history(COUNT);
    let mut stream = hub.subscribe("topic=/a&lastEventID=1");
    enqueue(&hub, COUNT + 1);
    for n in 2..=COUNT + 1 {
        assert_eq!(stream.event().id, n.to_string());
    }
    let mut stream = hub.subscribe(&format!("topic=/a&lastEventID={}", COUNT - 10));
    assert_eq!(stream.event().id, (COUNT - 9).to_string());
}

/// Only what the subscriber asked for is replayed.
#[test]
fn a_replay_is_filtered() {
    let hub = anonymous_hub();
    let first = hub.send("/a", "1");
    hub.send("/b", "2");
    hub.send("/c/1", "3");
    let mut stream = hub.subscribe(&format!("topic=/c/%7Bid%7D&lastEventID={first}"));
    assert_eq!(stream.last_event_id(), first);
    assert_eq!(stream.data(), "3");
}

/// With no history, a subscriber starts now, and is told so.
#[test]
fn without_a_history_nothing_is_replayed() {
    let hub = hub(&[("history_size", "0"), ("anonymous", "1")]);
    let id = hub.send("/a", "1");
    let mut stream = hub.subscribe(&format!("topic=/a&lastEventID={id}"));
    hub.send("/a", "2");
    assert_eq!(stream.data(), "2");
    let mut stream = hub.subscribe("topic=/a&lastEventID=earliest");
    hub.send("/a", "3");
    assert_eq!(stream.data(), "3");
}
