//! The cost of a fork: a clone of the world and one Produce on the clone.

use std::hint::black_box;

use criterion::Criterion;
use fencepost_benches::{Producer, World};

use crate::timed;

pub(crate) fn bench(criterion: &mut Criterion) {
    // 50 partitions of each internal topic, and 12 of the user's.
    let mut group = criterion.benchmark_group("fork, 3 brokers, 112 partitions");
    let mut world = World::new(3, 12);
    let mut producer = Producer::new(&mut world, None);
    (0..1_000).for_each(|_| producer.send(&mut world, 1, 100));
    let batch = producer.batch(1, 100);
    group.bench_function("clone", |bencher| {
        bencher.iter(|| black_box(world.cluster.clone()));
    });
    group.bench_function("clone and one Produce", |bencher| {
        bencher.iter_custom(|iterations| {
            timed(
                iterations,
                &mut world,
                |world| producer.produce(world, batch.clone()),
                |world, input| {
                    let mut fork = world.clone();
                    let answer = fork.step(input);
                    (fork, answer)
                },
                |_, forked| drop(forked),
            )
        });
    });
}
