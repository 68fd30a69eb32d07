//! History and its propagation: append, find an id, replay. A transport knows no subscriber.

pub mod log;
pub mod memory;
