//! An update between its dispatch and its subscribers.

use crate::sse::Event;
use crate::update::Update;

/// An update on its way to the subscribers: what decides who gets it, and the bytes they get.
#[derive(Debug)]
pub(super) struct Dispatched {
    pub(super) sequence: u64,
    pub(super) topics: Vec<String>,
    pub(super) private: bool,
    pub(super) event: Event,
}

impl Dispatched {
    pub(super) fn new(sequence: u64, update: &Update) -> Self {
        Self {
            sequence,
            topics: update.topics().to_vec(),
            private: update.is_private(),
            event: Event::new(update),
        }
    }
}
