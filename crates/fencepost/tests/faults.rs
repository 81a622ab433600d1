//! Faults in a test's cluster: they fire, they can be waited for, and those that never fire are told.

#![cfg(test)]

use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::Duration;

use fencepost::faults::{Fault, Plan};
use fencepost::{ControlError, StartError, TestCluster, TestClusterBuilder};
use fencepost_wire::ApiKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Waits, but not for ever.
async fn bounded<T>(work: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), work).await.expect("it comes to an end")
}

fn plan(text: &str) -> Plan {
    Plan::from_toml(text).expect("it is a plan")
}

fn builder(text: &str) -> TestClusterBuilder {
    TestCluster::builder().faults(plan(text))
}

async fn dial(cluster: &TestCluster) -> TcpStream {
    bounded(TcpStream::connect(cluster.bootstrap_servers())).await.expect("it listens")
}

/// ApiVersions of version 0, with the correlation id 7 and no client id.
async fn ask(stream: &mut TcpStream) {
    let frame = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xFF, 0xFF];
    bounded(stream.write_all(&frame)).await.expect("it takes a request");
}

/// Whether an answer comes; otherwise the connection was closed.
async fn is_answered(stream: &mut TcpStream) -> bool {
    bounded(stream.read_u32()).await.is_ok()
}

#[tokio::test]
async fn a_test_waits_for_a_hit_and_not_for_a_time() {
    let text = "[[fault]]\nname = \"cut\"\non = \"ApiVersions\"\nnth = 2\ndo = \"disconnect\"\n";
    let cluster = builder(text).start().await.unwrap();
    let mut client = dial(&cluster).await;
    ask(&mut client).await;
    assert!(is_answered(&mut client).await);
    assert_eq!(cluster.fault_hits("cut").unwrap(), 0);
    let mut client = dial(&cluster).await;
    let (answered, hit) = tokio::join!(
        async {
            ask(&mut client).await;
            is_answered(&mut client).await
        },
        bounded(cluster.hit("cut")),
    );
    hit.unwrap();
    assert!(!answered);
    assert_eq!(cluster.fault_hits("cut").unwrap(), 1);
    // It has fired, so that nobody waits.
    bounded(cluster.hit("cut")).await.unwrap();
    assert!(matches!(
        bounded(cluster.hit("no such")).await,
        Err(ControlError::UnknownFault(name)) if name == "no such"
    ));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_fault_that_never_fired_fails_the_test_when_the_cluster_stops() {
    let text = "[[fault]]\nname = \"hollow\"\non = \"EndTxn\"\ndo = \"lose\"\n";
    let error = builder(text).start().await.unwrap().stop().await.unwrap_err();
    assert_eq!(error.to_string(), "fault `hollow`: never fired, matched nothing");
    let lenient = builder(text).allow_unfired_faults();
    lenient.start().await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_fault_that_must_never_fire_fails_the_test_when_it_does() {
    let text =
        "[[fault]]\nname = \"never\"\non = \"ApiVersions\"\nfires = 0\ndo = { raise = \"it\" }\n";
    let cluster = builder(text).start().await.unwrap();
    let mut client = dial(&cluster).await;
    ask(&mut client).await;
    assert!(is_answered(&mut client).await);
    let error = cluster.stop().await.unwrap_err().to_string();
    assert_eq!(error, "fault `never`: fired 1 time, matched 1 time, expected never");
    builder(text).start().await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_fault_that_never_fired_fails_the_test_when_the_cluster_is_dropped() {
    let cluster = TestCluster::builder().start().await.unwrap();
    cluster.add_fault(Fault::on(ApiKey::EndTxn).name("hollow").lose()).unwrap();
    let panic = catch_unwind(AssertUnwindSafe(move || drop(cluster))).unwrap_err();
    let message = panic.downcast_ref::<String>().expect("it says why");
    assert_eq!(message, "fault `hollow`: never fired, matched nothing");
    // One that is taken out is not asked for.
    let cluster = TestCluster::builder().start().await.unwrap();
    cluster.add_fault(Fault::on(ApiKey::EndTxn).name("hollow").lose()).unwrap();
    assert_eq!(cluster.remove_fault("hollow").unwrap().matched, 0);
}

#[tokio::test]
async fn a_plan_that_contradicts_itself_is_refused_at_the_start() {
    let twice = "[[fault]]\nname = \"a\"\non = \"EndTxn\"\ndo = \"lose\"\n";
    let started = builder(twice).faults(plan(twice)).start().await;
    let Err(StartError::Faults(error)) = started else { panic!("it started") };
    assert!(error.to_string().contains("another fault has this name"), "{error}");
    let advance = "[[fault]]\non = \"EndTxn\"\ndo = { advance-clock = { ms = 1 } }\n";
    let Err(StartError::Faults(error)) = builder(advance).start().await else {
        panic!("it started")
    };
    assert_eq!(error.to_string(), ControlError::RealClock.to_string());
}

#[tokio::test]
async fn a_window_has_the_plan_for_the_transaction_version_of_the_cluster() {
    let from_brokers = async |level| {
        let builder = TestCluster::builder().transaction_version(level).allow_unfired_faults();
        let cluster = builder.window("W033".parse().unwrap()).start().await.unwrap();
        cluster.add_window(&"W076 transactional_id=app".parse().unwrap()).unwrap();
        let faults = cluster.faults().unwrap();
        assert_eq!(faults[1].fault.transactional_id, Some("app".into()));
        faults[0].fault.from.is_some()
    };
    assert!(!from_brokers(1).await);
    assert!(from_brokers(2).await);
    let missing = TestCluster::builder().window("W099".parse().unwrap()).start().await;
    let Err(StartError::Faults(error)) = missing else { panic!("it started") };
    assert!(matches!(error, ControlError::Window(_)), "{error}");
}

#[tokio::test]
async fn what_is_held_goes_on_when_it_is_released() {
    let text = "[[fault]]\nname = \"held\"\non = \"ApiVersions\"\ndo = \"hold\"\n";
    let cluster = builder(text).start().await.unwrap();
    let mut client = dial(&cluster).await;
    ask(&mut client).await;
    bounded(cluster.hit("held")).await.unwrap();
    let held = cluster.held().unwrap();
    assert_eq!(held[0].api, ApiKey::ApiVersions);
    cluster.release(held[0].number).unwrap();
    assert!(is_answered(&mut client).await);
    assert!(matches!(cluster.release(held[0].number), Err(ControlError::NotHeld(_))));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_delayed_request_ends_with_its_connection_and_a_held_one_does_not() {
    let text = "[[fault]]\nname = \"late\"\non = \"ApiVersions\"\n\
                do = { delay = { fault = \"held\" } }\n\
                [[fault]]\nname = \"held\"\non = \"ApiVersions\"\nnth = 2\ndo = \"hold\"\n\
                [[fault]]\nname = \"applied\"\non = \"ApiVersions\"\nwhen = \"applied\"\n\
                do = { raise = \"applied\" }\n";
    let cluster = builder(text).start().await.unwrap();
    let mut late = dial(&cluster).await;
    ask(&mut late).await;
    bounded(cluster.hit("late")).await.unwrap();
    drop(late);
    while !cluster.held().unwrap().is_empty() {
        bounded(tokio::task::yield_now()).await;
    }
    let mut held = dial(&cluster).await;
    ask(&mut held).await;
    bounded(cluster.hit("held")).await.unwrap();
    drop(held);
    assert_eq!(cluster.fault_hits("applied").unwrap(), 0);
    cluster.release(cluster.held().unwrap()[0].number).unwrap();
    assert_eq!(cluster.fault_hits("applied").unwrap(), 1);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn stepped_requests_wait_until_all_flows() {
    let cluster = TestCluster::builder().stepped().start().await.unwrap();
    let mut client = dial(&cluster).await;
    ask(&mut client).await;
    while cluster.held().unwrap().is_empty() {
        bounded(tokio::task::yield_now()).await;
    }
    cluster.flow().unwrap();
    assert!(is_answered(&mut client).await);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_broker_that_a_fault_crashes_closes_its_port_and_opens_it_when_it_restarts() {
    let text = "[[fault]]\non = \"ApiVersions\"\ndo = { crash = \"receiver\" }\n";
    let cluster = builder(text).start().await.unwrap();
    let mut client = dial(&cluster).await;
    ask(&mut client).await;
    assert!(!is_answered(&mut client).await);
    let is_refused = async {
        // A client that comes before the port is closed is closed at once.
        while TcpStream::connect(cluster.bootstrap_servers()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    bounded(is_refused).await;
    cluster.restart(0).await.unwrap();
    let mut client = dial(&cluster).await;
    ask(&mut client).await;
    assert!(is_answered(&mut client).await);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_fault_elects_a_leader_and_another_stops_a_broker() {
    let text = "[[fault]]\non = \"ApiVersions\"\ndo = { elect = { topic = \"orders\", partition = 0 } }\n\
                [[fault]]\non = \"ApiVersions\"\nnth = 2\ndo = { stop = \"receiver\" }\n";
    let cluster = builder(text).brokers(2).replicated_topic("orders", 1, 2).start().await.unwrap();
    let leader = || cluster.partitions("orders").unwrap()[0].leader.unwrap();
    let addresses: Vec<String> =
        cluster.brokers().unwrap().into_iter().map(|broker| broker.address).collect();
    let first = leader();
    let mut client = bounded(TcpStream::connect(&addresses[0])).await.unwrap();
    ask(&mut client).await;
    assert!(is_answered(&mut client).await);
    let second = leader();
    assert_ne!(first, second);
    let address = &addresses[usize::try_from(second.0).unwrap()];
    let mut client = bounded(TcpStream::connect(address)).await.unwrap();
    ask(&mut client).await;
    assert!(!is_answered(&mut client).await);
    assert_eq!(leader(), first);
    bounded(async { while TcpStream::connect(address).await.is_ok() {} }).await;
    cluster.restart(second).await.unwrap();
    bounded(TcpStream::connect(address)).await.unwrap();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_fault_moves_the_manual_clock() {
    let text = "[[fault]]\non = \"ApiVersions\"\ndo = { advance-clock = { ms = 60000 } }\n";
    let cluster = builder(text).manual_clock().start().await.unwrap();
    let before = cluster.clock().unwrap().now;
    let mut client = dial(&cluster).await;
    ask(&mut client).await;
    assert!(is_answered(&mut client).await);
    assert_eq!(cluster.clock().unwrap().now, before.plus_millis(60_000));
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_fault_signals_a_process_by_its_name() {
    let text = "[[fault]]\non = \"ApiVersions\"\n\
                do = { signal = { process = \"app\", signal = \"KILL\" } }\n";
    let cluster = builder(text).start().await.unwrap();
    let mut process = Command::new("sleep").arg("600").spawn().unwrap();
    cluster.register_process("app", process.id());
    let mut client = dial(&cluster).await;
    ask(&mut client).await;
    assert!(is_answered(&mut client).await);
    assert_eq!(process.wait().unwrap().signal(), Some(9));
    cluster.stop().await.unwrap();
}
