//! Offset commits: keys of version 0 and 1, values of version 0 to 4 (TXOFF-70, TXOFF-71).

use std::sync::Arc;

use bytes::{BufMut, Bytes};
use fencepost_ids::{GroupId, LeaderEpoch, Offset, PartitionIndex, Timestamp, TopicId, TopicName};
use fencepost_wire::Release;

use super::encoding::{Fields, Malformed, put_string};
use super::flexible::{put_compact_string, put_no_tagged, put_tagged};

/// What an offset commit is for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct OffsetCommitKey {
    /// The group.
    pub(crate) group: GroupId,
    /// The topic.
    pub(crate) topic: TopicName,
    /// The partition of the topic.
    pub(crate) partition: PartitionIndex,
}

impl OffsetCommitKey {
    /// The version that is written.
    pub(crate) const VERSION: i16 = 1;

    /// The key's bytes, version first.
    #[must_use]
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(10 + self.group.len() + self.topic.len());
        out.put_i16(Self::VERSION);
        put_string(&mut out, &self.group);
        put_string(&mut out, &self.topic);
        out.put_i32(self.partition.0);
        out.into()
    }

    /// The fields behind a version of 0 or 1.
    ///
    /// # Errors
    /// If the bytes are not such a key.
    pub(crate) fn decode(mut fields: Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            group: fields.string()?.into(),
            topic: fields.string()?.into(),
            partition: PartitionIndex(fields.int32()?),
        })
    }
}

/// A committed offset as it stands in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct OffsetCommitValue {
    /// The next offset to read.
    pub(crate) offset: Offset,
    /// The leader epoch of the last record read, if the client knew it.
    pub(crate) leader_epoch: Option<LeaderEpoch>,
    /// What the client wants to find again.
    pub(crate) metadata: Arc<str>,
    /// When it was committed.
    pub(crate) commit_time: Timestamp,
    /// When it expires, if the client said so (TXOFF-60).
    pub(crate) expire_time: Option<Timestamp>,
    /// The topic that the client meant, if it named it by its id; from version 4 on.
    pub(crate) topic_id: TopicId,
}

impl OffsetCommitValue {
    /// The value's bytes: in version 1 if it has an expiry time, else in version 3, or from release
    /// 4.1 on in version 4 (measured with Kafka 4.1.2).
    ///
    /// # Panics
    /// If the metadata is longer than an int16 can say: no string on the wire is.
    #[must_use]
    pub(crate) fn encode(&self, release: Release) -> Bytes {
        let version = match self.expire_time {
            Some(_) => 1,
            None if release >= Release::V4_1 => 4,
            None => 3,
        };
        let mut out = Vec::with_capacity(32 + self.metadata.len());
        out.put_i16(version);
        out.put_i64(self.offset.0);
        if version >= 3 {
            out.put_i32(self.leader_epoch.unwrap_or(LeaderEpoch::NONE).0);
        }
        if version >= 4 {
            put_compact_string(&mut out, &self.metadata);
        } else {
            put_string(&mut out, &self.metadata);
        }
        out.put_i64(self.commit_time.0);
        if let Some(expire_time) = self.expire_time {
            out.put_i64(expire_time.0);
        }
        if version >= 4 {
            match self.topic_id {
                TopicId::ZERO => put_no_tagged(&mut out),
                TopicId(id) => put_tagged(&mut out, 0, &id),
            }
        }
        out.into()
    }

    /// Reads a value.
    ///
    /// # Errors
    /// If the bytes are not a value of version 0 to 4.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(bytes);
        let version = fields.int16()?;
        if !(0..=4).contains(&version) {
            return Err(Malformed::Version(version));
        }
        let offset = Offset(fields.int64()?);
        let leader_epoch = if version >= 3 { fields.int32()? } else { -1 };
        let metadata =
            if version >= 4 { fields.compact_string()? } else { fields.string()? }.into();
        let commit_time = Timestamp(fields.int64()?);
        let expire_time = if version == 1 { fields.int64()? } else { -1 };
        let mut topic_id = TopicId::ZERO;
        if version >= 4 {
            fields.tagged(|tag, field| {
                if tag == 0 {
                    topic_id = TopicId(field.uuid()?);
                }
                Ok(())
            })?;
        }
        Ok(Self {
            offset,
            leader_epoch: (leader_epoch >= 0).then_some(LeaderEpoch(leader_epoch)),
            metadata,
            commit_time,
            expire_time: (expire_time >= 0).then_some(Timestamp(expire_time)),
            topic_id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(expire_time: Option<Timestamp>) -> OffsetCommitValue {
        OffsetCommitValue {
            offset: Offset(42),
            leader_epoch: expire_time.is_none().then_some(LeaderEpoch(7)),
            metadata: "m".into(),
            commit_time: Timestamp(1000),
            expire_time,
            topic_id: TopicId::ZERO,
        }
    }

    #[test]
    fn txoff_70_an_offset_key_is_written_in_version_1_and_version_0_is_read_alike() {
        let key =
            OffsetCommitKey { group: "g".into(), topic: "tp".into(), partition: PartitionIndex(3) };
        let bytes = key.encode();
        assert_eq!(&bytes[..], b"\x00\x01\x00\x01g\x00\x02tp\x00\x00\x00\x03");
        assert_eq!(OffsetCommitKey::decode(Fields::new(&bytes[2..])), Ok(key));
    }

    #[test]
    fn txoff_71_a_value_is_written_in_version_3() {
        let bytes = value(None).encode(Release::V4_0);
        let expected = b"\x00\x03\x00\x00\x00\x00\x00\x00\x00\x2a\x00\x00\x00\x07\x00\x01m\
            \x00\x00\x00\x00\x00\x00\x03\xe8";
        assert_eq!(&bytes[..], expected);
        assert_eq!(OffsetCommitValue::decode(&bytes), Ok(value(None)));
    }

    #[test]
    fn txoff_71_from_release_4_2_on_a_value_is_written_in_version_4() {
        let bytes = value(None).encode(Release::V4_2);
        let expected = b"\x00\x04\x00\x00\x00\x00\x00\x00\x00\x2a\x00\x00\x00\x07\x02m\
            \x00\x00\x00\x00\x00\x00\x03\xe8\x00";
        assert_eq!(&bytes[..], expected);
        assert_eq!(OffsetCommitValue::decode(&bytes), Ok(value(None)));
    }

    #[test]
    fn txoff_71_a_commit_by_topic_id_keeps_the_id_in_tagged_field_0() {
        let by_id = OffsetCommitValue { topic_id: TopicId([7; 16]), ..value(None) };
        let bytes = by_id.encode(Release::V4_2);
        let (rest, tagged) = bytes.split_at(bytes.len() - 19);
        assert_eq!(rest, &value(None).encode(Release::V4_2)[..rest.len()]);
        assert_eq!(tagged, [&[1, 0, 16][..], &[7; 16]].concat());
        assert_eq!(OffsetCommitValue::decode(&bytes), Ok(by_id));
    }

    #[test]
    fn txoff_60_a_value_with_an_expiry_time_is_written_in_version_1() {
        let expiring = value(Some(Timestamp(2000)));
        let bytes = expiring.encode(Release::V4_2);
        let expected = b"\x00\x01\x00\x00\x00\x00\x00\x00\x00\x2a\x00\x01m\
            \x00\x00\x00\x00\x00\x00\x03\xe8\x00\x00\x00\x00\x00\x00\x07\xd0";
        assert_eq!(&bytes[..], expected);
        assert_eq!(OffsetCommitValue::decode(&bytes), Ok(expiring));
    }

    #[test]
    fn a_value_cut_anywhere_is_malformed_and_never_a_panic() {
        for release in [Release::V4_1, Release::V4_2] {
            let bytes = value(None).encode(release);
            for end in 0..bytes.len() {
                assert!(OffsetCommitValue::decode(&bytes[..end]).is_err(), "cut at {end}");
            }
        }
        assert_eq!(OffsetCommitValue::decode(b"\x00\x09"), Err(Malformed::Version(9)));
    }
}
