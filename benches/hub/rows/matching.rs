//! What an update costs that nobody subscribed to, when many subscribed to something else.

use crate::Result;
use crate::lab::Lab;
use crate::load::Load;
use crate::publishing::{Pace, Updates};
use crate::report::{Goal, Row};
use crate::server::Server;
use std::time::Duration;

const STREAMS: usize = 15_000;
const TIMEOUT: Duration = Duration::from_secs(40);

/// Subscriptions of one form, and updates whose topics look alike but match none. Each update's topic is new, so that no
/// cache of earlier answers helps.
struct Form {
    key: &'static str,
    what: &'static str,
    subscribed: &'static str,
    published: &'static str,
    count: u64,
    goal: Goal,
}

const FORMS: [Form; 3] = [
    Form {
        key: "strangers_exact",
        what: "CPU per publish, 15,000 other streams, exact topics / with none",
        subscribed: "https://bench.example/exact/%d",
        published: "https://bench.example/exact/x%d",
        count: 200,
        goal: Goal::Ratio(1.3),
    },
    Form {
        key: "strangers_prefixes",
        what: "CPU per publish, 15,000 other streams, templates, distinct prefixes / with none",
        subscribed: "https://bench.example/t%d/{id}",
        published: "https://bench.example/tx%d/1",
        count: 200,
        goal: Goal::Ratio(1.3),
    },
    Form {
        key: "strangers_common_prefix",
        what: "CPU per publish, 15,000 other streams, templates, one common prefix / with none",
        subscribed: "https://bench.example/common/{id}/t%d",
        published: "https://bench.example/common/1/x%d",
        count: 100,
        goal: Goal::None,
    },
];

/// Measurements of each side for every round of the run: they are short, and noise is mostly that of one moment.
const TURNS: usize = 3;

/// CPU per update of a hub that has the streams and of one that has none.
pub fn strangers(lab: &Lab) -> Result<Vec<Row>> {
    let start = || lab.contestant(&["mercure.heartbeat=0"], &["deliver=0"]);
    let (crowded, empty) = (start()?, start()?);
    let mut rows = Vec::new();
    for form in FORMS {
        let load = Load::open(lab, &crowded, STREAMS, form.subscribed)?;
        let mut hub = Vec::new();
        let mut comparison = Vec::new();
        for _ in 0..lab.rounds * TURNS {
            hub.push(form.cpu_per_publish(lab, &crowded)?);
            comparison.push(form.cpu_per_publish(lab, &empty)?);
        }
        drop(load);
        crowded.rest()?;
        rows.push(Row {
            key: form.key,
            what: form.what,
            unit: "us",
            hub,
            comparison,
            goal: form.goal,
            obstacle: None,
            note: String::new(),
        });
    }
    Ok(rows)
}

impl Form {
    /// In microseconds.
    fn cpu_per_publish(&self, lab: &Lab, server: &Server) -> Result<f64> {
        let updates = Updates {
            count: self.count,
            warm_up: 0,
            topic: self.published,
            pace: Pace::Every(Duration::from_millis(1)),
        };
        let before = server.cpu_time()?;
        server.inlet.publish(lab, &updates, TIMEOUT)?;
        server.rest()?;
        Ok((server.cpu_time()? - before).as_secs_f64() * 1e6 / self.count as f64)
    }
}
