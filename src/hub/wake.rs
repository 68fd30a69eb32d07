//! Wakes the sequencer from other threads, with a system call only when it sleeps.

use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering, fence};

#[derive(Debug)]
pub(super) struct Wake {
    eventfd: OwnedFd,
    sleeping: AtomicBool,
    /// Whether the sleeper waits for room in a shard.
    wants_room: AtomicBool,
}

impl Wake {
    pub(super) fn new() -> io::Result<Self> {
        let eventfd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self {
            eventfd,
            sleeping: AtomicBool::new(false),
            wants_room: AtomicBool::new(false),
        })
    }

    /// Called after what the sleeper should see has been made visible.
    pub(super) fn wake(&self) {
        if self.sleeping.swap(false, Ordering::SeqCst) {
            // Fails only when the counter is at its maximum, and then the sleeper is awake.
            let _ = rustix::io::write(&self.eventfd, &1_u64.to_ne_bytes());
        }
    }

    /// Called by a shard that has taken something out of its inbox.
    pub(super) fn room(&self) {
        // The room that was made is seen by a sleeper that this does not see yet. (An inbox says nothing of its own order.)
        fence(Ordering::SeqCst);
        if self.wants_room.load(Ordering::SeqCst) {
            self.wake();
        }
    }

    /// The sleeper announces that it is about to sleep (and whether room in a shard is what it waits for), then looks once
    /// more for work, then polls [`Self::fd`].
    pub(super) fn prepare(&self, wants_room: bool) {
        self.wants_room.store(wants_room, Ordering::SeqCst);
        self.sleeping.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// The sleeper is awake (again).
    pub(super) fn cancel(&self) {
        self.wants_room.store(false, Ordering::SeqCst);
        if !self.sleeping.swap(false, Ordering::SeqCst) {
            // Somebody has written, or is about to; what is left in the counter costs one spurious wake-up at most.
            let _ = rustix::io::read(&self.eventfd, &mut [0; 8]);
        }
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.eventfd.as_fd()
    }
}
