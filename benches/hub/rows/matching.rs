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
        count: 1_000,
        goal: Goal::Ratio(1.3),
    },
    Form {
        key: "strangers_prefixes",
        what: "CPU per publish, 15,000 other streams, templates, distinct prefixes / with none",
        subscribed: "https://bench.example/t%d/{id}",
        published: "https://bench.example/tx%d/1",
        count: 1_000,
        goal: Goal::Ratio(1.3),
    },
    Form {
        key: "strangers_common_prefix",
        what: "CPU per publish, 15,000 other streams, templates, one common prefix / with none",
        subscribed: "https://bench.example/common/{id}/t%d",
        published: "https://bench.example/common/1/x%d",
        count: 200,
        goal: Goal::None,
    },
];

/// CPU per update with the streams there, and without them.
pub fn strangers(lab: &Lab) -> Result<Vec<Row>> {
    let server = lab.contestant(&["mercure.heartbeat=0"], &["deliver=0"])?;
    let mut rows: Vec<Row> = FORMS
        .iter()
        .map(|form| Row {
            key: form.key,
            what: form.what,
            unit: "us",
            hub: Vec::new(),
            comparison: Vec::new(),
            goal: form.goal,
            obstacle: None,
            note: String::new(),
        })
        .collect();
    for _ in 0..lab.rounds {
        for (form, row) in FORMS.iter().zip(&mut rows) {
            row.comparison.push(form.cpu_per_publish(lab, &server)?);
            let load = Load::open(lab, &server, STREAMS, form.subscribed)?;
            row.hub.push(form.cpu_per_publish(lab, &server)?);
            drop(load);
            server.rest()?;
        }
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
            pace: Pace::Every(Duration::from_millis(2)),
        };
        let before = server.cpu_time()?;
        server.inlet.publish(lab, &updates, TIMEOUT)?;
        server.rest()?;
        Ok((server.cpu_time()? - before).as_secs_f64() * 1e6 / self.count as f64)
    }
}
