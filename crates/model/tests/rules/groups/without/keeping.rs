//! Offsets and groups that are deleted or expire too early, or not at all.

use fencepost_wire::messages::create_topics_request::CreatableTopic;
use fencepost_wire::messages::{CreateTopicsRequest, DeleteTopicsRequest, LeaveGroupRequest};

use super::super::admin::{DAY_MS, delete_groups, delete_offsets, subscribed};
use super::super::*;

#[test]
fn txoff_62_a_group_at_work_loses_its_place() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        let member = subscribed(&mut world, client);
        assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &[("t", 0, 5)]), [0]);
        let deleted = delete_offsets(&mut world, client, &[("t", 0)]);
        (deleted, fetch(&mut world, client, true))
    };
    let (kept, gone) = (((0, vec![86]), Ok(5)), ((0, vec![0]), Ok(-1)));
    shows(Rule::SubscribedOffsetsKept, run, kept, gone);
}

#[test]
fn txoff_65_a_group_is_deleted_under_its_members() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        let member = stable(&mut world, client);
        assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &[("t", 0, 5)]), [0]);
        let deleted = delete_groups(&mut world, client, &[GROUP]);
        let alive = heartbeat(&mut world, client, who(1, &member));
        (deleted, alive, fetch(&mut world, client, true))
    };
    shows(Rule::EmptyGroupDeletion, run, (vec![68], 0, Ok(5)), (vec![0], 25, Ok(-1)));
}

#[test]
fn txoff_66_a_new_topic_inherits_the_offset_of_the_old_one() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        commit(&mut world, client, 7);
        let request = DeleteTopicsRequest::default().with_topic_names(vec![topic("t")]);
        world.call(client, 1, request);
        let new = CreatableTopic::default()
            .with_name(topic("t"))
            .with_num_partitions(1)
            .with_replication_factor(1);
        let request = CreateTopicsRequest::default().with_topics(vec![new]).with_timeout_ms(1000);
        world.call(client, 7, request);
        fetch(&mut world, client, true)
    };
    shows(Rule::DeletedTopicOffsets, run, Ok(-1), Ok(7));
}

#[test]
fn txoff_67_an_expiry_takes_the_pending_offset_with_it() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        commit(&mut world, client, 5);
        txn_commit(&mut world, client, 7, 9);
        world.advance(8 * DAY_MS);
        marker(&mut world, client, 7, End::Commit);
        fetch(&mut world, client, true)
    };
    shows(Rule::PendingOffsetKept, run, Ok(9), Ok(-1));
}

/// TXOFF-68: an offset was committed more than the retention ago by a group that worked until now.
#[test]
fn txoff_68_a_group_that_has_just_stopped_loses_its_offsets() {
    let run = |off| {
        let settings =
            [("offsets.retention.minutes", "1"), ("offsets.retention.check.interval.ms", "1000")];
        let mut world = world_without(off, 1, &settings);
        let client = world.connect(0);
        let member = subscribed(&mut world, client);
        assert_eq!(commit_as(&mut world, client, 8, who(1, &member), &[("t", 0, 5)]), [0]);
        for _ in 0..13 {
            world.advance(5000);
            assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
        }
        let leaving =
            LeaveGroupRequest::default().with_group_id(group(GROUP)).with_member_id(text(&member));
        world.call(client, 1, leaving);
        world.advance(2000);
        let at_once = fetch(&mut world, client, true);
        world.advance(60_000);
        (at_once, fetch(&mut world, client, true))
    };
    shows(Rule::OffsetAge, run, (Ok(5), Ok(-1)), (Ok(-1), Ok(-1)));
}

#[test]
fn txoff_69_a_group_is_gone_before_its_first_commit_is() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        txn_commit(&mut world, client, 7, 9);
        world.advance(600_000);
        marker(&mut world, client, 7, End::Commit);
        fetch(&mut world, client, true)
    };
    shows(Rule::PendingGroupKept, run, Ok(9), Ok(-1));
}
