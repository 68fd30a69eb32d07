//! Private frames between PHP processes and the hub: versioned, length-capped, checked on both sides.

pub mod control;
pub mod frame;
pub mod queue;
