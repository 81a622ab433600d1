//! Classic groups: keys of version 2, values of version 0 to 3 (TXOFF-70, TXOFF-72).

use std::sync::Arc;

use bytes::{BufMut, Bytes};
use fencepost_ids::{ClientId, GenerationId, GroupId, InstanceId, MemberId, Timestamp};

use super::encoding::{Fields, Malformed, put_bytes, put_count, put_nullable_string, put_string};

/// A generation of a classic group as it stands in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ClassicGroupValue {
    /// The protocol type, "" for none.
    pub(crate) protocol_type: Arc<str>,
    /// The generation.
    pub(crate) generation: GenerationId,
    /// The selected protocol.
    pub(crate) protocol: Option<Arc<str>>,
    /// The leader.
    pub(crate) leader: Option<MemberId>,
    /// When the group entered its state, if known.
    pub(crate) state_since: Option<Timestamp>,
    /// The members.
    pub(crate) members: Vec<ClassicGroupMemberValue>,
}

/// A member of a classic group as it stands in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ClassicGroupMemberValue {
    /// Its id.
    pub(crate) member: MemberId,
    /// Its seat, if it is static.
    pub(crate) instance: Option<InstanceId>,
    /// What its client called itself.
    pub(crate) client_id: ClientId,
    /// Where its client connected from, with a leading slash.
    pub(crate) client_host: Arc<str>,
    /// How long it may take to rejoin; -1 in old records stands for the session timeout (GRP-51).
    pub(crate) rebalance_timeout_ms: i32,
    /// How long it may be silent.
    pub(crate) session_timeout_ms: i32,
    /// Its metadata for the selected protocol.
    pub(crate) subscription: Bytes,
    /// What the leader gave it.
    pub(crate) assignment: Bytes,
}

impl ClassicGroupValue {
    /// The version of the key.
    pub(crate) const KEY_VERSION: i16 = 2;

    /// The key's bytes, version first.
    #[must_use]
    pub(crate) fn encode_key(group: &GroupId) -> Bytes {
        let mut out = Vec::with_capacity(4 + group.len());
        out.put_i16(Self::KEY_VERSION);
        put_string(&mut out, group);
        out.into()
    }

    /// The group behind a key version of 2.
    ///
    /// # Errors
    /// If the bytes are not such a key.
    pub(crate) fn decode_key(mut fields: Fields<'_>) -> Result<GroupId, Malformed> {
        Ok(fields.string()?.into())
    }

    /// The value's bytes, in version 3.
    #[must_use]
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = Vec::new();
        out.put_i16(3);
        put_string(&mut out, &self.protocol_type);
        out.put_i32(self.generation.0);
        put_nullable_string(&mut out, self.protocol.as_deref());
        put_nullable_string(&mut out, self.leader.as_deref());
        out.put_i64(self.state_since.unwrap_or(Timestamp::NONE).0);
        put_count(&mut out, self.members.len());
        for member in &self.members {
            member.encode(&mut out);
        }
        out.into()
    }

    /// Reads a value.
    ///
    /// # Errors
    /// If the bytes are not a value of version 0 to 3.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(bytes);
        let version = fields.int16()?;
        if !(0..=3).contains(&version) {
            return Err(Malformed::Version(version));
        }
        let protocol_type = fields.string()?.into();
        let generation = GenerationId(fields.int32()?);
        let protocol = fields.nullable_string()?.map(Arc::from);
        let leader = fields.nullable_string()?.map(MemberId::from);
        let state_since = if version >= 2 { fields.int64()? } else { -1 };
        let count = fields.count()?;
        let members = (0..count)
            .map(|_| ClassicGroupMemberValue::decode(&mut fields, version))
            .collect::<Result<_, _>>()?;
        let state_since = (state_since >= 0).then_some(Timestamp(state_since));
        Ok(Self { protocol_type, generation, protocol, leader, state_since, members })
    }
}

impl ClassicGroupMemberValue {
    fn encode(&self, out: &mut Vec<u8>) {
        put_string(out, &self.member);
        put_nullable_string(out, self.instance.as_deref());
        put_string(out, &self.client_id);
        put_string(out, &self.client_host);
        out.put_i32(self.rebalance_timeout_ms);
        out.put_i32(self.session_timeout_ms);
        put_bytes(out, &self.subscription);
        put_bytes(out, &self.assignment);
    }

    fn decode(fields: &mut Fields<'_>, version: i16) -> Result<Self, Malformed> {
        Ok(Self {
            member: fields.string()?.into(),
            instance: if version >= 3 {
                fields.nullable_string()?.map(InstanceId::from)
            } else {
                None
            },
            client_id: fields.string()?.into(),
            client_host: fields.string()?.into(),
            rebalance_timeout_ms: if version >= 1 { fields.int32()? } else { -1 },
            session_timeout_ms: fields.int32()?,
            subscription: Bytes::copy_from_slice(fields.bytes()?),
            assignment: Bytes::copy_from_slice(fields.bytes()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> ClassicGroupValue {
        ClassicGroupValue {
            protocol_type: "consumer".into(),
            generation: GenerationId(4),
            protocol: Some("range".into()),
            leader: Some("m".into()),
            state_since: Some(Timestamp(9)),
            members: vec![ClassicGroupMemberValue {
                member: "m".into(),
                instance: None,
                client_id: "c".into(),
                client_host: "/h".into(),
                rebalance_timeout_ms: 2,
                session_timeout_ms: 1,
                subscription: Bytes::from_static(b"s"),
                assignment: Bytes::from_static(b"a"),
            }],
        }
    }

    #[test]
    fn txoff_70_a_classic_group_key_is_version_2_and_the_group() {
        let key = ClassicGroupValue::encode_key(&"g".into());
        assert_eq!(&key[..], b"\x00\x02\x00\x01g");
        assert_eq!(ClassicGroupValue::decode_key(Fields::new(&key[2..])), Ok("g".into()));
    }

    #[test]
    fn txoff_72_a_classic_group_value_is_written_in_version_3() {
        let bytes = group().encode();
        let expected = b"\x00\x03\x00\x08consumer\x00\x00\x00\x04\x00\x05range\x00\x01m\
            \x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x00\x01\x00\x01m\xff\xff\x00\x01c\x00\x02/h\
            \x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01s\x00\x00\x00\x01a";
        assert_eq!(&bytes[..], expected);
        assert_eq!(ClassicGroupValue::decode(&bytes), Ok(group()));
    }

    #[test]
    fn a_group_cut_anywhere_is_malformed_and_a_huge_count_allocates_nothing() {
        let bytes = group().encode();
        for end in 0..bytes.len() {
            assert!(ClassicGroupValue::decode(&bytes[..end]).is_err(), "cut at {end}");
        }
        let huge = b"\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\x7f\xff\xff\xff";
        assert_eq!(ClassicGroupValue::decode(huge), Err(Malformed::Length(i32::MAX.into())));
    }
}
