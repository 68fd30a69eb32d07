//! The load client's process: one thread, one epoll, any number of streams.
//!
//! Prints `open milliseconds=...` once every stream has its answer. Then it obeys lines on its standard input:
//! `expect deliveries=...` starts a measurement (answered `armed`) and `report` ends it early; a measurement ends with a
//! line `result ...`. The end of its standard input ends it.

use crate::Result;
use crate::fields::Fields;
use crate::histogram::Histogram;
use crate::streams::{Outcome, Streams};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};
use std::io::Write as _;
use std::time::Instant;

const COMMANDS: u64 = u64::MAX;
const READ_BUFFER: usize = 256 * 1024;

/// Runs until the standard input ends.
pub fn run(fields: &Fields) -> Result<()> {
    let mut streams = Streams::new(fields)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let input = std::io::stdin();
    epoll::add(&epoll, &input, EventData::new_u64(COMMANDS), EventFlags::IN)?;

    let started = Instant::now();
    let mut opening = true;
    let mut buffer = vec![0; READ_BUFFER];
    let mut ready = Vec::with_capacity(1024);
    let mut measurement = Measurement::new();
    streams.open_more(&epoll)?;
    loop {
        match epoll::wait(&epoll, spare_capacity(&mut ready), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in ready.drain(..) {
            if event.data.u64() == COMMANDS {
                if !measurement.command()? {
                    return Ok(());
                }
                continue;
            }
            let number = event.data.u64() as usize;
            loop {
                // Edge-triggered, so a stream is read until nothing is left; a short read says so without another call.
                match streams.read(number, &mut buffer, &mut |sent| measurement.arrival(sent)) {
                    Outcome::Read(length) => {
                        measurement.read(length);
                        if length > 0 && length < buffer.len() {
                            break;
                        }
                    }
                    Outcome::Drained => break,
                    Outcome::Closed(reason) if opening => return Err(reason.into()),
                    Outcome::Closed(_) => {
                        measurement.disconnects += 1;
                        break;
                    }
                }
            }
        }
        if opening {
            streams.open_more(&epoll)?;
            if streams.all_open() {
                opening = false;
                say(&format!("open milliseconds={}", started.elapsed().as_millis()))?;
            }
        }
        measurement.report_when_complete()?;
    }
}

/// What arrived since the last `expect`.
struct Measurement {
    expected: Option<u64>,
    deliveries: u64,
    bytes: u64,
    disconnects: u64,
    latencies: Histogram,
    first_sent: u64,
    last_arrival: u64,
    /// Stamps of the events in the read being taken; their time of arrival is taken once, after the read.
    arrived: Vec<u64>,
}

impl Measurement {
    fn new() -> Self {
        Self {
            expected: None,
            deliveries: 0,
            bytes: 0,
            disconnects: 0,
            latencies: Histogram::new(),
            first_sent: u64::MAX,
            last_arrival: 0,
            arrived: Vec::new(),
        }
    }

    fn arrival(&mut self, sent: u64) {
        self.arrived.push(sent);
    }

    fn read(&mut self, length: usize) {
        self.bytes += length as u64;
        if self.arrived.is_empty() {
            return;
        }
        let now = monotonic_nanoseconds();
        self.last_arrival = now;
        for sent in self.arrived.drain(..) {
            self.deliveries += 1;
            self.first_sent = self.first_sent.min(sent);
            self.latencies.record(now.saturating_sub(sent));
        }
    }

    /// Obeys one line of the standard input; false at its end.
    fn command(&mut self) -> Result<bool> {
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line)? == 0 {
            return Ok(false);
        }
        let mut words = line.split_whitespace();
        match words.next() {
            Some("expect") => {
                self.expected = Some(Fields::parse(words)?.get("deliveries")?);
                self.deliveries = 0;
                self.bytes = 0;
                self.first_sent = u64::MAX;
                self.last_arrival = 0;
                self.latencies.clear();
                say("armed")?;
            }
            Some("report") => self.report()?,
            _ => return Err(format!("unknown command {line:?}").into()),
        }
        Ok(true)
    }

    fn report_when_complete(&mut self) -> Result<()> {
        match self.expected {
            Some(expected) if self.deliveries >= expected => self.report(),
            _ => Ok(()),
        }
    }

    fn report(&mut self) -> Result<()> {
        if self.expected.take().is_none() {
            // It was complete, and so reported, before `report` came.
            return Ok(());
        }
        say(&format!(
            "result deliveries={} disconnects={} bytes={} p50={} p99={} largest={} nanoseconds={}",
            self.deliveries,
            self.disconnects,
            self.bytes,
            self.latencies.quantile(0.5),
            self.latencies.quantile(0.99),
            self.latencies.largest(),
            self.last_arrival.saturating_sub(self.first_sent),
        ))
    }
}

fn say(line: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}")?;
    Ok(output.flush()?)
}

/// The clock that PHP's `hrtime` reads, so that one process can take the time of what another one sent.
pub fn monotonic_nanoseconds() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
