//! `cargo bench -p fencepost-benches`: the cost of steps of the cluster, in this process.

mod forks;
mod records;
mod requests;
mod simulator;
mod transactions;

use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};

/// The time of `iterations` runs, without that of making their inputs and checking their outputs.
fn timed<S, I, O>(
    iterations: u64,
    state: &mut S,
    mut prepare: impl FnMut(&mut S) -> I,
    mut run: impl FnMut(&mut S, I) -> O,
    mut check: impl FnMut(&mut S, O),
) -> Duration {
    let mut total = Duration::ZERO;
    for _ in 0..iterations {
        let input = prepare(state);
        let start = Instant::now();
        let output = run(state, input);
        total += start.elapsed();
        check(state, output);
    }
    total
}

criterion_group! {
    name = model;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets =
        requests::bench,
        transactions::bench,
        records::bench,
        forks::bench,
        simulator::bench,
}
criterion_main!(model);
