//! Who is elected, and what an unclean election costs (RECOV-21, RECOV-13).

use fencepost_ids::{BrokerId, LeaderEpoch, Rule};
use fencepost_model::ElectionRefused;

use super::{A, append, high_watermark, in_sync, leader, send, sequences, term, with};
use crate::world::World;

/// Broker 0 alone is in sync and has a record that broker 1 lacks; then broker 0 dies.
fn leaderless(settings: &[(&str, &str)], off: Option<Rule>) -> World {
    let settings = [&[("replica.lag.time.max.ms", "500")], settings].concat();
    let mut world = with(2, &settings, off);
    assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
    world.isolate(1);
    send(&mut world, 0, -1, 1);
    world.advance(501);
    assert_eq!(in_sync(&world), [0]);
    assert_eq!(high_watermark(&world), 2, "the second record is acknowledged");
    world.crash(0);
    world
}

#[test]
fn recov_21_without_a_live_replica_in_sync_there_is_no_leader() {
    let mut world = leaderless(&[], None);
    assert_eq!(leader(&world), None);
    assert_eq!(append(&mut world, 1, -1, 1), (6, -1));
    let refused = world.cluster.check_election("a", A, BrokerId(1));
    let in_sync = vec![BrokerId(0)];
    assert_eq!(refused, Err(ElectionRefused::OutOfSync { broker: BrokerId(1), in_sync }));
    world.elect("a", 0, 1);
    assert_eq!(leader(&world), None, "it may not be elected by hand either");
    world.release();
    world.restart(0);
    assert_eq!(leader(&world), Some(0), "the last one in sync returns");
    assert_eq!(sequences(&mut world, 0), [0, 1]);
}

/// RECOV-13, RECOV-21: an unclean election loses what the new leader lacks, on every replica.
#[test]
fn recov_21_an_unclean_election_is_a_setting_and_truncates() {
    let mut world = leaderless(&[("unclean.leader.election.enable", "true")], None);
    assert_eq!((leader(&world), in_sync(&world)), (Some(1), vec![1]));
    assert_eq!(sequences(&mut world, 1), [0], "the acknowledged record is gone");
    assert_eq!(append(&mut world, 1, -1, 2).0, 45, "and the producer's sequence with it");
    world.release();
    world.restart(0);
    assert_eq!(in_sync(&world), [0, 1]);
    assert_eq!(append(&mut world, 1, -1, 1), (0, 1));
    assert_eq!(sequences(&mut world, 0), [0, 1], "broker 0 was cut and follows");
}

#[test]
fn recov_21_a_topic_may_allow_what_its_broker_does_not() {
    use fencepost_wire::StrBytes;
    use fencepost_wire::messages::IncrementalAlterConfigsRequest;
    use fencepost_wire::messages::incremental_alter_configs_request::{
        AlterConfigsResource, AlterableConfig,
    };
    let mut world = leaderless(&[], None);
    let config = AlterableConfig::default()
        .with_name(StrBytes::from_static_str("unclean.leader.election.enable"))
        .with_value(Some(StrBytes::from_static_str("true")));
    let resource = AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(StrBytes::from_static_str("a"))
        .with_configs(vec![config]);
    let client = world.connect(1);
    world.call(client, 1, IncrementalAlterConfigsRequest::default().with_resources(vec![resource]));
    world.elect("a", 0, 1);
    assert_eq!(leader(&world), Some(1));
}

/// RECOV-21: without it the acknowledged record is lost though nobody allowed that.
#[test]
fn recov_21_off_a_replica_out_of_sync_is_elected() {
    let mut world = leaderless(&[], Some(Rule::CleanElection));
    assert_eq!(leader(&world), Some(1));
    assert_eq!(sequences(&mut world, 1), [0]);
}

/// API-25, FAILOVER-01: the term rises with every election, also of the same broker.
#[test]
fn api_25_every_election_raises_the_leader_epoch() {
    let mut world = with(2, &[], None);
    assert_eq!(term(&world), LeaderEpoch(0));
    world.elect("a", 0, 0);
    assert_eq!(term(&world), LeaderEpoch(1));
    world.crash(1);
    assert_eq!(term(&world), LeaderEpoch(1), "the in-sync set alone changed");
    world.restart(1);
    world.crash(0);
    assert_eq!((leader(&world), term(&world)), (Some(1), LeaderEpoch(2)));
}

/// RECOV-12: after a clean election the new leader has every acknowledged batch, and knows it.
#[test]
fn recov_12_a_clean_election_keeps_what_was_acknowledged() {
    let mut world = with(2, &[], None);
    assert_eq!(append(&mut world, 0, -1, 0), (0, 0));
    world.isolate(1);
    send(&mut world, 0, -1, 1);
    world.crash(0);
    assert_eq!(append(&mut world, 1, -1, 0), (0, 0), "a duplicate is still recognised");
    assert_eq!(append(&mut world, 1, -1, 2), (45, -1), "the one before it was not replicated");
    assert_eq!(append(&mut world, 1, -1, 1), (0, 1), "its retry is new");
    assert_eq!(append(&mut world, 1, -1, 2), (0, 2));
    assert_eq!(sequences(&mut world, 1), [0, 1, 2]);
}

/// RECOV-13: the coordinator has finished a transaction whose marker an unclean election lost. It
/// is open until the producer's next marker, which decides both, or an admin's, which aborts what
/// was committed.
#[test]
fn recov_13_a_marker_lost_by_an_unclean_election_leaves_the_transaction_open() {
    use crate::txn::driver::{self, TXN_LOG, nothing, replication_of_orders};
    for level in [1, 2] {
        let mut world = driver::World::with(3, |config| {
            config.transaction_version = level;
            let lag = ("replica.lag.time.max.ms", "500");
            for (name, value) in [("unclean.leader.election.enable", "true"), lag] {
                config.settings.set(name, value).expect("Kafka's name");
            }
        });
        let (end, produce) = if level == 2 { (5, 12) } else { (3, 9) };
        let leader = world.leader("orders", 0);
        world.elect(TXN_LOG, driver::World::txn_partition("t"), (leader + 1) % 3);
        let begin = |world: &mut driver::World, producer, sequence| {
            if level < 2 {
                assert_eq!(world.add("t", producer, &[0]), "0");
            }
            assert_eq!(world.produce("t", produce, producer, sequence, 0), "0");
        };
        assert_eq!(world.init("t", None), "0,0");
        begin(&mut world, (0, 0), 0);
        world.held = replication_of_orders;
        let told = world.end("t", end, (0, 0), true);
        world.pass(1_000);
        let next = if level == 2 { (0, 1) } else { (0, 0) };
        let finished = format!("CompleteCommit {},{}", next.0, next.1);
        assert_eq!(world.describe("t"), finished, "{told}");
        assert_eq!(world.lso_and_hw(0), (2, 2));
        world.crash(leader);
        world.held = nothing;
        world.run();
        assert_eq!((world.describe("t"), world.lso_and_hw(0)), (finished, (0, 1)));

        let mut by_admin = world.clone();
        assert_eq!(by_admin.mark((0, 0), false, 0, 0), "0");
        assert_eq!((by_admin.lso_and_hw(0), by_admin.visible(0, 1)), ((2, 2), 0));

        begin(&mut world, next, if level == 2 { 0 } else { 1 });
        assert_eq!(world.lso_and_hw(0), (0, 2));
        world.end("t", end, next, true);
        world.run();
        assert_eq!((world.lso_and_hw(0), world.visible(0, 1)), ((3, 3), 2));
    }
}
