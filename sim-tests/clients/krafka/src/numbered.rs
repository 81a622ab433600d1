//! Many records, and many producers, counted exactly.

use krafka::consumer::IsolationLevel;
use tokio::task::JoinSet;

use crate::scope::{Failure, Scope, acknowledged, equal, record, text};

const LARGE: i64 = 100_000;
const SMALL: i64 = 10_000;
const PRODUCERS: usize = 50;
const EACH: usize = 5;

/// 10,000 records to one partition, each read once and in order.
pub(crate) async fn idempotent(scope: &Scope) -> Result<(), Failure> {
    let topic = scope.topic("topic", 1).await?;
    let producer = scope.producer().build().await?;
    let mut acknowledgements = Vec::new();
    for i in 0..SMALL {
        acknowledgements.push(producer.enqueue(record(&topic, 0, numbered(i))).await?);
    }
    acknowledged(acknowledgements).await?;
    producer.close().await?;
    expect_numbered(scope, &topic, SMALL, SMALL).await
}

/// One transaction of 100,000 records of 100 bytes.
pub(crate) async fn large_transaction(scope: &Scope) -> Result<(), Failure> {
    let topic = scope.topic("topic", 1).await?;
    let producer =
        scope.producer().batch_size(256 << 10).build_transactional(scope.named("producer")).await?;
    producer.begin()?;
    for i in 0..LARGE {
        // A record that fails makes the commit fail.
        drop(producer.enqueue(record(&topic, 0, numbered(i))).await?);
    }
    producer.commit().await?;
    expect_numbered(scope, &topic, LARGE, LARGE + 1).await
}

async fn expect_numbered(scope: &Scope, topic: &str, count: i64, end: i64) -> Result<(), Failure> {
    let records = scope.committed(topic, 0).await?;
    equal("end", &end, &scope.end(IsolationLevel::ReadCommitted, topic, 0).await?)?;
    equal("records", &count, &(records.len() as i64))?;
    for (record, i) in records.iter().zip(0..) {
        equal("offset", &i, &record.offset)?;
        equal("value", &numbered(i).as_str(), &text(record))?;
    }
    Ok(())
}

fn numbered(i: i64) -> String {
    format!("{i:0100}")
}

/// Fifty producers at once, each with a committed, an aborted and a committed transaction.
pub(crate) async fn fifty_producers(scope: &Scope) -> Result<(), Failure> {
    const PARTITIONS: usize = 3;
    let topic = scope.topic("topic", PARTITIONS as i32).await?;
    let mut running = JoinSet::new();
    for number in 0..PRODUCERS {
        let producer = scope.producer();
        let (id, topic) = (scope.named(number), topic.clone());
        running.spawn(async move {
            let producer = producer.build_transactional(id).await?;
            for transaction in 0..3 {
                producer.begin()?;
                for i in 0..EACH {
                    let partition = (i % PARTITIONS) as i32;
                    let _ = producer
                        .send(record(&topic, partition, value(number, transaction, i)))
                        .await?;
                }
                if transaction == 1 {
                    producer.abort().await?;
                } else {
                    producer.commit().await?;
                }
            }
            producer.close().await
        });
    }
    while let Some(done) = running.join_next().await {
        done.map_err(|panic| Failure::Check(panic.to_string()))??;
    }
    for partition in 0..PARTITIONS {
        let mut expected: Vec<String> = (0..PRODUCERS)
            .flat_map(|number| [0, 2].map(|transaction| (number, transaction)))
            .flat_map(|(number, transaction)| {
                (partition..EACH).step_by(PARTITIONS).map(move |i| value(number, transaction, i))
            })
            .collect();
        let records = scope.committed(&topic, partition as i32).await?;
        let mut got: Vec<String> = records.iter().map(|record| text(record).to_owned()).collect();
        expected.sort();
        got.sort();
        equal("committed values", &expected, &got)?;
    }
    Ok(())
}

fn value(producer: usize, transaction: usize, i: usize) -> String {
    format!("{producer}/{transaction}/{i}")
}
