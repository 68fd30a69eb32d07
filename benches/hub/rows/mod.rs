//! The rows of the table, in groups that share a server.

mod delivery;
mod matching;
mod memory;
mod publish;

use crate::Result;
use crate::lab::Lab;
use crate::report::Row;

/// A group of rows.
type Measure = fn(&Lab) -> Result<Vec<Row>>;

/// All groups by the name that `rows=` takes, in the order in which they are measured.
pub const ALL: &[(&str, Measure)] = &[
    ("publish", publish::back_to_back),
    ("idle", publish::idle),
    ("steady", delivery::steady),
    ("fast", delivery::fast),
    ("latency", delivery::latency),
    ("memory", memory::idle_streams),
    ("matching", matching::strangers),
];
