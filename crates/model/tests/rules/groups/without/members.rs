//! Members of classic groups.

use fencepost_model::Channel;

use super::super::statics::seated;
use super::super::*;

/// Generation 2 of a group of m1, who leads, and m2: their ids. Nobody has synced.
fn second_generation(world: &mut World, one: Client, two: Client) -> (String, String) {
    let m1 = stable(world, one);
    let second = join(world, two, "");
    let first = join(world, one, &m1);
    assert_eq!(joined(world.answer(first)).generation_id, 2);
    (m1, joined(world.answer(second)).member_id.to_string())
}

#[test]
fn grp_24_a_late_sync_gives_out_the_assignment_of_another_generation() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let (one, two) = (world.connect(0), world.connect(0));
        let (m1, m2) = second_generation(&mut world, one, two);
        let following = world.send(two, 5, sync_request(who(2, &m2), &[]));
        let late = world.call(one, 5, sync_request(who(1, &m1), &[(&m1, b"all")]));
        let given: &[(&str, &'static [u8])] = &[(&m1, b"one"), (&m2, b"two")];
        world.call(one, 5, sync_request(who(2, &m1), given));
        (synced(Some(late)).0, synced(world.answer(following)))
    };
    shows(Rule::SyncGenerationFencing, run, (22, (0, b"two".to_vec())), (0, (0, Vec::new())));
}

#[test]
fn grp_25_an_assignment_that_is_not_durable_gives_a_partition_two_owners() {
    let run = |off| {
        let mut world = world_without(off, 3, &[]);
        let (one, two) = (world.connect(0), world.connect(0));
        let (m1, m2) = second_generation(&mut world, one, two);
        world.hold(|channel| matches!(channel, Channel::Replication(_)));
        let following = world.send(two, 5, sync_request(who(2, &m2), &[]));
        let given: &[(&str, &'static [u8])] = &[(&m1, b"one"), (&m2, b"two")];
        world.send(one, 5, sync_request(who(2, &m1), given));
        let of_m2 = world.answer(following).map(|answer| synced(Some(answer)).1);
        world.crash(0);
        world.advance(0);
        world.release();
        let client = world.connect(1);
        let of_m1 = synced(Some(world.call(client, 5, sync_request(who(1, &m1), &[]))));
        (of_m2, of_m1)
    };
    let all = || (0, b"all".to_vec());
    shows(Rule::DurableAssignment, run, (None, all()), (Some(b"two".to_vec()), all()));
}

#[test]
fn grp_31_a_silent_member_keeps_its_partitions() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let (one, two) = (world.connect(0), world.connect(0));
        let (m1, m2) = second_generation(&mut world, one, two);
        world.send(two, 5, sync_request(who(2, &m2), &[]));
        world.call(one, 5, sync_request(who(2, &m1), &[]));
        let beats: Vec<_> = (0..4)
            .map(|_| {
                world.advance(4000);
                heartbeat(&mut world, one, who(2, &m1))
            })
            .collect();
        beats
    };
    shows(Rule::SessionExpiry, run, vec![0, 0, 27, 27], vec![0, 0, 0, 0]);
}

#[test]
fn grp_36_two_processes_on_one_seat_are_one_member() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let (one, two) = (world.connect(0), world.connect(0));
        let old = seated(&mut world, one);
        let joining = world.send(two, 9, join_request("", Some("i"), b""));
        let new = joined(world.answer(joining)).member_id.to_string();
        let former = Who { instance: Some("i"), ..who(1, &old) };
        let request = txn_commit_request((7, 0), former, &[("t", 0, 1)]);
        let transactional = txn_commit_errors(Some(world.call(one, 3, request)));
        let plain = commit_as(&mut world, one, 8, former, &[("t", 0, 1)]);
        (old == new, heartbeat(&mut world, one, former), transactional, plain)
    };
    shows(
        Rule::StaticMemberFencing,
        run,
        (false, 82, vec![82], vec![82]),
        (true, 0, vec![0], vec![0]),
    );
}

/// GRP-20: m1 lives, hears of the rebalance, and never comes back.
#[test]
fn grp_20_a_member_that_does_not_come_back_is_waited_for() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let (one, two) = (world.connect(0), world.connect(0));
        let m1 = stable(&mut world, one);
        let joining = join(&mut world, two, "");
        for _ in 0..24 {
            world.advance(5000);
            heartbeat(&mut world, one, who(1, &m1));
        }
        world.answer(joining).map(|answer| joined(Some(answer)).generation_id)
    };
    shows(Rule::JoinPhaseEnd, run, Some(2), None);
}

/// GRP-27: m2 joins while the assignment of m1 is not replicated.
#[test]
fn grp_27_a_group_is_stable_without_those_who_joined() {
    let run = |off| {
        let mut world = world_without(off, 3, &[]);
        let (one, two) = (world.connect(0), world.connect(0));
        let first = join(&mut world, one, "");
        world.advance(0);
        let m1 = joined(world.answer(first)).member_id.to_string();
        world.hold(|channel| matches!(channel, Channel::Replication(_)));
        world.send(one, 5, sync_request(who(1, &m1), &[(&m1, b"all")]));
        let joining = join(&mut world, two, "");
        world.release();
        let told = heartbeat(&mut world, one, who(1, &m1));
        for _ in 0..24 {
            world.advance(5000);
            heartbeat(&mut world, one, who(1, &m1));
        }
        (told, world.answer(joining).map(|answer| joined(Some(answer)).generation_id))
    };
    shows(Rule::OvertakenAssignment, run, (27, Some(2)), (0, None));
}

/// GRP-28: the leader lives and does not assign.
#[test]
fn grp_28_a_leader_that_does_not_assign_is_waited_for() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let (one, two) = (world.connect(0), world.connect(0));
        let (m1, m2) = second_generation(&mut world, one, two);
        let syncing = world.send(two, 5, sync_request(who(2, &m2), &[]));
        for _ in 0..24 {
            world.advance(5000);
            heartbeat(&mut world, one, who(2, &m1));
        }
        world.answer(syncing).map(|answer| synced(Some(answer)).0)
    };
    shows(Rule::SyncPhaseEnd, run, Some(27), None);
}
