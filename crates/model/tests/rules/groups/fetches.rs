//! OffsetFetch.

use fencepost_model::Channel;
use fencepost_wire::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};

use fencepost_wire::Release;
use fencepost_wire::messages::ApiVersionsRequest;

use super::*;

#[test]
fn txoff_46_and_47_instability_has_the_grain_of_a_partition() {
    let mut world = world(1);
    let client = world.connect(0);
    txn_commit(&mut world, client, 7, 9);
    assert_eq!(commit_as(&mut world, client, 8, NOBODY, &[("t", 1, 7)]), [0]);
    let asked = [("t", 0), ("t", 1), ("t", 2)];
    let found = fetched(Some(world.call(client, 7, fetch_request(Some(&asked), true))));
    let row = |partition, offset, error| ("t".to_owned(), partition, offset, error);
    assert_eq!(found, (0, vec![row(0, -1, 88), row(1, 7, 0), row(2, -1, 0)]));
}

#[test]
fn txoff_48_the_list_of_all_holds_committed_offsets_only() {
    let mut world = world(1);
    let client = world.connect(0);
    txn_commit(&mut world, client, 7, 9);
    let all = |world: &mut World| fetched(Some(world.call(client, 7, fetch_request(None, true))));
    assert_eq!(all(&mut world), (0, vec![]));
    commit(&mut world, client, 4);
    assert_eq!(all(&mut world), (0, vec![("t".to_owned(), 0, -1, 88)]));
}

#[test]
fn txoff_49_and_50_a_plain_fetch_sees_what_is_replicated_and_a_stable_one_waits() {
    let mut world = world(3);
    let (client, other) = (world.connect(0), world.connect(0));
    commit(&mut world, client, 5);
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let committing = world.send(client, 8, commit_request(NOBODY, &[("t", 0, 20)]));
    let stable = world.send(other, 7, fetch_request(Some(&[("t", 0)]), true));
    assert!(world.waits(committing) && world.waits(stable));
    let plain = world.connect(0);
    assert_eq!(fetch(&mut world, plain, false), Ok(5));
    world.release();
    assert_eq!(fetched(world.answer(stable)).1[0].2, 20);
    assert_eq!(fetch(&mut world, plain, false), Ok(20));
}

#[test]
fn txoff_50_a_stable_fetch_that_waits_too_long_answers_16() {
    let mut world = world(3);
    let (client, other) = (world.connect(0), world.connect(0));
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    world.send(client, 8, commit_request(NOBODY, &[("t", 0, 20)]));
    let stable = world.send(other, 7, fetch_request(Some(&[("t", 0)]), true));
    world.advance(5000);
    assert_eq!(fetched(world.answer(stable)), (16, vec![]));
}

#[test]
fn txoff_49_versions_below_7_do_not_see_pending_offsets() {
    let mut world = world(1);
    let client = world.connect(0);
    commit(&mut world, client, 5);
    txn_commit(&mut world, client, 7, 9);
    let request = fetch_request(Some(&[("t", 0)]), false);
    let found = fetched(Some(world.call(client, 6, request)));
    assert_eq!(found, (0, vec![("t".to_owned(), 0, 5, 0)]));
}

#[test]
fn txoff_51_and_45_an_unknown_group_or_topic_has_no_offsets_and_no_error() {
    let mut world = world(1);
    let client = world.connect(0);
    let request = fetch_request(Some(&[("nope", 3)]), true);
    let found = fetched(Some(world.call(client, 7, request)));
    assert_eq!(found, (0, vec![("nope".to_owned(), 3, -1, 0)]));
    let all = fetched(Some(world.call(client, 7, fetch_request(None, true))));
    assert_eq!(all, (0, vec![]));
}

#[test]
fn txoff_44_errors_stand_where_the_version_has_them() {
    let mut world = world(2);
    let elsewhere = world.connect(1);
    let asked = [("t", 0), ("u", 0)];
    let by_version = |world: &mut World, version| {
        let request = fetch_request(Some(&asked), false);
        fetched(Some(world.call(elsewhere, version, request)))
    };
    let row = |topic: &str| (topic.to_owned(), 0, -1, 16);
    assert_eq!(by_version(&mut world, 1), (0, vec![row("t"), row("u")]));
    assert_eq!(by_version(&mut world, 2), (16, vec![]));
}

#[test]
fn txoff_44_version_8_asks_for_groups_of_several_coordinators() {
    let mut world = World::with(2, &[("t", 3, 1), ("__consumer_offsets", 2, 1)], |_| {});
    let (here, there) = (world.connect(0), world.connect(1));
    let request = |name: &str| {
        let topics = OffsetFetchRequestTopics::default()
            .with_name(topic("t"))
            .with_partition_indexes(vec![0]);
        OffsetFetchRequestGroup::default()
            .with_group_id(group(name))
            .with_topics(Some(vec![topics]))
    };
    // Of two partitions on two brokers, `g0` and `g1` are in different ones.
    for (client, name) in [(here, "g0"), (here, "g1"), (there, "g0"), (there, "g1")] {
        let commit = commit_request(NOBODY, &[("t", 0, 5)]).with_group_id(group(name));
        world.call(client, 8, commit);
    }
    let groups = OffsetFetchRequest::default()
        .with_require_stable(true)
        .with_groups(vec![request("g0"), request("g1")]);
    let Response::OffsetFetch(response) = world.call(here, 8, groups) else {
        panic!("not an OffsetFetch response")
    };
    let mut found: Vec<_> =
        response.groups.iter().map(|group| (group.error_code, group.topics.len())).collect();
    found.sort();
    assert_eq!(found, [(0, 1), (16, 0)]);
}

/// One row with all that it tells.
fn rows(response: Response) -> Vec<(i64, i32, String, i16)> {
    let Response::OffsetFetch(response) = response else { panic!("not an OffsetFetch response") };
    let rows = response.topics.into_iter().flat_map(|topic| topic.partitions);
    rows.map(|row| {
        let metadata = row.metadata.as_deref().expect("never null").to_owned();
        (row.committed_offset, row.committed_leader_epoch, metadata, row.error_code)
    })
    .collect()
}

/// TXOFF-45, TXOFF-46: unstable, absent, committed, and of a topic that does not exist.
#[test]
fn txoff_46_what_each_row_of_a_stable_fetch_tells() {
    let mut world = world(1);
    let client = world.connect(0);
    let mut request = commit_request(NOBODY, &[("t", 0, 3), ("t", 1, 7)]);
    let known = &mut request.topics[1].partitions[0];
    known.committed_leader_epoch = 4;
    known.committed_metadata = Some(text("m"));
    assert_eq!(commit_errors(Some(world.call(client, 8, request))), [0, 0]);
    txn_commit(&mut world, client, 7, 9);
    let asked = [("t", 0), ("t", 1), ("t", 2), ("nope", 3)];
    let absent = || (-1, -1, String::new(), 0);
    let unstable = (-1, -1, String::new(), 88);
    let found = rows(world.call(client, 7, fetch_request(Some(&asked), true)));
    assert_eq!(found, [unstable, (7, 4, "m".to_owned(), 0), absent(), absent()]);
    let plain = rows(world.call(client, 7, fetch_request(Some(&asked), false)));
    assert_eq!(plain[0], (3, -1, String::new(), 0), "TXOFF-49");
}

/// TXOFF-45: a topic or group without offsets is no error.
#[test]
fn txoff_45_topics_need_not_exist() {
    let mut world = world(1);
    let client = world.connect(0);
    commit(&mut world, client, 5);
    for is_stable in [true, false] {
        let request = fetch_request(Some(&[("nope", 3)]), is_stable);
        assert_eq!(rows(world.call(client, 7, request)), [(-1, -1, String::new(), 0)]);
    }
}

/// TXOFF-47: neither another partition nor another group is unstable.
#[test]
fn txoff_47_another_groups_partition_is_stable() {
    let mut world = world(1);
    let client = world.connect(0);
    txn_commit(&mut world, client, 7, 9);
    let stable = |world: &mut World, name: &str, partition| {
        let request = fetch_request(Some(&[("t", partition)]), true).with_group_id(group(name));
        rows(world.call(client, 7, request))[0].3
    };
    assert_eq!(stable(&mut world, GROUP, 0), 88);
    assert_eq!(stable(&mut world, GROUP, 1), 0);
    assert_eq!(stable(&mut world, "other", 0), 0);
}

/// TXOFF-50: a stable fetch sees every commit handled before it; without a write to wait for it is
/// answered at once.
#[test]
fn txoff_50_a_stable_fetch_is_ordered_behind_the_writes_before_it() {
    let mut world = world(3);
    let (client, other) = (world.connect(0), world.connect(0));
    commit(&mut world, client, 5);
    assert_eq!(fetch(&mut world, other, true), Ok(5));
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    assert_eq!(fetch(&mut world, other, true), Ok(5), "nothing to wait for");
    world.send(client, 8, commit_request(NOBODY, &[("t", 0, 20)]));
    let stable = world.send(other, 7, fetch_request(Some(&[("t", 0)]), true));
    assert!(world.waits(stable));
    let plain = world.connect(0);
    assert_eq!(fetch(&mut world, plain, false), Ok(5));
    world.release();
    assert_eq!(fetched(world.answer(stable)).1[0].2, 20);
}

/// TXOFF-51: a group that is not there, or no more, and the group without a name.
#[test]
fn txoff_51_an_unknown_group_has_no_offsets() {
    let mut world = world(1);
    let client = world.connect(0);
    commit(&mut world, client, 5);
    let asked = [("t", 0)];
    for name in ["never-seen", ""] {
        for is_stable in [true, false] {
            let explicit = fetch_request(Some(&asked), is_stable).with_group_id(group(name));
            assert_eq!(rows(world.call(client, 7, explicit)), [(-1, -1, String::new(), 0)]);
            let all = fetch_request(None, is_stable).with_group_id(group(name));
            assert_eq!(fetched(Some(world.call(client, 7, all))), (0, vec![]));
        }
    }
    assert_eq!(super::admin::delete_groups(&mut world, client, &[GROUP]), [0]);
    assert_eq!(fetch(&mut world, client, true), Ok(-1));
    assert_eq!(fetch(&mut world, client, false), Ok(-1));
}

/// TXOFF-44, TXOFF-53, TXOFF-61: topic ids come with version 10, which 4.2 is the first to offer.
#[test]
fn txoff_61_which_versions_each_release_offers() {
    for release in Release::ALL {
        let mut world = World::with(1, &[], |config| config.release = *release);
        let client = world.connect(0);
        let Response::ApiVersions(offered) = world.call(client, 0, ApiVersionsRequest::default())
        else {
            panic!("not an ApiVersions response")
        };
        let last =
            |key: i16| offered.api_keys.iter().find(|api| api.api_key == key).unwrap().max_version;
        let by_id = if *release >= Release::V4_2 { 10 } else { 9 };
        assert_eq!((last(8), last(9)), (by_id, by_id), "{release:?}");
        let of_transactions = match release {
            Release::V3_9 => 4,
            Release::V4_0 | Release::V4_1 | Release::V4_2 | Release::V4_3 => 5,
            Release::V4_4 => 6,
        };
        assert_eq!(last(28), of_transactions, "TXOFF-10, {release:?}");
    }
}
