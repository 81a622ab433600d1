//! librdkafka as the client:
//! `client SERVERS records SIZE COUNT` sends records with an idempotent producer;
//! `client SERVERS transactions PRODUCERS RECORDS SECONDS` commits transactions, each producer to
//! its own partition. Prints how many a second, and how many there were with those that are not
//! measured.

use std::env;
use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::bindings::rd_kafka_commit_transaction;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

type Failure = Box<dyn Error + Send + Sync>;

const TOPIC: &str = "bench";
const PATIENCE: Duration = Duration::from_secs(60);
/// Not measured: the connections are made and the code is warm.
const WARM_UP: Duration = Duration::from_millis(500);

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (each_second, all) = match arguments[..] {
        [servers, "records", size, count] => records(servers, size.parse()?, count.parse()?)?,
        [servers, "transactions", producers, records, seconds] => {
            transactions(servers, producers.parse()?, records.parse()?, seconds.parse()?)?
        }
        _ => return Err("see the head of client.rs for the arguments".into()),
    };
    println!("{each_second:.1} {all}");
    Ok(())
}

fn records(servers: &str, size: usize, count: u32) -> Result<(f64, u32), Failure> {
    let producer = connect(config(servers).set("enable.idempotence", "true"))?;
    let value = vec![b'v'; size];
    send(&producer, 0, &value)?;
    all_delivered(&producer);
    let start = Instant::now();
    for _ in 0..count {
        send(&producer, 0, &value)?;
    }
    all_delivered(&producer);
    let elapsed = start.elapsed();
    let (_, end) = producer.client().fetch_watermarks(TOPIC, 0, PATIENCE)?;
    if end != i64::from(count) + 1 {
        return Err(format!("{count} records sent, and the log ends at {end}").into());
    }
    Ok((f64::from(count) / elapsed.as_secs_f64(), count + 1))
}

fn transactions(
    servers: &str,
    producers: i32,
    records: u32,
    seconds: u64,
) -> Result<(f64, u32), Failure> {
    let connected = (0..producers)
        .map(|index| {
            let id = format!("bench-{index}");
            // Nothing is gained by waiting for more records: a commit flushes.
            let producer =
                connect(config(servers).set("transactional.id", id).set("linger.ms", "0"))?;
            producer.init_transactions(PATIENCE)?;
            Ok((index, producer))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let begin = Instant::now() + WARM_UP;
    let end = begin + Duration::from_secs(seconds);
    let threads: Vec<_> = connected
        .into_iter()
        .map(|(partition, producer)| {
            thread::spawn(move || -> Result<(u32, u32), Failure> {
                let value = [b'v'; 100];
                let (mut committed, mut all) = (0, 0);
                while Instant::now() < end {
                    producer.begin_transaction()?;
                    for _ in 0..records {
                        send(&producer, partition, &value)?;
                    }
                    commit(&producer)?;
                    let now = Instant::now();
                    committed += u32::from(begin <= now && now < end);
                    all += 1;
                }
                Ok((committed, all))
            })
        })
        .collect();
    let (mut committed, mut all) = (0, 0);
    for thread in threads {
        let (its_committed, its_all) = thread.join().map_err(|_| "a producer panicked")??;
        committed += its_committed;
        all += its_all;
    }
    Ok((f64::from(committed) / Duration::from_secs(seconds).as_secs_f64(), all))
}

fn config(servers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", servers)
        .set("queue.buffering.max.messages", "1000000")
        .set("delivery.report.only.error", "true");
    config
}

fn connect(config: &ClientConfig) -> Result<BaseProducer<Context>, KafkaError> {
    config.create_with_context(Context)
}

fn send(producer: &BaseProducer<Context>, partition: i32, value: &[u8]) -> Result<(), KafkaError> {
    let mut record = BaseRecord::<(), [u8]>::to(TOPIC).partition(partition).payload(value);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused)) => {
                record = refused;
                producer.poll(Duration::from_millis(1));
            }
            Err((error, _)) => return Err(error),
        }
    }
}

/// As `flush`, which looks only every 100 ms.
fn all_delivered(producer: &BaseProducer<Context>) {
    while producer.in_flight_count() > 0 {
        producer.poll(Duration::from_millis(1));
    }
}

/// As `commit_transaction`, which begins with a `flush`, and so takes 100 ms.
fn commit(producer: &BaseProducer<Context>) -> Result<(), Failure> {
    // SAFETY: the pointer is valid as long as the producer. librdkafka gives a null pointer, or an
    // error which the callee never frees; it is leaked, since the process is about to end.
    let failed = unsafe { rd_kafka_commit_transaction(producer.client().native_ptr(), 60_000) };
    if failed.is_null() { Ok(()) } else { Err("a transaction was not committed".into()) }
}

/// Ends the process for a record that is not delivered.
struct Context;

impl ClientContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            panic!("not delivered: {error}");
        }
    }
}
