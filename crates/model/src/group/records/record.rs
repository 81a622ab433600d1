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

#[cfg(test)]
mod tests {
    use super::*;

    /// TXOFF-70, TXOFF-74: the tombstone of each type is its key without a value, in every release.
    #[test]
    fn txoff_74_the_tombstone_of_each_type() {
        use ConsumerGroupRecord as Of;
        let group = || GroupId::from("g");
        let consumer = |record| GroupRecord::ConsumerGroup(group(), record);
        let partition = TopicPartition::new("t", fencepost_ids::PartitionIndex(3));
        let tombstones: [(GroupRecord, &[u8]); 9] = [
            (GroupRecord::delete_offset(&group(), partition), b"\0\x01\0\x01g\0\x01t\0\0\0\x03"),
            (GroupRecord::ClassicGroup(group(), None), b"\0\x02\0\x01g"),
            (consumer(Of::GroupEpoch(None)), b"\0\x03\0\x01g"),
            (consumer(Of::PartitionMetadata(None)), b"\0\x04\0\x01g"),
            (consumer(Of::Member("m".into(), None)), b"\0\x05\0\x01g\0\x01m"),
            (consumer(Of::TargetEpoch(None)), b"\0\x06\0\x01g"),
            (consumer(Of::TargetAssignment("m".into(), None)), b"\0\x07\0\x01g\0\x01m"),
            (consumer(Of::CurrentAssignment("m".into(), None)), b"\0\x08\0\x01g\0\x01m"),
            (consumer(Of::RegularExpression("t.*".into(), None)), b"\0\x10\0\x01g\0\x03t.*"),
        ];
        for (record, key) in tombstones {
            for release in Release::ALL {
                let (encoded, value) = record.encode(*release);
                assert_eq!((&*encoded, value), (key, None), "{record:?}");
            }
            assert_eq!(GroupRecord::decode(key, None), Ok(Some(record)));
        }
    }

    /// TXOFF-70: share and streams groups, and whatever may come, are passed over.
    #[test]
    fn txoff_70_keys_of_other_versions_are_passed_over() {
        for version in (9..=15_i16).chain([17, 18, 99, -1]) {
            let key = [&version.to_be_bytes()[..], b"\0\x01g"].concat();
            assert_eq!(GroupRecord::decode(&key, Some(b"\0\0")), Ok(None), "{version}");
        }
    }
}
