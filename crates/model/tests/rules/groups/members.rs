//! JoinGroup, SyncGroup, Heartbeat and LeaveGroup.

use fencepost_model::Channel;
use fencepost_wire::messages::leave_group_request::MemberIdentity;
use fencepost_wire::messages::{DescribeGroupsRequest, LeaveGroupRequest};

use super::*;

#[test]
fn grp_05_and_grp_11_a_dynamic_member_is_sent_back_with_an_id() {
    let mut world = world(1);
    let client = world.connect(0);
    let pending = world.send_as(client, "c1", 9, join_request("", None, b""));
    let refused = joined(world.answer(pending));
    assert_eq!((refused.error_code, refused.generation_id), (79, -1));
    let member = refused.member_id.to_string();
    assert!(member.starts_with("c1-") && member.len() == 3 + 36, "{member}");
    let pending = world.send(client, 9, join_request(&member, None, b""));
    world.advance(0);
    let response = joined(world.answer(pending));
    assert_eq!((response.error_code, response.generation_id), (0, 1));
    assert_eq!(response.leader.as_str(), member);
    assert_eq!(response.protocol_name.as_deref(), Some("range"));
    assert_eq!(response.protocol_type.as_deref(), Some("consumer"));
    assert_eq!(response.members.len(), 1);
}

#[test]
fn grp_07_and_grp_08_first_checks() {
    let mut world = world(1);
    let client = world.connect(0);
    let mut refused = |request: JoinGroupRequest| {
        let pending = world.send(client, 9, request);
        joined(world.answer(pending)).error_code
    };
    assert_eq!(refused(join_request("", None, b"").with_group_id(group(""))), 24);
    assert_eq!(refused(join_request("", None, b"").with_session_timeout_ms(5999)), 26);
    assert_eq!(refused(join_request("", None, b"").with_session_timeout_ms(1_800_001)), 26);
    assert_eq!(refused(join_request("m", None, b"")), 25);
    assert_eq!(refused(join_request("", None, b"").with_protocols(vec![])), 23);
    assert_eq!(refused(join_request("", None, b"").with_session_timeout_ms(6000)), 79);
}

#[test]
fn grp_19_the_first_members_wait_for_each_other() {
    let mut world = world_with(1, &[("group.initial.rebalance.delay.ms", "3000")]);
    let (one, two) = (world.connect(0), world.connect(0));
    let first = join(&mut world, one, "");
    world.advance(2000);
    let second = join(&mut world, two, "");
    world.advance(3999);
    assert!(world.waits(first) && world.waits(second));
    world.advance(1);
    let (first, second) = (joined(world.answer(first)), joined(world.answer(second)));
    assert_eq!((first.generation_id, first.members.len()), (1, 2));
    assert_eq!((second.generation_id, second.members.len()), (1, 0), "GRP-22");
    assert_eq!(second.leader, first.member_id);
}

#[test]
fn grp_25_and_grp_18_a_rebalance_from_join_to_sync() {
    let mut world = world(1);
    let (one, two) = (world.connect(0), world.connect(0));
    let m1 = stable(&mut world, one);
    let second = join(&mut world, two, "");
    assert_eq!(heartbeat(&mut world, one, who(1, &m1)), 27);
    let first = join(&mut world, one, &m1);
    let m2 = joined(world.answer(second)).member_id.to_string();
    assert_eq!(joined(world.answer(first)).members.len(), 2);
    assert_eq!(heartbeat(&mut world, one, who(2, &m1)), 0);
    let follower = world.send(two, 5, sync_request(who(2, &m2), &[]));
    assert!(world.waits(follower));
    let given: &[(&str, &'static [u8])] = &[(&m1, b"one"), (&m2, b"two")];
    let leader = world.call(one, 5, sync_request(who(2, &m1), given));
    assert_eq!(synced(Some(leader)), (0, b"one".to_vec()));
    assert_eq!(synced(world.answer(follower)), (0, b"two".to_vec()));
}

#[test]
fn grp_24_a_sync_of_version_5_names_its_protocol() {
    let mut world = world(1);
    let client = world.connect(0);
    let unnamed = sync_request(who(1, "m"), &[]).with_protocol_name(None);
    assert_eq!(synced(Some(world.call(client, 5, unnamed))).0, 23);
    let nobody = sync_request(who(1, "m"), &[]);
    assert_eq!(synced(Some(world.call(client, 5, nobody))).0, 25);
}

#[test]
fn grp_25_assignments_are_given_out_when_they_are_replicated() {
    let mut world = world(3);
    let client = world.connect(0);
    let pending = join(&mut world, client, "");
    world.advance(0);
    let member = joined(world.answer(pending)).member_id.to_string();
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let syncing = world.send(client, 5, sync_request(who(1, &member), &[(&member, b"a")]));
    assert!(world.waits(syncing));
    world.release();
    assert_eq!(synced(world.answer(syncing)), (0, b"a".to_vec()));
}

#[test]
fn grp_26_an_assignment_that_is_not_replicated_in_time_fails_the_sync() {
    let mut world = world(3);
    let client = world.connect(0);
    let pending = join(&mut world, client, "");
    world.advance(0);
    let member = joined(world.answer(pending)).member_id.to_string();
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let syncing = world.send(client, 5, sync_request(who(1, &member), &[(&member, b"a")]));
    world.advance(5000);
    assert_eq!(synced(world.answer(syncing)).0, 15);
    world.release();
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 27, "a new rebalance");
}

#[test]
fn grp_31_a_silent_member_is_removed_and_the_others_told() {
    let mut world = world_with(1, &[("group.initial.rebalance.delay.ms", "10")]);
    let (one, two) = (world.connect(0), world.connect(0));
    let (first, second) = (join(&mut world, one, ""), join(&mut world, two, ""));
    world.advance(20);
    let m1 = joined(world.answer(first)).member_id.to_string();
    let m2 = joined(world.answer(second)).member_id.to_string();
    world.call(one, 5, sync_request(who(1, &m1), &[]));
    world.call(two, 5, sync_request(who(1, &m2), &[]));
    world.disconnect(two);
    world.advance(6000);
    assert_eq!(heartbeat(&mut world, one, who(1, &m1)), 0, "GRP-32: a disconnect is no leaving");
    world.advance(5000);
    assert_eq!(heartbeat(&mut world, one, who(1, &m1)), 27);
    assert_eq!(heartbeat(&mut world, one, who(1, &m2)), 25);
}

fn leave_errors(response: Response) -> (i16, Vec<i16>) {
    let Response::LeaveGroup(response) = response else { panic!("not a LeaveGroup response") };
    (response.error_code, response.members.iter().map(|member| member.error_code).collect())
}

#[test]
fn grp_33_to_grp_35_members_leave() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = stable(&mut world, client);
    let one = |member: &str| {
        LeaveGroupRequest::default().with_group_id(group(GROUP)).with_member_id(text(member))
    };
    let many = |member: &str| {
        let identity = MemberIdentity::default().with_member_id(text(member));
        LeaveGroupRequest::default().with_group_id(group(GROUP)).with_members(vec![identity])
    };
    assert_eq!(leave_errors(world.call(client, 1, one("m9"))), (25, vec![]));
    assert_eq!(leave_errors(world.call(client, 4, many("m9"))), (0, vec![25]));
    assert_eq!(leave_errors(world.call(client, 4, many(&member))), (0, vec![0]));
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 25);
    let unknown = many("m").with_group_id(group("never"));
    assert_eq!(leave_errors(world.call(client, 4, unknown)), (0, vec![25]));
    assert_eq!(
        leave_errors(world.call(client, 4, many("m").with_group_id(group("")))),
        (24, vec![])
    );
}

/// GRP-02: a member id that was given out is not a member yet.
#[test]
fn grp_02_pending_members_are_not_described() {
    let mut world = world(1);
    let client = world.connect(0);
    let member = stable(&mut world, client);
    let pending = world.send(client, 9, join_request("", None, b""));
    assert_eq!(joined(world.answer(pending)).error_code, 79);
    let request = DescribeGroupsRequest::default().with_groups(vec![group(GROUP)]);
    let Response::DescribeGroups(response) = world.call(client, 5, request) else {
        panic!("not a DescribeGroups response")
    };
    let described = &response.groups[0];
    assert_eq!((&*described.group_state, &*described.protocol_data), ("Stable", "range"));
    let members: Vec<_> = described.members.iter().map(|row| row.member_id.to_string()).collect();
    assert_eq!(members, [member]);
}

/// GRP-04: each of the three checks, in order.
#[test]
fn grp_04_a_member_is_who_it_says() {
    let mut world = world(1);
    let (one, two) = (world.connect(0), world.connect(0));
    let old = super::statics::seated(&mut world, one);
    let pending = world.send(two, 9, join_request("", Some("i"), b""));
    let new = joined(world.answer(pending)).member_id.to_string();
    for (member, instance, expected) in [
        (&*new, Some("i9"), 25),
        ("m9", Some("i9"), 25),
        (&*old, Some("i"), 82),
        ("m9", Some("i"), 82),
        (&*old, None, 25),
        (&*new, None, 0),
        (&*new, Some("i"), 0),
    ] {
        let identity = Who { instance, ..who(1, member) };
        assert_eq!(heartbeat(&mut world, one, identity), expected, "{member} {instance:?}");
        let answer = world.call(one, 5, sync_request(identity, &[]));
        assert_eq!(synced(Some(answer)).0, expected, "SyncGroup of {member} {instance:?}");
    }
}

/// GRP-07: the name of the group, its member's session timeout, and only then whose group it is.
#[test]
fn grp_07_the_first_checks_in_order() {
    let mut world = world(2);
    let (here, elsewhere) = (world.connect(0), world.connect(1));
    let error = |world: &mut World, client, name: &str, member: &str, session_timeout_ms| {
        let request = join_request(member, None, b"")
            .with_group_id(group(name))
            .with_session_timeout_ms(session_timeout_ms);
        let pending = world.send(client, 9, request);
        joined(world.answer(pending)).error_code
    };
    assert_eq!(error(&mut world, elsewhere, "", "", 1), 24);
    for outside in [5999, 1_800_001] {
        assert_eq!(error(&mut world, elsewhere, GROUP, "", outside), 26);
    }
    for inside in [6000, 1_800_000] {
        assert_eq!(error(&mut world, elsewhere, GROUP, "", inside), 16);
        assert_eq!(error(&mut world, here, GROUP, "", inside), 79);
    }
    let member = stable(&mut world, here);
    assert_eq!(error(&mut world, here, GROUP, &member, 5999), 26, "also when it comes back");
    world.elect("__consumer_offsets", 0, 1);
    assert_eq!(error(&mut world, elsewhere, GROUP, "", 6000), 14);
}

/// GRP-10: what a member without an id is told.
#[test]
fn grp_10_a_new_member_is_refused_sent_back_seated_or_added() {
    let mut world = world_with(1, &[("group.initial.rebalance.delay.ms", "3000")]);
    let clients = [0; 5].map(|broker| world.connect(broker));
    let refused = world.send(clients[0], 9, join_request("", None, b"").with_protocols(vec![]));
    let refused = joined(world.answer(refused));
    assert_eq!((refused.error_code, &*refused.member_id), (23, ""));
    let parked = world.send(clients[1], 3, join_request("", None, b""));
    assert!(world.waits(parked), "below version 4 it is added");
    let sent_back = world.send(clients[2], 4, join_request("", None, b""));
    assert_eq!(joined(world.answer(sent_back)).error_code, 79);
    let seated = world.send(clients[3], 5, join_request("", Some("i"), b""));
    assert!(world.waits(seated), "a new seat is added");
    let replacing = world.send(clients[4], 5, join_request("", Some("i"), b""));
    assert_eq!(joined(world.answer(seated)).error_code, 82, "its seat was taken");
    assert!(world.waits(replacing));
}

/// GRP-33: in which words a member leaves, and where its error stands.
#[test]
fn grp_33_leaving_by_version() {
    for version in 0..=5 {
        let mut world = world(1);
        let client = world.connect(0);
        let member = stable(&mut world, client);
        let leave = |world: &mut World, member: &str| {
            let request = LeaveGroupRequest::default().with_group_id(group(GROUP));
            let request = if version < 3 {
                request.with_member_id(text(member))
            } else {
                let reason = (version >= 5).then(|| text("done"));
                let identity =
                    MemberIdentity::default().with_member_id(text(member)).with_reason(reason);
                request.with_members(vec![identity])
            };
            leave_errors(world.call(client, version, request))
        };
        let as_told = |error| if version < 3 { (error, vec![]) } else { (0, vec![error]) };
        assert_eq!(leave(&mut world, "m9"), as_told(25), "v{version}");
        assert_eq!(leave(&mut world, &member), as_told(0), "v{version}");
        assert_eq!(heartbeat(&mut world, client, who(1, &member)), 25, "v{version}");
    }
}
