//! What a stream costs that waits.

use crate::Result;
use crate::lab::Lab;
use crate::load::Load;
use crate::report::{Goal, Row};

const STREAMS: usize = 10_000;

/// Growth of a fresh server's proportional set size by 10,000 streams. A fresh one each time, since memory once used and
/// freed would hide the growth.
pub fn idle_streams(lab: &Lab) -> Result<Vec<Row>> {
    let mut hub = Vec::new();
    for _ in 0..lab.rounds {
        let server = lab.contestant(&[], &[])?;
        server.rest()?;
        let before = server.pss_kib()?;
        let load = Load::open(lab, &server, STREAMS, "https://bench.example/idle/%d")?;
        let after = server.pss_kib()?;
        drop(load);
        hub.push(after.saturating_sub(before) as f64 / STREAMS as f64);
    }
    Ok(vec![Row {
        key: "memory_idle_stream",
        what: "memory (PSS growth) per idle stream at 10,000",
        unit: "KiB",
        hub,
        comparison: Vec::new(),
        goal: Goal::Figure(4.0),
        obstacle: None,
        note: String::new(),
    }])
}
