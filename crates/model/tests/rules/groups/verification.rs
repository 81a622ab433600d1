//! TxnOffsetCommit on its way to the group: which partitions exist, whether the transaction is there,
//! and what becomes of errors.

use fencepost_model::Channel;
use fencepost_wire::messages::{AddOffsetsToTxnRequest, ListGroupsRequest};

use super::log::records;
use super::transactions::{end, init, verifying_world};
use super::*;

fn add_offsets(
    world: &mut World,
    client: Client,
    version: i16,
    producer: (i64, i16),
    name: &str,
) -> i16 {
    let request = AddOffsetsToTxnRequest::default()
        .with_transactional_id(TransactionalId(text("tx")))
        .with_producer_id(producer.0.into())
        .with_producer_epoch(producer.1)
        .with_group_id(group(name));
    match world.call(client, version, request) {
        Response::AddOffsetsToTxn(response) => response.error_code,
        other => panic!("not an AddOffsetsToTxn response: {other:?}"),
    }
}

/// TXOFF-09: the group is not asked; its partition is in the transaction and gets a marker. A fenced
/// producer is told so in the words of its version.
#[test]
fn txoff_09_a_group_that_was_never_seen_is_added() {
    let mut world = verifying_world();
    let client = world.connect(0);
    let old = init(&mut world, client);
    let producer = init(&mut world, client);
    assert_eq!(producer.1, old.1 + 1);
    for (version, expected) in [(0, 47), (1, 47), (2, 90), (3, 90), (4, 90)] {
        assert_eq!(add_offsets(&mut world, client, version, old, "never-seen"), expected);
    }
    assert_eq!(add_offsets(&mut world, client, 3, producer, "never-seen"), 0);
    let Response::ListGroups(listed) = world.call(client, 4, ListGroupsRequest::default()) else {
        panic!("not a ListGroups response")
    };
    assert_eq!(listed.groups.len(), 0);
    assert_eq!(end(&mut world, client, producer, 4), 0);
    let written = records(&mut world, client, 0);
    assert_eq!(written.len(), 1);
    assert!(written[0].header.attributes.is_control());
    assert_eq!(written[0].header.producer_id.0, producer.0);
}

/// TXOFF-10: before version 3 a commit has no identity and passes a group with members; the leader
/// epoch counts from version 2 on, and metadata may be null.
#[test]
fn txoff_10_what_each_version_can_say() {
    for version in 0..=4 {
        let mut world = world(1);
        let client = world.connect(0);
        let member = stable(&mut world, client);
        let mut request = txn_commit_request((7, 0), NOBODY, &[("t", 0, 9)]);
        if version >= 2 {
            request.topics[0].partitions[0].committed_leader_epoch = 4;
        }
        request.topics[0].partitions[0].committed_metadata = None;
        if version >= 3 {
            request.generation_id = 1;
            request.member_id = text(&member);
        }
        let errors = txn_commit_errors(Some(world.call(client, version, request)));
        assert_eq!(errors, [0], "v{version}");
        marker(&mut world, client, 7, End::Commit);
        let asked = fetch_request(Some(&[("t", 0)]), true);
        let Response::OffsetFetch(found) = world.call(client, 7, asked) else {
            panic!("not an OffsetFetch response")
        };
        let row = &found.topics[0].partitions[0];
        assert_eq!(row.committed_leader_epoch, if version >= 2 { 4 } else { -1 });
        assert_eq!((row.committed_offset, row.metadata.as_deref()), (9, Some("")));
    }
}

/// TXOFF-11: a partition that does not exist is answered as such whatever happens to the rest.
#[test]
fn txoff_11_unknown_partitions_beside_a_refusal_and_a_success() {
    let mut world = world(1);
    let client = world.connect(0);
    stable(&mut world, client);
    let mixed = [("t", 0, 1), ("t", 99, 1), ("nope", 0, 1)];
    for (who, expected) in [(who(0, "m"), 25), (NOBODY, 0)] {
        let request = txn_commit_request((7, 0), who, &mixed);
        let errors = txn_commit_errors(Some(world.call(client, 3, request)));
        assert_eq!(errors, [3, expected, 3], "those of one topic stand together");
    }
}

/// TXOFF-12: nothing is added to the transaction, either.
#[test]
fn txoff_12_with_no_partition_left_nobody_is_asked() {
    let mut world = verifying_world();
    let client = world.connect(0);
    let (id, epoch) = init(&mut world, client);
    let request = txn_commit_request((id, epoch - 1), who(3, "m"), &[("nope", 0, 9)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 5, request))), [3]);
    let empty = txn_commit_request((id, epoch), NOBODY, &[("nope", 0, 9)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 5, empty))), [3]);
    assert_eq!(end(&mut world, client, (id, epoch), 4), 48, "there is no transaction");
}

/// TXOFF-16: while the markers of the transaction before are on their way the client is told to wait;
/// the broker does not ask again by itself.
#[test]
fn txoff_16_a_commit_behind_an_end_waits_for_its_markers() {
    let mut world = verifying_world();
    let client = world.connect(0);
    let producer = init(&mut world, client);
    let request = |epoch| txn_commit_request((producer.0, epoch), NOBODY, &[("t", 0, 9)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 5, request(0)))), [0]);
    world.hold(|channel| *channel == Channel::Markers);
    assert_eq!(end(&mut world, client, producer, 5), 0);
    for _ in 0..2 {
        assert_eq!(txn_commit_errors(Some(world.call(client, 5, request(1)))), [51]);
    }
    world.release();
    assert_eq!(txn_commit_errors(Some(world.call(client, 5, request(1)))), [0]);
}

/// A broker that leads the groups, and another that coordinates transactions.
fn apart() -> (World, Client) {
    let topics = [("t", 1, 1), ("__consumer_offsets", 1, 2), ("__transaction_state", 1, 2)];
    let mut world = World::with(2, &topics, |config| {
        config.settings.set("group.initial.rebalance.delay.ms", "0").unwrap();
    });
    world.elect("__consumer_offsets", 0, 0);
    world.elect("__transaction_state", 0, 1);
    world.advance(0);
    let client = world.connect(0);
    (world, client)
}

/// TXOFF-16: the errors of the question, and of its absence, as the client reads them.
#[test]
fn txoff_16_what_the_clients_read_of_the_coordinators_errors() {
    let (mut world, client) = apart();
    let coordinator = world.connect(1);
    let commit = |id, epoch| txn_commit_request((id, epoch), NOBODY, &[("t", 0, 9)]);
    let errors = |world: &mut World, version, request: TxnOffsetCommitRequest| {
        txn_commit_errors(Some(world.call(client, version, request)))
    };
    assert_eq!(errors(&mut world, 5, commit(7, 0)), [49], "an id that nobody has");
    let (id, _) = init(&mut world, coordinator);
    init(&mut world, coordinator);
    for version in [3, 4, 5] {
        assert_eq!(errors(&mut world, version, commit(id, 0)), [47], "90 at its coordinator");
    }
    world.elect("__transaction_state", 0, 0);
    world.elect("__transaction_state", 0, 1);
    assert_eq!(errors(&mut world, 5, commit(id, 1)), [14], "it loads");
    world.advance(0);
    world.hold(|channel| *channel == Channel::Verification);
    let lost = world.send(client, 5, commit(id, 1));
    world.crash(1);
    assert_eq!(txn_commit_errors(world.answer(lost)), [14], "the connection broke");
}

/// TXOFF-16: another broker took the transactions over while the question was on its way.
#[test]
fn txoff_16_a_question_to_a_former_coordinator() {
    let (mut world, client) = apart();
    let coordinator = world.connect(1);
    let (id, epoch) = init(&mut world, coordinator);
    world.hold(|channel| *channel == Channel::Verification);
    let asked = world.send(client, 5, txn_commit_request((id, epoch), NOBODY, &[("t", 0, 9)]));
    world.elect("__transaction_state", 0, 0);
    world.advance(0);
    world.release();
    assert_eq!(txn_commit_errors(world.answer(asked)), [16]);
}

/// TXOFF-17: of two questions about one transactional id that wait, one gives way.
#[test]
fn txoff_17_two_questions_about_one_transactional_id() {
    // The epoch of the newcomer, and what the waiting one and the newcomer are answered.
    let cases = [(2, Some(47), None), (1, Some(14), None), (0, None, Some(47))];
    for (epoch, waiting, newcomer) in cases {
        let mut world = verifying_world();
        world.hold(|channel| *channel == Channel::Verification);
        let clients = [0; 3].map(|broker| world.connect(broker));
        let other = txn_commit_request((8, 0), NOBODY, &[("t", 0, 1)])
            .with_transactional_id(TransactionalId(text("other")));
        world.send(clients[0], 5, other);
        let commit = |epoch| txn_commit_request((7, epoch), NOBODY, &[("t", 0, 9)]);
        let first = world.send(clients[1], 5, commit(1));
        assert!(world.waits(first), "behind the question that is on its way");
        let second = world.send(clients[2], 5, commit(epoch));
        let answered = [first, second]
            .map(|sent| world.answer(sent).map(|answer| txn_commit_errors(Some(answer))[0]));
        assert_eq!(answered, [waiting, newcomer], "epoch {epoch}");
    }
}

/// TXOFF-19: the groups moved while the transaction was verified.
#[test]
fn txoff_19_a_verified_commit_comes_too_late_to_a_former_coordinator() {
    let (mut world, client) = apart();
    let coordinator = world.connect(1);
    let (id, epoch) = init(&mut world, coordinator);
    world.hold(|channel| *channel == Channel::Verification);
    let asked = world.send(client, 5, txn_commit_request((id, epoch), NOBODY, &[("t", 0, 9)]));
    world.elect("__consumer_offsets", 0, 1);
    world.release();
    assert_eq!(txn_commit_errors(world.answer(asked)), [16]);
    world.advance(0);
    assert_eq!(fetch(&mut world, coordinator, true), Ok(-1), "nothing is pending");
}

/// TXOFF-20: and nothing is written.
#[test]
fn txoff_20_a_refusal_of_the_group_stands_on_every_partition() {
    let mut world = world(1);
    let client = world.connect(0);
    stable(&mut world, client);
    let before = records(&mut world, client, 0).len();
    let request =
        txn_commit_request((7, 0), who(1, "m9"), &[("t", 0, 1), ("t", 1, 1), ("u", 0, 1)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [25, 25, 25]);
    assert_eq!(records(&mut world, client, 0).len(), before);
}

/// TXOFF-41: the decision is told before the group knows it.
#[test]
fn txoff_41_an_end_is_answered_before_its_markers() {
    let mut world = verifying_world();
    let client = world.connect(0);
    commit(&mut world, client, 5);
    let producer = init(&mut world, client);
    let request = txn_commit_request(producer, NOBODY, &[("t", 0, 9)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 5, request))), [0]);
    world.hold(|channel| *channel == Channel::Markers);
    assert_eq!(end(&mut world, client, producer, 5), 0);
    assert_eq!(fetch(&mut world, client, true), Err(88));
    assert_eq!(fetch(&mut world, client, false), Ok(5));
    world.release();
    assert_eq!(fetch(&mut world, client, true), Ok(9));
    assert_eq!(fetch(&mut world, client, false), Ok(9));
}

/// TXOFF-40: a marker that finds the groups loading is tried again until they have loaded.
#[test]
fn txoff_40_a_transaction_completes_when_the_groups_have_loaded() {
    let (mut world, client) = apart();
    let coordinator = world.connect(1);
    let producer = init(&mut world, coordinator);
    let request = txn_commit_request(producer, NOBODY, &[("t", 0, 9)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 5, request.clone()))), [0]);
    world.hold(|channel| *channel == Channel::Markers);
    assert_eq!(end(&mut world, coordinator, producer, 5), 0);
    world.elect("__consumer_offsets", 0, 1);
    world.release();
    let next = request.with_producer_epoch(producer.1 + 1);
    let pending = world.send(coordinator, 5, next.clone());
    assert_eq!(txn_commit_errors(world.answer(pending)), [51], "it is not complete");
    world.advance(1000);
    assert_eq!(fetch(&mut world, coordinator, true), Ok(9));
    assert_eq!(txn_commit_errors(Some(world.call(coordinator, 5, next))), [0]);
}
