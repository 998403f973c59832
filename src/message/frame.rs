//! The layout of frames (`message-body`, "Framed data"), their numbers and their lengths.

use std::num::NonZeroU32;

use super::{IV_LENGTH, TAG_LENGTH};

/// What stands where a regular frame has its sequence number, and says that this is the final one.
pub(super) const SEQUENCE_NUMBER_END: u32 = u32::MAX;

/// Where a regular frame's content begins: after sequence number and IV.
pub const REGULAR_CONTENT_OFFSET: usize = 4 + IV_LENGTH;
/// Bytes of a regular frame beyond its content.
pub const REGULAR_OVERHEAD: usize = REGULAR_CONTENT_OFFSET + TAG_LENGTH;
/// Where the final frame's content begins: after end mark, sequence number, IV and content length.
pub const FINAL_CONTENT_OFFSET: usize = 4 + 4 + IV_LENGTH + 4;
/// Bytes of the final frame beyond its content.
pub const FINAL_OVERHEAD: usize = FINAL_CONTENT_OFFSET + TAG_LENGTH;

/// Bytes of plaintext in each regular frame; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameLength(NonZeroU32);

impl FrameLength {
    /// The longest that every official reader takes; longer ones are read, never written.
    pub const MAX_WRITTEN: u32 = i32::MAX.unsigned_abs();

    /// Any length but 0.
    pub const fn new(length: u32) -> Option<Self> {
        match NonZeroU32::new(length) {
            Some(length) => Some(Self(length)),
            None => None,
        }
    }

    /// The length in bytes.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// The length as a size in memory.
    pub const fn size(self) -> usize {
        self.get() as usize
    }

    /// Bytes of a regular frame on the wire.
    pub const fn regular_frame_size(self) -> usize {
        self.size().saturating_add(REGULAR_OVERHEAD)
    }
}

/// 4096 bytes, as every official writer has it.
impl Default for FrameLength {
    fn default() -> Self {
        Self(NonZeroU32::MIN.saturating_add(4095))
    }
}

/// The number of one frame, good for one use: sealing takes it, so that no IV meets a key twice.
#[derive(Debug, PartialEq, Eq)]
pub struct SequenceNumber(u32);

impl SequenceNumber {
    /// Uses the number up.
    pub(super) fn take(self) -> u32 {
        self.0
    }
}

/// Hands out the frames' numbers: 1, 2, 3 and so on, each once.
#[derive(Debug)]
pub struct SequenceNumbers {
    next: u32,
    end: u32,
}

impl SequenceNumbers {
    /// One more than the last number written. The format knows one number more, which Java's SDK
    /// does not read.
    const END: u32 = SEQUENCE_NUMBER_END - 1;

    /// Only whoever makes the message's key may start its numbers.
    pub(super) fn new() -> Self {
        let end = Self::END;
        Self { next: 1, end }
    }

    /// Splits off the next `count` numbers, or the fewer that are left, for a worker of its own.
    #[must_use = "numbers that are split off and not used leave a gap"]
    pub fn split_off(&mut self, count: u32) -> Self {
        let next = self.next;
        self.next = next.saturating_add(count).min(self.end);
        let end = self.next;
        Self { next, end }
    }
}

/// Ends where the format does.
impl Iterator for SequenceNumbers {
    type Item = SequenceNumber;

    fn next(&mut self) -> Option<SequenceNumber> {
        if self.next >= self.end {
            return None;
        }
        let number = SequenceNumber(self.next);
        self.next += 1;
        Some(number)
    }
}

/// The IV of the frame with this number, of the header for 0 (`message-body`, "IV").
pub(super) fn iv(sequence_number: u32) -> [u8; IV_LENGTH] {
    let [a, b, c, d] = sequence_number.to_be_bytes();
    [0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_start_at_one_and_end_before_the_last() {
        assert_eq!(SequenceNumbers::new().next(), Some(SequenceNumber(1)));
        let mut numbers = SequenceNumbers::new();
        let skipped = numbers.split_off(u32::MAX - 3);
        assert_eq!((skipped.next, skipped.end), (1, u32::MAX - 2));
        assert_eq!(numbers.next(), Some(SequenceNumber(u32::MAX - 2)));
        assert_eq!(numbers.next(), None);
        assert_eq!(numbers.split_off(5).next(), None);
    }

    #[test]
    fn numbers_split_off_follow_each_other() {
        let mut numbers = SequenceNumbers::new();
        let split: Vec<u32> = numbers
            .split_off(2)
            .chain(numbers)
            .take(4)
            .map(SequenceNumber::take)
            .collect();
        assert_eq!(split, [1, 2, 3, 4]);
    }
}
