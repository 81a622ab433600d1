//! What goes wrong without a rule of the consumer groups.

use super::*;

fn assigned(answer: &ConsumerGroupHeartbeatResponse) -> Option<Vec<i32>> {
    shown(answer).ok().and_then(|(_, assignment)| assignment)
}

fn of_instance(request: ConsumerGroupHeartbeatRequest) -> ConsumerGroupHeartbeatRequest {
    request.with_instance_id(Some(text("i")))
}

#[test]
fn txoff_28_unfenced_a_stale_member_takes_its_successor_back() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        beat(&mut world, client, joining("A"));
        world.advance(45_000);
        let (epoch, _) = shown(&beat(&mut world, client, joining("B"))).unwrap();
        assert_eq!(commit_as(&mut world, client, 9, who(epoch, "B"), &[("t", 0, 20)]), [0]);
        let plain = commit_as(&mut world, client, 9, who(1, "A"), &[("t", 0, 5)]);
        let request = txn_commit_request((7, 0), who(epoch - 1, "B"), &[("t", 1, 6)]);
        let transactional = txn_commit_errors(Some(world.call(client, 3, request)));
        (plain, transactional, fetch(&mut world, client, true))
    };
    shows(Rule::CommitEpochFencing, run, (vec![25], vec![22], Ok(20)), (vec![0], vec![0], Ok(5)));
}

/// G848-10: A had 0 and 1, then all, and is to give up 2. A heartbeat from when it had 0 and 1
/// arrives: by it A seems to have done so.
#[test]
fn g848_10_a_late_heartbeat_gives_up_what_its_member_still_reads() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        beat(&mut world, client, joining("A"));
        beat(&mut world, client, joining("B"));
        beat(&mut world, client, quiet("A", 1));
        let owned = owning(&mut world, client, &[0, 1]);
        let late = |epoch| quiet("A", epoch).with_topic_partitions(Some(owned.clone()));
        check(&mut world, client, late(1), Ok((2, None)));
        beat(&mut world, client, quiet("B", -1));
        check(&mut world, client, quiet("A", 2), Ok((3, Some(vec![0, 1, 2]))));
        beat(&mut world, client, joining("C"));
        check(&mut world, client, quiet("A", 3), Ok((3, Some(vec![0, 1]))));
        let late = shown(&beat(&mut world, client, late(2))).err();
        (late, assigned(&beat(&mut world, client, quiet("C", 4))))
    };
    shows(Rule::HeartbeatEpochFencing, run, (Some(110), None), (None, Some(vec![2])));
}

#[test]
fn g848_12_the_seat_of_a_living_member_is_given_away() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        check(&mut world, client, of_instance(joining("A")), Ok((1, Some(vec![0, 1, 2]))));
        shown(&beat(&mut world, client, of_instance(joining("B"))))
    };
    shows(Rule::UnreleasedSeatRefusal, run, Err(111), Ok((1, Some(vec![0, 1, 2]))));
}

#[test]
fn g848_18_a_partition_is_free_while_its_member_still_reads_it() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        beat(&mut world, client, joining("A"));
        beat(&mut world, client, joining("B"));
        let told = assigned(&beat(&mut world, client, quiet("A", 1)));
        assert_eq!(told, Some(vec![0, 1]), "A learns of it and has not said that it is done");
        assigned(&beat(&mut world, client, quiet("B", 2)))
    };
    shows(Rule::RevocationBeforeRelease, run, None, Some(vec![2]));
}

#[test]
fn g848_19_a_partition_has_two_holders() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        check(&mut world, client, joining("A"), Ok((1, Some(vec![0, 1, 2]))));
        assigned(&beat(&mut world, client, joining("B")))
    };
    shows(Rule::SingleHolder, run, Some(vec![]), Some(vec![2]));
}

#[test]
fn g848_22_a_member_that_gives_up_nothing_keeps_the_others_waiting() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        beat(&mut world, client, joining("A"));
        beat(&mut world, client, joining("B"));
        let mut last = (None, None);
        for _ in 0..14 {
            let owned = owning(&mut world, client, &[0, 1, 2]);
            let stubborn = quiet("A", 1).with_topic_partitions(Some(owned));
            let of_a = shown(&beat(&mut world, client, stubborn)).err();
            let epoch = described(&mut world, client).3["B"];
            let of_b = assigned(&beat(&mut world, client, quiet("B", epoch)));
            last = (of_a, of_b.or(last.1));
            world.advance(5000);
        }
        last
    };
    shows(Rule::RevocationTimeout, run, (Some(25), Some(vec![0, 1, 2])), (None, None));
}

#[test]
fn g848_24_a_silent_member_keeps_its_partitions() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        beat(&mut world, client, joining("A"));
        beat(&mut world, client, joining("B"));
        let mut last = None;
        for _ in 0..10 {
            world.advance(5000);
            let epoch = described(&mut world, client).3["B"];
            last = assigned(&beat(&mut world, client, quiet("B", epoch))).or(last);
        }
        last
    };
    shows(Rule::SilentMemberRemoval, run, Some(vec![0, 1, 2]), None);
}
