//! What goes wrong without each safety rule of the transaction coordinator: the same history with
//! the rule in force and switched off.

mod deciding;
mod identities;
mod lasting;
mod marking;

use fencepost_ids::Rule;
use fencepost_model::ClusterConfig;

use crate::txn::driver::World;

/// What a history shows with a rule in force, and without it.
fn on_and_off<T>(
    rule: Rule,
    change: impl Fn(&mut ClusterConfig),
    history: impl Fn(World) -> T,
    brokers: i32,
) -> (T, T) {
    let on = World::with(brokers, &change);
    let off = World::with(brokers, |config| {
        change(config);
        config.rules.without(rule);
    });
    (history(on), history(off))
}

/// The same at a level of `transaction.version`.
fn at_level<T>(rule: Rule, level: i16, brokers: i32, history: impl Fn(World) -> T) -> (T, T) {
    on_and_off(rule, |config| config.transaction_version = level, history, brokers)
}

/// The same from (0, 32766) on.
fn when_exhausted<T>(rule: Rule, history: impl Fn(World) -> T) -> (T, T) {
    let mut off = World::with(1, |config| config.rules.without(rule));
    off.exhaust();
    (history(World::exhausted()), history(off))
}

/// A producer at epoch 0 with one record in an open transaction on partition 0.
fn opened(world: &mut World, level: i16) {
    assert_eq!(world.init("t", None), "0,0");
    if level == 2 {
        assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    } else {
        assert_eq!(world.add("t", (0, 0), &[0]), "0");
        assert_eq!(world.produce("t", 11, (0, 0), 0, 0), "0");
    }
}

/// All brokers but the coordinator of `t`.
fn others(world: &mut World, brokers: i32) -> Vec<i32> {
    let owner = world.coordinator("t");
    (0..brokers).filter(|broker| *broker != owner).collect()
}
