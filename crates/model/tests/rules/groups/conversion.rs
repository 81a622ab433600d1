//! Groups in which both protocols meet, and the words that their tests are written in.

mod commits;
mod descriptions;
mod downgrades;
mod durability;
mod empty;
mod heartbeats;
mod joins;
mod leaves;
mod policies;
mod properties;
mod statics;
mod syncs;
mod timers;
mod upgrades;
mod without;

use std::collections::BTreeMap;

use fencepost_log::StoredBatch;
use fencepost_wire::Release;
use fencepost_wire::messages::fetch_request::{FetchPartition, FetchTopic};
use fencepost_wire::messages::leave_group_request::MemberIdentity;
use fencepost_wire::messages::{
    DescribeGroupsRequest, FetchRequest, LeaveGroupRequest, ListGroupsRequest,
};

use super::consumer_groups::{beat, check, describe, described, joining, owning, quiet, shown};
use super::*;

/// One broker of a release with topic `t` and these settings.
fn of_release(release: Release, settings: &[(&str, &str)]) -> World {
    World::with(1, &[("__consumer_offsets", 1, 1), ("t", 3, 1), ("u", 1, 1)], |config| {
        config.release = release;
        for (name, value) in settings {
            config.settings.set(name, value).unwrap();
        }
    })
}

/// The batches of the groups' partition, each as the versions of its keys, negative for tombstones.
fn batches(world: &mut World, client: Client) -> Vec<Vec<String>> {
    let partition = FetchPartition::default().with_partition_max_bytes(1 << 20);
    let asked = FetchTopic::default()
        .with_topic(topic("__consumer_offsets"))
        .with_partitions(vec![partition]);
    let request = FetchRequest::default().with_max_bytes(1 << 20).with_topics(vec![asked]);
    let Response::Fetch(response) = world.call(client, 11, request) else {
        panic!("not a Fetch response")
    };
    let mut bytes = Bytes::from(response.topics[0].partitions[0].records.concat());
    let mut batches = Vec::new();
    while let Some(batch) = StoredBatch::take(&mut bytes) {
        let records = batch.records().unwrap();
        let versions = records.iter().map(|record| {
            let record = record.unwrap();
            let sign = if record.value.is_none() { "-" } else { "" };
            format!("{sign}{}", record.key.unwrap()[1])
        });
        batches.push(versions.collect());
    }
    batches
}

/// A string with its int16 length.
fn string(out: &mut Vec<u8>, text: &str) {
    out.extend(i16::try_from(text.len()).unwrap().to_be_bytes());
    out.extend(text.as_bytes());
}

/// Topic `t` with partitions, in an array.
fn of_t(out: &mut Vec<u8>, partitions: &[i32]) {
    out.extend(i32::from(!partitions.is_empty()).to_be_bytes());
    if !partitions.is_empty() {
        string(out, "t");
        out.extend(i32::try_from(partitions.len()).unwrap().to_be_bytes());
        out.extend(partitions.iter().flat_map(|partition| partition.to_be_bytes()));
    }
}

/// The metadata of a consumer that subscribes to these topics and owns these partitions of `t`.
fn subscription(version: i16, topics: &[&str], owned: &[i32]) -> Bytes {
    let mut out = version.to_be_bytes().to_vec();
    out.extend(i32::try_from(topics.len()).unwrap().to_be_bytes());
    topics.iter().for_each(|topic| string(&mut out, topic));
    out.extend((-1_i32).to_be_bytes());
    if version >= 1 {
        of_t(&mut out, owned);
    }
    if version >= 2 {
        out.extend((-1_i32).to_be_bytes());
    }
    if version >= 3 {
        out.extend((-1_i16).to_be_bytes());
    }
    out.into()
}

/// The assignment of these partitions of `t`.
fn assignment(version: i16, partitions: &[i32]) -> Vec<u8> {
    let mut out = version.to_be_bytes().to_vec();
    of_t(&mut out, partitions);
    out.extend((-1_i32).to_be_bytes());
    out
}

fn offering(name: &str, metadata: Bytes) -> Vec<JoinGroupRequestProtocol> {
    vec![JoinGroupRequestProtocol::default().with_name(text(name)).with_metadata(metadata)]
}

/// A JoinGroup of the classic protocol that subscribes to `t` and owns nothing; a session of 10 s, a
/// rebalance timeout of 60 s.
fn classic(member: &str) -> JoinGroupRequest {
    join_request(member, None, b"").with_protocols(offering("range", subscription(3, &["t"], &[])))
}

/// The same of the static member `i`.
fn seated(member: &str) -> JoinGroupRequest {
    classic(member).with_group_instance_id(Some(text("i")))
}

/// A JoinGroup that must be answered at once; version 3 needs no round for a member id.
fn join_now(
    world: &mut World,
    client: Client,
    version: i16,
    request: JoinGroupRequest,
) -> JoinGroupResponse {
    joined(Some(world.call(client, version, request)))
}

/// The member id and the generation that a JoinGroup gives.
#[track_caller]
fn admit(world: &mut World, client: Client, request: JoinGroupRequest) -> (String, i32) {
    let version = if request.group_instance_id.is_some() { 9 } else { 3 };
    let response = join_now(world, client, version, request);
    assert_eq!(response.error_code, 0);
    (response.member_id.to_string(), response.generation_id)
}

/// What SyncGroup answers: the error, and the assignment.
fn sync(world: &mut World, client: Client, who: Who<'_>) -> (i16, Vec<u8>) {
    synced(Some(world.call(client, 5, sync_request(who, &[]))))
}

fn in_seat(who: Who<'_>) -> Who<'_> {
    Who { instance: Some("i"), ..who }
}

fn leave(world: &mut World, client: Client, members: &[(&str, Option<&str>)]) -> Vec<i16> {
    let members = members.iter().map(|(member, instance)| {
        MemberIdentity::default()
            .with_member_id(text(member))
            .with_group_instance_id(instance.map(text))
    });
    let request =
        LeaveGroupRequest::default().with_group_id(group(GROUP)).with_members(members.collect());
    match world.call(client, 5, request) {
        Response::LeaveGroup(response) => {
            assert_eq!(response.error_code, 0);
            response.members.iter().map(|member| member.error_code).collect()
        }
        other => panic!("not a LeaveGroup response: {other:?}"),
    }
}

/// The state of a classic group and its members' assignments, by member id; the error of a group
/// that is none.
fn classic_state(
    world: &mut World,
    client: Client,
) -> Result<(String, BTreeMap<String, Vec<u8>>), i16> {
    let request = DescribeGroupsRequest::default().with_groups(vec![group(GROUP)]);
    let Response::DescribeGroups(mut response) = world.call(client, 6, request) else {
        panic!("not a DescribeGroups response")
    };
    let group = response.groups.remove(0);
    if group.error_code != 0 {
        return Err(group.error_code);
    }
    let members = group.members.iter();
    let members =
        members.map(|member| (member.member_id.to_string(), member.member_assignment.to_vec()));
    Ok((group.group_state.to_string(), members.collect()))
}

/// The type of a member, by its id: 0 speaks the classic protocol, 1 the consumer protocol.
fn member_types(world: &mut World, client: Client) -> BTreeMap<String, i8> {
    let group = describe(world, client, GROUP).groups.remove(0);
    let members = group.members.into_iter();
    members.map(|member| (member.member_id.to_string(), member.member_type)).collect()
}

/// A consumer group of `A` (consumer protocol, partitions 0 and 1) and of a classic member with
/// partition 2, both at epoch 2: the id of the latter.
#[track_caller]
fn mixed(world: &mut World, client: Client) -> String {
    check(world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
    let (member, _) = admit(world, client, classic(""));
    check(world, client, quiet("A", 1), Ok((1, Some(vec![0, 1]))));
    let owned = owning(world, client, &[0, 1]);
    check(world, client, quiet("A", 1).with_topic_partitions(Some(owned)), Ok((2, None)));
    assert_eq!(admit(world, client, classic(&member)), (member.clone(), 2));
    assert_eq!(sync(world, client, who(2, &member)), (0, assignment(3, &[2])));
    member
}

/// A Stable classic group of one member that has all of `t`, in generation 1: its id.
#[track_caller]
fn classic_group(world: &mut World, client: Client) -> String {
    classic_group_of(world, client, classic(""), assignment(3, &[0, 1, 2]))
}

#[track_caller]
fn classic_group_of(
    world: &mut World,
    client: Client,
    request: JoinGroupRequest,
    assigned: Vec<u8>,
) -> String {
    let version = if request.group_instance_id.is_some() { 9 } else { 3 };
    let (kind, name) = (request.protocol_type.clone(), request.protocols[0].name.clone());
    let pending = world.send(client, version, request);
    world.advance(0);
    let member = joined(world.answer(pending)).member_id.to_string();
    let given = SyncGroupRequestAssignment::default()
        .with_member_id(text(&member))
        .with_assignment(assigned.into());
    let request = sync_request(who(1, &member), &[])
        .with_protocol_type(Some(kind))
        .with_protocol_name(Some(name))
        .with_assignments(vec![given]);
    assert_eq!(synced(Some(world.call(client, 5, request))).0, 0);
    member
}
