//! Streams that start in the past, or have fallen behind: they read the history until they have caught up with their shard.

use super::super::index::Slot;
use super::super::stream::Sent;
use super::{BATCH_BYTES, Shard};
use crate::sse;
use bytes::BytesMut;
use std::sync::PoisonError;
use std::time::Instant;

/// Updates read from the history for one stream before the next one gets its turn.
const REPLAY_STEP: usize = 128;

/// Streams that are replayed before live updates get their turn again.
const REPLAYS_PER_TURN: usize = 16;

impl Shard {
    /// Goes on with the streams that read the history. Returns whether there is any.
    pub(super) fn replay(&mut self) -> bool {
        for _ in 0..self.replaying.len().min(REPLAYS_PER_TURN) {
            let Some(slot) = self.replaying.pop_front() else { break };
            self.replay_step(slot);
        }
        !self.replaying.is_empty()
    }

    fn replay_step(&mut self, slot: Slot) {
        // The slot may have been given to another stream since it was queued.
        let Some(stream) = self
            .streams
            .get_mut(slot as usize)
            .filter(|stream| stream.replaying && !stream.is_waiting())
        else {
            return;
        };
        let mut updates = Vec::new();
        {
            let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
            if stream.cursor == 0 {
                // `earliest`: it was promised no certain update to start with.
                stream.cursor = history.first_sequence() - 1;
            }
            if stream.cursor + 1 < history.first_sequence() {
                // The history has discarded what should follow. The client comes back and is told where it stands.
                drop(history);
                tracing::debug!("a subscriber fell behind the history and was disconnected");
                return self.remove(slot);
            }
            let until = self.cursor.min(stream.cursor + REPLAY_STEP as u64);
            let mut bytes = 0;
            while stream.cursor < until && bytes < BATCH_BYTES {
                stream.cursor += 1;
                let Some(update) = history.read(stream.cursor) else {
                    continue;
                };
                if stream.wants(update.is_private(), update.topics()) {
                    bytes += update.data().len();
                    updates.push(update);
                }
            }
        }
        stream.replaying = stream.cursor < self.cursor;
        let mut bytes = BytesMut::new();
        for update in &updates {
            bytes.extend_from_slice(&stream.framed(&sse::Event::new(update)));
        }
        let sent = if bytes.is_empty() {
            Sent::All
        } else {
            stream.send(&bytes.freeze(), usize::MAX, Instant::now())
        };
        match sent {
            Sent::All if stream.replaying => self.replaying.push_back(slot),
            Sent::All | Sent::Overflow => {}
            Sent::Waiting => self.watch(slot, true),
            Sent::Gone => self.remove(slot),
        }
    }
}
