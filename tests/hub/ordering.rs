//! One total order: 0.x, "Reconnection" (no event lost), and what a page may rely on.

use crate::client::Item;
use crate::harness::{TestHub, anonymous_hub, draft, post, publisher};
use mercure::update::Draft;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const UPDATES: usize = 3000;

/// Publishes numbered updates on both ways at once and runs `meanwhile`; returns the ids in the order in which a stream that
/// was there from the start has received them.
fn while_publishing(hub: &TestHub, meanwhile: impl Fn(&AtomicBool) + Sync) -> Vec<String> {
    let done = AtomicBool::new(false);
    let mut witness = hub.subscribe("topic=/a");
    thread::scope(|scope| {
        let queue = scope.spawn(|| {
            for n in 0..UPDATES {
                hub.enqueue(Draft {
                    id: Some(format!("queue-{n}")),
                    ..draft("/a", "x")
                });
            }
        });
        let http = scope.spawn(|| {
            let (token, mut connection) = (publisher(&["*"]), hub.connect());
            for n in 0..UPDATES {
                let response = connection.request(&post(&format!("topic=/a&id=http-{n}"), &token));
                assert_eq!(response.status, 200);
            }
        });
        scope.spawn(|| meanwhile(&done));
        let order = (0..2 * UPDATES).map(|_| witness.event().id).collect();
        queue.join().unwrap();
        http.join().unwrap();
        done.store(true, Ordering::Relaxed);
        order
    })
}

/// Each publisher's updates in its own order, nothing missing and nothing twice.
#[test]
fn every_publisher_keeps_its_order() {
    let hub = anonymous_hub();
    let order = while_publishing(&hub, |_| {});
    for publisher in ["queue", "http"] {
        let of_publisher: Vec<_> = order.iter().filter(|id| id.starts_with(publisher)).cloned().collect();
        let expected: Vec<_> = (0..UPDATES).map(|n| format!("{publisher}-{n}")).collect();
        assert_eq!(of_publisher, expected);
    }
}

/// "Reconnection": subscribers that come while updates are published, from the start, from an id, or from now, get a stretch of
/// the one order with no gap and no duplicate between what is replayed and what is live.
#[test]
fn replay_goes_into_live_without_gap_or_duplicate() {
    let hub = anonymous_hub();
    let received = std::sync::Mutex::new(Vec::new());
    let order = while_publishing(&hub, |done| {
        let mut last = "earliest".to_owned();
        let mut round = 0;
        while !done.load(Ordering::Relaxed) {
            round += 1;
            let query = match round % 3 {
                0 => "topic=/a".to_owned(),
                1 => format!("topic=/a&lastEventID={last}"),
                _ => "topic=/a&lastEventID=earliest".to_owned(),
            };
            let mut stream = hub.subscribe(&query);
            let mut ids = vec![stream.last_event_id()];
            let wanted = if round % 3 == 2 { 1500 } else { 200 };
            while ids.len() < wanted && !done.load(Ordering::Relaxed) {
                match stream.item() {
                    Item::Event(event) => ids.push(event.id),
                    Item::Comment => {}
                    end => panic!("the stream ended: {end:?}"),
                }
                // Nothing more may come: the publishers could be done.
                if ids.last().is_some_and(|id| id.ends_with(&format!("-{}", UPDATES - 1))) {
                    break;
                }
            }
            last = ids[ids.len() - 1].clone();
            received.lock().unwrap().push(ids);
        }
    });
    let received = received.into_inner().unwrap();
    assert!(received.len() >= 3, "{} subscribers came in time", received.len());
    for ids in received {
        let start = match ids[0].as_str() {
            "earliest" => 0,
            id => 1 + order.iter().position(|other| other == id).unwrap(),
        };
        assert_eq!(ids[1..], order[start..][..ids.len() - 1], "after {}", ids[0]);
    }
}

/// A page rendered after `publish()` returned never connects before that update, whether it names its id or not.
#[test]
fn a_page_rendered_after_publishing_connects_after_the_update() {
    let hub = anonymous_hub();
    for n in 0..300 {
        let id = hub.send("/a", "before");
        let mut stream = if n % 2 == 0 {
            hub.subscribe("topic=/a")
        } else {
            hub.subscribe(&format!("topic=/a&lastEventID={id}"))
        };
        assert_eq!(stream.last_event_id(), id);
        hub.send("/a", "after");
        assert_eq!(stream.data(), "after");
    }
}

/// What was answered has its place: a subscription after the answer is behind it, too.
#[test]
fn a_subscription_after_an_answer_comes_after_the_update() {
    let hub = anonymous_hub();
    for _ in 0..100 {
        let response = hub.post("topic=/a&data=before");
        assert_eq!(hub.subscribe("topic=/a").last_event_id(), response.text());
    }
}
