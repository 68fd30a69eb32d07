//! Live updates: a batch of them becomes one write for each stream that wants any.

use super::super::dispatched::Dispatched;
use super::super::index::Slot;
use super::super::stream::Sent;
use super::{BATCH, BATCH_BYTES, Shard};
use bytes::{Bytes, BytesMut};
use std::sync::Arc;
use std::time::Instant;
use tokio::task::yield_now;

/// Writes after which other tasks of the runtime get their turn.
const WRITES_PER_TURN: usize = 128;

impl Shard {
    /// Delivers what the inbox holds, up to one batch. Returns whether there was anything.
    pub(super) async fn deliver(&mut self) -> bool {
        while self.batch.len() < BATCH {
            let Ok(update) = self.inbox.try_recv() else { break };
            self.batch.push(update);
        }
        if self.batch.is_empty() {
            return false;
        }
        self.wake.room();
        let updates = std::mem::take(&mut self.batch);
        let mut rest = updates.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let count = rest
                .iter()
                .take_while(|update| {
                    bytes += update.event.chunk().len();
                    bytes <= BATCH_BYTES
                })
                .count()
                .max(1);
            let (now, later) = rest.split_at(count);
            self.deliver_batch(now).await;
            rest = later;
        }
        self.batch = updates;
        self.batch.clear();
        true
    }

    async fn deliver_batch(&mut self, updates: &[Arc<Dispatched>]) {
        let mut slots: Vec<Slot> = Vec::new();
        for (place, update) in updates.iter().enumerate() {
            let streams = &mut self.streams;
            for topic in &update.topics {
                self.index.find(topic, |slot| {
                    let Some(stream) = streams.get_mut(slot as usize) else {
                        return;
                    };
                    if stream.may_receive(update) {
                        if stream.batch == 0 {
                            slots.push(slot);
                        }
                        stream.batch |= 1 << place;
                    }
                });
            }
        }
        let before = self.cursor;
        self.cursor = updates.last().map_or(before, |update| update.sequence);
        // Most streams get the same updates of a batch: their bytes are joined once.
        let mut joined = (0, Bytes::new());
        let mut now = Instant::now();
        for (count, slot) in slots.into_iter().enumerate() {
            if count % WRITES_PER_TURN == WRITES_PER_TURN - 1 {
                yield_now().await;
                now = Instant::now();
            }
            let Some(stream) = self.streams.get_mut(slot as usize) else {
                continue;
            };
            let wanted = std::mem::take(&mut stream.batch);
            let bytes = if !stream.is_chunked() {
                join(updates, wanted, |update| update.event.body())
            } else {
                if joined.0 != wanted {
                    joined = (wanted, join(updates, wanted, |update| update.event.chunk().clone()));
                }
                joined.1.clone()
            };
            let was_waiting = stream.is_waiting();
            match stream.send(&bytes, self.config.subscriber_queue_size, now) {
                Sent::All => {}
                Sent::Waiting if was_waiting => {}
                Sent::Waiting => self.watch(slot, true),
                Sent::Overflow => {
                    // What waits is sent first; then it goes on from the history, if that still holds what follows.
                    // Its start may lie ahead of this shard.
                    stream.replaying = true;
                    stream.cursor = stream.cursor.max(before);
                }
                Sent::Gone => self.remove(slot),
            }
        }
    }
}

/// The bytes of the updates that `wanted` has a bit for, in order; not copied where it is one.
fn join(updates: &[Arc<Dispatched>], wanted: u64, bytes: impl Fn(&Dispatched) -> Bytes) -> Bytes {
    let is_wanted = |place: &usize| wanted & 1 << place != 0;
    let mut pieces = (0..updates.len()).filter(is_wanted).map(|place| bytes(&updates[place]));
    let first = pieces.next().unwrap_or_default();
    let Some(second) = pieces.next() else { return first };
    let mut joined = BytesMut::from(first);
    joined.extend_from_slice(&second);
    pieces.for_each(|piece| joined.extend_from_slice(&piece));
    joined.freeze()
}
