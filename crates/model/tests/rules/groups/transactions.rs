//! Offsets in transactions, and their markers.

use fencepost_wire::messages::{EndTxnRequest, InitProducerIdRequest};

use super::*;

#[test]
fn txoff_36_and_38_markers_settle_pending_offsets() {
    for (end, expected) in [(End::Commit, 9), (End::Abort, 5)] {
        let mut world = world(1);
        let client = world.connect(0);
        commit(&mut world, client, 5);
        txn_commit(&mut world, client, 7, 9);
        assert_eq!(fetch(&mut world, client, true), Err(88));
        assert_eq!(fetch(&mut world, client, false), Ok(5));
        marker(&mut world, client, 7, end);
        assert_eq!(fetch(&mut world, client, true), Ok(expected));
        assert_eq!(fetch(&mut world, client, false), Ok(expected));
    }
}

/// Group `g` has 5 committed, and 9 pending for producer id 7.
pub(crate) fn pending_and_committed() -> World {
    let mut world = world(1);
    let client = world.connect(0);
    commit(&mut world, client, 5);
    txn_commit(&mut world, client, 7, 9);
    world
}

/// The transaction of producer id 7 commits.
pub(crate) fn settled(world: &mut World) {
    let client = world.connect(0);
    marker(world, client, 7, End::Commit);
}

#[test]
fn txoff_37_the_later_commit_record_wins_whatever_the_order_of_markers() {
    let mut plain = world(1);
    let client = plain.connect(0);
    txn_commit(&mut plain, client, 7, 10);
    commit(&mut plain, client, 20);
    marker(&mut plain, client, 7, End::Commit);
    assert_eq!(fetch(&mut plain, client, true), Ok(20));

    let mut two = world(1);
    let client = two.connect(0);
    txn_commit(&mut two, client, 7, 10);
    txn_commit(&mut two, client, 8, 20);
    marker(&mut two, client, 8, End::Commit);
    assert_eq!(fetch(&mut two, client, true), Err(88));
    marker(&mut two, client, 7, End::Commit);
    assert_eq!(fetch(&mut two, client, true), Ok(20));
}

#[test]
fn txoff_59_a_plain_commit_leaves_pending_ones_alone() {
    let mut world = world(1);
    let client = world.connect(0);
    txn_commit(&mut world, client, 7, 10);
    commit(&mut world, client, 20);
    assert_eq!(fetch(&mut world, client, true), Err(88));
    assert_eq!(fetch(&mut world, client, false), Ok(20));
    marker(&mut world, client, 7, End::Abort);
    assert_eq!(fetch(&mut world, client, true), Ok(20));
}

#[test]
fn txoff_33_a_lower_epoch_than_the_logs_is_refused() {
    let mut world = world(1);
    let client = world.connect(0);
    let request = |epoch| txn_commit_request((7, epoch), NOBODY, &[("t", 0, 9)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request(1)))), [0]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request(0)))), [47]);
}

/// A producer of transactional id `tx`: its id and epoch.
pub(super) fn init(world: &mut World, client: Client) -> (i64, i16) {
    let request = InitProducerIdRequest::default()
        .with_transactional_id(Some(TransactionalId(text("tx"))))
        .with_transaction_timeout_ms(60_000)
        .with_producer_id((-1).into())
        .with_producer_epoch(-1);
    let Response::InitProducerId(response) = world.call(client, 4, request) else {
        panic!("not an InitProducerId response")
    };
    assert_eq!(response.error_code, 0);
    (response.producer_id.0, response.producer_epoch)
}

pub(super) fn end(world: &mut World, client: Client, producer: (i64, i16), version: i16) -> i16 {
    let request = EndTxnRequest::default()
        .with_transactional_id(TransactionalId(text("tx")))
        .with_producer_id(producer.0.into())
        .with_producer_epoch(producer.1)
        .with_committed(true);
    match world.call(client, version, request) {
        Response::EndTxn(response) => response.error_code,
        other => panic!("not an EndTxn response: {other:?}"),
    }
}

pub(super) fn verifying_world() -> World {
    verifying_world_without(None)
}

pub(super) fn verifying_world_without(off: Option<Rule>) -> World {
    let topics = [("t", 3, 1), ("__consumer_offsets", 1, 1), ("__transaction_state", 1, 1)];
    World::with(1, &topics, |config| {
        config.settings.set("group.initial.rebalance.delay.ms", "0").unwrap();
        off.into_iter().for_each(|rule| config.rules.without(rule));
    })
}

#[test]
fn txoff_14_version_5_adds_the_offsets_partition_by_itself() {
    let mut world = verifying_world();
    let client = world.connect(0);
    let producer = init(&mut world, client);
    let request = txn_commit_request(producer, NOBODY, &[("t", 0, 9)]);
    let errors = world.send(client, 5, request);
    assert_eq!(txn_commit_errors(world.answer(errors)), [0]);
    assert_eq!(fetch(&mut world, client, true), Err(88));
    assert_eq!(end(&mut world, client, producer, 5), 0);
    assert_eq!(fetch(&mut world, client, true), Ok(9), "a transaction of offsets alone");
}

#[test]
fn txoff_15_a_partition_that_was_not_added_is_refused() {
    for (version, expected) in [(3, 48), (4, 120)] {
        let mut world = verifying_world();
        let client = world.connect(0);
        let producer = init(&mut world, client);
        let request = txn_commit_request(producer, NOBODY, &[("t", 0, 9)]);
        let pending = world.send(client, version, request);
        assert_eq!(txn_commit_errors(world.answer(pending)), [expected], "v{version}");
        assert_eq!(fetch(&mut world, client, true), Ok(-1));
    }
}

#[test]
fn txoff_18_version_5_adds_even_when_the_group_refuses() {
    let mut world = verifying_world();
    let client = world.connect(0);
    let producer = init(&mut world, client);
    let request = txn_commit_request(producer, who(3, "m"), &[("t", 0, 9)]);
    let pending = world.send(client, 5, request);
    assert_eq!(txn_commit_errors(world.answer(pending)), [22]);
    assert_eq!(end(&mut world, client, producer, 5), 0, "there was a transaction to end");
}

#[test]
fn txoff_15_a_commit_after_the_end_of_its_transaction_leaves_nothing_pending() {
    let mut world = verifying_world();
    let client = world.connect(0);
    let producer = init(&mut world, client);
    let request = txn_commit_request(producer, NOBODY, &[("t", 0, 9)]);
    let pending = world.send(client, 5, request.clone());
    assert_eq!(txn_commit_errors(world.answer(pending)), [0]);
    assert_eq!(end(&mut world, client, producer, 5), 0);
    let late = world.send(client, 5, request);
    assert_eq!(txn_commit_errors(world.answer(late)), [47], "TV2 raised the epoch");
    assert_eq!(fetch(&mut world, client, true), Ok(9));
}
