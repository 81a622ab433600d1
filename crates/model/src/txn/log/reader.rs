//! Reading the bytes of a record, none of them trusted.

use std::collections::BTreeSet;

use fencepost_ids::{PartitionIndex, ProducerId, TopicName, TopicPartition};

use super::RecordError;
use crate::txn::state::TxnPath;

/// A cursor over a record that never reads past its end.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], RecordError> {
        let (head, tail) =
            self.0.split_at_checked(count).ok_or(RecordError::Malformed("ends early"))?;
        self.0 = tail;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let (head, tail) =
            self.0.split_first_chunk().ok_or(RecordError::Malformed("ends early"))?;
        self.0 = tail;
        Ok(*head)
    }

    pub(super) fn int8(&mut self) -> Result<i8, RecordError> {
        self.array().map(i8::from_be_bytes)
    }

    pub(super) fn int16(&mut self) -> Result<i16, RecordError> {
        self.array().map(i16::from_be_bytes)
    }

    pub(super) fn int32(&mut self) -> Result<i32, RecordError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn int64(&mut self) -> Result<i64, RecordError> {
        self.array().map(i64::from_be_bytes)
    }

    pub(super) fn uvarint(&mut self) -> Result<u32, RecordError> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.array()?;
            let bits = u32::from(byte & 0x7f);
            if shift == 28 && bits > 0x0f {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(RecordError::Malformed("a varint is too long"))
    }

    pub(super) fn text(&mut self, length: usize) -> Result<&'a str, RecordError> {
        std::str::from_utf8(self.take(length)?).map_err(|_| RecordError::Malformed("not UTF-8"))
    }

    pub(super) fn short_string(&mut self) -> Result<&'a str, RecordError> {
        let length = usize::try_from(self.int16()?)
            .map_err(|_| RecordError::Malformed("a name has a negative length"))?;
        self.text(length)
    }

    /// A count of entries, none for null; nothing is allocated by it.
    pub(super) fn count(&mut self, flexible: bool) -> Result<Option<u32>, RecordError> {
        if flexible {
            return Ok(self.uvarint()?.checked_sub(1));
        }
        match self.int32()? {
            -1 => Ok(None),
            count => u32::try_from(count)
                .map(Some)
                .map_err(|_| RecordError::Malformed("a negative count")),
        }
    }

    /// The partitions by topic; none for null, which only an Empty id has.
    pub(super) fn partitions(
        &mut self,
        flexible: bool,
    ) -> Result<Option<BTreeSet<TopicPartition>>, RecordError> {
        let Some(topics) = self.count(flexible)? else { return Ok(None) };
        let mut all = BTreeSet::new();
        for _ in 0..topics {
            let topic = if flexible {
                let length = self.count(true)?.ok_or(RecordError::Malformed("a null topic"))?;
                self.text(length as usize)?
            } else {
                self.short_string()?
            };
            let topic = TopicName::from(topic);
            let count = self.count(flexible)?.ok_or(RecordError::Malformed("null partitions"))?;
            for _ in 0..count {
                all.insert(TopicPartition::new(topic.clone(), PartitionIndex(self.int32()?)));
            }
            if flexible {
                self.skip_tags()?;
            }
        }
        Ok(Some(all))
    }

    pub(super) fn skip_tags(&mut self) -> Result<(), RecordError> {
        for _ in 0..self.uvarint()? {
            self.uvarint()?;
            let size = self.uvarint()?;
            self.take(size as usize)?;
        }
        Ok(())
    }

    pub(super) fn tags(&mut self) -> Result<Tags, RecordError> {
        let mut tags = Tags::default();
        for _ in 0..self.uvarint()? {
            let tag = self.uvarint()?;
            let size = self.uvarint()?;
            let mut data = Reader(self.take(size as usize)?);
            match tag {
                TAG_PREVIOUS_PRODUCER_ID => tags.previous_producer_id = ProducerId(data.int64()?),
                TAG_NEXT_PRODUCER_ID => tags.next_producer_id = ProducerId(data.int64()?),
                TAG_CLIENT_TRANSACTION_VERSION => {
                    tags.path = if data.int16()? >= TxnPath::Tv2.level() {
                        TxnPath::Tv2
                    } else {
                        TxnPath::Tv1
                    };
                }
                // A later release may add tags; they are optional by nature.
                _ => {}
            }
        }
        Ok(tags)
    }
}

/// The optional fields of version 1, at their defaults.
pub(super) struct Tags {
    pub(super) previous_producer_id: ProducerId,
    pub(super) next_producer_id: ProducerId,
    pub(super) path: TxnPath,
}

impl Default for Tags {
    fn default() -> Self {
        Self {
            previous_producer_id: ProducerId::NONE,
            next_producer_id: ProducerId::NONE,
            path: TxnPath::Tv1,
        }
    }
}

pub(super) const TAG_PREVIOUS_PRODUCER_ID: u32 = 0;
pub(super) const TAG_NEXT_PRODUCER_ID: u32 = 1;
pub(super) const TAG_CLIENT_TRANSACTION_VERSION: u32 = 2;
