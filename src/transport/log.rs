//! The history log: a ring of records in a memfd. The supervisor holds the memfd too, so what has been appended outlives the
//! hub; a successor opens it and goes on after the last whole record.
//!
//! Offsets are logical: they only grow, and `offset % capacity` is the place in the ring. Everything is aligned to
//! [`ALIGN`], so a record's header never wraps; a record that would wrap is put at the ring's start, behind a filler.
//! The order of writes is what makes a kill -9 harmless: `head` moves before what it leaves is overwritten, `tail` moves
//! after a record is whole.

use rustix::fd::{AsFd, BorrowedFd};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering, compiler_fence};

/// Bytes before the ring: the log's own header.
pub const HEADER: usize = 4096;

/// No payload is larger, whatever the log's size: records and frames count their bytes in 32 bits.
pub const LARGEST_PAYLOAD: usize = 1 << 30;

const ALIGN: usize = 32;
const LOG_MAGIC: u64 = u64::from_le_bytes(*b"MRCLOG\0\x01");
const RECORD: u32 = u32::from_le_bytes(*b"REC\x01");
const FILLER: u32 = u32::from_le_bytes(*b"FIL\x01");

/// A log mapped into this process. One process appends at a time.
#[derive(Debug)]
pub struct Log {
    map: *mut u8,
    capacity: usize,
    /// Sequence of the last record, or of the last one ever when the log holds none.
    last_sequence: u64,
}

// SAFETY: the mapping belongs to this value alone and does not depend on the thread that made it.
unsafe impl Send for Log {}

/// One record: where it lies and what it holds.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Its place in the total order; the first one is 1.
    pub sequence: u64,
    /// The publish frame, as appended.
    pub payload: &'a [u8],
    /// Where the next record starts.
    pub next: u64,
}

/// Why a record was not appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAppended {
    /// It would overwrite records from `keep` on; try again later.
    Full,
    /// No log of this size ever takes it.
    TooLarge,
}

impl Log {
    /// Maps the log in `fd`, whose size must be [`HEADER`] plus a multiple of 4096. An empty one is set up; one that holds
    /// records is checked, and cut after its last whole record.
    ///
    /// # Errors
    /// When the memfd cannot be mapped, has an impossible size, or holds something else.
    pub fn open(fd: BorrowedFd<'_>) -> io::Result<Self> {
        let size = usize::try_from(rustix::fs::fstat(fd)?.st_size).unwrap_or(0);
        if size < HEADER + ALIGN || !(size - HEADER).is_multiple_of(ALIGN) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the history log has an impossible size",
            ));
        }
        // SAFETY: a new shared mapping at an address the kernel chooses; nothing else in this process points into it.
        let map = unsafe {
            mmap(
                std::ptr::null_mut(),
                size,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                fd,
                0,
            )?
        };
        let mut log = Self {
            map: map.cast(),
            capacity: size - HEADER,
            last_sequence: 0,
        };
        match log.word(0).load(Ordering::Acquire) {
            0 => {
                log.word(1).store(log.capacity as u64, Ordering::Relaxed);
                log.word(0).store(LOG_MAGIC, Ordering::Release);
            }
            LOG_MAGIC if log.word(1).load(Ordering::Relaxed) == log.capacity as u64 => log.recover(),
            _ => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the history log has another format",
                ));
            }
        }
        Ok(log)
    }

    /// Where the oldest record starts.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.word(2).load(Ordering::Acquire)
    }

    /// Where the next record will start.
    #[must_use]
    pub fn tail(&self) -> u64 {
        self.word(3).load(Ordering::Acquire)
    }

    /// Sequence of the last record appended; 0 before the first.
    #[must_use]
    pub fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// The largest payload that fits.
    #[must_use]
    pub fn max_payload(&self) -> usize {
        (self.capacity / 4).min(LARGEST_PAYLOAD)
    }

    /// Appends a record and returns where it starts. Discards the oldest ones to make room, but none at or after `keep`.
    ///
    /// # Errors
    /// [`NotAppended`]; nothing has changed.
    pub fn append(&mut self, payload: &[u8], keep: u64) -> Result<u64, NotAppended> {
        if payload.len() > self.max_payload() {
            return Err(NotAppended::TooLarge);
        }
        let needed = record_size(payload.len());
        let tail = self.tail();
        let to_end = self.capacity - self.place(tail);
        let start = if needed <= to_end { tail } else { tail + to_end as u64 };
        let end = start + needed as u64;
        let mut head = self.head();
        while end - head > self.capacity as u64 {
            if head >= keep.min(tail) {
                return Err(NotAppended::Full);
            }
            head = self.after(head);
        }
        self.word(2).store(head, Ordering::Release);
        // What follows is no atomic write: the compiler must not put it before that.
        compiler_fence(Ordering::SeqCst);
        if start != tail {
            self.write_header(tail, FILLER, (to_end - ALIGN) as u32, 0);
        }
        self.last_sequence += 1;
        self.bytes_mut(start + ALIGN as u64, payload.len())
            .copy_from_slice(payload);
        self.write_header(start, RECORD, payload.len() as u32, self.last_sequence);
        self.word(4).store(self.last_sequence, Ordering::Relaxed);
        self.word(3).store(end, Ordering::Release);
        Ok(start)
    }

    /// The record at `offset`, which must come from [`Self::append`] or [`Self::records`] and not have been discarded;
    /// `None` otherwise.
    #[must_use]
    pub fn read(&self, offset: u64) -> Option<Record<'_>> {
        let mut offset = offset;
        loop {
            if offset < self.head() || offset >= self.tail() {
                return None;
            }
            let (magic, length, sequence) = self.read_header(offset);
            let end = offset + record_size(length as usize) as u64;
            if end > self.tail() || length as usize > self.capacity - ALIGN {
                return None;
            }
            match magic {
                RECORD => {
                    let payload = self.bytes(offset + ALIGN as u64, length as usize);
                    return Some(Record {
                        sequence,
                        payload,
                        next: end,
                    });
                }
                FILLER => offset = end,
                _ => return None,
            }
        }
    }

    /// Every record, oldest first, with where it starts.
    pub fn records(&self) -> impl Iterator<Item = (u64, Record<'_>)> {
        let mut offset = self.head();
        std::iter::from_fn(move || {
            let record = self.read(offset)?;
            let start = record.next - record_size(record.payload.len()) as u64;
            offset = record.next;
            Some((start, record))
        })
    }

    /// Checks what a predecessor left: everything up to the last record that is whole and in sequence is kept.
    fn recover(&mut self) {
        let mut last = None;
        let mut end = self.head();
        for (_, record) in self.records() {
            let follows = last.is_none_or(|last: u64| record.sequence == last + 1);
            if !follows || crate::ipc::frame::Frame::check(record.payload).is_err() {
                break;
            }
            last = Some(record.sequence);
            end = record.next;
        }
        self.word(3).store(end, Ordering::Release);
        self.last_sequence = last.unwrap_or_else(|| self.word(4).load(Ordering::Relaxed));
    }

    fn after(&self, offset: u64) -> u64 {
        let (_, length, _) = self.read_header(offset);
        offset + record_size(length as usize) as u64
    }

    fn place(&self, offset: u64) -> usize {
        (offset % self.capacity as u64) as usize
    }

    /// Word `index` of the log's header: 0 magic, 1 capacity, 2 head, 3 tail, 4 last sequence.
    fn word(&self, index: usize) -> &AtomicU64 {
        debug_assert!(index < HEADER / 8);
        // SAFETY: inside the mapping (which is longer than HEADER) and aligned, since mappings start at a page.
        unsafe { &*self.map.add(index * 8).cast::<AtomicU64>() }
    }

    fn bytes(&self, offset: u64, length: usize) -> &[u8] {
        let place = self.place(offset);
        let length = length.min(self.capacity - place);
        // SAFETY: the range lies in the mapping, and only `&mut self` writes to it.
        unsafe { std::slice::from_raw_parts(self.map.add(HEADER + place), length) }
    }

    fn bytes_mut(&mut self, offset: u64, length: usize) -> &mut [u8] {
        let place = self.place(offset);
        let length = length.min(self.capacity - place);
        // SAFETY: the range lies in the mapping, and `&mut self` makes it the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.map.add(HEADER + place), length) }
    }

    fn read_header(&self, offset: u64) -> (u32, u32, u64) {
        let header = self.bytes(offset, ALIGN);
        let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        (word(0), word(4), u64::from(word(8)) | u64::from(word(12)) << 32)
    }

    fn write_header(&mut self, offset: u64, magic: u32, length: u32, sequence: u64) {
        let header = self.bytes_mut(offset, ALIGN);
        header[0..4].copy_from_slice(&magic.to_le_bytes());
        header[4..8].copy_from_slice(&length.to_le_bytes());
        header[8..16].copy_from_slice(&sequence.to_le_bytes());
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `open`; no slice of it outlives `self`. A failure would only leave it mapped.
        let _ = unsafe { munmap(self.map.cast(), HEADER + self.capacity) };
    }
}

/// Copies the newest records of `old` that fit into `new`, an empty log of another size.
///
/// # Errors
/// When one of them cannot be opened.
pub fn copy(old: impl AsFd, new: impl AsFd) -> io::Result<()> {
    let old = Log::open(old.as_fd())?;
    let mut new = Log::open(new.as_fd())?;
    for (_, record) in old.records() {
        new.last_sequence = record.sequence - 1;
        if new.append(record.payload, u64::MAX).is_err() {
            // Larger than the new log ever takes: what comes before it is given up too, since sequences have no gaps.
            let tail = new.tail();
            new.word(2).store(tail, Ordering::Release);
        }
    }
    new.last_sequence = old.last_sequence;
    new.word(4).store(old.last_sequence, Ordering::Relaxed);
    Ok(())
}

fn record_size(payload: usize) -> usize {
    ALIGN + payload.div_ceil(ALIGN) * ALIGN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::frame;
    use crate::update::{Draft, Update};
    use rustix::fd::OwnedFd;

    fn memfd(capacity: usize) -> OwnedFd {
        let fd = rustix::fs::memfd_create("test", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        rustix::fs::ftruncate(&fd, (HEADER + capacity) as u64).unwrap();
        fd
    }

    fn payload(number: u64, size: usize) -> Vec<u8> {
        let draft = Draft {
            topics: vec!["t".into()],
            id: Some(number.to_string()),
            data: "x".repeat(size),
            ..Draft::default()
        };
        let mut bytes = Vec::new();
        frame::encode(&Update::new(draft).unwrap(), &mut bytes);
        bytes
    }

    fn sequences(log: &Log) -> Vec<u64> {
        log.records().map(|(_, record)| record.sequence).collect()
    }

    #[test]
    fn keeps_the_newest_records_through_many_rounds() {
        let fd = memfd(16 * 1024);
        let mut log = Log::open(fd.as_fd()).unwrap();
        for number in 1..=5000_u64 {
            let bytes = payload(number, (number * 37 % 900) as usize);
            let at = log.append(&bytes, u64::MAX).unwrap();
            assert_eq!(log.read(at).unwrap().payload, bytes);
            let held = sequences(&log);
            assert_eq!(held.last(), Some(&number));
            assert!(held.windows(2).all(|pair| pair[1] == pair[0] + 1), "{held:?}");
            assert!(number < 20 || held.len() > 8, "{held:?}");
        }
        drop(log);
        let log = Log::open(fd.as_fd()).unwrap();
        assert_eq!(log.last_sequence(), 5000);
        assert!(sequences(&log).len() > 8);
    }

    #[test]
    fn never_discards_what_must_be_kept() {
        let fd = memfd(4096);
        let mut log = Log::open(fd.as_fd()).unwrap();
        let keep = log.append(&payload(1, 500), 0).unwrap();
        let mut taken = 1;
        while log.append(&payload(taken + 1, 500), keep) != Err(NotAppended::Full) {
            taken += 1;
        }
        assert_eq!(sequences(&log), (1..=taken).collect::<Vec<_>>());
        assert!(log.append(&payload(taken + 1, 500), u64::MAX).is_ok());
        assert_eq!(log.append(&[0; 4096], u64::MAX), Err(NotAppended::TooLarge));
    }

    #[test]
    fn a_successor_goes_on_after_the_last_whole_record() {
        let fd = memfd(4096);
        let mut log = Log::open(fd.as_fd()).unwrap();
        log.append(&payload(1, 10), u64::MAX).unwrap();
        let second = log.append(&payload(2, 10), u64::MAX).unwrap();
        // As a process killed in the middle of a write to a place it should not have touched would leave it.
        log.bytes_mut(second + ALIGN as u64, 20)[15] ^= 1;
        drop(log);
        let mut log = Log::open(fd.as_fd()).unwrap();
        assert_eq!(sequences(&log), [1]);
        log.append(&payload(2, 10), u64::MAX).unwrap();
        assert_eq!(sequences(&log), [1, 2]);
    }

    #[test]
    fn copies_into_a_smaller_and_a_larger_log() {
        let fd = memfd(8192);
        let mut log = Log::open(fd.as_fd()).unwrap();
        for number in 1..=10 {
            log.append(&payload(number, 500), u64::MAX).unwrap();
        }
        for capacity in [4096, 65536] {
            let new = memfd(capacity);
            copy(&fd, &new).unwrap();
            let new = Log::open(new.as_fd()).unwrap();
            assert_eq!(new.last_sequence(), 10);
            let held = sequences(&new);
            assert_eq!(held.last(), Some(&10));
            assert!(held.len() > 2);
        }
    }

    #[test]
    fn refuses_what_is_no_log() {
        let fd = memfd(4096);
        rustix::io::write(&fd, b"something else").unwrap();
        assert!(Log::open(fd.as_fd()).is_err());
        assert!(Log::open(memfd(7).as_fd()).is_err());
    }
}
