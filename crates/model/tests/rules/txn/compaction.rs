//! `__transaction_state` after compaction.

use crate::txn::driver::{World, markers, nothing};

/// CLEAN-15: what a coordinator loads from the compacted log is what it loads from the whole one:
/// completed, open, prepared and empty transactions.
#[test]
fn clean_15_a_compacted_log_of_transactions_loads_alike() {
    let mut world = World::with(1, |config| {
        for (name, value) in [("log.roll.ms", "1"), ("log.cleaner.min.cleanable.ratio", "0")] {
            config.settings.set(name, value).unwrap();
        }
    });
    let ids = ["t", "open", "prepared", "empty"];
    for (producer_id, id) in (0..).zip(ids) {
        assert_eq!(world.init(id, None), format!("{producer_id},0"));
    }
    for (round, commit) in [true, false, true].into_iter().enumerate() {
        let epoch = i16::try_from(round).unwrap();
        world.pass(2);
        assert_eq!(world.produce("t", 12, (0, epoch), 0, 0), "0");
        world.pass(2);
        assert_eq!(world.end("t", 5, (0, epoch), commit), format!("0,{}", epoch + 1));
    }
    assert_eq!(world.produce("open", 12, (1, 0), 0, 1), "0");
    assert_eq!(world.produce("prepared", 12, (2, 0), 0, 2), "0");
    world.held = markers;
    assert_eq!(world.end("prepared", 5, (2, 0), true), "2,1");
    world.pass(2);
    assert_eq!(world.init("empty", Some((3, 0))), "3,1");
    let mut whole = world.clone();
    let written = world.txn_log("t").len();
    world.pass(15_000);
    whole.now = world.now;
    assert!(world.txn_log("t").len() < written, "it was compacted");
    let before = ids.map(|id| world.describe(id));
    for world in [&mut world, &mut whole] {
        world.crash(0);
        world.restart(0);
    }
    let after = ids.map(|id| world.describe(id));
    assert_eq!(after, before);
    assert_eq!(after, ids.map(|id| whole.describe(id)));
    for world in [&mut world, &mut whole] {
        world.held = nothing;
        world.run();
        assert_eq!(world.describe("prepared"), "CompleteCommit 2,1");
        assert_eq!(world.end("open", 5, (1, 0), true), "1,1");
        assert_eq!(world.end("t", 5, (0, 2), true), "0,3", "END-14: the retry is known");
        assert_eq!(world.init("empty", Some((3, 1))), "3,2");
    }
}
