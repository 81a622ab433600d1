//! A TV2 transaction of one record: Produce v12 and EndTxn v5, with every message between brokers.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use fencepost_benches::{Producer, World};

use crate::timed;

pub(crate) fn bench(criterion: &mut Criterion) {
    brokers(criterion);
    records(criterion);
    ids(criterion);
}

fn brokers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transaction of 1 record, by brokers");
    for brokers in [1, 3] {
        let mut world = World::new(brokers, 1);
        let producers = vec![Producer::new(&mut world, Some("txn"))];
        measure(&mut group, brokers.to_string(), world, producers);
    }
}

fn records(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transaction of 1 record, by earlier records");
    for earlier in [1_000, 1_000_000] {
        let mut world = World::new(1, 1);
        let mut idempotent = Producer::new(&mut world, None);
        (0..earlier).for_each(|_| idempotent.send(&mut world, 1, 10));
        let producers = vec![Producer::new(&mut world, Some("txn"))];
        measure(&mut group, earlier.to_string(), world, producers);
    }
}

/// One producer in turn after the other. When all of many do so, each finds its state out of the
/// processor's caches.
fn ids(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transaction of 1 record, by transactional ids");
    for (ids, busy) in [(10, 10), (10_000, 10), (10_000, 10_000)] {
        let mut world = World::new(1, 1);
        let mut producers: Vec<Producer> = (0..ids)
            .map(|id| {
                let mut producer = Producer::new(&mut world, Some(&format!("txn-{id}")));
                producer.commit(&mut world);
                producer
            })
            .collect();
        producers.truncate(busy);
        measure(&mut group, format!("{ids}, {busy} of them busy"), world, producers);
    }
}

struct Turns {
    world: World,
    producers: Vec<Producer>,
    next: usize,
}

fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: String,
    world: World,
    producers: Vec<Producer>,
) {
    let mut turns = Turns { world, producers, next: 0 };
    group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
        bencher.iter_custom(|iterations| {
            timed(
                iterations,
                &mut turns,
                |turns| {
                    turns.next = (turns.next + 1) % turns.producers.len();
                    turns.producers[turns.next].transaction(&turns.world)
                },
                |turns, transaction| transaction.run(&mut turns.world),
                |turns, answer| turns.producers[turns.next].ended(&answer),
            )
        });
    });
}
