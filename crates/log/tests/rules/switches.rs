//! Each safety rule of the log, on and switched off: the same history goes right and wrong.

mod batch;
mod clean;
mod idem;
mod mark;
mod reads;
mod recov;
mod verify;

use fencepost_ids::Rule;

use crate::partition::Partition;

fn without(rule: Rule) -> Partition {
    let mut p = Partition::new();
    p.rules.in_force.without(rule);
    p
}

fn with_followers_without(rule: Rule) -> Partition {
    Partition { followers: true, ..without(rule) }
}

/// Plays what happens with the rule in force, and without it.
#[track_caller]
fn both(rule: Rule, on: &str, off: &str) {
    Partition::new().play(on);
    without(rule).play(off);
}
