//! The orchestrator's handle on a load client: open streams, then one measurement after the other.

use crate::Result;
use crate::lab::Lab;
use crate::server::Server;
use crate::streams::STREAMS_PER_SOURCE;
use crate::worker::Worker;
use std::time::Duration;

/// Longest time that opening the streams of one client may take.
const OPEN_TIMEOUT: Duration = Duration::from_secs(40);

/// A load client whose streams are all open.
pub struct Load {
    client: Worker,
}

/// What the client counted between `expect` and the last expected delivery.
pub struct Arrivals {
    /// Events received, over all streams.
    pub deliveries: u64,
    /// Streams lost since they were opened.
    pub disconnects: u64,
    /// Bytes read, framing included.
    pub bytes: u64,
    /// Median of publish to receive, in nanoseconds.
    pub p50: u64,
    /// 99th percentile of the same.
    pub p99: u64,
    /// From the first publication to the last arrival, in nanoseconds.
    pub nanoseconds: u64,
}

impl Load {
    /// Opens `streams` streams on `topic` (`%d`: the stream's number) and waits until the server has come to rest.
    pub fn open(lab: &Lab, server: &Server, streams: usize, topic: &str) -> Result<Self> {
        let mut command = lab.role("client");
        let source = lab.take_sources(streams.div_ceil(STREAMS_PER_SOURCE));
        command
            .arg(format!("address={}", server.address))
            .arg(format!("streams={streams}"));
        command.arg(format!("topic={topic}")).arg(format!("source={source}"));
        let mut client = Worker::start("the load client", &mut command)?;
        client.answer("open", OPEN_TIMEOUT)?;
        server.rest()?;
        Ok(Self { client })
    }

    /// Forgets what was counted; from now on `deliveries` events are awaited.
    pub fn expect(&mut self, deliveries: u64) -> Result<()> {
        self.client.tell(&format!("expect deliveries={deliveries}"))?;
        self.client.answer("armed", Duration::from_secs(5))?;
        Ok(())
    }

    /// Waits for the expected deliveries, at most `timeout`; what has arrived by then.
    pub fn arrivals(&mut self, timeout: Duration) -> Result<Arrivals> {
        let fields = match self.client.answer_within("result", timeout)? {
            Some(fields) => fields,
            None => {
                self.client.tell("report")?;
                self.client.answer("result", Duration::from_secs(30))?
            }
        };
        Ok(Arrivals {
            deliveries: fields.get("deliveries")?,
            disconnects: fields.get("disconnects")?,
            bytes: fields.get("bytes")?,
            p50: fields.get("p50")?,
            p99: fields.get("p99")?,
            nanoseconds: fields.get("nanoseconds")?,
        })
    }
}
