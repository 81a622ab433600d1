//! Answers and fetches that come too early.

use fencepost_model::Channel;

use super::super::*;

/// `t-0` as the next leader finds it.
fn after_failover(world: &mut World) -> Result<i64, i16> {
    world.crash(0);
    world.advance(0);
    world.release();
    let client = world.connect(1);
    fetch(world, client, true)
}

#[test]
fn txoff_34_an_answer_that_does_not_wait_is_taken_back_by_a_failover() {
    let run = |off| {
        let mut world = world_without(off, 3, &[]);
        let client = world.connect(0);
        commit(&mut world, client, 5);
        world.hold(|channel| matches!(channel, Channel::Replication(_)));
        let committing = world.send(client, 8, commit_request(NOBODY, &[("t", 0, 20)]));
        let answer = world.answer(committing).map(|answer| commit_errors(Some(answer)));
        (answer, after_failover(&mut world))
    };
    shows(Rule::AnswerWhenReplicated, run, (None, Ok(5)), (Some(vec![0]), Ok(5)));
}

#[test]
fn txoff_46_a_fetch_that_sees_past_a_transaction_finds_the_offset_before_it() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        commit(&mut world, client, 5);
        txn_commit(&mut world, client, 7, 9);
        let during = fetch(&mut world, client, true);
        marker(&mut world, client, 7, End::Commit);
        (during, fetch(&mut world, client, true))
    };
    shows(Rule::UnstableOffsetRefusal, run, (Err(88), Ok(9)), (Ok(5), Ok(9)));
}

#[test]
fn txoff_49_an_unreplicated_offset_is_seen_and_taken_back() {
    let run = |off| {
        let mut world = world_without(off, 3, &[]);
        let (client, other) = (world.connect(0), world.connect(0));
        commit(&mut world, client, 5);
        world.hold(|channel| matches!(channel, Channel::Replication(_)));
        world.send(client, 8, commit_request(NOBODY, &[("t", 0, 20), ("t", 1, 21)]));
        let seen = fetch(&mut world, other, false);
        let all = fetched(Some(world.call(other, 7, fetch_request(None, false)))).1.len();
        (seen, all, after_failover(&mut world))
    };
    shows(Rule::ReplicatedOffsetsBound, run, (Ok(5), 1, Ok(5)), (Ok(20), 2, Ok(5)));
}

#[test]
fn txoff_50_a_stable_fetch_that_does_not_wait_tells_what_is_taken_back() {
    let run = |off| {
        let mut world = world_without(off, 3, &[]);
        let (client, other) = (world.connect(0), world.connect(0));
        commit(&mut world, client, 5);
        world.hold(|channel| matches!(channel, Channel::Replication(_)));
        world.send(client, 8, commit_request(NOBODY, &[("t", 0, 20)]));
        let fetching = world.send(other, 7, fetch_request(Some(&[("t", 0)]), true));
        let told = world.answer(fetching).map(|answer| fetched(Some(answer)).1[0].2);
        (told, after_failover(&mut world))
    };
    shows(Rule::StableFetchWait, run, (None, Ok(5)), (Some(20), Ok(5)));
}

#[test]
fn txoff_75_a_coordinator_that_serves_while_it_loads_knows_no_offsets() {
    let run = |off| {
        let mut world = world_without(off, 3, &[]);
        let client = world.connect(0);
        commit(&mut world, client, 5);
        txn_commit(&mut world, client, 7, 9);
        world.elect("__consumer_offsets", 0, 1);
        let client = world.connect(1);
        let loading = fetch(&mut world, client, true);
        world.advance(0);
        (loading, fetch(&mut world, client, true))
    };
    shows(Rule::LoadBeforeService, run, (Err(14), Err(88)), (Ok(-1), Err(88)));
}
