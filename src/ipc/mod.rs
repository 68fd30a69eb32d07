//! Private frames between PHP processes and the hub: versioned, length-capped, checked on both sides.

pub mod frame;
pub mod queue;
