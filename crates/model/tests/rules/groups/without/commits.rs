//! Commits, pending offsets and their markers.

use fencepost_model::Channel;

use super::super::admin::{delete_groups, delete_offsets, list};
use super::super::transactions::{end, init, verifying_world_without};
use super::super::*;
use fencepost_wire::ApiKey;
use fencepost_wire::messages::ListGroupsRequest;

#[test]
fn txoff_06_without_pending_offsets_an_abort_takes_nothing_back() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        commit(&mut world, client, 5);
        txn_commit(&mut world, client, 7, 9);
        let before = fetch(&mut world, client, false);
        marker(&mut world, client, 7, End::Abort);
        (before, fetch(&mut world, client, true))
    };
    shows(Rule::PendingOffsets, run, (Ok(5), Ok(5)), (Ok(9), Ok(9)));
}

/// TXOFF-14 (R-OFFSET-VALIDATE-AT-APPEND): the verification is slow, and the member's session ends
/// meanwhile; whoever follows it has read the committed offset.
#[test]
fn txoff_14_judged_on_arrival_a_removed_member_still_commits() {
    let run = |off| {
        let mut world = verifying_world_without(off);
        let (client, other) = (world.connect(0), world.connect(0));
        let member = stable(&mut world, client);
        let producer = init(&mut world, client);
        world.hold(|channel| *channel == Channel::Verification);
        let request = txn_commit_request(producer, who(1, &member), &[("t", 0, 9)]);
        let late = world.send(client, 5, request);
        world.advance(11_000);
        assert_eq!(fetch(&mut world, other, true), Ok(-1));
        world.release();
        let errors = txn_commit_errors(world.answer(late));
        assert_eq!(end(&mut world, client, producer, 5), 0);
        (errors, fetch(&mut world, other, true))
    };
    shows(Rule::GroupCheckAtAppend, run, (vec![25], Ok(-1)), (vec![0], Ok(9)));
}

#[test]
fn txoff_21_unfenced_a_member_of_a_deleted_group_makes_it_anew() {
    let run = |off, kind| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        let member = stable(&mut world, client);
        world.advance(10_000);
        assert_eq!(delete_groups(&mut world, client, &[GROUP]), [0]);
        let offsets = [("t", 0, 5)];
        let errors = match kind {
            ApiKey::OffsetCommit => commit_as(&mut world, client, 8, who(1, &member), &offsets),
            _ => {
                let request = txn_commit_request((7, 0), who(1, &member), &offsets);
                txn_commit_errors(Some(world.call(client, 3, request)))
            }
        };
        (errors, list(&mut world, client, ListGroupsRequest::default()).len())
    };
    for kind in [ApiKey::OffsetCommit, ApiKey::TxnOffsetCommit] {
        shows(Rule::UnknownGroupFencing, |off| run(off, kind), (vec![22], 0), (vec![0], 1));
    }
}

#[test]
fn txoff_22_unfenced_a_removed_member_takes_its_successor_back() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let (zombie, client) = (world.connect(0), world.connect(0));
        let old = stable(&mut world, zombie);
        world.advance(10_000);
        let joining = join(&mut world, client, "");
        world.advance(0);
        let new = joined(world.answer(joining));
        let me = who(new.generation_id, &new.member_id);
        world.call(client, 5, sync_request(me, &[]));
        assert_eq!(commit_as(&mut world, client, 8, me, &[("t", 0, 20)]), [0]);
        let plain = commit_as(&mut world, zombie, 8, who(1, &old), &[("t", 0, 5)]);
        let after_plain = fetch(&mut world, client, true);
        let request = txn_commit_request((7, 0), who(1, &old), &[("t", 0, 6)]);
        let transactional = txn_commit_errors(Some(world.call(zombie, 3, request)));
        marker(&mut world, zombie, 7, End::Commit);
        (plain, after_plain, transactional, fetch(&mut world, client, true))
    };
    shows(
        Rule::CommitGenerationFencing,
        run,
        (vec![25], Ok(20), vec![25], Ok(20)),
        (vec![0], Ok(5), vec![0], Ok(6)),
    );
}

/// TXOFF-30 (R-PENDING-CLEANUP): the client that was refused commits the rest of its transaction.
#[test]
fn txoff_30_a_refused_offset_that_is_kept_is_committed_with_the_others() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        let mut request = txn_commit_request((7, 0), NOBODY, &[("u", 0, 3), ("t", 0, 9)]);
        request.topics[1].partitions[0].committed_metadata = Some(text(&"x".repeat(5000)));
        let errors = txn_commit_errors(Some(world.call(client, 3, request)));
        let pending = fetch(&mut world, client, true);
        marker(&mut world, client, 7, End::Commit);
        (errors, pending, fetch(&mut world, client, true))
    };
    shows(
        Rule::RefusedOffsetDropped,
        run,
        (vec![0, 12], Ok(-1), Ok(-1)),
        (vec![0, 12], Err(88), Ok(9)),
    );
}

/// TXOFF-37 (R-OFFSET-ORDER).
#[test]
fn txoff_37_by_the_order_of_markers_an_older_offset_comes_back() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        txn_commit(&mut world, client, 7, 10);
        commit(&mut world, client, 20);
        marker(&mut world, client, 7, End::Commit);
        fetch(&mut world, client, true)
    };
    shows(Rule::LaterCommitWins, run, Ok(20), Ok(10));
}

/// TXOFF-40 (R-MATERIALISE-BEFORE-ANSWER): the producer's next transaction begins once the marker of
/// the first is answered; settled late, that marker takes the second one's offset with it.
#[test]
fn txoff_40_settled_late_a_marker_commits_the_next_transaction() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        txn_commit(&mut world, client, 7, 9);
        marker(&mut world, client, 7, End::Commit);
        let answered = fetch(&mut world, client, false);
        txn_commit(&mut world, client, 7, 11);
        world.advance(0);
        marker(&mut world, client, 7, End::Abort);
        world.advance(0);
        (answered, fetch(&mut world, client, true))
    };
    shows(Rule::MarkerSettledBeforeAnswer, run, (Ok(9), Ok(9)), (Ok(-1), Ok(11)));
}

#[test]
fn txoff_55_before_its_sync_a_member_commits_what_another_may_own() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let (one, two) = (world.connect(0), world.connect(0));
        let m1 = stable(&mut world, one);
        join(&mut world, two, "");
        let rejoin = join(&mut world, one, &m1);
        assert_eq!(joined(world.answer(rejoin)).generation_id, 2);
        let errors = commit_as(&mut world, one, 8, who(2, &m1), &[("t", 0, 5)]);
        (errors, fetch(&mut world, one, true))
    };
    shows(Rule::CommitAfterSync, run, (vec![27], Ok(-1)), (vec![0], Ok(5)));
}

#[test]
fn txoff_63_a_deleted_offset_comes_back_by_its_marker() {
    let run = |off| {
        let mut world = world_without(off, 1, &[]);
        let client = world.connect(0);
        txn_commit(&mut world, client, 7, 10);
        assert_eq!(delete_offsets(&mut world, client, &[("t", 0)]), (0, vec![0]));
        marker(&mut world, client, 7, End::Commit);
        fetch(&mut world, client, true)
    };
    shows(Rule::PendingOffsetDeletion, run, Ok(-1), Ok(10));
}
