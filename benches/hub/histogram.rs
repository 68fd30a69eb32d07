//! Latencies by the million in a fixed table: 128 buckets for each power of two, so a quantile is at most 0.8 % off.

const SUB_BITS: u32 = 7;
const SUB_BUCKETS: u64 = 1 << SUB_BITS;
const BUCKETS: usize = (64 - SUB_BITS as usize + 1) << SUB_BITS;

/// Counts of values, in nanoseconds.
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    largest: u64,
}

impl Histogram {
    /// An empty one.
    pub fn new() -> Self {
        Self {
            counts: vec![0; BUCKETS],
            total: 0,
            largest: 0,
        }
    }

    /// Adds one value.
    pub fn record(&mut self, value: u64) {
        self.counts[bucket(value)] += 1;
        self.total += 1;
        self.largest = self.largest.max(value);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
        self.largest = 0;
    }

    /// The largest value recorded; zero when there is none.
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// The value that the share `quantile` (0 to 1) of all values does not exceed; zero when there is none.
    pub fn quantile(&self, quantile: f64) -> u64 {
        let rank = ((self.total as f64 * quantile).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper_bound(index).min(self.largest);
            }
        }
        self.largest
    }
}

/// Values below 256 have a bucket each; above, the seven bits after the leading one choose it.
fn bucket(value: u64) -> usize {
    let shift = (63 - (value | SUB_BUCKETS).leading_zeros()) - SUB_BITS;
    ((u64::from(shift) << SUB_BITS) + (value >> shift)) as usize
}

fn upper_bound(index: usize) -> u64 {
    let index = index as u64;
    let shift = (index >> SUB_BITS).saturating_sub(1);
    let base = index - (shift << SUB_BITS);
    (base << shift) + ((1 << shift) - 1)
}
