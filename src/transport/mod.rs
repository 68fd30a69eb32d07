//! History and its propagation: append, find an id, replay. A transport knows no subscriber.

pub mod log;
pub mod memory;

/// A place in the one total order of updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// A subscriber at this position receives the updates after it; 0: all that history still holds when it is read, which
    /// may be less than it held when this was asked for.
    pub sequence: u64,
    /// Id of the update at this position; `earliest` when there is none (or it was asked for but is unknown).
    pub last_event_id: String,
}

/// Where a subscriber wants to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartAt {
    /// What is published from now on.
    Now,
    /// All that history holds (`earliest`).
    Earliest,
    /// After the update with this id; like `Earliest` when it is unknown or discarded.
    After(String),
}
