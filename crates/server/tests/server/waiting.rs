//! Waiting until a transactional id, a group or a partition is as wanted.

use std::time::Duration;

use fencepost_ids::{ProducerEpoch, ProducerId, Sequence, Timestamp};
use fencepost_log::{BatchBuilder, TransactionBit};
use fencepost_server::{Addresses, ClockKind, ControlAddress, RunOptions, Server};
use fencepost_wire::messages::{
    self, EndTxnRequest, FindCoordinatorRequest, GroupId, InitProducerIdRequest,
    OffsetCommitRequest, TransactionalId, offset_commit_request,
};
use fencepost_wire::{Response, StrBytes};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{Client, append, appended, base_offset, bounded, config, produce};
use crate::control::{address, ask, get, post, refused};

const START: Timestamp = Timestamp(1_700_000_000_000);

/// With the manual clock, so that nothing comes of the time that passes.
fn server() -> Server {
    let clock = ClockKind::Manual { start: Some(START) };
    let options = RunOptions { clock, ..RunOptions::default() };
    let mut server = Server::listen_by(config(1, &[]), &Addresses::default(), &options).unwrap();
    server.open_control(&ControlAddress::loopback(0)).unwrap();
    server
}

async fn dial(server: &Server) -> Client<TcpStream> {
    Client::new(bounded(TcpStream::connect(address(server, 0))).await.unwrap())
}

fn t() -> TransactionalId {
    TransactionalId(StrBytes::from_static_str("t"))
}

/// Begins a transaction of `t` with one record in `a`-0.
async fn begin(client: &mut Client<TcpStream>) -> messages::ProducerId {
    let find =
        FindCoordinatorRequest::default().with_key_type(1).with_coordinator_keys(vec![t().0]);
    client.call(4, find).await;
    let init = InitProducerIdRequest::default()
        .with_transactional_id(Some(t()))
        .with_transaction_timeout_ms(900_000);
    let Response::InitProducerId(producer) = client.call(4, init).await else { panic!() };
    let batch = BatchBuilder::new()
        .producer(ProducerId(producer.producer_id.0), ProducerEpoch(0), Sequence(0))
        .transaction(TransactionBit::Transactional);
    let request = append(-1, batch, START, b"v").with_transactional_id(Some(t()));
    assert_eq!(appended(client.call(12, request).await), (0, 0));
    producer.producer_id
}

async fn commit(client: &mut Client<TcpStream>, producer_id: messages::ProducerId) {
    let end = EndTxnRequest::default()
        .with_transactional_id(t())
        .with_producer_id(producer_id)
        .with_producer_epoch(0)
        .with_committed(true);
    let Response::EndTxn(ended) = client.call(5, end).await else { panic!() };
    assert_eq!(ended.error_code, 0);
}

/// What waits is answered when it is so.
async fn met(wait: impl Future<Output = (u16, Value)>, done: impl Future<Output = ()>) -> Value {
    let ((status, found), ()) = tokio::join!(bounded(wait), done);
    assert_eq!(status, 200, "{found}");
    found
}

#[tokio::test]
async fn a_transactional_id_is_waited_for() {
    let server = server();
    let mut client = dial(&server).await;
    // It is not known yet, and the state passes while nobody asks again.
    let ongoing = server.transaction_until("t", |txn| txn.state == "Ongoing");
    let pass = async {
        let producer_id = begin(&mut client).await;
        commit(&mut client, producer_id).await;
    };
    let (ongoing, ()) = tokio::join!(bounded(ongoing), pass);
    assert_eq!(ongoing.unwrap().partitions.len(), 1);
    let path = "/transactions/t?within_ms=25000&state";
    let (status, ended) = get(&server, &format!("{path}=CompleteCommit")).await;
    assert_eq!((status, &ended["state"]), (200, &json!("CompleteCommit")));
    let late = get(&server, "/transactions/t?within_ms=0&state=PrepareAbort").await;
    refused(late, 408, "not PrepareAbort: the transactional id `t` is CompleteCommit");
    let late = get(&server, "/transactions/other?within_ms=0&state=Empty").await;
    refused(late, 408, "not Empty: no running coordinator knows the transactional id `other`");
    refused(get(&server, &format!("{path}=Complete")).await, 400, "Complete");
    for path in ["/transactions/t?state=Empty&within_ms=25001", "/transactions/t?within_ms=25001"] {
        refused(get(&server, path).await, 400, "0 to 25000");
    }
    refused(get(&server, "/transactions/t?until=Empty").await, 400, "until");
}

/// Every timer fires at its own moment while the clock is moved, and each is a turn.
#[tokio::test]
async fn a_transaction_that_times_out_by_the_manual_clock_is_waited_for() {
    let server = server();
    let mut client = dial(&server).await;
    begin(&mut client).await;
    let aborted = get(&server, "/transactions/t?state=CompleteAbort&within_ms=25000");
    let found = met(aborted, async {
        server.advance(Duration::from_secs(86_400)).await.unwrap();
    });
    let at = found.await["last_update_ms"].as_i64().unwrap() - START.0;
    assert!((900_000..=910_000).contains(&at), "{at}");
}

#[tokio::test]
async fn a_group_is_waited_for() {
    let server = server();
    let mut client = dial(&server).await;
    let empty = get(&server, "/groups/readers?state=Empty&members=0&within_ms=25000");
    let found = met(empty, async {
        let key = StrBytes::from_static_str("readers");
        let find = FindCoordinatorRequest::default().with_coordinator_keys(vec![key.clone()]);
        client.call(4, find).await;
        let partition =
            offset_commit_request::OffsetCommitRequestPartition::default().with_committed_offset(7);
        let topic = offset_commit_request::OffsetCommitRequestTopic::default()
            .with_name(StrBytes::from_static_str("a").into())
            .with_partitions(vec![partition]);
        let commit =
            OffsetCommitRequest::default().with_group_id(GroupId(key)).with_topics(vec![topic]);
        client.call(8, commit).await;
    });
    assert_eq!(found.await["committed"][0]["offset"], 7);
    let late = get(&server, "/groups/readers?state=Stable&members=2&within_ms=0").await;
    refused(late, 408, "not Stable with 2 members: the group `readers` is Empty with 0 members");
    for members in ["-1", "65536"] {
        let path = format!("/groups/readers?members={members}");
        refused(get(&server, &path).await, 400, "members");
    }
}

#[tokio::test]
async fn a_partition_is_waited_for() {
    let server = server();
    let mut client = dial(&server).await;
    let path = "/topics/a/partitions/0";
    let producer_id = begin(&mut client).await;
    let stable = get(&server, "/topics/a/partitions/0?last_stable_offset=2&within_ms=25000");
    let found = met(stable, async {
        // It is written at once, and unstable for as long as the transaction is open.
        assert_eq!(base_offset(client.call(9, produce(-1, 1)).await), 1);
        let (_, now) = get(&server, path).await;
        assert_eq!((&now["high_watermark"], &now["last_stable_offset"]), (&json!(2), &json!(0)));
        commit(&mut client, producer_id).await;
    });
    assert_eq!(found.await["last_stable_offset"], 3);
    let at_once = "leader=0&in_sync=1&high_watermark=3&log_end_offset=3";
    assert_eq!(get(&server, &format!("{path}?{at_once}")).await.0, 200);
    let late = get(&server, &format!("{path}?log_end_offset=4&within_ms=0")).await;
    refused(late, 408, "a-0: broker 0 leads it, 1 in sync, the high watermark is 3");
    for wrong in ["leader=-1", "log_end_offset=-1", "high_watermark=-1", "last_stable_offset=-1"] {
        refused(get(&server, &format!("{path}?{wrong}&within_ms=0")).await, 400, "range");
    }
    refused(get(&server, "/topics/b/partitions/0?leader=0&within_ms=0").await, 408, "`b`");
    refused(get(&server, "/topics/b/partitions/0").await, 404, "`b`");
    refused(get(&server, "/topics/a/partitions/-1?leader=0").await, 404, "-1");
    // A crash, and the first leader after it.
    post(&server, "/brokers/0/crash", &json!({})).await;
    let wanted = format!("{path}?leader=0");
    let led = met(get(&server, &wanted), async {
        ask(&server, "POST /brokers/0/restart", "", "").await;
    });
    assert_eq!(led.await["leader"], 0);
}

/// One who waits no longer keeps nothing.
#[tokio::test]
async fn a_wait_that_is_given_up_ends() {
    let server = server();
    let kept = std::sync::Arc::new(());
    let held = std::sync::Arc::clone(&kept);
    let never = server.transaction_until("t", move |_| std::sync::Arc::strong_count(&held) == 0);
    assert!(tokio::time::timeout(Duration::ZERO, never).await.is_err());
    server.throttle(Duration::ZERO);
    assert_eq!(std::sync::Arc::strong_count(&kept), 1);
}
