//! The publish frame: one [`Update`] as bytes. The same bytes travel through the publish queue and stand in the history
//! log, so that an update is encoded once, by its publisher, and never copied into another form.
//!
//! Little-endian: `magic` u32 (with the format's version), `length` u32 (whole frame), `crc` u32 (of all that follows),
//! `flags` u32, `nonce` u64, `retry` u64, `topics` u32, then id, type, each topic and the data, each as u32 length and bytes.

use crate::update::{Draft, InvalidUpdate, Update, fill_random};
use thiserror::Error;

/// First four bytes of every frame; the last one is the version of this format.
pub const MAGIC: u32 = u32::from_le_bytes(*b"MRC\x01");

/// Bytes before the first variable part.
pub const HEADER: usize = 40;

const PRIVATE: u32 = 1;
const RETRY: u32 = 2;

/// Why bytes are no frame. The publisher may be hostile: nothing here panics or allocates beyond the frame's own size.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidFrame {
    /// Not a frame, or one of another version of the extension.
    #[error("not a publish frame of this version")]
    Magic,
    /// The length inside disagrees with the bytes received.
    #[error("the frame's length does not fit its content")]
    Length,
    /// Damaged.
    #[error("the frame's checksum is wrong")]
    Checksum,
    /// A text that is not UTF-8.
    #[error("the frame holds a text that is not valid UTF-8")]
    Encoding,
    /// Well-formed, but what it holds may not be published.
    #[error(transparent)]
    Update(#[from] InvalidUpdate),
}

/// Appends `update` to `out` as a frame with a fresh random nonce.
pub fn encode(update: &Update, out: &mut Vec<u8>) {
    let mut nonce = [0u8; 8];
    fill_random(&mut nonce);
    let start = out.len();
    let topics = update.topics();
    let event_type = update.event_type().unwrap_or_default();
    let text = topics.iter().map(|topic| topic.len() + 4).sum::<usize>();
    out.reserve(HEADER + text + update.id().len() + event_type.len() + update.data().len() + 12);
    out.extend_from_slice(&MAGIC.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    let flags = if update.is_private() { PRIVATE } else { 0 } | if update.retry().is_some() { RETRY } else { 0 };
    out.extend_from_slice(&flags.to_le_bytes());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&update.retry().unwrap_or(0).to_le_bytes());
    out.extend_from_slice(&(topics.len() as u32).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    for part in [update.id(), event_type]
        .into_iter()
        .chain(topics.iter().map(String::as_str))
        .chain([update.data()])
    {
        out.extend_from_slice(&(part.len() as u32).to_le_bytes());
        out.extend_from_slice(part.as_bytes());
    }
    let length = (out.len() - start) as u32;
    out[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
    let crc = crc32fast::hash(&out[start + 12..]);
    out[start + 8..start + 12].copy_from_slice(&crc.to_le_bytes());
}

/// A frame whose envelope (magic, length, checksum) is right; its parts are read where they lie.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Checks the envelope of `bytes`, which must be exactly one frame.
    ///
    /// # Errors
    /// [`InvalidFrame`] unless magic, length and checksum agree.
    pub fn check(bytes: &'a [u8]) -> Result<Self, InvalidFrame> {
        if bytes.len() < HEADER || u32_at(bytes, 0) != MAGIC {
            return Err(InvalidFrame::Magic);
        }
        if u32_at(bytes, 4) as usize != bytes.len() {
            return Err(InvalidFrame::Length);
        }
        if crc32fast::hash(&bytes[12..]) != u32_at(bytes, 8) {
            return Err(InvalidFrame::Checksum);
        }
        Ok(Self { bytes })
    }

    /// A frame that has been checked before, as each one in the history has been: only that it has a header is looked at.
    #[must_use]
    pub fn checked(bytes: &'a [u8]) -> Option<Self> {
        (bytes.len() >= HEADER).then_some(Self { bytes })
    }

    /// The publisher's random number: tells the same frame from another one with the same id.
    #[must_use]
    pub fn nonce(&self) -> u64 {
        u64_at(self.bytes, 16)
    }

    /// The update's id, unless it is not even where it should be.
    #[must_use]
    pub fn id(&self) -> Option<&'a str> {
        let rest = &self.bytes[HEADER..];
        let length = u32_at(rest.get(..4)?, 0) as usize;
        std::str::from_utf8(rest.get(4..)?.get(..length)?).ok()
    }

    /// Rebuilds the update, applying the same rules as to every publisher.
    ///
    /// # Errors
    /// [`InvalidFrame`] where a part is cut short, is not UTF-8 or breaks a rule of [`Update::new`].
    pub fn update(&self) -> Result<Update, InvalidFrame> {
        let bytes = self.bytes;
        let flags = u32_at(bytes, 12);
        let topic_count = u32_at(bytes, 32) as usize;
        let mut rest = &bytes[HEADER..];
        let mut part = || -> Result<String, InvalidFrame> {
            let (length, tail) = rest.split_at_checked(4).ok_or(InvalidFrame::Length)?;
            let (text, tail) = tail
                .split_at_checked(u32_at(length, 0) as usize)
                .ok_or(InvalidFrame::Length)?;
            rest = tail;
            std::str::from_utf8(text)
                .map(str::to_owned)
                .map_err(|_| InvalidFrame::Encoding)
        };
        let id = part()?;
        let event_type = part()?;
        if id.is_empty() {
            return Err(InvalidFrame::Length);
        }
        // A count that the bytes cannot hold ends the loop early, with the parts that are there.
        let topics = (0..topic_count).map(|_| part()).collect::<Result<Vec<_>, _>>()?;
        let data = part()?;
        if !rest.is_empty() {
            return Err(InvalidFrame::Length);
        }
        Ok(Update::new(Draft {
            topics,
            data,
            private: flags & PRIVATE != 0,
            id: Some(id),
            event_type: Some(event_type),
            retry: (flags & RETRY != 0).then(|| u64_at(bytes, 24)),
        })?)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update() -> Update {
        Update::new(Draft {
            topics: vec!["/a".into(), "/b/é".into()],
            data: "line 1\nline 2".into(),
            private: true,
            id: Some("1".into()),
            event_type: Some("note".into()),
            retry: Some(1500),
        })
        .unwrap()
    }

    #[test]
    fn reads_back_what_it_wrote() {
        let mut bytes = Vec::new();
        encode(&update(), &mut bytes);
        assert_eq!(Frame::check(&bytes).unwrap().update().unwrap(), update());
    }

    #[test]
    fn every_damaged_byte_and_every_cut_is_refused() {
        let mut bytes = Vec::new();
        encode(&update(), &mut bytes);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            assert!(
                Frame::check(&damaged).and_then(|frame| frame.update()).is_err(),
                "byte {at}"
            );
            assert!(Frame::check(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_hostile_frame_with_a_right_checksum_is_refused() {
        let mut bytes = Vec::new();
        encode(&update(), &mut bytes);
        for (at, value) in [(32, u32::MAX), (40, u32::MAX), (32, 0), (40, 0)] {
            let mut hostile = bytes.clone();
            hostile[at..at + 4].copy_from_slice(&value.to_le_bytes());
            let crc = crc32fast::hash(&hostile[12..]);
            hostile[8..12].copy_from_slice(&crc.to_le_bytes());
            assert!(Frame::check(&hostile).unwrap().update().is_err(), "{value} at {at}");
        }
    }
}
