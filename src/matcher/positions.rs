//! A set of positions in a topic: how far the parts of a template seen so far can reach. Each part turns the set it starts
//! from into the set of its possible ends in one pass, so that no input makes matching go back and forth.

#[cfg(test)]
use std::cell::Cell;

#[cfg(test)]
thread_local! {
    /// Elementary steps taken by this thread: the tests bound them instead of measuring time.
    pub(super) static STEPS: Cell<usize> = const { Cell::new(0) };
}

/// Counts one elementary step, for the tests.
pub(super) fn step() {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get() + 1));
}

/// Positions between the bytes of a topic, its start and its end included.
#[derive(Clone)]
pub(super) struct Positions {
    bits: Vec<u64>,
}

impl Positions {
    pub(super) fn none(topic: &[u8]) -> Self {
        Self {
            bits: vec![0; topic.len() / 64 + 1],
        }
    }

    pub(super) fn start(topic: &[u8]) -> Self {
        let mut positions = Self::none(topic);
        positions.insert(0);
        positions
    }

    pub(super) fn insert(&mut self, position: usize) {
        if let Some(word) = self.bits.get_mut(position / 64) {
            *word |= 1 << (position % 64);
        }
    }

    pub(super) fn contains(&self, position: usize) -> bool {
        self.bits
            .get(position / 64)
            .is_some_and(|word| word >> (position % 64) & 1 == 1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bits.iter().all(|word| *word == 0)
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (word, other) in self.bits.iter_mut().zip(&other.bits) {
            *word |= other;
        }
    }

    /// In ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.bits.iter().enumerate().flat_map(|(index, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                (word != 0).then(|| {
                    step();
                    let bit = word.trailing_zeros() as usize;
                    word &= word - 1;
                    index * 64 + bit
                })
            })
        })
    }

    /// Where `literal`, starting at one of these positions, ends.
    pub(super) fn literal(&self, topic: &[u8], literal: &[u8]) -> Self {
        if literal.is_empty() {
            return self.clone();
        }
        let mut ends = Self::none(topic);
        for position in self.iter() {
            if topic[position..].starts_with(literal) {
                ends.insert(position + literal.len());
            }
        }
        ends
    }

    /// Where any number of units (none included), starting at one of these positions, end. `unit` gives the length of the
    /// unit at the start of what it is given, or 0.
    pub(super) fn run(&self, topic: &[u8], unit: impl Fn(&[u8]) -> usize) -> Self {
        let mut ends = self.clone();
        // One pass: what is inserted lies ahead.
        let first = self.iter().next().unwrap_or(topic.len());
        for position in first..topic.len() {
            if ends.contains(position) {
                step();
                let length = unit(&topic[position..]);
                if length > 0 {
                    ends.insert(position + length);
                }
            }
        }
        ends
    }

    /// Like [`Self::run`], with at most `most` units.
    pub(super) fn run_at_most(&self, topic: &[u8], most: usize, unit: impl Fn(&[u8]) -> usize) -> Self {
        let mut ends = self.clone();
        // The fewest units used up on the way to each position: who has fewer can go wherever the other can.
        let mut used = vec![usize::MAX; topic.len() + 1];
        for position in self.iter() {
            used[position] = 0;
        }
        for position in 0..topic.len() {
            if used[position] >= most {
                continue;
            }
            step();
            let length = unit(&topic[position..]);
            if length > 0 {
                let end = position + length;
                used[end] = used[end].min(used[position] + 1);
                ends.insert(end);
            }
        }
        ends
    }
}
