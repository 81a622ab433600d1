//! Groups at the wire, and the words that their tests are written in.

mod admin;
mod by_topic_id;
mod commits;
mod compaction;
mod consumer_groups;
mod conversion;
mod durability;
mod events;
mod fetches;
mod histories;
mod log;
mod members;
mod rebalances;
mod routing;
mod statics;
pub(crate) mod transactions;
mod verification;
mod without;

use bytes::Bytes;
use fencepost_ids::Rule;
use fencepost_wire::messages::join_group_request::JoinGroupRequestProtocol;
use fencepost_wire::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use fencepost_wire::messages::offset_fetch_request::OffsetFetchRequestTopic;
use fencepost_wire::messages::sync_group_request::SyncGroupRequestAssignment;
use fencepost_wire::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use fencepost_wire::messages::write_txn_markers_request::{
    WritableTxnMarker, WritableTxnMarkerTopic,
};
use fencepost_wire::messages::{
    GroupId, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, OffsetCommitRequest,
    OffsetFetchRequest, SyncGroupRequest, TopicName, TransactionalId, TxnOffsetCommitRequest,
};
use fencepost_wire::{Response, StrBytes, WriteTxnMarkersRequest};

use crate::world::{Client, Pending, World};

/// The group that tests work with unless they say otherwise.
const GROUP: &str = "g";

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn group(name: &str) -> GroupId {
    GroupId(text(name))
}

fn topic(name: &str) -> TopicName {
    TopicName(text(name))
}

/// Topic `t` with three partitions and `u` with one, all groups in one partition with a replica on
/// every broker and led by broker 0, no initial delay, and transactional commits that are not verified.
fn world(brokers: i32) -> World {
    world_with(brokers, &[])
}

fn world_with(brokers: i32, settings: &[(&str, &str)]) -> World {
    world_without(None, brokers, settings)
}

/// The same with a rule switched off.
fn world_without(off: Option<Rule>, brokers: i32, settings: &[(&str, &str)]) -> World {
    let replicas = i16::try_from(brokers).unwrap();
    let topics = [("__consumer_offsets", 1, replicas), ("t", 3, 1), ("u", 1, 1)];
    World::with(brokers, &topics, |config| {
        off.into_iter().for_each(|rule| config.rules.without(rule));
        for (name, value) in [
            ("group.initial.rebalance.delay.ms", "0"),
            ("transaction.partition.verification.enable", "false"),
        ] {
            config.settings.set(name, value).unwrap();
        }
        for (name, value) in settings {
            config.settings.set(name, value).unwrap();
        }
    })
}

/// Shows what a rule keeps from going wrong: the outcome with it and the one without.
#[track_caller]
fn shows<T: PartialEq + std::fmt::Debug>(
    rule: Rule,
    run: impl Fn(Option<Rule>) -> T,
    with: T,
    without: T,
) {
    assert_eq!(run(None), with, "with {rule}");
    assert_eq!(run(Some(rule)), without, "without {rule}");
}

/// Who a request says that it comes from.
#[derive(Clone, Copy)]
struct Who<'a> {
    generation: i32,
    member: &'a str,
    instance: Option<&'a str>,
}

/// No identity.
const NOBODY: Who<'static> = Who { generation: -1, member: "", instance: None };

const fn who(generation: i32, member: &str) -> Who<'_> {
    Who { generation, member, instance: None }
}

/// A JoinGroup of a consumer with a session of 10 s and a rebalance timeout of 60 s.
fn join_request(member: &str, instance: Option<&str>, metadata: &'static [u8]) -> JoinGroupRequest {
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(Bytes::from_static(metadata));
    JoinGroupRequest::default()
        .with_group_id(group(GROUP))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(60_000)
        .with_member_id(text(member))
        .with_group_instance_id(instance.map(text))
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol])
}

fn joined(response: Option<Response>) -> JoinGroupResponse {
    match response {
        Some(Response::JoinGroup(response)) => response,
        other => panic!("not a JoinGroup response: {other:?}"),
    }
}

fn sync_request(who: Who<'_>, assignments: &[(&str, &'static [u8])]) -> SyncGroupRequest {
    let assignments = assignments.iter().map(|(member, assignment)| {
        SyncGroupRequestAssignment::default()
            .with_member_id(text(member))
            .with_assignment(Bytes::from_static(assignment))
    });
    SyncGroupRequest::default()
        .with_group_id(group(GROUP))
        .with_generation_id(who.generation)
        .with_member_id(text(who.member))
        .with_group_instance_id(who.instance.map(text))
        .with_protocol_type(Some(text("consumer")))
        .with_protocol_name(Some(text("range")))
        .with_assignments(assignments.collect())
}

/// The error and the assignment.
fn synced(response: Option<Response>) -> (i16, Vec<u8>) {
    match response {
        Some(Response::SyncGroup(response)) => (response.error_code, response.assignment.to_vec()),
        other => panic!("not a SyncGroup response: {other:?}"),
    }
}

fn heartbeat(world: &mut World, client: Client, who: Who<'_>) -> i16 {
    let request = HeartbeatRequest::default()
        .with_group_id(group(GROUP))
        .with_generation_id(who.generation)
        .with_member_id(text(who.member))
        .with_group_instance_id(who.instance.map(text));
    match world.call(client, 4, request) {
        Response::Heartbeat(response) => response.error_code,
        other => panic!("not a Heartbeat response: {other:?}"),
    }
}

/// A dynamic member joins with version 3, which needs no round for a member id, and waits.
fn join(world: &mut World, client: Client, member: &str) -> Pending {
    world.send(client, 3, join_request(member, None, b""))
}

/// A Stable group of one member in generation 1: its id.
fn stable(world: &mut World, client: Client) -> String {
    let pending = join(world, client, "");
    world.advance(0);
    let member = joined(world.answer(pending)).member_id.to_string();
    let request = sync_request(who(1, &member), &[(&member, b"all")]);
    assert_eq!(synced(Some(world.call(client, 5, request))), (0, b"all".to_vec()));
    member
}

/// A plain commit of partitions `(topic, partition, offset)`: the error of each.
fn commit_as(
    world: &mut World,
    client: Client,
    version: i16,
    who: Who<'_>,
    offsets: &[(&str, i32, i64)],
) -> Vec<i16> {
    commit_errors(Some(world.call(client, version, commit_request(who, offsets))))
}

fn commit_request(who: Who<'_>, offsets: &[(&str, i32, i64)]) -> OffsetCommitRequest {
    let topics = offsets.iter().map(|(name, partition, offset)| {
        let partition = OffsetCommitRequestPartition::default()
            .with_partition_index(*partition)
            .with_committed_offset(*offset);
        OffsetCommitRequestTopic::default().with_name(topic(name)).with_partitions(vec![partition])
    });
    OffsetCommitRequest::default()
        .with_group_id(group(GROUP))
        .with_generation_id_or_member_epoch(who.generation)
        .with_member_id(text(who.member))
        .with_group_instance_id(who.instance.map(text))
        .with_topics(topics.collect())
}

fn commit_errors(response: Option<Response>) -> Vec<i16> {
    let Some(Response::OffsetCommit(response)) = response else {
        panic!("not an OffsetCommit response: {response:?}")
    };
    let partitions = response.topics.into_iter().flat_map(|topic| topic.partitions);
    partitions.map(|partition| partition.error_code).collect()
}

/// A commit of `t-0` by an admin client.
fn commit(world: &mut World, client: Client, offset: i64) {
    assert_eq!(commit_as(world, client, 8, NOBODY, &[("t", 0, offset)]), [0]);
}

/// A transactional commit of producer id `(id, epoch)`.
fn txn_commit_request(
    producer: (i64, i16),
    who: Who<'_>,
    offsets: &[(&str, i32, i64)],
) -> TxnOffsetCommitRequest {
    let topics = offsets.iter().map(|(name, partition, offset)| {
        let partition = TxnOffsetCommitRequestPartition::default()
            .with_partition_index(*partition)
            .with_committed_offset(*offset);
        TxnOffsetCommitRequestTopic::default()
            .with_name(topic(name))
            .with_partitions(vec![partition])
    });
    TxnOffsetCommitRequest::default()
        .with_transactional_id(TransactionalId(text("tx")))
        .with_group_id(group(GROUP))
        .with_producer_id(producer.0.into())
        .with_producer_epoch(producer.1)
        .with_generation_id(who.generation)
        .with_member_id(text(who.member))
        .with_group_instance_id(who.instance.map(text))
        .with_topics(topics.collect())
}

fn txn_commit_errors(response: Option<Response>) -> Vec<i16> {
    let Some(Response::TxnOffsetCommit(response)) = response else {
        panic!("not a TxnOffsetCommit response: {response:?}")
    };
    let partitions = response.topics.into_iter().flat_map(|topic| topic.partitions);
    partitions.map(|partition| partition.error_code).collect()
}

/// A transactional commit of `t-0` without identity.
fn txn_commit(world: &mut World, client: Client, producer_id: i64, offset: i64) {
    let request = txn_commit_request((producer_id, 0), NOBODY, &[("t", 0, offset)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [0]);
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Commit,
    Abort,
}

/// A marker of epoch 0 for the groups' partition.
fn marker_request(producer_id: i64, end: End) -> WriteTxnMarkersRequest {
    marker_request_of((producer_id, 0), end)
}

fn marker_request_of(producer: (i64, i16), end: End) -> WriteTxnMarkersRequest {
    let offsets = WritableTxnMarkerTopic::default()
        .with_name(topic("__consumer_offsets"))
        .with_partition_indexes(vec![0]);
    let marker = WritableTxnMarker::default()
        .with_producer_id(producer.0.into())
        .with_producer_epoch(producer.1)
        .with_transaction_result(matches!(end, End::Commit))
        .with_topics(vec![offsets]);
    WriteTxnMarkersRequest::default().with_markers(vec![marker])
}

fn marker(world: &mut World, client: Client, producer_id: i64, end: End) {
    let Response::WriteTxnMarkers(response) =
        world.call(client, 1, marker_request(producer_id, end))
    else {
        panic!("not a WriteTxnMarkers response")
    };
    assert_eq!(response.markers[0].topics[0].partitions[0].error_code, 0);
}

/// What a fetch by version 7 finds: its top-level error and `(topic, partition, offset, error)`.
type Fetched = (i16, Vec<(String, i32, i64, i16)>);

fn fetch_request(asked: Option<&[(&str, i32)]>, is_stable: bool) -> OffsetFetchRequest {
    let topics = asked.map(|asked| {
        let topics = asked.iter().map(|(name, partition)| {
            OffsetFetchRequestTopic::default()
                .with_name(topic(name))
                .with_partition_indexes(vec![*partition])
        });
        topics.collect()
    });
    OffsetFetchRequest::default()
        .with_group_id(group(GROUP))
        .with_topics(topics)
        .with_require_stable(is_stable)
}

fn fetched(response: Option<Response>) -> Fetched {
    let Some(Response::OffsetFetch(response)) = response else {
        panic!("not an OffsetFetch response: {response:?}")
    };
    let rows = response.topics.into_iter().flat_map(|topic| {
        let name = topic.name.to_string();
        topic.partitions.into_iter().map(move |row| {
            (name.clone(), row.partition_index, row.committed_offset, row.error_code)
        })
    });
    (response.error_code, rows.collect())
}

/// `t-0` as a fetch finds it: its offset, or its error.
fn fetch(world: &mut World, client: Client, is_stable: bool) -> Result<i64, i16> {
    let request = fetch_request(Some(&[("t", 0)]), is_stable);
    let (error, rows) = fetched(Some(world.call(client, 7, request)));
    match (error, rows.first()) {
        (0, Some((.., offset, 0))) => Ok(*offset),
        (0, Some((.., error))) => Err(*error),
        (error, _) => Err(error),
    }
}
