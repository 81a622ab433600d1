//! Producers that come too late: replaced, killed, or past their transaction's time.

use std::future;
use std::process::Stdio;
use std::time::Duration;

use krafka::consumer::IsolationLevel::{ReadCommitted, ReadUncommitted};
use krafka::producer::{TransactionState, TransactionalProducer};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::Instant;

use crate::scope::{
    Failure, PATIENCE, Scope, equal, eventually, raises, record, send, transaction,
};

/// A successor aborts the open transaction; the zombie learns it by its commit, or by its next send.
pub(crate) async fn zombie_fenced(scope: &Scope) -> Result<(), Failure> {
    let topic = scope.topic("topic", 1).await?;

    let zombie = scope.transactional("by-commit").await?;
    zombie.begin()?;
    send(&zombie, &topic, 0, &["zombie-1"]).await?;
    let successor = scope.transactional("by-commit").await?;
    successor.begin()?;
    send(&successor, &topic, 0, &["successor-1"]).await?;
    raises("the zombie's commit", "Fenced", zombie.commit()).await?;
    successor.commit().await?;
    scope.reaches(ReadCommitted, &topic, 0, 4).await?;

    let second = scope.transactional("by-send").await?;
    second.begin()?;
    send(&second, &topic, 0, &["zombie-2"]).await?;
    let replacement = scope.transactional("by-send").await?;
    // INVALID_PRODUCER_EPOCH to a produce is the end at version 1; at version 2 the abort finds out.
    let (by_send, by_abort) = match scope.version().await? {
        2.. => ("TransactionAbortable", "Fenced"),
        _ => ("Fenced", "IllegalState"),
    };
    raises("the zombie's send", by_send, second.send(record(&topic, 0, "zombie-3"))).await?;
    if by_send == "Fenced" {
        is_fatal(&second).await?;
    }
    raises("the zombie's abort", by_abort, second.abort()).await?;
    transaction(&replacement, &topic, 0, &["successor-2"]).await?;

    // Between the two records of each pair stands the abort's marker.
    scope.expect(ReadCommitted, &topic, 0, 8, &["2 successor-1", "6 successor-2"]).await?;
    let every = ["0 zombie-1", "2 successor-1", "4 zombie-2", "6 successor-2"];
    scope.expect(ReadUncommitted, &topic, 0, 8, &every).await
}

/// The send that fails returns just before the producer knows that it can do no more.
async fn is_fatal(producer: &TransactionalProducer) -> Result<(), Failure> {
    eventually("state", &TransactionState::Fatal, async || Ok(producer.state())).await
}

/// A process killed inside a transaction neither shows its records nor holds back its successor's.
pub(crate) async fn killed_mid_transaction(scope: &Scope) -> Result<(), Failure> {
    let topic = scope.topic("topic", 1).await?;
    let mut child = Command::new(&scope.program)
        .args(["--bootstrap", &scope.bootstrap, "--child-with-open-transaction", &scope.name])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().ok_or_else(|| Failure::Check("no standard output".into()))?;
    let word = tokio::time::timeout(PATIENCE, BufReader::new(stdout).lines().next_line()).await;
    // SIGKILL: the child says no goodbye to the cluster.
    child.kill().await?;
    let word = word.map_err(|_| Failure::Check("the child said nothing".into()))??;
    equal("the child's word", &Some("flushed".to_owned()), &word)?;

    scope.expect(ReadCommitted, &topic, 0, 0, &[]).await?;
    let successor = scope.transactional("producer").await?;
    transaction(&successor, &topic, 0, &["successor-1", "successor-2"]).await?;
    let own = ["3 successor-1", "4 successor-2"];
    scope.expect(ReadCommitted, &topic, 0, 6, &own).await?;
    scope.expect(ReadUncommitted, &topic, 0, 6, &["0 child-1", "1 child-2", own[0], own[1]]).await
}

/// The life of the process that is to be killed: it opens a transaction, says so and waits.
///
/// # Errors
/// The transaction could not be opened.
pub async fn open_transaction_forever(scope: &Scope) -> Result<(), Failure> {
    let producer = scope.transactional("producer").await?;
    producer.begin()?;
    send(&producer, &scope.named("topic"), 0, &["child-1", "child-2"]).await?;
    println!("flushed");
    future::pending().await
}

const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(2);

/// The coordinator aborts transactions that took too long; three late producers find out by three calls.
pub(crate) async fn transaction_timeout(scope: &Scope) -> Result<(), Failure> {
    let topic = scope.topic("topic", 3).await?;
    let other = scope.transactional("other").await?;
    let mut late: Vec<TransactionalProducer> = Vec::new();
    for number in 0..3 {
        let producer = scope.producer().transaction_timeout(TRANSACTION_TIMEOUT);
        late.push(producer.build_transactional(scope.named(format!("late-{number}"))).await?);
    }
    let start = Instant::now();
    for (producer, partition) in late.iter().zip(0..) {
        producer.begin()?;
        send(producer, &topic, partition, &["late"]).await?;
    }
    other.begin()?;
    for partition in 0..3 {
        send(&other, &topic, partition, &["other"]).await?;
    }
    other.commit().await?;
    for partition in 0..3 {
        let stable = scope.end(ReadCommitted, &topic, partition).await?;
        if start.elapsed() < TRANSACTION_TIMEOUT {
            equal("end while the late record is open", &0, &stable)?;
        }
    }
    for partition in 0..3 {
        // Offsets: the late record, the other's and its marker, the abort's marker.
        scope.expect(ReadCommitted, &topic, partition, 4, &["1 other"]).await?;
    }

    if scope.version().await? < 2 {
        raises("the late commit", "Fenced", late[0].commit()).await?;
        raises("the late abort", "Fenced", late[1].abort()).await?;
        raises("the late send", "Fenced", late[2].send(record(&topic, 2, "too late"))).await?;
        is_fatal(&late[2]).await?;
        raises("the abort after it", "IllegalState", late[2].abort()).await?;
    } else {
        raises("the late commit", "InvalidTxnState", late[0].commit()).await?;
        late[1].abort().await?;
        let late_send = late[2].send(record(&topic, 2, "too late"));
        raises("the late send", "TransactionAbortable", late_send).await?;
        late[2].abort().await?;
        for partition in 1..3 {
            transaction(&late[partition as usize], &topic, partition, &["recovered"]).await?;
            let lines = ["1 other", "4 recovered"];
            scope.expect(ReadCommitted, &topic, partition, 6, &lines).await?;
        }
    }
    let successor = scope.transactional("late-0").await?;
    transaction(&successor, &topic, 0, &["successor"]).await?;
    scope.expect(ReadCommitted, &topic, 0, 6, &["1 other", "4 successor"]).await
}
