//! A bound on log lines that clients and publishers can cause.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const LINES: u32 = 10;
const PER: Duration = Duration::from_secs(1);

/// Lets [`LINES`] lines through in each stretch of [`PER`] and counts the others.
pub(super) struct LogLimit(Mutex<Window>);

struct Window {
    start: Instant,
    lines: u32,
    held_back: u32,
}

impl LogLimit {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Window {
            start: Instant::now(),
            lines: 0,
            held_back: 0,
        }))
    }

    /// Whether a line may be written now: if so, how many were held back before it.
    pub(super) fn pass(&self, now: Instant) -> Option<u32> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(window.start) >= PER {
            window.start = now;
            window.lines = 0;
        }
        if window.lines == LINES {
            window.held_back = window.held_back.saturating_add(1);
            return None;
        }
        window.lines += 1;
        Some(std::mem::take(&mut window.held_back))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_back_what_is_too_much_and_says_so() {
        let limit = LogLimit::new();
        let start = Instant::now();
        let passed = (0..100).filter(|_| limit.pass(start).is_some()).count();
        assert_eq!(passed, LINES as usize);
        assert_eq!(limit.pass(start + PER), Some(100 - LINES));
        assert_eq!(limit.pass(start + PER), Some(0));
    }
}
