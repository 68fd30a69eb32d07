//! The memory history: an index over the [`Log`] that finds an event id without scanning. Rebuilt from the log at start.

use super::log::{Log, NotAppended};
use super::{Position, StartAt};
use crate::ipc::frame::Frame;
use crate::update::Update;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::fd::AsFd;

/// What [`Position::last_event_id`] says when no event is held before the position.
pub const EARLIEST: &str = "earliest";

/// The updates that a subscriber may ask for again.
#[derive(Debug)]
pub struct History {
    log: Log,
    /// One entry for each record in the log, oldest first.
    entries: VecDeque<Entry>,
    /// Keyed hash of an id -> sequence of the last update that has it. Ids are kept in the log only; a (practically
    /// impossible) collision is told by comparing there, and answered as an unknown id.
    ids: HashMap<u64, u64>,
    hasher: RandomState,
    /// Whether ids are looked up at all (`mercure.history_size` is not 0).
    replay: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: u64,
    id: u64,
}

impl History {
    /// Opens the log in `fd` and indexes what it holds. With `replay` off the log only carries updates to the dispatcher.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub fn open(fd: impl AsFd, replay: bool) -> io::Result<Self> {
        let log = Log::open(fd.as_fd())?;
        let mut history = Self {
            entries: VecDeque::new(),
            ids: HashMap::new(),
            hasher: RandomState::new(),
            replay,
            log,
        };
        let mut entries = VecDeque::new();
        for (offset, record) in history.log.records() {
            let id = Frame::checked(record.payload).and_then(|frame| frame.id().map(|id| history.hash(id)));
            entries.push_back((
                record.sequence,
                Entry {
                    offset,
                    id: id.unwrap_or_default(),
                },
            ));
        }
        for (sequence, entry) in entries {
            history.ids.insert(entry.id, sequence);
            history.entries.push_back(entry);
        }
        Ok(history)
    }

    /// Sequence of the newest update; 0 before the first.
    #[must_use]
    pub fn last_sequence(&self) -> u64 {
        self.log.last_sequence()
    }

    /// Sequence of the oldest update held; one more than the last when none is.
    #[must_use]
    pub fn first_sequence(&self) -> u64 {
        self.log.last_sequence() + 1 - self.entries.len() as u64
    }

    /// The nonce of the newest update held, by which a successor tells the frame its predecessor had stored, but not yet
    /// taken off the queue.
    #[must_use]
    pub fn last_nonce(&self) -> Option<u64> {
        let record = self.log.read(self.entries.back()?.offset)?;
        Frame::checked(record.payload).map(|frame| frame.nonce())
    }

    /// Appends the frame of an update with this id and returns its sequence. Discards the oldest updates to make room, but
    /// none from sequence `keep` on.
    ///
    /// # Errors
    /// [`NotAppended`]; nothing has changed.
    pub fn append(&mut self, frame: &[u8], id: &str, keep: u64) -> Result<u64, NotAppended> {
        let keep = self.entry(keep).map_or(u64::MAX, |entry| entry.offset);
        let offset = self.log.append(frame, keep)?;
        let head = self.log.head();
        while let Some(oldest) = self.entries.front().filter(|entry| entry.offset < head) {
            let sequence = self.log.last_sequence() - self.entries.len() as u64;
            // The id may have been used again since.
            if self.ids.get(&oldest.id) == Some(&sequence) {
                self.ids.remove(&oldest.id);
            }
            self.entries.pop_front();
        }
        let sequence = self.log.last_sequence();
        let id = self.hash(id);
        self.ids.insert(id, sequence);
        self.entries.push_back(Entry { offset, id });
        Ok(sequence)
    }

    /// The update with this sequence, if it is still held.
    #[must_use]
    pub fn read(&self, sequence: u64) -> Option<Update> {
        self.frame(sequence)?.update().ok()
    }

    /// Resolves where a subscriber starts.
    #[must_use]
    pub fn position(&self, start: &StartAt) -> Position {
        let last = self.last_sequence();
        let earliest = Position {
            sequence: if self.replay { 0 } else { last },
            last_event_id: EARLIEST.to_owned(),
        };
        match start {
            StartAt::Now => match self.frame(last).and_then(|frame| frame.id().map(str::to_owned)) {
                Some(last_event_id) => Position {
                    sequence: last,
                    last_event_id,
                },
                None => Position {
                    sequence: last,
                    ..earliest
                },
            },
            StartAt::Earliest => earliest,
            StartAt::After(id) => match self.find(id) {
                Some(sequence) => Position {
                    sequence,
                    last_event_id: id.clone(),
                },
                None => earliest,
            },
        }
    }

    fn find(&self, id: &str) -> Option<u64> {
        let sequence = *self.ids.get(&self.hash(id))?;
        (self.replay && self.frame(sequence)?.id() == Some(id)).then_some(sequence)
    }

    fn entry(&self, sequence: u64) -> Option<&Entry> {
        let place = sequence.checked_sub(self.first_sequence())?;
        self.entries.get(usize::try_from(place).ok()?)
    }

    fn frame(&self, sequence: u64) -> Option<Frame<'_>> {
        Frame::checked(self.log.read(self.entry(sequence)?.offset)?.payload)
    }

    fn hash(&self, id: &str) -> u64 {
        self.hasher.hash_one(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::frame;
    use crate::update::Draft;
    use rustix::fd::OwnedFd;

    fn memfd(capacity: usize) -> OwnedFd {
        let fd = rustix::fs::memfd_create("test", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        rustix::fs::ftruncate(&fd, (super::super::log::HEADER + capacity) as u64).unwrap();
        fd
    }

    fn append(history: &mut History, id: &str) -> u64 {
        let draft = Draft {
            topics: vec!["t".into()],
            id: Some(id.into()),
            data: "x".repeat(200),
            ..Draft::default()
        };
        let mut bytes = Vec::new();
        frame::encode(&Update::new(draft).unwrap(), &mut bytes);
        history.append(&bytes, id, u64::MAX).unwrap()
    }

    #[test]
    fn finds_every_id_it_holds_and_calls_the_others_earliest() {
        let fd = memfd(8192);
        let mut history = History::open(&fd, true).unwrap();
        assert_eq!(
            history.position(&StartAt::Now),
            Position {
                sequence: 0,
                last_event_id: EARLIEST.into()
            }
        );
        for number in 1..=500 {
            append(&mut history, &number.to_string());
            for id in 1..=number {
                let position = history.position(&StartAt::After(id.to_string()));
                if id < history.first_sequence() {
                    assert_eq!(position.sequence, 0);
                    assert_eq!(position.last_event_id, EARLIEST);
                } else {
                    assert_eq!(
                        position,
                        Position {
                            sequence: id,
                            last_event_id: id.to_string()
                        }
                    );
                }
            }
        }
        assert_eq!(history.ids.len(), history.entries.len());
        let reopened = History::open(&fd, true).unwrap();
        assert_eq!(reopened.first_sequence(), history.first_sequence());
        assert_eq!(reopened.last_nonce(), history.last_nonce());
        assert_eq!(reopened.position(&StartAt::Now).last_event_id, "500");
        assert_eq!(reopened.position(&StartAt::After("499".into())).sequence, 499);
    }

    #[test]
    fn an_id_used_twice_means_its_last_update() {
        let mut history = History::open(memfd(8192), true).unwrap();
        for _ in 0..200 {
            append(&mut history, "same");
            let other = append(&mut history, "other");
            assert_eq!(history.position(&StartAt::After("same".into())).sequence, other - 1);
        }
        assert_eq!(history.ids.len(), 2);
    }

    #[test]
    fn without_replay_everything_is_now() {
        let mut history = History::open(memfd(8192), false).unwrap();
        let last = append(&mut history, "1");
        for start in [StartAt::Earliest, StartAt::After("1".into())] {
            assert_eq!(
                history.position(&start),
                Position {
                    sequence: last,
                    last_event_id: EARLIEST.into()
                }
            );
        }
        assert_eq!(history.position(&StartAt::Now).last_event_id, "1");
    }
}
