//! Every scenario on a cluster of ours in this process, at both transaction versions.

use std::error::Error;
use std::path::PathBuf;

use fencepost::TestCluster;
use fencepost_client_krafka::{Scenario, Scope};

async fn check(scenario: &str, transaction_version: i16) -> Result<(), Box<dyn Error>> {
    let cluster = TestCluster::builder()
        .brokers(3)
        .transaction_version(transaction_version)
        .setting("group.initial.rebalance.delay.ms", "0")?
        .setting("group.consumer.heartbeat.interval.ms", "200")?
        .setting("transaction.abort.timed.out.transaction.cleanup.interval.ms", "200")?
        .start()
        .await?;
    let program = PathBuf::from(env!("CARGO_BIN_EXE_fencepost-client-krafka"));
    let servers = cluster.bootstrap_servers();
    let scope =
        Scope::connect(&servers, program, scenario.to_owned(), Some(transaction_version)).await?;
    let found = Scenario::named(scenario).ok_or("no such scenario")?;
    found.run(&scope).await?;
    cluster.stop().await.expect("it has no faults");
    Ok(())
}

macro_rules! scenarios {
    ($($test:ident: $name:literal,)*) => {
        mod transaction_version_1 {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() -> Result<(), Box<dyn std::error::Error>> {
                super::check($name, 1).await
            })*
        }

        mod transaction_version_2 {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() -> Result<(), Box<dyn std::error::Error>> {
                super::check($name, 2).await
            })*
        }

        #[test]
        fn every_scenario_has_a_test() {
            let tested: Vec<&str> = vec![$($name),*];
            assert_eq!(tested, Scenario::ALL.map(|scenario| scenario.to_string()));
        }
    };
}

scenarios! {
    round_trip_none: "round-trip-none",
    round_trip_gzip: "round-trip-gzip",
    round_trip_snappy: "round-trip-snappy",
    round_trip_lz4: "round-trip-lz4",
    round_trip_zstd: "round-trip-zstd",
    idempotent_10000: "idempotent-10000",
    commit_and_abort: "commit-and-abort",
    interleaved_producers: "interleaved-producers",
    open_transaction_holds_back: "open-transaction-holds-back",
    zombie_fenced: "zombie-fenced",
    consume_transform_produce: "consume-transform-produce",
    consume_transform_produce_consumer_protocol: "consume-transform-produce-consumer-protocol",
    killed_mid_transaction: "killed-mid-transaction",
    transaction_timeout: "transaction-timeout",
    transaction_100000: "transaction-100000",
    fifty_producers: "fifty-producers",
    admin: "admin",
}
