//! The join phase, the sync phase and sessions of classic groups.

use fencepost_model::Channel;
use fencepost_wire::messages::{DescribeGroupsRequest, LeaveGroupRequest};

use super::admin::delete_groups;
use super::*;

fn offering(names: &[&str]) -> Vec<JoinGroupRequestProtocol> {
    names.iter().map(|name| JoinGroupRequestProtocol::default().with_name(text(name))).collect()
}

fn state(world: &mut World, client: Client) -> String {
    let request = DescribeGroupsRequest::default().with_groups(vec![group(GROUP)]);
    match world.call(client, 5, request) {
        Response::DescribeGroups(response) => response.groups[0].group_state.to_string(),
        other => panic!("not a DescribeGroups response: {other:?}"),
    }
}

fn leave(world: &mut World, client: Client, member: &str) {
    let request =
        LeaveGroupRequest::default().with_group_id(group(GROUP)).with_member_id(text(member));
    match world.call(client, 1, request) {
        Response::LeaveGroup(response) => assert_eq!(response.error_code, 0),
        other => panic!("not a LeaveGroup response: {other:?}"),
    }
}

/// Members that joined one initial rebalance together, the first of them as the leader: their
/// connections and ids. Nobody has synced; the generation is 1.
fn together<const N: usize>(
    world: &mut World,
    requests: [JoinGroupRequest; N],
) -> [(Client, JoinGroupResponse); N] {
    let joins = requests.map(|request| {
        let client = world.connect(0);
        (client, world.send(client, 5, request))
    });
    world.advance(20);
    joins.map(|(client, pending)| (client, joined(world.answer(pending))))
}

/// Two dynamic members need version 3, where an id is not asked for first.
fn two(world: &mut World) -> [(Client, String); 2] {
    let clients = [0; 2].map(|broker| world.connect(broker));
    let joins = clients.map(|client| join(world, client, ""));
    world.advance(20);
    let ids = joins.map(|pending| joined(world.answer(pending)).member_id.to_string());
    let [one, two] = ids;
    [(clients[0], one), (clients[1], two)]
}

/// Two members in generation 1, both synced.
fn two_stable(world: &mut World) -> [(Client, String); 2] {
    let both = two(world);
    let given: &[(&str, &'static [u8])] = &[(&both[0].1, b"one"), (&both[1].1, b"two")];
    world.call(both[0].0, 5, sync_request(who(1, &both[0].1), given));
    world.call(both[1].0, 5, sync_request(who(1, &both[1].1), &[]));
    both
}

fn with_delay() -> World {
    world_with(1, &[("group.initial.rebalance.delay.ms", "10")])
}

/// GRP-01: every state under its name.
#[test]
fn grp_01_a_group_shows_every_state_of_its_life() {
    let mut world = with_delay();
    let client = world.connect(0);
    commit(&mut world, client, 5);
    assert_eq!(state(&mut world, client), "Empty");
    let joining = join(&mut world, client, "");
    let other = world.connect(0);
    assert_eq!(state(&mut world, other), "PreparingRebalance");
    world.advance(20);
    let m1 = joined(world.answer(joining)).member_id.to_string();
    assert_eq!(state(&mut world, client), "CompletingRebalance");
    world.call(client, 5, sync_request(who(1, &m1), &[]));
    assert_eq!(state(&mut world, client), "Stable");
    join(&mut world, other, "");
    assert_eq!(state(&mut world, client), "PreparingRebalance");
    world.advance(60_000);
    world.advance(600_000);
    assert_eq!(state(&mut world, client), "Empty");
    assert_eq!(delete_groups(&mut world, client, &[GROUP]), [0]);
    assert_eq!(state(&mut world, client), "Dead");
}

/// GRP-09: who is let into a full group in each state, and who is thrown out of it.
#[test]
fn grp_09_a_full_group() {
    let settings = [("group.max.size", "2"), ("group.initial.rebalance.delay.ms", "10")];
    let mut world = world_with(1, &settings);
    let [(one, m1), (two, m2)] = two(&mut world);
    let (late, third) = (world.connect(0), world.connect(0));
    let refused = join(&mut world, late, "");
    assert_eq!(joined(world.answer(refused)).error_code, 81, "CompletingRebalance");
    world.call(one, 5, sync_request(who(1, &m1), &[]));
    let refused = join(&mut world, late, "");
    assert_eq!(joined(world.answer(refused)).error_code, 81, "Stable");
    join(&mut world, one, &m1);
    let accepted = join(&mut world, third, "");
    assert!(world.waits(accepted), "PreparingRebalance with one parked");
    let thrown_out = join(&mut world, two, &m2);
    assert_eq!(joined(world.answer(thrown_out)).error_code, 81);
    assert_eq!(heartbeat(&mut world, two, who(1, &m2)), 25);
}

/// GRP-12: in an empty group there must be something to offer, in others something in common.
#[test]
fn grp_12_what_is_acceptable() {
    let mut world = world(1);
    let (one, two) = (world.connect(0), world.connect(0));
    let error = |world: &mut World, client, request: JoinGroupRequest| {
        let pending = world.send(client, 3, request);
        world.answer(pending).map(|answer| joined(Some(answer)).error_code)
    };
    let request = || join_request("", None, b"");
    assert_eq!(error(&mut world, one, request().with_protocols(vec![])), Some(23));
    assert_eq!(error(&mut world, one, request().with_protocol_type(text(""))), Some(23));
    stable(&mut world, one);
    let sticky = request().with_protocols(offering(&["cooperative-sticky"]));
    assert_eq!(error(&mut world, two, sticky), Some(23));
    assert_eq!(error(&mut world, two, request().with_protocol_type(text("connect"))), Some(23));
    let both = request().with_protocols(offering(&["cooperative-sticky", "range"]));
    assert_eq!(error(&mut world, two, both), None, "parked");
}

/// GRP-13: a member that comes with an id.
#[test]
fn grp_13_an_existing_member() {
    let mut world = world(1);
    let (one, two) = (world.connect(0), world.connect(0));
    let m1 = stable(&mut world, one);
    let unknown = join(&mut world, two, "m9");
    assert_eq!(joined(world.answer(unknown)).error_code, 25);
    let pending = world.send(two, 9, join_request("", None, b""));
    let m2 = joined(world.answer(pending)).member_id.to_string();
    let seated = world.send(two, 9, join_request(&m2, Some("i"), b""));
    assert_eq!(joined(world.answer(seated)).error_code, -1, "it was given as a dynamic one");
    let second = world.send(two, 9, join_request(&m2, None, b""));
    assert!(world.waits(second));
    let rejoined = world.send(two, 9, join_request(&m2, None, b"news"));
    let first = join(&mut world, one, &m1);
    let leader = joined(world.answer(first));
    let of_m2 = leader.members.iter().find(|member| *member.member_id == *m2).unwrap();
    assert_eq!(&of_m2.metadata[..], b"news");
    assert_eq!(joined(world.answer(rejoined)).generation_id, 2);
}

/// GRP-14: the answer was lost, and the same request comes again; one with news begins anew.
#[test]
fn grp_14_a_rejoin_before_the_sync() {
    let mut world = with_delay();
    let [(one, m1), (two, m2)] = two(&mut world);
    for (client, member, members) in [(one, &m1, 2), (two, &m2, 0)] {
        let again = join(&mut world, client, member);
        let again = joined(world.answer(again));
        assert_eq!((again.generation_id, again.members.len()), (1, members));
    }
    assert_eq!(state(&mut world, one), "CompletingRebalance");
    let news = world.send(two, 5, join_request(&m2, None, b"news"));
    assert!(world.waits(news));
    assert_eq!(heartbeat(&mut world, one, who(1, &m1)), 27);
}

/// GRP-15: a follower without news is told what it has; anything else begins a rebalance.
#[test]
fn grp_15_a_rejoin_in_stable() {
    let mut world = with_delay();
    let [(one, m1), (two, m2)] = two_stable(&mut world);
    let again = join(&mut world, two, &m2);
    let again = joined(world.answer(again));
    assert_eq!((again.generation_id, again.members.len()), (1, 0));
    let sync = world.call(two, 5, sync_request(who(1, &m2), &[]));
    assert_eq!(synced(Some(sync)), (0, b"two".to_vec()));
    assert_eq!(state(&mut world, one), "Stable");
    let mut fork = world.clone();
    join(&mut world, one, &m1);
    assert_eq!(heartbeat(&mut world, two, who(1, &m2)), 27, "the leader, unchanged");
    fork.send(two, 5, join_request(&m2, None, b"news"));
    assert_eq!(heartbeat(&mut fork, one, who(1, &m1)), 27, "a follower with news");
}

/// GRP-16: only the later of two is answered.
#[test]
fn grp_16_a_parked_join_is_replaced() {
    let mut world = world(1);
    let [one, two, again] = [0; 3].map(|broker| world.connect(broker));
    let m1 = stable(&mut world, one);
    let sent_back = world.send(two, 9, join_request("", None, b""));
    let m2 = joined(world.answer(sent_back)).member_id.to_string();
    let first = world.send(two, 9, join_request(&m2, None, b""));
    let second = world.send(again, 9, join_request(&m2, None, b""));
    join(&mut world, one, &m1);
    assert_eq!(joined(world.answer(second)).generation_id, 2);
    assert!(world.waits(first));
    world.advance(120_000);
    assert!(world.waits(first));
}

/// GRP-17: while its join is parked a new member cannot send heartbeats, and is not expected to; who
/// comes first leads and says what kind of group it is.
#[test]
fn grp_17_a_new_member_has_five_minutes() {
    let mut world = world_with(1, &[("group.initial.rebalance.delay.ms", "20000")]);
    let client = world.connect(0);
    let request = join_request("", None, b"").with_session_timeout_ms(6000);
    let joining = world.send(client, 3, request);
    world.advance(19_999);
    assert!(world.waits(joining));
    world.advance(1);
    let response = joined(world.answer(joining));
    assert_eq!((response.error_code, response.generation_id), (0, 1));
    assert_eq!(response.leader, response.member_id);

    let mut world = world_with(1, &[("group.initial.rebalance.delay.ms", "600000")]);
    let client = world.connect(0);
    let joining =
        world.send(client, 3, join_request("", None, b"").with_rebalance_timeout_ms(1_000_000));
    world.advance(299_999);
    assert!(world.waits(joining));
    world.advance(1);
    assert_eq!(joined(world.answer(joining)).error_code, 25, "GRP-31");
}

/// GRP-20: who does not come back in time is dropped, and another leads.
#[test]
fn grp_20_a_dynamic_member_that_misses_the_phase() {
    let mut world = world(1);
    let (one, two) = (world.connect(0), world.connect(0));
    let m1 = stable(&mut world, one);
    let joining = join(&mut world, two, "");
    for _ in 0..11 {
        world.advance(5000);
        assert_eq!(heartbeat(&mut world, one, who(1, &m1)), 27);
    }
    world.advance(5000);
    let response = joined(world.answer(joining));
    assert_eq!((response.generation_id, response.members.len()), (2, 1));
    assert_eq!(response.leader, response.member_id);
    assert_eq!(heartbeat(&mut world, one, who(1, &m1)), 25);
}

/// GRP-21: every member votes for the first of its names that all support.
#[test]
fn grp_21_the_protocol_with_most_votes() {
    let mut world = with_delay();
    let request = |seat: &str, names: &[&str]| {
        join_request("", Some(seat), b"").with_protocols(offering(names))
    };
    let requests = [
        request("a", &["range", "roundrobin"]),
        request("b", &["only-b", "roundrobin", "range"]),
        request("c", &["roundrobin", "range"]),
    ];
    for (_, response) in together(&mut world, requests) {
        assert_eq!(response.protocol_name.as_deref(), Some("roundrobin"));
    }
}

/// GRP-23: the leader of three dies.
#[test]
fn grp_23_another_member_leads() {
    let mut world = with_delay();
    let clients = [0; 3].map(|broker| world.connect(broker));
    let joins = clients.map(|client| join(&mut world, client, ""));
    world.advance(20);
    let [m1, m2, m3] = joins.map(|it| joined(world.answer(it)).member_id.to_string());
    for (client, member) in clients.iter().zip([&m1, &m2, &m3]) {
        world.send(*client, 5, sync_request(who(1, member), &[]));
    }
    for _ in 0..3 {
        world.advance(4000);
        for (client, member) in [(clients[1], &m2), (clients[2], &m3)] {
            heartbeat(&mut world, client, who(1, member));
        }
    }
    let joins = [join(&mut world, clients[1], &m2), join(&mut world, clients[2], &m3)];
    let responses = joins.map(|pending| joined(world.answer(pending)));
    for response in &responses {
        assert_eq!((response.generation_id, &*response.leader), (2, &*m2));
    }
    assert_eq!(responses[0].members.len(), 2);
}

/// GRP-27: another member comes while the assignment is not replicated: nobody gets it.
#[test]
fn grp_27_an_assignment_that_a_rebalance_overtakes() {
    let mut world = world(3);
    let (one, two) = (world.connect(0), world.connect(0));
    let joining = join(&mut world, one, "");
    world.advance(0);
    let m1 = joined(world.answer(joining)).member_id.to_string();
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let syncing = world.send(one, 5, sync_request(who(1, &m1), &[(&m1, b"a")]));
    join(&mut world, two, "");
    assert_eq!(synced(world.answer(syncing)), (27, vec![]));
    world.release();
    assert_eq!(state(&mut world, one), "PreparingRebalance");
    assert_eq!(synced(Some(world.call(one, 5, sync_request(who(1, &m1), &[])))), (27, vec![]));
}

/// GRP-28: the follower, or the leader, never asks for its assignment.
#[test]
fn grp_28_a_member_that_never_syncs() {
    for leader_syncs in [true, false] {
        let mut world = with_delay();
        let [(one, m1), (two, m2)] = two(&mut world);
        let (client, member, lazy) = if leader_syncs { (one, &m1, &m2) } else { (two, &m2, &m1) };
        world.send(client, 5, sync_request(who(1, member), &[]));
        let beats = |world: &mut World, count| {
            for _ in 0..count {
                world.advance(5000);
                for member in [&m1, &m2] {
                    assert_eq!(heartbeat(world, client, who(1, member)), 0);
                }
            }
        };
        beats(&mut world, 11);
        world.advance(5000);
        assert_eq!(heartbeat(&mut world, client, who(1, member)), 27, "{leader_syncs}");
        assert_eq!(heartbeat(&mut world, client, who(1, lazy)), 25, "{leader_syncs}");
    }
}

/// GRP-29: what a heartbeat is told in each state, and before.
#[test]
fn grp_29_heartbeats_by_state() {
    let mut world = with_delay();
    let client = world.connect(0);
    assert_eq!(heartbeat(&mut world, client, who(0, "m")), 25, "no such group");
    let nameless = HeartbeatRequest::default().with_member_id(text("m"));
    let Response::Heartbeat(refused) = world.call(client, 4, nameless) else {
        panic!("not a Heartbeat response")
    };
    assert_eq!(refused.error_code, 24);
    let [(one, m1), (two, m2)] = two(&mut world);
    assert_eq!(heartbeat(&mut world, one, who(1, &m1)), 0, "CompletingRebalance");
    for who in [who(0, &m1), who(2, &m1)] {
        assert_eq!(heartbeat(&mut world, one, who), 22);
    }
    assert_eq!(heartbeat(&mut world, one, who(9, "m9")), 25, "before the generation");
    world.call(one, 5, sync_request(who(1, &m1), &[]));
    assert_eq!(heartbeat(&mut world, two, who(1, &m2)), 0, "Stable");
    leave(&mut world, two, &m2);
    assert_eq!(heartbeat(&mut world, one, who(1, &m1)), 27, "PreparingRebalance");
    leave(&mut world, one, &m1);
    assert_eq!(state(&mut world, client), "Empty");
    assert_eq!(heartbeat(&mut world, one, who(2, &m1)), 25, "Empty");
}

/// GRP-30: what keeps a member with a session of 10 s.
#[test]
fn grp_30_what_restarts_a_session() {
    type Sign = fn(&mut World, Client, &str);
    let signs: [(&str, Sign, bool); 5] = [
        (
            "Heartbeat",
            |world, client, member| {
                heartbeat(world, client, who(1, member));
            },
            true,
        ),
        (
            "OffsetCommit",
            |world, client, member| {
                commit_as(world, client, 8, who(1, member), &[("t", 0, 1)]);
            },
            true,
        ),
        (
            "TxnOffsetCommit",
            |world, client, member| {
                world.call(client, 3, txn_commit_request((7, 0), who(1, member), &[("t", 0, 1)]));
            },
            false,
        ),
        (
            "JoinGroup",
            |world, client, member| {
                join(world, client, member);
            },
            false,
        ),
        (
            "SyncGroup",
            |world, client, member| {
                world.call(client, 5, sync_request(who(1, member), &[]));
            },
            false,
        ),
    ];
    for (name, sign, keeps) in signs {
        let mut world = with_delay();
        let [(one, m1), (two, m2)] = two_stable(&mut world);
        for _ in 0..3 {
            world.advance(6000);
            heartbeat(&mut world, one, who(1, &m1));
            sign(&mut world, two, &m2);
        }
        let expected = if keeps { 0 } else { 25 };
        assert_eq!(heartbeat(&mut world, two, who(1, &m2)), expected, "{name}");
    }
}

/// GRP-41, GRP-20: of three static members one is away for the time of a rebalance.
#[test]
fn grp_41_a_static_member_may_miss_a_phase() {
    let mut world = with_delay();
    let seat =
        |seat: &'static str| join_request("", Some(seat), b"").with_session_timeout_ms(90_000);
    let members = together(&mut world, [seat("a"), seat("b"), seat("c")]);
    let rejoin = |world: &mut World, at: usize, name: &'static str| {
        let (client, response) = &members[at];
        let request =
            join_request(&response.member_id, Some(name), b"news").with_session_timeout_ms(90_000);
        world.send(*client, 5, request)
    };
    let leader = rejoin(&mut world, 0, "a");
    let follower = rejoin(&mut world, 1, "b");
    world.advance(60_000);
    let (leader, follower) = (joined(world.answer(leader)), joined(world.answer(follower)));
    assert_eq!((leader.generation_id, leader.members.len()), (2, 3));
    assert_eq!(follower.generation_id, 2);
    let away = Who { instance: Some("c"), ..who(1, &members[2].1.member_id) };
    assert_eq!(heartbeat(&mut world, members[2].0, away), 22, "it comes back into the new one");
}

/// GRP-39: a seat is taken in the middle of a rebalance.
#[test]
fn grp_39_a_replacement_in_a_rebalance() {
    let mut world = with_delay();
    let requests = ["a", "b"].map(|seat| join_request("", Some(seat), b""));
    let [(one, a), (_, b)] = together(&mut world, requests);
    let newcomer = world.connect(0);
    let replacing = world.send(newcomer, 5, join_request("", Some("b"), b""));
    let me = Who { instance: Some("a"), ..who(1, &a.member_id) };
    assert_eq!(heartbeat(&mut world, one, me), 27, "CompletingRebalance");
    assert!(world.waits(replacing));
    let again = world.connect(0);
    let second = world.send(again, 5, join_request("", Some("b"), b""));
    assert_eq!(joined(world.answer(replacing)).error_code, 82, "PreparingRebalance");
    let first = world.send(one, 5, join_request(&a.member_id, Some("a"), b""));
    let (first, second) = (joined(world.answer(first)), joined(world.answer(second)));
    assert_eq!((first.generation_id, second.generation_id), (2, 2));
    assert_ne!(second.member_id, b.member_id);
}

/// GRP-40: the record cannot be written, so that the seat stays with the member that had it.
#[test]
fn grp_40_a_replacement_that_cannot_be_written() {
    let mut world = world_with(3, &[("min.insync.replicas", "2")]);
    let (one, two) = (world.connect(0), world.connect(0));
    let old = super::statics::seated(&mut world, one);
    world.crash(1);
    world.crash(2);
    world.advance(0);
    let replacing = world.send(two, 9, join_request("", Some("i"), b""));
    let refused = joined(world.answer(replacing));
    assert_eq!((refused.error_code, &*refused.member_id), (15, ""));
    let me = Who { instance: Some("i"), ..who(1, &old) };
    assert_eq!(heartbeat(&mut world, one, me), 0);
}

/// GRP-50: subscriptions that cannot be read are no error, and keep all offsets.
#[test]
fn grp_50_metadata_that_is_no_subscription() {
    let mut world = world(3);
    let client = world.connect(0);
    let joining = world.send(client, 3, join_request("", None, b"\xff\xfe random"));
    world.advance(0);
    let member = joined(world.answer(joining)).member_id.to_string();
    world.call(client, 5, sync_request(who(1, &member), &[]));
    assert_eq!(heartbeat(&mut world, client, who(1, &member)), 0);
    let all = [("t", 0), ("u", 0)];
    assert_eq!(super::admin::delete_offsets(&mut world, client, &all), (0, vec![86, 86]));
    world.elect("__consumer_offsets", 0, 1);
    world.advance(0);
    let client = world.connect(1);
    assert_eq!(super::admin::delete_offsets(&mut world, client, &all), (0, vec![86, 86]));
}

/// GRP-51: the new coordinator knows of each member the selected protocol alone.
#[test]
fn grp_51_after_a_load_an_unchanged_follower_seems_changed() {
    let mut world = world_with(3, &[("group.initial.rebalance.delay.ms", "10")]);
    let offer = |member: &str| {
        join_request(member, None, b"").with_protocols(offering(&["range", "cooperative-sticky"]))
    };
    let clients = [0; 2].map(|broker| world.connect(broker));
    let joins = clients.map(|client| world.send(client, 3, offer("")));
    world.advance(20);
    let [m1, m2] = joins.map(|it| joined(world.answer(it)).member_id.to_string());
    world.call(clients[0], 5, sync_request(who(1, &m1), &[]));
    let mut fork = world.clone();
    let at_once = fork.send(clients[1], 3, offer(&m2));
    assert_eq!(joined(fork.answer(at_once)).generation_id, 1, "GRP-15");
    world.elect("__consumer_offsets", 0, 1);
    world.advance(0);
    let client = world.connect(1);
    let rejoining = world.send(client, 3, offer(&m2));
    assert!(world.waits(rejoining));
    assert_eq!(heartbeat(&mut world, client, who(1, &m1)), 27);
}
