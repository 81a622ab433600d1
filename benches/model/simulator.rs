//! The simulator: whole runs of seeds on one core.

use criterion::{Criterion, Throughput};
use fencepost_sim::{Fixed, Setup, Switches, run};

/// Seeds in one iteration.
const SEEDS: u64 = 20;

fn steps() -> u64 {
    let setup = |seed| Setup {
        seed,
        switches: Switches::default(),
        fixed: Fixed::default(),
        with_steps: false,
    };
    (0..SEEDS).map(|seed| run(&setup(seed)).steps).sum()
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulator");
    group.throughput(Throughput::Elements(steps()));
    group.bench_function("steps of 20 seeds", |bencher| bencher.iter(steps));
}
