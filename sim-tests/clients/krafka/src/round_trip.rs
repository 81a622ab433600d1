//! Records of every shape through each codec.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use krafka::consumer::IsolationLevel;
use krafka::{Compression, Headers, Record};

use crate::scope::{Failure, Scope, acknowledged, equal};

const RECORDS: i64 = 200;
const PARTITIONS: i32 = 3;

type Shape = (Option<Bytes>, Option<Bytes>, i64, Headers);

pub(crate) async fn run(scope: &Scope, codec: Compression) -> Result<(), Failure> {
    let topic = scope.topic("topic", PARTITIONS).await?;
    let producer = scope.producer().compression(codec).build().await?;
    let mut sent: Vec<Vec<Shape>> = vec![Vec::new(); PARTITIONS as usize];
    let mut acknowledgements = Vec::new();
    // Of today, so that retention leaves the records alone.
    let first = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64
        - 60_000;
    for (i, partition) in (0..RECORDS).zip((0..PARTITIONS).cycle()) {
        let shape = shape(i, first);
        sent[partition as usize].push(shape.clone());
        acknowledgements.push(producer.enqueue(record(&topic, partition, shape)).await?);
    }
    acknowledged(acknowledgements).await?;
    producer.close().await?;
    for (expected, partition) in sent.iter().zip(0..) {
        let end = expected.len() as i64;
        let read =
            scope.read_to(IsolationLevel::ReadUncommitted, &topic, partition, 0, end).await?;
        let offsets: Vec<i64> = read.iter().map(|record| record.offset).collect();
        equal("offsets", &(0..end).collect(), &offsets)?;
        let got: Vec<Shape> = read
            .into_iter()
            .map(|record| (record.key, record.value, record.timestamp, record.headers))
            .collect();
        equal("records", expected, &got)?;
    }
    Ok(())
}

fn shape(i: i64, first: i64) -> Shape {
    let key = match i % 5 {
        1 => None,
        4 => Some(Bytes::new()),
        _ => Some(Bytes::from(format!("key-{i}"))),
    };
    let value = match i % 5 {
        2 => None,
        3 => Some(Bytes::new()),
        _ => Some(Bytes::from(format!("value-{i}-{i:0100}"))),
    };
    let headers = [
        ("first", Some(Bytes::from(format!("h-{i}")))),
        ("again", Some(Bytes::new())),
        ("again", None),
    ];
    let count = usize::try_from(i % 4).expect("0 to 3");
    let headers = headers.into_iter().take(count).map(|(key, value)| (key.to_owned(), value));
    (key, value, first + i * 7, headers.collect())
}

fn record(topic: &str, partition: i32, (key, value, timestamp, headers): Shape) -> Record {
    let mut record = Record::new(topic, Bytes::new()).partition(partition).timestamp(timestamp);
    record.key = key;
    record.value = value;
    record.headers = headers;
    record
}
