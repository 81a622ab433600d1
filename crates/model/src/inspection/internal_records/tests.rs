//! Each kind of record, written as a coordinator writes it.

use bytes::Bytes;
use fencepost_ids::{
    GenerationId, GroupId, MemberEpoch, PartitionIndex, ProducerEpoch, ProducerId, TopicId,
    TransactionalId,
};
use fencepost_wire::Release;

use super::RecordField::{Fields, List, Null, Number};
use super::*;
use crate::group::records::{
    AssignmentEpochs, ClassicMemberMetadata, GroupEpochValue, RegularExpressionValue,
    SubscribedTopic, TargetEpochValue,
};
use crate::txn::log::{ValueFormat, encode_key, encode_value};
use crate::txn::{TxnPath, TxnState};

fn orders(partition: i32) -> RecordField {
    Fields(vec![("topic", text("orders")), ("partition", Number(partition.into()))])
}

fn group_record(record: &GroupRecord) -> InternalRecord {
    let (key, value) = record.encode(Release::V4_0);
    InternalRecord::read(CONSUMER_OFFSETS, &key, value.as_deref()).expect("it is one")
}

fn consumer(record: ConsumerGroupRecord) -> InternalRecord {
    let read = group_record(&GroupRecord::ConsumerGroup(GroupId::from("g"), record));
    assert_eq!(read.key[0], ("group", text("g")));
    read
}

#[test]
fn a_transactional_id_shows_its_state_and_what_it_owes() {
    let fields = TxnFields {
        producer_id: ProducerId(4000),
        previous_producer_id: ProducerId::NONE,
        next_producer_id: ProducerId(4001),
        epoch: ProducerEpoch(7),
        last_epoch: ProducerEpoch::NONE,
        timeout_ms: 60_000,
        state: TxnState::PrepareCommit,
        partitions: [TopicPartition::new("orders", PartitionIndex(2))].into(),
        start: Timestamp(5),
        last_update: Timestamp(6),
        path: TxnPath::Tv2,
    };
    let key = encode_key(&TransactionalId::from("t"));
    let value = encode_value(&fields, ValueFormat::V1WithNeighbourIds).expect("it fits");
    let read = InternalRecord::read(TRANSACTION_STATE, &key, Some(&value)).expect("it is one");
    assert_eq!(read.kind.name(), "transaction");
    assert_eq!(read.key, [("transactional_id", text("t"))]);
    let expected = vec![
        ("state", text("PrepareCommit")),
        ("producer_id", Number(4000)),
        ("producer_epoch", Number(7)),
        ("previous_producer_id", Null),
        ("next_producer_id", Number(4001)),
        ("timeout_ms", Number(60_000)),
        ("start_ms", Number(5)),
        ("last_update_ms", Number(6)),
        ("partitions", List(vec![orders(2)])),
        ("transaction_version", Number(2)),
    ];
    assert_eq!(read.value.as_ref(), Some(&expected));
    assert_eq!(read.field("state"), Some(&text("PrepareCommit")));

    let tombstone = InternalRecord::read(TRANSACTION_STATE, &key, None).expect("it is one");
    assert_eq!((tombstone.value.as_ref(), tombstone.field("state")), (None, None));
}

#[test]
fn an_offset_and_its_tombstone() {
    let partition = TopicPartition::new("orders", PartitionIndex(2));
    let gone = group_record(&GroupRecord::delete_offset(&GroupId::from("g"), partition));
    let key = vec![("group", text("g")), ("topic", text("orders")), ("partition", Number(2))];
    assert_eq!(gone, InternalRecord { kind: InternalRecordKind::OffsetCommit, key, value: None });
}

#[test]
fn a_classic_group_shows_what_its_members_read() {
    let member = |name: &str, subscription: &'static [u8], assignment: &'static [u8]| {
        ClassicGroupMemberValue {
            member: name.into(),
            instance: None,
            client_id: "c".into(),
            client_host: "/h".into(),
            rebalance_timeout_ms: 2,
            session_timeout_ms: 1,
            subscription: Bytes::from_static(subscription),
            assignment: Bytes::from_static(assignment),
        }
    };
    let group = ClassicGroupValue {
        protocol_type: "consumer".into(),
        generation: GenerationId(4),
        protocol: Some("range".into()),
        leader: Some("m".into()),
        state_since: None,
        members: vec![member("m", SUBSCRIPTION, ASSIGNMENT), member("n", b"", b"\0\0\xff")],
    };
    let read = group_record(&GroupRecord::ClassicGroup(GroupId::from("g"), Some(group.clone())));
    let Some(List(members)) = read.field("members") else { panic!("{read:?}") };
    let [Fields(one), Fields(other)] = &members[..] else { panic!("{members:?}") };
    assert_eq!(one[0], ("member", text("m")));
    assert_eq!(one[6..], [("subscribed", list(["orders"])), ("assigned", List(vec![orders(1)]))]);
    assert_eq!(other[6..], [("subscribed", Null), ("assigned", Null)]);

    // What others than consumers tell each other is theirs.
    let connect = ClassicGroupValue { protocol_type: "connect".into(), ..group };
    let read = group_record(&GroupRecord::ClassicGroup(GroupId::from("g"), Some(connect)));
    let Some(List(members)) = read.field("members") else { panic!("{read:?}") };
    let Fields(one) = &members[0] else { panic!("{members:?}") };
    assert_eq!(one[6..], [("subscribed", Null), ("assigned", Null)]);
}

/// Version 0: `orders`, and no data of its own.
const SUBSCRIPTION: &[u8] = b"\0\0\0\0\0\x01\0\x06orders\xff\xff\xff\xff";
/// Version 0: partition 1 of `orders`, and no data of its own.
const ASSIGNMENT: &[u8] = b"\0\0\0\0\0\x01\0\x06orders\0\0\0\x01\0\0\0\x01\xff\xff\xff\xff";

#[test]
fn the_records_of_a_consumer_group() {
    use ConsumerGroupRecord as Of;
    let id = TopicId([7; 16]);
    let held: Partitions = [(id, PartitionIndex(3))].into_iter().collect();
    let shown = List(vec![Fields(vec![("topic_id", text(id)), ("partition", Number(3))])]);
    let member = ConsumerMemberValue {
        instance: Some("seat".into()),
        rack: None,
        client_id: "c".into(),
        client_host: "/h".into(),
        topics: ["orders".into()].into(),
        regex: "".into(),
        rebalance_timeout_ms: 9,
        assignor: Some("uniform".into()),
        classic: None::<ClassicMemberMetadata>,
    };
    let current = CurrentAssignmentValue {
        epoch: MemberEpoch(4),
        previous_epoch: MemberEpoch(3),
        state: ReconciliationState::UnreleasedPartitions,
        assigned: held.clone(),
        pending_revocation: Partitions::default(),
        since: AssignmentEpochs::new(),
    };
    let epoch = MemberEpoch(4);
    let topic = SubscribedTopic { id, name: "orders".into(), partitions: 5 };
    let matched =
        RegularExpressionValue { topics: ["orders".into()].into(), version: 8, time: Timestamp(9) };
    for (record, kind, field, expected) in [
        (
            Of::GroupEpoch(Some(GroupEpochValue { epoch, metadata_hash: 0 })),
            "consumer_group",
            "metadata_hash",
            Null,
        ),
        (
            Of::PartitionMetadata(Some(vec![topic])),
            "consumer_group_topics",
            "topics",
            List(vec![Fields(vec![
                ("topic", text("orders")),
                ("topic_id", text(id)),
                ("partitions", Number(5)),
            ])]),
        ),
        (
            Of::Member("m".into(), Some(member)),
            "consumer_group_member",
            "subscribed",
            list(["orders"]),
        ),
        (
            Of::TargetEpoch(Some(TargetEpochValue { epoch, time: Timestamp(0) })),
            "consumer_group_target",
            "epoch",
            Number(4),
        ),
        (
            Of::TargetAssignment("m".into(), Some(held)),
            "consumer_group_target_assignment",
            "assigned",
            shown.clone(),
        ),
        (
            Of::CurrentAssignment("m".into(), Some(current)),
            "consumer_group_assignment",
            "assigned",
            shown,
        ),
        (
            Of::RegularExpression("o.*".into(), Some(matched)),
            "consumer_group_regular_expression",
            "topics",
            list(["orders"]),
        ),
    ] {
        let read = consumer(record);
        assert_eq!((read.kind.name(), read.field(field)), (kind, Some(&expected)), "{read:?}");
    }
    let gone = consumer(Of::Member("m".into(), None));
    assert_eq!((&gone.key[1], gone.value), (&("member", text("m")), None));
}

#[test]
fn what_is_no_internal_record_is_not_read() {
    let key = encode_key(&TransactionalId::from("t"));
    assert_eq!(InternalRecord::read("orders", &key, None), None);
    assert_eq!(InternalRecord::read(TRANSACTION_STATE, &key[..3], None), None);
    assert_eq!(InternalRecord::read(TRANSACTION_STATE, &key, Some(b"\0\x09")), None);
    // A share group's record, which this coordinator passes over.
    assert_eq!(InternalRecord::read(CONSUMER_OFFSETS, b"\0\x09\0\x01g", None), None);
}
