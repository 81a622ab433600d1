use fencepost_ids::PartitionIndex;

use super::*;

const TOPIC: TopicId = TopicId([7; 16]);

fn partitions(indexes: &[i32]) -> Partitions {
    indexes.iter().map(|index| (TOPIC, PartitionIndex(*index))).collect()
}

/// The bytes of the key and the value, which must come back as the same record; cut anywhere, they
/// must be refused.
#[track_caller]
fn check(record: &ConsumerGroupRecord, key: &[u8], value: Option<&[u8]>) {
    let encoded_key = record.encode_key(&"g".into());
    let encoded_value = record.encode_value();
    assert_eq!(encoded_key, key);
    assert_eq!(encoded_value.as_deref(), value);
    let version = i16::from_be_bytes([key[0], key[1]]);
    assert!(ConsumerGroupRecord::is_key_version(version));
    let decode = |key, value| ConsumerGroupRecord::decode(version, Fields::new(key), value);
    assert_eq!(decode(&key[2..], value), Ok(("g".into(), record.clone())));
    for end in 2..key.len() {
        assert!(decode(&key[2..end], value).is_err(), "key cut at {end}");
    }
    for end in 0..value.map_or(0, <[u8]>::len) {
        assert!(decode(&key[2..], value.map(|value| &value[..end])).is_err(), "value cut at {end}");
    }
}

#[test]
fn txoff_70_key_3_is_the_group_epoch_with_the_hash_as_tag_0() {
    let value = GroupEpochValue { epoch: MemberEpoch(5), metadata_hash: 0 };
    let record = ConsumerGroupRecord::GroupEpoch(Some(value));
    check(&record, b"\0\x03\0\x01g", Some(b"\0\0\0\0\0\x05\0"));
    let value = GroupEpochValue { epoch: MemberEpoch(5), metadata_hash: 0x0102 };
    let record = ConsumerGroupRecord::GroupEpoch(Some(value));
    check(&record, b"\0\x03\0\x01g", Some(b"\0\0\0\0\0\x05\x01\x00\x08\0\0\0\0\0\0\x01\x02"));
    check(&ConsumerGroupRecord::GroupEpoch(None), b"\0\x03\0\x01g", None);
}

#[test]
fn txoff_70_key_4_is_the_subscribed_topics() {
    let topic = SubscribedTopic { id: TOPIC, name: "t".into(), partitions: 2 };
    let mut value = vec![0, 0, 2];
    value.extend([7; 16]);
    value.extend(b"\x02t\0\0\0\x02\x01\0\0");
    let record = ConsumerGroupRecord::PartitionMetadata(Some(vec![topic]));
    check(&record, b"\0\x04\0\x01g", Some(&value));
}

#[test]
fn txoff_70_key_5_is_the_member() {
    let value = ConsumerMemberValue {
        instance: Some("i".into()),
        rack: None,
        client_id: "c".into(),
        client_host: "/h".into(),
        topics: BTreeSet::from(["t".into(), "u".into()]),
        regex: "t.*".into(),
        rebalance_timeout_ms: 256,
        assignor: None,
        classic: None,
    };
    check(
        &ConsumerGroupRecord::Member("m".into(), Some(value)),
        b"\0\x05\0\x01g\0\x01m",
        Some(b"\0\0\x02i\0\x02c\x03/h\x03\x02t\x02u\x04t.*\0\0\x01\0\0\x01\0\x01\0"),
    );
    check(&ConsumerGroupRecord::Member("m".into(), None), b"\0\x05\0\x01g\0\x01m", None);
}

/// Read from `__consumer_offsets` of Kafka 4.2.2.
#[test]
fn txoff_70_key_5_is_what_a_real_broker_writes() {
    let value = ConsumerMemberValue {
        instance: None,
        rack: Some("r".into()),
        client_id: "diff".into(),
        client_host: "/127.0.0.1".into(),
        topics: BTreeSet::from(["t".into()]),
        regex: "".into(),
        rebalance_timeout_ms: 60_000,
        assignor: Some("range".into()),
        classic: None,
    };
    check(
        &ConsumerGroupRecord::Member("B".into(), Some(value)),
        b"\0\x05\0\x01g\0\x01B",
        Some(b"\0\0\0\x02r\x05diff\x0b/127.0.0.1\x02\x02t\x01\0\0\xea`\x06range\x01\0\x01\0"),
    );
}

#[test]
fn txoff_70_keys_6_and_7_are_the_target() {
    let epoch = ConsumerGroupRecord::TargetEpoch(Some(TargetEpochValue {
        epoch: MemberEpoch(5),
        time: Timestamp(0),
    }));
    check(&epoch, b"\0\x06\0\x01g", Some(b"\0\0\0\0\0\x05\0"));
    let target = ConsumerGroupRecord::TargetAssignment("m".into(), Some(partitions(&[3])));
    let mut expected = vec![0, 0, 2];
    expected.extend([7; 16]);
    expected.extend([2, 0, 0, 0, 3, 0, 0]);
    check(&target, b"\0\x07\0\x01g\0\x01m", Some(&expected));
}

#[test]
fn txoff_70_key_8_is_the_current_assignment() {
    let value = CurrentAssignmentValue {
        epoch: MemberEpoch(5),
        previous_epoch: MemberEpoch(4),
        state: ReconciliationState::UnrevokedPartitions,
        assigned: Partitions::default(),
        pending_revocation: partitions(&[3]),
        since: AssignmentEpochs::new(),
    };
    let mut expected = vec![0, 0, 0, 0, 0, 5, 0, 0, 0, 4, 1, 1, 2];
    expected.extend([7; 16]);
    expected.extend([2, 0, 0, 0, 3, 0, 0]);
    let record = ConsumerGroupRecord::CurrentAssignment("m".into(), Some(value));
    check(&record, b"\0\x08\0\x01g\0\x01m", Some(&expected));
}

#[test]
fn txoff_70_key_16_is_a_regular_expression() {
    let value = RegularExpressionValue {
        topics: BTreeSet::from(["t".into()]),
        version: 9,
        time: Timestamp(10),
    };
    check(
        &ConsumerGroupRecord::RegularExpression("t.*".into(), Some(value)),
        b"\0\x10\0\x01g\0\x03t.*",
        Some(b"\0\0\x02\x02t\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\x0a\0"),
    );
}

#[test]
fn grp_54_the_value_of_key_5_tells_what_a_member_offers_in_the_classic_protocol() {
    let protocol = |name: &str, metadata: &'static [u8]| Protocol {
        name: name.into(),
        metadata: Bytes::from_static(metadata),
    };
    let value = ConsumerMemberValue {
        instance: None,
        rack: None,
        client_id: "c".into(),
        client_host: "/h".into(),
        topics: BTreeSet::new(),
        regex: "".into(),
        rebalance_timeout_ms: 256,
        assignor: None,
        classic: Some(ClassicMemberMetadata {
            session_timeout_ms: 1,
            protocols: vec![protocol("range", b"xy"), protocol("a", b"")],
        }),
    };
    check(
        &ConsumerGroupRecord::Member("m".into(), Some(value)),
        b"\0\x05\0\x01g\0\x01m",
        Some(
            b"\0\0\0\0\x02c\x03/h\x01\x01\0\0\x01\0\0\x01\0\x15\x01\
            \0\0\0\x01\x03\x06range\x03xy\0\x02a\x01\0\0",
        ),
    );
}
