//! Bytes from outside, thrown at every decoder: one function for each target.
//!
//! A target takes any bytes and must return: it may not panic, loop or take memory by what the
//! bytes claim. The committed corpus runs as ordinary tests; [`mutate`] changes it at random on
//! stable Rust; `fuzz/libfuzzer` hands the same functions to libFuzzer.

mod cluster;
mod groups;
mod logs;
pub mod mutate;
mod plans;
mod records;
mod requests;
pub mod seeds;
mod traces;
mod world;

/// What is thrown at, and its name.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, also of its folder in the corpus.
    pub name: &'static str,
    /// Takes any bytes.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "request", run: requests::request },
    Target { name: "response", run: requests::response },
    Target { name: "produced", run: records::produced },
    Target { name: "fetched", run: records::fetched },
    Target { name: "transaction_state", run: logs::transaction_state },
    Target { name: "consumer_offsets", run: logs::consumer_offsets },
    Target { name: "subscription", run: groups::subscription },
    Target { name: "regex", run: groups::regex },
    Target { name: "plan", run: plans::plan },
    Target { name: "cluster", run: cluster::cluster },
    Target { name: "trace", run: traces::trace },
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}

/// Throws bytes at the target of that name.
pub fn run(name: &str, data: &[u8]) {
    (target(name).expect("a target of that name").run)(data);
}
