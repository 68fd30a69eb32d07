//! Hands appended updates to every shard, in the one total order, without ever waiting: what a busy shard has no room for yet
//! stays in the history log.

use super::dispatched::Dispatched;
use super::shard;
use crate::transport::memory::History;
use crate::update::Update;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug)]
pub(super) struct Dispatcher {
    shards: Vec<shard::Handle>,
    /// Sequence of the next update to hand out.
    next: u64,
}

impl Dispatcher {
    /// Starts after `last`: what came before has no subscriber in this process.
    pub(super) fn new(shards: Vec<shard::Handle>, last: u64) -> Self {
        Self { shards, next: last + 1 }
    }

    /// Sequence of the first update that the history must keep for this dispatcher.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Hands out `update`, which was appended as `sequence`, unless earlier ones are still waiting or a shard has no room;
    /// then [`Self::catch_up`] will read it from the history.
    pub(super) fn offer(&mut self, sequence: u64, update: &Update) {
        if sequence == self.next && self.has_room() {
            self.send(Dispatched::new(sequence, update));
        }
    }

    /// Hands out what waits in the history, as far as the shards have room. Returns whether all of it went.
    pub(super) fn catch_up(&mut self, history: &Mutex<History>) -> bool {
        loop {
            let history = history.lock().unwrap_or_else(PoisonError::into_inner);
            if self.next > history.last_sequence() {
                return true;
            }
            if !self.has_room() {
                return false;
            }
            let update = history.read(self.next);
            drop(history);
            match update {
                Some(update) => self.send(Dispatched::new(self.next, &update)),
                // Cannot be: it was checked when it was appended, and is kept. Going on beats standing still.
                None => {
                    tracing::error!(
                        sequence = self.next,
                        "an update was lost from the history before its dispatch"
                    );
                    self.next += 1;
                }
            }
        }
    }

    /// Whether every shard can take another update.
    pub(super) fn has_room(&self) -> bool {
        self.shards.iter().all(shard::Handle::has_room)
    }

    fn send(&mut self, dispatched: Dispatched) {
        self.next = dispatched.sequence + 1;
        let dispatched = Arc::new(dispatched);
        for shard in &self.shards {
            shard.dispatch(Arc::clone(&dispatched));
        }
    }
}
