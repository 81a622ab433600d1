use std::fmt::{Debug, Display};
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use krafka::admin::{
    CreateTopicsOptions, DescribeFeaturesOptions, DescribeTopicsOptions, ListOffsetsOptions,
    NewTopic, OffsetSpec,
};
use krafka::consumer::{AutoOffsetReset, ConsumerBuilder, IsolationLevel, TopicPartition};
use krafka::producer::{DeliveryHandle, ProducerBuilder, Record, TransactionalProducer};
use krafka::{ConsumerRecord, Kafka, KrafkaError};
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout};

/// The longest wait for one thing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The cluster as one scenario sees it, with names of its own.
#[derive(Debug)]
pub struct Scope {
    pub(crate) kafka: Kafka,
    pub(crate) bootstrap: String,
    pub(crate) program: PathBuf,
    pub(crate) name: String,
    transaction_version: Option<i16>,
}

/// Why a scenario did not pass.
#[derive(Debug, Error)]
pub enum Failure {
    /// A check did not hold.
    #[error("{0}")]
    Check(String),
    /// A call that should have succeeded did not.
    #[error(transparent)]
    Krafka(#[from] KrafkaError),
    /// The process that is to be killed could not be used.
    #[error("the child process: {0}")]
    Child(#[from] std::io::Error),
}

impl Scope {
    /// Connects to a cluster. `program` is this crate's, for the scenario that kills one;
    /// `transaction_version` is what must be finalized.
    ///
    /// # Errors
    /// No broker answers, or another version is finalized.
    pub async fn connect(
        bootstrap: &str,
        program: PathBuf,
        name: String,
        transaction_version: Option<i16>,
    ) -> Result<Self, Failure> {
        let kafka = dial(bootstrap).await?;
        let bootstrap = bootstrap.to_owned();
        let scope = Self { kafka, bootstrap, program, name, transaction_version };
        scope.version().await?;
        Ok(scope)
    }

    /// The same cluster and names over connections of its own. A broker answers the requests of a
    /// connection in order, so a member that waits to join would hold back the heartbeats of another.
    pub(crate) async fn apart(&self) -> Result<Self, Failure> {
        Ok(Self {
            kafka: dial(&self.bootstrap).await?,
            bootstrap: self.bootstrap.clone(),
            program: self.program.clone(),
            name: self.name.clone(),
            transaction_version: self.transaction_version,
        })
    }

    /// A topic, group or transactional id of this scenario alone.
    pub(crate) fn named(&self, suffix: impl Display) -> String {
        format!("{}-{suffix}", self.name)
    }

    pub(crate) async fn version(&self) -> Result<i16, Failure> {
        let features =
            self.kafka.admin().describe_features(DescribeFeaturesOptions::default()).await?;
        let finalized = features
            .finalized
            .iter()
            .find(|feature| feature.name == "transaction.version")
            .map_or(0, |feature| feature.max_version_level);
        if let Some(wanted) = self.transaction_version {
            equal("finalized transaction.version", &wanted, &finalized)?;
        }
        Ok(finalized)
    }

    /// Creates a topic and waits until it has leaders.
    pub(crate) async fn topic(&self, suffix: &str, partitions: i32) -> Result<String, Failure> {
        let topic = self.named(suffix);
        let admin = self.kafka.admin();
        let wanted = NewTopic::new(topic.as_str(), partitions, -1)?;
        for result in
            admin.create_topics([wanted], CreateTopicsOptions::default()).await?.into_values()
        {
            result?;
        }
        eventually(&format!("leaders of {topic}"), &(partitions as usize), async || {
            let described = admin
                .describe_topics([topic.as_str()], DescribeTopicsOptions::default())
                .await?
                .remove(&topic);
            Ok(match described {
                Some(Ok(topic)) => {
                    topic.partitions.iter().filter(|partition| partition.leader.is_some()).count()
                }
                _ => 0,
            })
        })
        .await?;
        Ok(topic)
    }

    pub(crate) fn producer(&self) -> ProducerBuilder {
        self.kafka
            .producer()
            .linger(Duration::from_millis(2))
            .retry_backoff(Duration::from_millis(20))
            .delivery_timeout(PATIENCE)
            .max_block(PATIENCE)
    }

    /// A transactional producer that has been initialised.
    pub(crate) async fn transactional(
        &self,
        suffix: impl Display,
    ) -> Result<TransactionalProducer, Failure> {
        Ok(self.producer().build_transactional(self.named(suffix)).await?)
    }

    pub(crate) fn consumer(&self, isolation: IsolationLevel) -> ConsumerBuilder {
        short_waits(self.kafka.consumer_without_group(), isolation)
    }

    pub(crate) fn member(&self, group: &str) -> ConsumerBuilder {
        short_waits(self.kafka.consumer(group), IsolationLevel::ReadCommitted)
    }

    /// The partition's end for this isolation level.
    pub(crate) async fn end(
        &self,
        isolation: IsolationLevel,
        topic: &str,
        partition: i32,
    ) -> Result<i64, Failure> {
        let at = TopicPartition::new(topic, partition);
        let options = ListOffsetsOptions::default()
            .read_committed(isolation == IsolationLevel::ReadCommitted);
        let mut listed =
            self.kafka.admin().list_offsets([(at.clone(), OffsetSpec::Latest)], options).await?;
        match listed.remove(&at) {
            Some(offset) => Ok(offset?.offset),
            None => Err(Failure::Check(format!("no end offset of {topic}/{partition}"))),
        }
    }

    /// Awaits the partition's end, because a commit returns before its markers are written.
    pub(crate) async fn reaches(
        &self,
        isolation: IsolationLevel,
        topic: &str,
        partition: i32,
        end: i64,
    ) -> Result<(), Failure> {
        eventually(&format!("end, {isolation:?} of {topic}/{partition}"), &end, async || {
            self.end(isolation, topic, partition).await
        })
        .await
    }

    /// Awaits the partition's end and compares the records before it, each as "offset value".
    pub(crate) async fn expect(
        &self,
        isolation: IsolationLevel,
        topic: &str,
        partition: i32,
        end: i64,
        lines: &[&str],
    ) -> Result<(), Failure> {
        self.reaches(isolation, topic, partition, end).await?;
        let records = self.read_to(isolation, topic, partition, 0, end).await?;
        same_lines(&format!("{isolation:?} of {topic}/{partition}"), lines, &records)
    }

    /// Awaits that no transaction is open on the partition, and reads all that is committed.
    pub(crate) async fn committed(
        &self,
        topic: &str,
        partition: i32,
    ) -> Result<Vec<ConsumerRecord>, Failure> {
        eventually(&format!("open records of {topic}/{partition}"), &0, async || {
            // In this order: an end that moves meanwhile cannot hide an open record.
            let stable = self.end(IsolationLevel::ReadCommitted, topic, partition).await?;
            let end = self.end(IsolationLevel::ReadUncommitted, topic, partition).await?;
            Ok(end - stable)
        })
        .await?;
        let end = self.end(IsolationLevel::ReadCommitted, topic, partition).await?;
        self.read_to(IsolationLevel::ReadCommitted, topic, partition, 0, end).await
    }

    /// Reads until the consumer's position is the end, past any control batch.
    pub(crate) async fn read_to(
        &self,
        isolation: IsolationLevel,
        topic: &str,
        partition: i32,
        from: i64,
        end: i64,
    ) -> Result<Vec<ConsumerRecord>, Failure> {
        let consumer = self.consumer(isolation).build().await?;
        consumer.assign(topic, vec![partition]).await?;
        consumer.seek(topic, partition, from).await?;
        let mut records = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let position = consumer.position(topic, partition).await;
            if position == Some(end) {
                consumer.close().await?;
                return Ok(records);
            }
            if Instant::now() > deadline || position > Some(end) {
                return Err(Failure::Check(format!(
                    "{isolation:?} of {topic}/{partition}: position {position:?}, end {end}"
                )));
            }
            records.extend(consumer.poll(Duration::from_millis(100)).await?);
        }
    }
}

async fn dial(bootstrap: &str) -> krafka::Result<Kafka> {
    Kafka::builder(bootstrap).request_timeout(Duration::from_secs(10)).connect().await
}

fn short_waits(consumer: ConsumerBuilder, isolation: IsolationLevel) -> ConsumerBuilder {
    consumer
        .isolation_level(isolation)
        .auto_offset_reset(AutoOffsetReset::Earliest)
        .enable_auto_commit(false)
        .fetch_max_wait(Duration::from_millis(50))
        .idle_poll_backoff(Duration::from_millis(10))
}

pub(crate) fn record(topic: &str, partition: i32, value: impl AsRef<str>) -> Record {
    Record::new(topic, value.as_ref().to_owned()).partition(partition)
}

/// Sends and awaits the acknowledgements.
pub(crate) async fn send(
    producer: &TransactionalProducer,
    topic: &str,
    partition: i32,
    values: &[&str],
) -> krafka::Result<()> {
    for value in values {
        // What the acknowledgement says is seen by what is read back.
        let _ = producer.send(record(topic, partition, value)).await?;
    }
    Ok(())
}

pub(crate) async fn acknowledged(handles: Vec<DeliveryHandle>) -> krafka::Result<()> {
    for handle in handles {
        let _ = handle.await?;
    }
    Ok(())
}

/// A whole transaction.
pub(crate) async fn transaction(
    producer: &TransactionalProducer,
    topic: &str,
    partition: i32,
    values: &[&str],
) -> krafka::Result<()> {
    producer.begin()?;
    send(producer, topic, partition, values).await?;
    producer.commit().await
}

pub(crate) fn equal<T: PartialEq + Debug>(
    what: &str,
    expected: &T,
    got: &T,
) -> Result<(), Failure> {
    if expected == got {
        return Ok(());
    }
    Err(Failure::Check(format!("{what}: expected {expected:?}, got {got:?}")))
}

pub(crate) fn text(record: &ConsumerRecord) -> &str {
    record.value_str().unwrap_or("null")
}

pub(crate) fn same_lines(
    what: &str,
    lines: &[&str],
    records: &[ConsumerRecord],
) -> Result<(), Failure> {
    let got: Vec<String> =
        records.iter().map(|record| format!("{} {}", record.offset, text(record))).collect();
    let expected: Vec<String> = lines.iter().map(ToString::to_string).collect();
    equal(what, &expected, &got)
}

/// Polls until the answer is the expected one.
pub(crate) async fn eventually<T, F>(
    what: &str,
    expected: &T,
    ask: impl Fn() -> F,
) -> Result<(), Failure>
where
    T: PartialEq + Debug,
    F: Future<Output = Result<T, Failure>>,
{
    let deadline = Instant::now() + PATIENCE;
    loop {
        let got = ask().await?;
        if got == *expected {
            return Ok(());
        }
        if Instant::now() > deadline {
            return equal(what, expected, &got);
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// The variant of an error, with a broker's code: what a program would match on.
pub(crate) fn kind(error: &KrafkaError) -> String {
    match error {
        KrafkaError::Broker { code, .. } => format!("{code:?}"),
        other => format!("{other:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned(),
    }
}

/// The call must fail with an error of this kind.
pub(crate) async fn raises<T: Debug>(
    what: &str,
    expected: &str,
    call: impl Future<Output = krafka::Result<T>>,
) -> Result<(), Failure> {
    match timeout(PATIENCE, call).await {
        Err(_) => Err(Failure::Check(format!("{what}: expected {expected}, no answer"))),
        Ok(result) => refused(what, expected, result),
    }
}

/// It must have failed with an error of this kind.
pub(crate) fn refused<T: Debug>(
    what: &str,
    expected: &str,
    result: krafka::Result<T>,
) -> Result<(), Failure> {
    let got = match result {
        Err(error) if kind(&error) == expected => return Ok(()),
        Err(error) => format!("{}: {error}", kind(&error)),
        Ok(value) => format!("{value:?}"),
    };
    Err(Failure::Check(format!("{what}: expected {expected}, got {got}")))
}
