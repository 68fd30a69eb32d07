//! Wire formats of the Mercure protocol. Every difference between its dialects lives here and nowhere else; what comes out
//! is the same for all: topic matchers, grants, updates.

pub(crate) mod form;
pub(crate) mod v0;
