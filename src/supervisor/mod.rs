//! The process model: who starts a hub, keeps it alive, and stops it.
