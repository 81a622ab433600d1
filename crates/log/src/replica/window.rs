//! The last batches of a producer, kept in place so that an entry is copied without an allocation.

use fencepost_ids::{Offset, Sequence, Timestamp};

use crate::batch::BatchHeader;

/// How many batches are remembered for each producer id (IDEM-09, KIP-98).
const REMEMBERED: usize = 5;

/// A batch in the window of a producer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BatchMetadata {
    /// The sequence of its last record; [`Sequence::NONE`] in coordinators' batches.
    pub last_sequence: Sequence,
    /// The offset of its last record.
    pub last_offset: Offset,
    /// Last offset minus base offset.
    pub offset_delta: i32,
    /// Its max timestamp.
    pub timestamp: Timestamp,
}

impl BatchMetadata {
    const NONE: Self = Self {
        last_sequence: Sequence::NONE,
        last_offset: Offset::NONE,
        offset_delta: 0,
        timestamp: Timestamp::NONE,
    };

    /// `batch` carries its assigned base offset.
    pub(super) const fn of(batch: &BatchHeader) -> Self {
        Self {
            last_sequence: batch.last_sequence(),
            last_offset: batch.last_offset(),
            offset_delta: batch.last_offset_delta,
            timestamp: batch.max_timestamp,
        }
    }

    /// The offset of its first record.
    #[must_use]
    pub const fn base_offset(&self) -> Offset {
        Offset(self.last_offset.0 - self.offset_delta as i64)
    }

    /// Whether `batch` has the same first and last sequence (IDEM-08).
    pub(super) fn repeats(&self, batch: &BatchHeader) -> bool {
        self.last_sequence == batch.last_sequence()
            && self.last_sequence.minus(self.offset_delta) == batch.base_sequence
    }
}

/// Up to five batches, oldest first; unused places hold [`BatchMetadata::NONE`].
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Window {
    batches: [BatchMetadata; REMEMBERED],
    length: u8,
}

impl Default for Window {
    fn default() -> Self {
        Self { batches: [BatchMetadata::NONE; REMEMBERED], length: 0 }
    }
}

impl Window {
    pub(super) fn as_slice(&self) -> &[BatchMetadata] {
        &self.batches[..usize::from(self.length)]
    }

    pub(super) fn push(&mut self, batch: BatchMetadata) {
        if usize::from(self.length) == REMEMBERED {
            self.batches.rotate_left(1);
            self.length -= 1;
        }
        self.batches[usize::from(self.length)] = batch;
        self.length += 1;
    }
}
