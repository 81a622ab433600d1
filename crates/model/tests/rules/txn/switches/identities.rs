//! Who may use a transactional id, and with which identity.

use fencepost_ids::Rule;

use super::{at_level, opened, others, when_exhausted};
use crate::txn::driver::{World, markers};

/// INIT-09: a stranger that guesses the epoch is fenced; without the rule it takes the id over.
#[test]
fn init_09_without_it_a_stranger_takes_the_id_over() {
    let history = |mut world: World| {
        assert_eq!(world.init("t", None), "0,0");
        [world.init("t", Some((77, 0))), world.end("t", 5, (0, 0), false)]
    };
    let (on, off) = at_level(Rule::PlausibleIdentity, 2, 1, history);
    assert_eq!(on, ["90", "0,1"]);
    assert_eq!(off, ["0,1", "90"], "the owner of the id is fenced");
}

/// INIT-11: a zombie's repeated InitProducerId after a successor's; without the rule both hold
/// one identity, and the successor's record counts as a copy of the zombie's.
#[test]
fn init_11_without_it_a_zombie_shares_the_identity_of_its_successor() {
    let history = |mut world: World| {
        assert_eq!(world.init("t", None), "0,0");
        assert_eq!(world.init("t", Some((0, 0))), "0,1");
        assert_eq!(world.init("t", None), "0,2", "the successor");
        let zombie = world.init("t", Some((0, 1)));
        if zombie == "0,2" {
            assert_eq!(world.produce("t", 12, (0, 2), 0, 0), "0", "the zombie's");
        }
        assert_eq!(world.produce("t", 12, (0, 2), 0, 0), "0", "the successor's");
        (zombie, world.log("orders", 0).len())
    };
    let (on, off) = at_level(Rule::InitForgetsRetries, 2, 1, history);
    assert_eq!(on, ("90".to_owned(), 1));
    assert_eq!(off, ("0,2".to_owned(), 1), "two records were acknowledged, one is there");
}

/// INIT-12: the answer to InitProducerId was lost and it comes again.
#[test]
fn init_12_without_it_a_lost_answer_fences_a_sound_producer() {
    let history = |mut world: World| {
        assert_eq!(world.init("t", None), "0,0");
        let _ = world.init("t", Some((0, 0)));
        world.init("t", Some((0, 0)))
    };
    let (on, off) = at_level(Rule::InitRetry, 2, 1, history);
    assert_eq!((on.as_str(), off.as_str()), ("0,1", "90"));
}

/// INIT-14: three fences, two of which the log refused.
#[test]
fn init_14_without_it_every_refused_fence_uses_up_an_epoch() {
    let history = |mut world: World| {
        opened(&mut world, 1);
        let others = others(&mut world, 3);
        others.iter().for_each(|broker| world.crash(*broker));
        assert_eq!(world.init("t", None), "15");
        assert_eq!(world.init("t", None), "15");
        others.iter().for_each(|broker| world.restart(*broker));
        assert_eq!(world.init("t", None), "51");
        world.txn_log("t")[2].clone()
    };
    let (on, off) = at_level(Rule::FenceBumpsOnce, 1, 3, history);
    assert_eq!((on.as_str(), off.as_str()), ("PrepareAbort 0,1", "PrepareAbort 0,3"));
}

/// ADDP-03: a client that uses the identity promised by EndTxn v5 before the markers are written.
#[test]
fn addp_03_without_it_the_promised_identity_is_turned_away() {
    let history = |mut world: World| {
        assert_eq!(world.add_v5("t", (0, 32_766), false), "0");
        world.held = markers;
        assert_eq!(world.end("t", 5, (0, 32_766), true), "1,0");
        world.add_v5("t", (1, 0), false)
    };
    let (on, off) = when_exhausted(Rule::PendingBeforeAdder, history);
    assert_eq!((on.as_str(), off.as_str()), ("51", "49"));
}

/// END-05: an empty abort with the promised epoch while the commit before it completes.
#[test]
fn end_05_without_it_an_empty_abort_after_a_commit_fences_its_own_producer() {
    let history = |mut world: World| {
        opened(&mut world, 2);
        world.held = markers;
        assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
        world.end("t", 5, (0, 1), false)
    };
    let (on, off) = at_level(Rule::PendingBeforeEnder, 2, 1, history);
    assert_eq!((on.as_str(), off.as_str()), ("51", "90"));
}

/// END-07: the identity that EndTxn v5 answers at the last epoch but one.
#[test]
fn end_07_without_it_a_producer_goes_on_with_an_id_that_was_replaced() {
    let history = |mut world: World| {
        assert_eq!(world.produce("t", 12, (0, 32_766), 0, 0), "0");
        let answer = world.end("t", 5, (0, 32_766), true);
        let (id, epoch) = answer.split_once(',').unwrap();
        let promised = (id.parse().unwrap(), epoch.parse().unwrap());
        (answer, world.produce("t", 12, promised, 0, 1))
    };
    let (on, off) = when_exhausted(Rule::IdentityAfterCompletion, history);
    assert_eq!(on, ("1,0".to_owned(), "0".to_owned()));
    assert_eq!(off, ("0,32767".to_owned(), "49".to_owned()));
}

/// END-11: EndTxn v5 replaced the producer id, and its answer was lost.
#[test]
fn end_11_without_it_a_lost_answer_at_the_last_epoch_is_fatal() {
    let history = |mut world: World| {
        assert_eq!(world.produce("t", 12, (0, 32_766), 0, 0), "0");
        assert_eq!(world.end("t", 5, (0, 32_766), true), "1,0");
        world.end("t", 5, (0, 32_766), true)
    };
    let (on, off) = when_exhausted(Rule::OverflowRetry, history);
    assert_eq!((on.as_str(), off.as_str()), ("1,0", "49"));
}

/// END-12: a newcomer's fence on the TV2 path, at the last epoch but one and below it.
#[test]
fn end_12_without_it_a_fence_locks_the_old_producer_out_and_wedges_the_last_epochs() {
    let history = |mut world: World| {
        opened(&mut world, 2);
        assert_eq!(world.init("t", None), "51");
        world.end("t", 5, (0, 0), false)
    };
    let (on, off) = at_level(Rule::SingleBump, 2, 1, history);
    assert_eq!((on.as_str(), off.as_str()), ("0,1", "90"));

    let history = |mut world: World| {
        assert_eq!(world.produce("t", 12, (0, 32_766), 0, 0), "0");
        (world.init("t", None), world.init("t", None))
    };
    let (on, off) = when_exhausted(Rule::SingleBump, history);
    assert_eq!((on.0.as_str(), on.1.as_str()), ("51", "1,0"), "the second finds it aborted");
    assert_eq!((off.0.as_str(), off.1.as_str()), ("-1", "-1"), "for ever");
}

/// PID-01: two producers ask two brokers for an identity.
#[test]
fn pid_01_without_it_two_producers_share_an_id_and_a_record_is_lost() {
    let history = |mut world: World| {
        let mut ids = Vec::new();
        for broker in [0, 1] {
            let request = fencepost_wire::messages::InitProducerIdRequest::default()
                .with_transactional_id(None)
                .with_producer_id((-1).into())
                .with_producer_epoch(-1);
            let sent = world.send(broker, 4, request);
            ids.push(world.shown(sent));
        }
        for id in &ids {
            let id = id.split_once(',').unwrap().0.parse().unwrap();
            assert_eq!(world.produce_plain((id, 0), 0, 0), "0");
        }
        (ids[0] == ids[1], world.log("orders", 0).len())
    };
    let (on, off) = at_level(Rule::UniqueProducerIds, 2, 2, history);
    assert_eq!(on, (false, 2));
    assert_eq!(off, (true, 1), "both were acknowledged");
}
