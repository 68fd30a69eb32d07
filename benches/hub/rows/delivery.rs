//! What an update costs that every stream gets, and how long it takes to reach them.

use crate::Result;
use crate::lab::Lab;
use crate::load::Load;
use crate::publishing::{Pace, Updates};
use crate::report::{Goal, Row};
use crate::server::Server;
use std::time::Duration;

const TOPIC: &str = "https://bench.example/delivery";
const TIMEOUT: Duration = Duration::from_secs(40);
const WARM_UP: u64 = 5;

/// 1,000 streams, 100 updates a second: there is time for each update before the next.
pub fn steady(lab: &Lab) -> Result<Vec<Row>> {
    let load = Fanout {
        streams: 1_000,
        updates: 400,
        pace: Pace::Every(Duration::from_millis(10)),
    };
    let sides = load.measure(lab)?;
    Ok(vec![sides.row(
        "cpu_steady",
        "CPU per delivery, 1,000 streams, 100 updates/s / bare writer",
        "us",
        |figures| figures.cpu_us,
        Goal::Ratio(1.3),
    )])
}

/// 1,000 streams, the publisher never waits of its own accord: coalescing pays, and overload must not disconnect.
pub fn fast(lab: &Lab) -> Result<Vec<Row>> {
    let load = Fanout {
        streams: 1_000,
        updates: 1_000,
        pace: Pace::BackToBack,
    };
    let sides = load.measure(lab)?;
    Ok(vec![sides.row(
        "cpu_fast",
        "the same, as fast as it goes, nobody disconnected / bare writer",
        "us",
        |figures| figures.cpu_us,
        Goal::Ratio(0.7),
    )])
}

/// 10,000 streams, 10 updates a second: how late are the last.
pub fn latency(lab: &Lab) -> Result<Vec<Row>> {
    let load = Fanout {
        streams: 10_000,
        updates: 60,
        pace: Pace::Every(Duration::from_millis(100)),
    };
    let sides = load.measure(lab)?;
    Ok(vec![sides.row(
        "latency_p99",
        "p99 publish to receive, 10,000 streams, 10 updates/s / bare writer",
        "ms",
        |figures| figures.p99_ms,
        Goal::Ratio(1.2),
    )])
}

/// Updates that every stream gets.
struct Fanout {
    streams: usize,
    updates: u64,
    pace: Pace,
}

struct Figures {
    cpu_us: f64,
    p50_ms: f64,
    p99_ms: f64,
    per_second: f64,
    bytes: f64,
    missing: u64,
    disconnects: u64,
}

/// Both sides' figures, round by round.
struct Sides {
    hub: Vec<Figures>,
    bare: Vec<Figures>,
}

impl Fanout {
    fn measure(&self, lab: &Lab) -> Result<Sides> {
        let hub = lab.contestant(&[], &["framing=close"])?;
        let bare = Server::bare(lab, &[])?;
        let mut sides = Sides {
            hub: Vec::new(),
            bare: Vec::new(),
        };
        for _ in 0..lab.rounds {
            sides.hub.push(self.round(lab, &hub)?);
            sides.bare.push(self.round(lab, &bare)?);
            if sides.obstacle().is_some() {
                // The row has failed; more of it would only use up the time of the others.
                break;
            }
        }
        Ok(sides)
    }

    fn round(&self, lab: &Lab, server: &Server) -> Result<Figures> {
        let mut load = Load::open(lab, server, self.streams, TOPIC)?;
        let mut updates = Updates {
            count: WARM_UP,
            warm_up: 0,
            topic: TOPIC,
            pace: self.pace,
        };
        load.expect(WARM_UP * self.streams as u64)?;
        server.inlet.publish(lab, &updates, TIMEOUT)?;
        load.arrivals(TIMEOUT)?;
        server.rest()?;

        updates.count = self.updates;
        let expected = self.updates * self.streams as u64;
        load.expect(expected)?;
        let before = server.cpu_time()?;
        server.inlet.publish(lab, &updates, TIMEOUT)?;
        let arrivals = load.arrivals(TIMEOUT)?;
        // What it still has to do belongs to what it did.
        server.rest()?;
        let cpu = server.cpu_time()? - before;

        // The next round's server is not to be disturbed by this one's farewells.
        drop(load);
        server.rest()?;
        let deliveries = arrivals.deliveries.max(1) as f64;
        Ok(Figures {
            cpu_us: cpu.as_secs_f64() * 1e6 / deliveries,
            p50_ms: arrivals.p50 as f64 / 1e6,
            p99_ms: arrivals.p99 as f64 / 1e6,
            per_second: deliveries * 1e9 / arrivals.nanoseconds.max(1) as f64,
            bytes: arrivals.bytes as f64 / deliveries,
            missing: expected.saturating_sub(arrivals.deliveries),
            disconnects: arrivals.disconnects,
        })
    }
}

impl Sides {
    fn row(
        &self,
        key: &'static str,
        what: &'static str,
        unit: &'static str,
        figure: fn(&Figures) -> f64,
        goal: Goal,
    ) -> Row {
        Row {
            key,
            what,
            unit,
            hub: self.hub.iter().map(figure).collect(),
            comparison: self.bare.iter().map(figure).collect(),
            goal,
            obstacle: self.obstacle(),
            note: format!("hub {}; bare {}", seen(&self.hub), seen(&self.bare)),
        }
    }

    /// A figure counts only where everybody got everything on both sides.
    fn obstacle(&self) -> Option<String> {
        let lost = |side: &[Figures]| {
            side.iter().fold((0, 0), |(missing, disconnects), figures| {
                (missing + figures.missing, disconnects + figures.disconnects)
            })
        };
        [("hub", lost(&self.hub)), ("bare writer", lost(&self.bare))]
            .into_iter()
            .find(|(_, lost)| *lost != (0, 0))
            .map(|(side, (missing, disconnects))| {
                format!("{side}: {missing} deliveries missing, {disconnects} streams disconnected")
            })
    }
}

/// The last round's other figures: to be looked at, not to be judged.
fn seen(side: &[Figures]) -> String {
    side.last().map_or_else(String::new, |figures| {
        format!(
            "{:.0} bytes, {:.2} us CPU per delivery, {:.0} deliveries/s, p50 {:.1} ms, p99 {:.1} ms",
            figures.bytes, figures.cpu_us, figures.per_second, figures.p50_ms, figures.p99_ms
        )
    })
}
