//! OffsetCommit and the group's fence of TxnOffsetCommit.

use fencepost_model::Channel;
use fencepost_wire::StrBytes;

use super::*;

/// A group of m1 (the leader) and m2 (on seat i2), in generation 1, brought into a state.
struct Fixture {
    world: World,
    client: Client,
    m1: String,
    m2: String,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum InState {
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
}

fn fixture(state: InState) -> Fixture {
    let mut world = world_with(1, &[("group.initial.rebalance.delay.ms", "10")]);
    let client = world.connect(0);
    let mut fixture = Fixture { world, client, m1: "m1".into(), m2: "m2".into() };
    if state == InState::Empty {
        return fixture;
    }
    let world = &mut fixture.world;
    let other = world.connect(0);
    let first = join(world, client, "");
    let second = world.send(other, 5, join_request("", Some("i2"), b""));
    world.advance(20);
    fixture.m1 = joined(world.answer(first)).member_id.to_string();
    fixture.m2 = joined(world.answer(second)).member_id.to_string();
    if state == InState::CompletingRebalance {
        return fixture;
    }
    let leader = world.call(client, 5, sync_request(who(1, &fixture.m1), &[]));
    assert_eq!(synced(Some(leader)).0, 0);
    if state == InState::PreparingRebalance {
        let newcomer = world.connect(0);
        join(world, newcomer, "");
    }
    fixture
}

/// Every cell of the table under TXOFF-55, each as [OffsetCommit, TxnOffsetCommit].
#[test]
fn txoff_55_and_txoff_22_the_table_of_commits_cell_by_cell() {
    use InState::{CompletingRebalance, Empty, PreparingRebalance, Stable};
    let states = [Empty, PreparingRebalance, CompletingRebalance, Stable];
    type Row = (&'static str, fn(&Fixture) -> Who<'_>, [[i16; 2]; 4]);
    let rows: [Row; 7] = [
        ("none", |_| NOBODY, [[0, 0], [25, 0], [25, 0], [25, 0]]),
        ("-1, live", |f| who(-1, &f.m1), [[0, 0], [22, 22], [22, 22], [22, 22]]),
        ("-1, unknown", |_| who(-1, "m9"), [[0, 0], [25, 25], [25, 25], [25, 25]]),
        ("right", |f| who(1, &f.m1), [[22, 22], [0, 0], [27, 0], [0, 0]]),
        ("old", |f| who(0, &f.m1), [[22, 22], [22, 22], [22, 22], [22, 22]]),
        ("unknown", |_| who(1, "m9"), [[22, 22], [25, 25], [25, 25], [25, 25]]),
        (
            "other's seat",
            |f| Who { instance: Some("i2"), ..who(1, &f.m1) },
            [[22, 22], [82, 82], [82, 82], [82, 82]],
        ),
    ];
    for (column, state) in states.into_iter().enumerate() {
        for (name, identity, expected) in &rows {
            let plain = {
                let mut it = fixture(state);
                let request = commit_request(identity(&it), &[("t", 0, 1)]);
                commit_errors(Some(it.world.call(it.client, 8, request)))[0]
            };
            let transactional = {
                let mut it = fixture(state);
                let request = txn_commit_request((7, 0), identity(&it), &[("t", 0, 1)]);
                txn_commit_errors(Some(it.world.call(it.client, 3, request)))[0]
            };
            assert_eq!([plain, transactional], expected[column], "{name} in {state:?}");
        }
    }
}

/// In the table's Empty column the group exists: it was left by its members.
#[test]
fn txoff_55_a_group_that_its_members_left_knows_none_of_them() {
    let mut it = fixture(InState::Stable);
    it.world.advance(60_000);
    for who in [who(1, &it.m1), Who { instance: Some("i2"), ..who(1, &it.m2) }, who(2, "m9")] {
        let request = commit_request(who, &[("t", 0, 1)]);
        assert_eq!(commit_errors(Some(it.world.call(it.client, 8, request))), [25]);
        let request = txn_commit_request((7, 0), who, &[("t", 0, 1)]);
        assert_eq!(txn_commit_errors(Some(it.world.call(it.client, 3, request))), [25]);
    }
    assert_eq!(commit_as(&mut it.world, it.client, 8, NOBODY, &[("t", 0, 1)]), [0]);
}

#[test]
fn txoff_21_and_txoff_57_an_unknown_group_with_a_generation() {
    let mut world = world(1);
    let client = world.connect(0);
    assert_eq!(commit_as(&mut world, client, 8, who(3, "m"), &[("t", 0, 1)]), [22]);
    assert_eq!(commit_as(&mut world, client, 9, who(3, "m"), &[("t", 0, 1)]), [69]);
    for version in [3, 4, 5] {
        // Version 5 adds to a transaction that does not exist.
        let request = txn_commit_request((7, 0), who(3, "m"), &[("t", 0, 1)]);
        let expected = if version == 5 { 15 } else { 22 };
        let errors = txn_commit_errors(Some(world.call(client, version, request)));
        assert_eq!(errors, [expected], "v{version}");
    }
}

#[test]
fn txoff_26_the_old_generation_ends_when_the_join_phase_does() {
    let mut world = world(1);
    let (client, other) = (world.connect(0), world.connect(0));
    let m1 = stable(&mut world, client);
    let newcomer = join(&mut world, other, "");
    let commit = |world: &mut World| {
        let request = txn_commit_request((7, 0), who(1, &m1), &[("t", 0, 1)]);
        txn_commit_errors(Some(world.call(client, 3, request)))
    };
    assert_eq!(commit(&mut world), [0]);
    let rejoin = join(&mut world, client, &m1);
    assert_eq!(joined(world.answer(rejoin)).generation_id, 2);
    assert_eq!(joined(world.answer(newcomer)).generation_id, 2);
    assert_eq!(commit(&mut world), [22]);
}

#[test]
fn txoff_29_only_a_plain_commit_keeps_a_member() {
    for (is_plain, remains) in [(true, true), (false, false)] {
        let mut world = world(1);
        let client = world.connect(0);
        let m1 = stable(&mut world, client);
        for _ in 0..11 {
            world.advance(1000);
            if is_plain {
                commit_as(&mut world, client, 8, who(1, &m1), &[("t", 0, 1)]);
            } else {
                let request = txn_commit_request((7, 0), who(1, &m1), &[("t", 0, 1)]);
                world.call(client, 3, request);
            }
        }
        let expected = if remains { 0 } else { 25 };
        assert_eq!(heartbeat(&mut world, client, who(1, &m1)), expected);
    }
}

#[test]
fn txoff_11_and_txoff_12_unknown_partitions_are_told_whatever_else_is_wrong() {
    let mut world = world(1);
    let client = world.connect(0);
    let mixed = [("t", 0, 1), ("t", 99, 1), ("nope", 0, 1)];
    let request = txn_commit_request((7, 0), who(3, "m"), &mixed);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [3, 22, 3]);
    assert_eq!(commit_as(&mut world, client, 8, who(3, "m"), &mixed), [3, 22, 3]);
    let unknown = [("nope", 0, 1)];
    let request = txn_commit_request((7, 0), who(3, "m"), &unknown);
    assert_eq!(txn_commit_errors(Some(world.call(client, 5, request))), [3]);
    assert_eq!(commit_as(&mut world, client, 9, who(3, "m"), &unknown), [3], "TXOFF-56");
}

#[test]
fn txoff_13_the_empty_group_id_is_for_plain_commits_only() {
    let mut world = world(1);
    let client = world.connect(0);
    let request = commit_request(NOBODY, &[("t", 0, 1)]).with_group_id(group(""));
    assert_eq!(commit_errors(Some(world.call(client, 8, request))), [0]);
    let request = txn_commit_request((7, 0), NOBODY, &[("t", 0, 1)]).with_group_id(group(""));
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [24]);
}

#[test]
fn txoff_30_long_metadata_is_refused_alone_and_counted_in_utf16_units() {
    let mut world = world(1);
    let client = world.connect(0);
    let offsets = [("t", 0, 1), ("t", 1, 2), ("t", 2, 3)];
    let mut request = commit_request(NOBODY, &offsets);
    let set = |request: &mut OffsetCommitRequest, at: usize, metadata: String| {
        request.topics[at].partitions[0].committed_metadata = Some(StrBytes::from_string(metadata));
    };
    set(&mut request, 0, "x".repeat(4097));
    set(&mut request, 1, "é".repeat(4096));
    set(&mut request, 2, "😀".repeat(2049));
    assert_eq!(commit_errors(Some(world.call(client, 8, request))), [12, 0, 12]);
    let asked = [("t", 0), ("t", 1), ("t", 2)];
    let (_, rows) = fetched(Some(world.call(client, 7, fetch_request(Some(&asked), true))));
    let offsets: Vec<_> = rows.iter().map(|row| row.2).collect();
    assert_eq!(offsets, [-1, 2, -1]);
}

#[test]
fn txoff_31_the_offset_itself_is_not_judged() {
    let mut world = world(1);
    let client = world.connect(0);
    commit(&mut world, client, 1_000_000_000_000);
    assert_eq!(fetch(&mut world, client, true), Ok(1_000_000_000_000));
    commit(&mut world, client, 3);
    assert_eq!(fetch(&mut world, client, true), Ok(3));
}

#[test]
fn txoff_34_and_txoff_35_a_commit_that_times_out_may_still_count() {
    let mut world = world(3);
    let client = world.connect(0);
    world.hold(|channel| matches!(channel, Channel::Replication(_)));
    let plain = world.send(client, 8, commit_request(NOBODY, &[("t", 1, 5)]));
    let request = txn_commit_request((7, 0), NOBODY, &[("t", 0, 9)]);
    let pending = world.send(client, 3, request);
    assert!(world.waits(plain) && world.waits(pending));
    world.advance(5000);
    assert_eq!(commit_errors(world.answer(plain)), [15]);
    assert_eq!(txn_commit_errors(world.answer(pending)), [15]);
    world.release();
    assert_eq!(fetch(&mut world, client, true), Err(88));
    marker(&mut world, client, 7, End::Commit);
    assert_eq!(fetch(&mut world, client, true), Ok(9));
}

#[test]
fn txoff_34_too_few_replicas_read_as_no_coordinator() {
    let mut world = world_with(3, &[("min.insync.replicas", "2")]);
    world.crash(1);
    world.advance(0);
    world.crash(2);
    world.advance(0);
    let client = world.connect(0);
    assert_eq!(commit_as(&mut world, client, 8, NOBODY, &[("t", 0, 5)]), [15]);
    let request = txn_commit_request((7, 0), NOBODY, &[("t", 0, 9)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [15]);
    assert_eq!(fetch(&mut world, client, false), Ok(-1), "nothing was applied");
}

#[test]
fn txoff_03_another_broker_is_not_the_coordinator() {
    let mut world = world(2);
    let client = world.connect(1);
    assert_eq!(commit_as(&mut world, client, 8, NOBODY, &[("t", 0, 5)]), [16]);
    let request = txn_commit_request((7, 0), NOBODY, &[("t", 0, 9)]);
    assert_eq!(txn_commit_errors(Some(world.call(client, 3, request))), [16]);
    assert_eq!(fetch(&mut world, client, true), Err(16));
    assert_eq!(heartbeat(&mut world, client, who(1, "m")), 16);
    let refused = join(&mut world, client, "");
    assert_eq!(joined(world.answer(refused)).error_code, 16);
}

#[test]
fn txoff_60_an_offset_with_a_retention_of_its_own_expires_by_it() {
    let mut world = world_with(1, &[("offsets.retention.check.interval.ms", "500")]);
    let client = world.connect(0);
    let request = commit_request(NOBODY, &[("t", 0, 5)]).with_retention_time_ms(1000);
    assert_eq!(commit_errors(Some(world.call(client, 2, request))), [0]);
    world.advance(999);
    assert_eq!(fetch(&mut world, client, true), Ok(5));
    world.advance(501);
    assert_eq!(fetch(&mut world, client, true), Ok(-1));
}

/// TXOFF-23: a member id alone, or a seat alone, is an identity that has to hold.
#[test]
fn txoff_23_a_partial_identity_is_an_identity() {
    let mut it = fixture(InState::Stable);
    let m1 = it.m1.clone();
    for (identity, expected) in [
        (who(-1, &m1), 22),
        (who(-1, "m9"), 25),
        (Who { instance: Some("i2"), ..NOBODY }, 82),
        (Who { instance: Some("i9"), ..NOBODY }, 25),
    ] {
        let request = txn_commit_request((7, 0), identity, &[("t", 0, 1)]);
        assert_eq!(txn_commit_errors(Some(it.world.call(it.client, 3, request))), [expected]);
        assert_eq!(commit_as(&mut it.world, it.client, 8, identity, &[("t", 0, 1)]), [expected]);
    }
}

/// TXOFF-24: producers from before KIP-447 say nothing of a group; admin clients have to.
#[test]
fn txoff_24_no_identity_passes_in_a_transaction_and_not_without() {
    for state in [InState::PreparingRebalance, InState::CompletingRebalance, InState::Stable] {
        let mut it = fixture(state);
        let request = txn_commit_request((7, 0), NOBODY, &[("t", 0, 1)]);
        assert_eq!(txn_commit_errors(Some(it.world.call(it.client, 2, request))), [0], "{state:?}");
        assert_eq!(
            commit_as(&mut it.world, it.client, 2, NOBODY, &[("t", 0, 1)]),
            [25],
            "{state:?}"
        );
    }
}

/// TXOFF-25: between the join and the sync of generation 1.
#[test]
fn txoff_25_a_member_that_waits_for_its_assignment_commits_in_a_transaction_only() {
    let mut it = fixture(InState::CompletingRebalance);
    let m1 = it.m1.clone();
    let request = txn_commit_request((7, 0), who(1, &m1), &[("t", 0, 1)]);
    assert_eq!(txn_commit_errors(Some(it.world.call(it.client, 3, request))), [0]);
    assert_eq!(commit_as(&mut it.world, it.client, 8, who(1, &m1), &[("t", 0, 1)]), [27]);
}

/// TXOFF-27: of a static member's old id, by what it says of itself.
#[test]
fn txoff_27_a_removed_member_is_unknown_and_a_replaced_one_fenced() {
    let mut it = fixture(InState::Stable);
    let (m1, old) = (it.m1.clone(), it.m2.clone());
    let newcomer = it.world.connect(0);
    let pending = it.world.send(newcomer, 5, join_request("", Some("i2"), b""));
    assert_eq!(joined(it.world.answer(pending)).error_code, 0);
    let commit = |it: &mut Fixture, identity: Who<'_>| {
        let request = txn_commit_request((7, 0), identity, &[("t", 0, 1)]);
        txn_commit_errors(Some(it.world.call(it.client, 3, request)))
    };
    assert_eq!(commit(&mut it, Who { instance: Some("i2"), ..who(1, &old) }), [82]);
    assert_eq!(commit(&mut it, who(1, &old)), [25]);
    assert_eq!(commit(&mut it, who(1, &m1)), [0]);
    it.world.advance(10_000);
    assert_eq!(commit(&mut it, who(1, &m1)), [25], "its session ended");
}

/// TXOFF-56, TXOFF-30: the order of the checks, from the partition to the group to the metadata.
#[test]
fn txoff_56_the_group_is_asked_before_the_metadata_is_measured() {
    let mut world = world(2);
    let client = world.connect(0);
    let long = |who, name: &str| {
        let mut request = commit_request(who, &[(name, 0, 1)]);
        request.topics[0].partitions[0].committed_metadata = Some(text(&"x".repeat(4097)));
        request
    };
    assert_eq!(commit_errors(Some(world.call(client, 8, long(who(3, "m"), "nope")))), [3]);
    assert_eq!(commit_errors(Some(world.call(client, 8, long(who(3, "m"), "t")))), [22]);
    assert_eq!(commit_errors(Some(world.call(client, 8, long(NOBODY, "t")))), [12]);
    let elsewhere = world.connect(1);
    assert_eq!(commit_errors(Some(world.call(elsewhere, 8, long(who(3, "m"), "t")))), [16]);
    assert_eq!(commit_errors(Some(world.call(elsewhere, 8, long(who(3, "m"), "nope")))), [3]);
}
