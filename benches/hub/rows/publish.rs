//! How long the call that publishes takes, in PHP.

use crate::Result;
use crate::lab::Lab;
use crate::publishing::{Inlet, Pace, Peer, Updates};
use crate::report::{Goal, Row};
use std::time::Duration;

const TOPIC: &str = "https://bench.example/publish";
const TIMEOUT: Duration = Duration::from_secs(30);
/// Measurements with pauses for every round of the run: what waking a reader costs depends on where the scheduler has just
/// put the two processes, so many short ones say more than a few long ones.
const TURNS: usize = 3;

/// One call after the other, beside a request and its answer between two PHP processes.
pub fn back_to_back(lab: &Lab) -> Result<Vec<Row>> {
    let server = lab.contestant(&[], &[])?;
    let peer = Peer::answering(lab)?;
    let updates = Updates {
        count: 20_000,
        warm_up: 2_000,
        topic: TOPIC,
        pace: Pace::BackToBack,
    };
    let mut hub = Vec::new();
    let mut comparison = Vec::new();
    for _ in 0..lab.rounds {
        hub.push(p50(lab, lab.inlet(&server, &peer.inlet), &updates)?);
        comparison.push(p50(lab, &peer.inlet, &updates)?);
    }
    Ok(vec![Row {
        key: "publish_back_to_back",
        what: "mercure_publish p50, back to back / Unix-socket request and answer",
        unit: "us",
        hub,
        comparison,
        goal: Goal::Ratio(0.25),
        obstacle: None,
        note: String::new(),
    }])
}

/// With a pause after each call, so that the hub sleeps when the next one comes; beside the least that wakes a reader,
/// and beside what a Symfony application does without the extension.
pub fn idle(lab: &Lab) -> Result<Vec<Row>> {
    let server = lab.contestant(&[], &[])?;
    let peer = Peer::reading(lab)?;
    let symfony = Inlet::Symfony {
        url: format!("http://{}/.well-known/mercure", server.address),
        key: lab.publisher_key.clone(),
    };
    let updates = Updates {
        count: 100,
        warm_up: 20,
        topic: TOPIC,
        pace: Pace::Pause(Duration::from_millis(3)),
    };
    let mut hub = Vec::new();
    let mut bare = Vec::new();
    let mut posted = Vec::new();
    for _ in 0..lab.rounds * TURNS {
        hub.push(p50(lab, lab.inlet(&server, &peer.inlet), &updates)?);
        bare.push(p50(lab, &peer.inlet, &updates)?);
        // The bare writer takes no POST.
        if !lab.is_self_check() {
            posted.push(p50(lab, &symfony, &updates)?);
        }
    }
    let row = |key, what, comparison, goal| Row {
        key,
        what,
        unit: "us",
        hub: hub.clone(),
        comparison,
        goal,
        obstacle: None,
        note: String::new(),
    };
    let mut rows = vec![row(
        "publish_idle",
        "the same, hub idle between calls / bare socket_send to an idle reader",
        bare,
        Goal::Ratio(1.5),
    )];
    if !posted.is_empty() {
        rows.push(row(
            "publish_symfony",
            "the same, hub idle between calls / symfony/mercure Hub, fresh HttpClient",
            posted,
            Goal::TimesFaster(15.0),
        ));
    }
    Ok(rows)
}

/// In microseconds.
fn p50(lab: &Lab, inlet: &Inlet, updates: &Updates<'_>) -> Result<f64> {
    Ok(inlet.publish(lab, updates, TIMEOUT)?.p50 as f64 / 1e3)
}
