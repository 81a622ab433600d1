//! Records in bulk: batches of 1 MiB appended, and fetched.

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use fencepost_benches::{Producer, World, check_produced};
use fencepost_ids::TopicName;
use fencepost_wire::messages::FetchRequest;
use fencepost_wire::messages::fetch_request::{FetchPartition, FetchTopic};
use fencepost_wire::{Response, ToWire, encode_response};

use crate::timed;

/// After so many appends the world is taken anew, so that memory stays bounded.
const APPENDS_MAX: u64 = 256;

pub(crate) fn bench(criterion: &mut Criterion) {
    checksum(criterion);
    produce(criterion);
    fetch(criterion);
}

/// 1000 records of 1024 bytes with what they carry: just below 1 MiB.
fn big_batch(producer: &mut Producer) -> Bytes {
    producer.batch(1_000, 1_024)
}

/// What bounds an append: the CRC of the same bytes.
fn checksum(criterion: &mut Criterion) {
    let mut world = World::new(1, 1);
    let batch = big_batch(&mut Producer::new(&mut world, None));
    let mut group = criterion.benchmark_group("1 MiB batch");
    group.throughput(Throughput::Bytes(batch.len() as u64));
    group.bench_function("CRC-32C alone", |bencher| bencher.iter(|| crc32c::crc32c(&batch)));
}

struct Appends {
    world: World,
    producer: Producer,
    count: u64,
}

fn produce(criterion: &mut Criterion) {
    let mut world = World::new(1, 1);
    let producer = Producer::new(&mut world, None);
    let length = big_batch(&mut producer.clone()).len() as u64;
    let mut group = criterion.benchmark_group("1 MiB batch");
    group.throughput(Throughput::Bytes(length));
    group.bench_function("Produce v12 of 1000 records", |bencher| {
        bencher.iter_custom(|iterations| {
            let fresh = || Appends { world: world.clone(), producer: producer.clone(), count: 0 };
            timed(
                iterations,
                &mut fresh(),
                |appends| {
                    if appends.count == APPENDS_MAX {
                        *appends = fresh();
                    }
                    appends.count += 1;
                    let batch = big_batch(&mut appends.producer);
                    appends.producer.produce(&appends.world, batch)
                },
                |appends, input| appends.world.run(input),
                |_, answer| check_produced(&answer),
            )
        });
    });
}

fn fetch(criterion: &mut Criterion) {
    let mut world = World::new(1, 1);
    let mut producer = Producer::new(&mut world, None);
    (0..2_000).for_each(|_| producer.send(&mut world, 1, 1_024));
    let partition = FetchPartition::default().with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default()
        .with_topic(TopicName::from("orders").to_wire())
        .with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_max_wait_ms(500)
        .with_min_bytes(1)
        .with_max_bytes(50 << 20)
        .with_topics(vec![topic]);
    let input = world.input(0, 12, request.clone());
    let Response::Fetch(answer) = world.run(input) else { panic!("a fetch is answered at once") };
    let bytes: usize = answer.topics[0].partitions[0].records.iter().map(Bytes::len).sum();
    assert!(bytes > 1_000_000, "a MiB is there to be fetched");
    let mut group = criterion.benchmark_group("Fetch v12 of 1 MiB");
    group.throughput(Throughput::Bytes(1 << 20));
    group.bench_function("in batches of 1 record of 1 KiB, encoded", |bencher| {
        bencher.iter_custom(|iterations| {
            timed(
                iterations,
                &mut world,
                |world| world.input(0, 12, request.clone()),
                |world, input| encode_response(1, 12, &world.run(input)),
                |_, frame| assert!(frame.is_ok(), "it can be encoded"),
            )
        });
    });
}
