//! No client library: requests on a connection, so that hardly anything but the system is measured.
//! `bare-client SERVER records SIZE COUNT` sends records in batches of 16 KiB, five requests in
//! flight; `bare-client SERVER transactions PRODUCERS RECORDS SECONDS` commits transactions of TV1,
//! each producer on a connection of its own and to its own partition. Prints how many a second, and
//! how many there were with those that are not measured.

mod connection;

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use connection::Connection;
use fencepost_ids::{ProducerEpoch, ProducerId, Sequence, Timestamp, TopicName};
use fencepost_log::{BatchBuilder, NewRecord, TransactionBit};
use fencepost_wire::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use fencepost_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use fencepost_wire::messages::{
    AddPartitionsToTxnRequest, EndTxnRequest, FindCoordinatorRequest, InitProducerIdRequest,
    ProduceRequest, TransactionalId,
};
use fencepost_wire::{Response, StrBytes, ToWire};

type Failure = Box<dyn Error + Send + Sync>;

const TOPIC: &str = "bench";
const BATCH_BYTES: usize = 16 * 1024;
const IN_FLIGHT_MAX: u32 = 5;
const WARM_UP: Duration = Duration::from_millis(500);

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (each_second, all) = match arguments[..] {
        [server, "records", size, count] => records(server, size.parse()?, count.parse()?)?,
        [server, "transactions", producers, records, seconds] => {
            transactions(server, producers.parse()?, records.parse()?, seconds.parse()?)?
        }
        _ => return Err("see the head of main.rs for the arguments".into()),
    };
    println!("{each_second:.1} {all}");
    Ok(())
}

fn records(server: &str, size: usize, count: i32) -> Result<(f64, i32), Failure> {
    let mut producer = Producer::connect(server, None, 0)?;
    let in_batch = i32::try_from(BATCH_BYTES / (size + 10))?;
    let requests: Vec<Bytes> = (0..count / in_batch)
        .map(|_| {
            let produce = producer.produce(in_batch, size);
            producer.connection.frame(9, produce)
        })
        .collect::<Result<_, _>>()?;
    let mut in_flight = 0;
    let start = Instant::now();
    for request in &requests {
        if in_flight == IN_FLIGHT_MAX {
            check(producer.connection.read()?)?;
            in_flight -= 1;
        }
        producer.connection.write(request)?;
        in_flight += 1;
    }
    for _ in 0..in_flight {
        check(producer.connection.read()?)?;
    }
    let elapsed = start.elapsed();
    let sent = count / in_batch * in_batch;
    Ok((f64::from(sent) / elapsed.as_secs_f64(), sent))
}

fn transactions(
    server: &str,
    producers: i32,
    records: i32,
    seconds: u64,
) -> Result<(f64, i32), Failure> {
    let connected = (0..producers)
        .map(|partition| Producer::connect(server, Some(&format!("bench-{partition}")), partition))
        .collect::<Result<Vec<_>, _>>()?;
    let begin = Instant::now() + WARM_UP;
    let end = begin + Duration::from_secs(seconds);
    let threads: Vec<_> = connected
        .into_iter()
        .map(|mut producer| {
            thread::spawn(move || -> Result<(i32, i32), Failure> {
                let (mut committed, mut all) = (0, 0);
                while Instant::now() < end {
                    producer.transaction(records)?;
                    let now = Instant::now();
                    committed += i32::from(begin <= now && now < end);
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

struct Producer {
    connection: Connection,
    transactional_id: Option<TransactionalId>,
    partition: i32,
    id: i64,
    epoch: i16,
    sequence: i32,
}

impl Producer {
    fn connect(server: &str, id: Option<&str>, partition: i32) -> Result<Self, Failure> {
        let mut connection = Connection::open(server)?;
        let transactional_id = id.map(|id| TransactionalId(StrBytes::from_string(id.to_owned())));
        if let Some(id) = id {
            // As every client does: it makes the cluster have a coordinator.
            let find = FindCoordinatorRequest::default()
                .with_key(StrBytes::from_string(id.to_owned()))
                .with_key_type(1);
            connection.ask(3, find)?;
        }
        let request = InitProducerIdRequest::default()
            .with_transactional_id(transactional_id.clone())
            .with_transaction_timeout_ms(60_000)
            .with_producer_id((-1).into())
            .with_producer_epoch(-1);
        // The coordinator may still be loading.
        for _ in 0..100 {
            let answer = connection.ask(4, request.clone())?;
            let Response::InitProducerId(given) = answer else {
                return Err("no such answer".into());
            };
            if given.error_code == 0 {
                let (id, epoch) = (given.producer_id.0, given.producer_epoch);
                return Ok(Self {
                    connection,
                    transactional_id,
                    partition,
                    id,
                    epoch,
                    sequence: 0,
                });
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err("no producer id".into())
    }

    /// Produce v9 with the next batch of `count` records of `size` bytes.
    fn produce(&mut self, count: i32, size: usize) -> ProduceRequest {
        let mut batch = BatchBuilder::new().producer(
            ProducerId(self.id),
            ProducerEpoch(self.epoch),
            Sequence(self.sequence),
        );
        if self.transactional_id.is_some() {
            batch = batch.transaction(TransactionBit::Transactional);
        }
        let value = vec![b'v'; size];
        for _ in 0..count {
            let record = NewRecord { value: Some(&value), ..NewRecord::default() };
            batch.push(Timestamp(1_700_000_000_000), record);
        }
        self.sequence += count;
        let data = PartitionProduceData::default()
            .with_index(self.partition)
            .with_records(Some(batch.build().bytes().clone()));
        let topic = TopicProduceData::default()
            .with_name(TopicName::from(TOPIC).to_wire())
            .with_partition_data(vec![data]);
        ProduceRequest::default()
            .with_transactional_id(self.transactional_id.clone())
            .with_acks(-1)
            .with_timeout_ms(30_000)
            .with_topic_data(vec![topic])
    }

    fn transaction(&mut self, records: i32) -> Result<(), Failure> {
        let id = self.transactional_id.clone().ok_or("a producer without a transactional id")?;
        let topic = AddPartitionsToTxnTopic::default()
            .with_name(TopicName::from(TOPIC).to_wire())
            .with_partitions(vec![self.partition]);
        let add = AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(id.clone())
            .with_v3_and_below_producer_id(self.id.into())
            .with_v3_and_below_producer_epoch(self.epoch)
            .with_v3_and_below_topics(vec![topic]);
        // The markers of the transaction before may still be on their way.
        while check(self.connection.ask(1, add.clone())?)? == Progress::Busy {}
        let produce = self.produce(records, 100);
        check(self.connection.ask(9, produce)?)?;
        let end = EndTxnRequest::default()
            .with_transactional_id(id)
            .with_producer_id(self.id.into())
            .with_producer_epoch(self.epoch)
            .with_committed(true);
        check(self.connection.ask(1, end)?)?;
        Ok(())
    }
}

#[derive(PartialEq, Eq)]
enum Progress {
    Done,
    /// CONCURRENT_TRANSACTIONS.
    Busy,
}

fn check(answer: Response) -> Result<Progress, Failure> {
    let error = match &answer {
        Response::Produce(answer) => answer.responses[0].partition_responses[0].error_code,
        Response::AddPartitionsToTxn(answer) => {
            let topic = &answer.results_by_topic_v3_and_below[0];
            topic.results_by_partition[0].partition_error_code
        }
        Response::EndTxn(answer) => answer.error_code,
        other => return Err(format!("not an answer to a question: {other:?}").into()),
    };
    match error {
        0 => Ok(Progress::Done),
        51 => Ok(Progress::Busy),
        _ => Err(format!("refused: {answer:?}").into()),
    }
}
