//! What comes with time: heartbeats, ends of life, and sockets that have refused for too long.

use super::super::index::Slot;
use super::super::stream::{Sent, Stream};
use super::Shard;
use crate::config::Config;
use crate::sse;
use std::time::{Duration, Instant};

impl Shard {
    /// Now and then: heartbeats, ends of life, and sockets that have refused for too long.
    pub(super) fn check_streams(&mut self) {
        let now = Instant::now();
        if now < self.next_check || self.streams.is_empty() {
            return;
        }
        self.next_check = now + self.check_interval();
        let Config {
            heartbeat,
            dispatch_timeout,
            ..
        } = *self.config;
        let mut ended = Vec::new();
        let mut refusing = Vec::new();
        let mut stalled = Vec::new();
        for (slot, stream) in &mut self.streams {
            if stream.ends_at.is_some_and(|at| at <= now) {
                stream.end(now);
                ended.push(slot as Slot);
            } else if let Some(since) = stream.refusing_since() {
                if now - since >= dispatch_timeout {
                    stalled.push(slot as Slot);
                }
            } else if !heartbeat.is_zero() && now - stream.last_write >= heartbeat {
                let bytes = stream.framed(&sse::HEARTBEAT);
                match stream.send(&bytes, usize::MAX, now) {
                    Sent::All | Sent::Overflow => {}
                    Sent::Waiting => refusing.push(slot as Slot),
                    Sent::Gone => ended.push(slot as Slot),
                }
            }
        }
        for slot in stalled {
            // Perhaps it is this shard that has not come round to it: that is not the subscriber's fault.
            self.flush(slot, now);
            let since = self.streams.get(slot as usize).and_then(Stream::refusing_since);
            if since.is_some_and(|since| now - since >= dispatch_timeout) {
                tracing::debug!("a subscriber took nothing for mercure.dispatch_timeout and was disconnected");
                ended.push(slot);
            }
        }
        refusing.into_iter().for_each(|slot| self.watch(slot, true));
        ended.into_iter().for_each(|slot| self.remove(slot));
    }

    pub(super) fn check_interval(&self) -> Duration {
        let finest = Duration::from_millis(50);
        let heartbeat = if self.config.heartbeat.is_zero() {
            Duration::MAX
        } else {
            self.config.heartbeat / 4
        };
        (self.config.dispatch_timeout / 4)
            .min(heartbeat)
            .clamp(finest, Duration::from_secs(1))
    }
}
