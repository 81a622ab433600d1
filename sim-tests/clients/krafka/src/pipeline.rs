//! Consume, transform and produce in transactions, with a rebalance in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use krafka::admin::ListConsumerGroupOffsetsOptions;
use krafka::consumer::{Consumer, GroupProtocol, TopicPartition};
use krafka::producer::{TopicPartitionOffset, TransactionalProducer};
use krafka::{ConsumerRecord, KrafkaError};
use tokio::task::JoinHandle;

use crate::scope::{Failure, Scope, acknowledged, equal, eventually, kind, record, text};

const PARTITIONS: i32 = 4;
/// Records of each partition before the second member joins, and after.
const HALF: usize = 75;
const ALL: usize = 2 * HALF * PARTITIONS as usize;

pub(crate) async fn classic(scope: &Scope) -> Result<(), Failure> {
    run(scope, GroupProtocol::Classic).await
}

pub(crate) async fn consumer(scope: &Scope) -> Result<(), Failure> {
    run(scope, GroupProtocol::Consumer).await
}

async fn run(scope: &Scope, protocol: GroupProtocol) -> Result<(), Failure> {
    let input = scope.topic("input", PARTITIONS).await?;
    let output = scope.topic("output", PARTITIONS).await?;
    produce(scope, &input, 0).await?;
    let first = Member::start(scope, protocol, "member-1", &input, &output).await?;
    eventually("work of the first member", &true, async || {
        first.check_alive()?;
        Ok(first.committed.load(Ordering::SeqCst) > 0)
    })
    .await?;
    let second = Member::start(scope, protocol, "member-2", &input, &output).await?;
    eventually("two partitions each", &(2, 2), async || {
        first.check_alive()?;
        second.check_alive()?;
        Ok((first.assigned.load(Ordering::SeqCst), second.assigned.load(Ordering::SeqCst)))
    })
    .await?;
    produce(scope, &input, HALF).await?;
    eventually("records committed", &ALL, async || {
        first.check_alive()?;
        second.check_alive()?;
        Ok(first.committed.load(Ordering::SeqCst) + second.committed.load(Ordering::SeqCst))
    })
    .await?;
    let counts = [first.finish().await?, second.finish().await?];
    equal("records committed", &ALL, &counts.iter().sum())?;
    if counts[1] < HALF {
        return Err(Failure::Check(format!("the second member committed only {}", counts[1])));
    }
    for partition in 0..PARTITIONS {
        let records = scope.committed(&output, partition).await?;
        let expected: Vec<String> =
            (0..2 * HALF).map(|i| format!("out-in-{partition}-{i}")).collect();
        let got: Vec<String> = records.iter().map(|record| text(record).to_owned()).collect();
        equal("outputs", &expected, &got)?;
    }
    committed_offsets(scope, &input).await
}

async fn produce(scope: &Scope, input: &str, from: usize) -> Result<(), Failure> {
    let producer = scope.producer().build().await?;
    let mut acknowledgements = Vec::new();
    for partition in 0..PARTITIONS {
        for i in from..from + HALF {
            let value = format!("in-{partition}-{i}");
            acknowledgements.push(producer.enqueue(record(input, partition, value)).await?);
        }
    }
    acknowledged(acknowledgements).await?;
    Ok(producer.close().await?)
}

async fn committed_offsets(scope: &Scope, input: &str) -> Result<(), Failure> {
    let options = ListConsumerGroupOffsetsOptions::default().require_stable(true);
    let mut offsets =
        scope.kafka.admin().list_consumer_group_offsets(scope.named("group"), options).await?;
    for partition in 0..PARTITIONS {
        let offset = match offsets.remove(&TopicPartition::new(input, partition)) {
            Some(offset) => offset?.offset,
            None => None,
        };
        equal("committed offset", &Some(2 * HALF as i64), &offset)?;
    }
    equal("other offsets", &0, &offsets.len())
}

/// A group member with its own producer, in a task of its own.
struct Member {
    stop: Arc<AtomicBool>,
    assigned: Arc<AtomicUsize>,
    committed: Arc<AtomicUsize>,
    task: JoinHandle<Result<(), KrafkaError>>,
}

impl Member {
    async fn start(
        scope: &Scope,
        protocol: GroupProtocol,
        name: &str,
        input: &str,
        output: &str,
    ) -> Result<Self, Failure> {
        let scope = scope.apart().await?;
        let mut builder =
            scope.member(&scope.named("group")).group_protocol(protocol).max_poll_records(20);
        if protocol == GroupProtocol::Classic {
            builder = builder
                .session_timeout(Duration::from_secs(6))
                .heartbeat_interval(Duration::from_millis(100));
        }
        let consumer = builder.build().await?;
        let producer = scope.transactional(name).await?;
        consumer.subscribe([input]).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let assigned = Arc::new(AtomicUsize::new(0));
        let committed = Arc::new(AtomicUsize::new(0));
        let (stop_task, assigned_task) = (Arc::clone(&stop), Arc::clone(&assigned));
        let (committed_task, output) = (Arc::clone(&committed), output.to_owned());
        let task = tokio::spawn(async move {
            while !stop_task.load(Ordering::SeqCst) {
                let records = consumer.poll(Duration::from_millis(500)).await?;
                let partitions = consumer.assignment().await.values().map(Vec::len).sum();
                assigned_task.store(partitions, Ordering::SeqCst);
                if !records.is_empty() {
                    let count = one_transaction(&consumer, &producer, &output, &records).await?;
                    committed_task.fetch_add(count, Ordering::SeqCst);
                }
            }
            producer.close().await?;
            consumer.close().await
        });
        Ok(Self { stop, assigned, committed, task })
    }

    fn check_alive(&self) -> Result<(), Failure> {
        if self.task.is_finished() {
            return Err(Failure::Check("a member ended early".into()));
        }
        Ok(())
    }

    async fn finish(self) -> Result<usize, Failure> {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.map_err(|panic| Failure::Check(panic.to_string()))??;
        Ok(self.committed.load(Ordering::SeqCst))
    }
}

/// The number of records committed: none when the group moved on meanwhile.
async fn one_transaction(
    consumer: &Consumer,
    producer: &TransactionalProducer,
    output: &str,
    records: &[ConsumerRecord],
) -> Result<usize, KrafkaError> {
    producer.begin()?;
    match copy(consumer, producer, output, records).await {
        Ok(()) => {
            producer.commit().await?;
            Ok(records.len())
        }
        Err(error) if kind(&error) == "TransactionAbortable" => {
            producer.abort().await?;
            rewind(consumer, records).await?;
            Ok(0)
        }
        Err(error) => Err(error),
    }
}

async fn copy(
    consumer: &Consumer,
    producer: &TransactionalProducer,
    output: &str,
    records: &[ConsumerRecord],
) -> Result<(), KrafkaError> {
    let mut offsets = Vec::new();
    for input in records {
        let value = format!("out-{}", text(input));
        // A record that fails makes the commit fail.
        drop(producer.enqueue(record(output, input.partition, value)).await?);
        offsets.push(TopicPartitionOffset::new(&*input.topic, input.partition, input.offset + 1));
    }
    let Some(group) = consumer.group_metadata().await else {
        return Err(KrafkaError::transaction_abortable("not a member of the group now"));
    };
    producer.send_offsets(&offsets, &group).await
}

/// Back to the first record of each partition that is still ours.
async fn rewind(consumer: &Consumer, records: &[ConsumerRecord]) -> Result<(), KrafkaError> {
    let assigned = consumer.assignment().await;
    for record in records.iter().rev() {
        let ours = assigned.get(&*record.topic);
        if ours.is_some_and(|partitions| partitions.contains(&record.partition)) {
            consumer.seek(&record.topic, record.partition, record.offset).await?;
        }
    }
    Ok(())
}
