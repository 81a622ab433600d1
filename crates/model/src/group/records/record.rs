//! Any record of `__consumer_offsets` that the coordinator reads and writes.

use bytes::Bytes;
use fencepost_ids::{GroupId, TopicPartition};
use fencepost_wire::Release;

use super::encoding::{Fields, Malformed};
use super::{ClassicGroupValue, ConsumerGroupRecord, OffsetCommitKey, OffsetCommitValue};

/// A record; without a value it is a tombstone (TXOFF-74).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum GroupRecord {
    /// Keys 0 and 1.
    OffsetCommit(OffsetCommitKey, Option<OffsetCommitValue>),
    /// Key 2.
    ClassicGroup(GroupId, Option<ClassicGroupValue>),
    /// Keys 3 to 8 and 16.
    ConsumerGroup(GroupId, ConsumerGroupRecord),
}

impl GroupRecord {
    /// The tombstone of a committed offset.
    #[must_use]
    pub(crate) fn delete_offset(group: &GroupId, partition: TopicPartition) -> Self {
        let TopicPartition { topic, partition } = partition;
        Self::OffsetCommit(OffsetCommitKey { group: group.clone(), topic, partition }, None)
    }

    /// Key and value as a release writes them to the log.
    #[must_use]
    pub(crate) fn encode(&self, release: Release) -> (Bytes, Option<Bytes>) {
        match self {
            Self::OffsetCommit(key, value) => {
                (key.encode(), value.as_ref().map(|value| value.encode(release)))
            }
            Self::ClassicGroup(group, value) => (
                ClassicGroupValue::encode_key(group),
                value.as_ref().map(ClassicGroupValue::encode),
            ),
            Self::ConsumerGroup(group, record) => (record.encode_key(group), record.encode_value()),
        }
    }

    /// Reads a record; none if its key is of a version that this coordinator does not know.
    ///
    /// # Errors
    /// If the bytes are not what their version says.
    pub(crate) fn decode(key: &[u8], value: Option<&[u8]>) -> Result<Option<Self>, Malformed> {
        let mut fields = Fields::new(key);
        match fields.int16()? {
            0 | OffsetCommitKey::VERSION => {
                let key = OffsetCommitKey::decode(fields)?;
                let value = value.map(OffsetCommitValue::decode).transpose()?;
                Ok(Some(Self::OffsetCommit(key, value)))
            }
            ClassicGroupValue::KEY_VERSION => {
                let group = ClassicGroupValue::decode_key(fields)?;
                let value = value.map(ClassicGroupValue::decode).transpose()?;
                Ok(Some(Self::ClassicGroup(group, value)))
            }
            version if ConsumerGroupRecord::is_key_version(version) => {
                let (group, record) = ConsumerGroupRecord::decode(version, fields, value)?;
                Ok(Some(Self::ConsumerGroup(group, record)))
            }
            _ => Ok(None),
        }
    }
}
