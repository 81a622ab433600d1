//! How much memory a million records of 1 KiB take: resident bytes over the bytes of the batches.
//! `cargo bench -p fencepost-benches --bench memory -- 1000` takes batches of 1000 records.

use std::fs;

use bytes::Bytes;
use fencepost_benches::{Producer, World, check_produced};
use fencepost_model::Input;
use fencepost_wire::{Release, decode_request, encode_request};

const RECORDS: i32 = 1_000_000;

fn main() {
    // As many as fit into 16 KiB, the default `batch.size` of producers, if nobody says.
    let in_batch = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(15);
    let mut world = World::new(1, 1);
    let mut producer = Producer::new(&mut world, None);
    let before = resident_bytes();
    let mut bytes = 0;
    for _ in 0..RECORDS / in_batch {
        let batch = producer.batch(in_batch, 1_024);
        bytes += batch.len() as u64;
        let input = producer.produce(&world, batch);
        check_produced(&world.run(as_from_outside(input)));
    }
    let held = resident_bytes() - before;
    println!(
        "{} records of 1 KiB in batches of {in_batch}: {bytes} bytes, {held} resident, ratio {:.3}",
        RECORDS / in_batch * in_batch,
        held as f64 / bytes as f64
    );
}

/// The batch as a slice of the frame that it came in, which has a buffer of exactly its size.
fn as_from_outside(input: Input) -> Input {
    let Input::Request { connection, header, request } = input else { return input };
    let frame = encode_request(&header, &request).expect("well formed").into_payload();
    let frame = Bytes::copy_from_slice(&frame);
    let (header, request) = decode_request(frame, Release::DEFAULT).expect("well formed");
    Input::Request { connection, header, request }
}

/// What the kernel counts as resident in memory that is no file's.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("RssAnon")).expect("Linux");
    let kibibytes: u64 =
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number");
    kibibytes * 1024
}
