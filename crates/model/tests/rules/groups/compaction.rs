//! `__consumer_offsets` after compaction.

use super::{
    End, NOBODY, commit_as, fetch_request, fetched, marker, stable, txn_commit_errors,
    txn_commit_request, who, world_with,
};
use crate::groups::log::records;
use crate::world::{Client, World};

fn txn_commit(world: &mut World, client: Client, producer_id: i64, offsets: &[(&str, i32, i64)]) {
    let request = txn_commit_request((producer_id, 0), NOBODY, offsets);
    let errors = txn_commit_errors(Some(world.call(client, 3, request)));
    assert!(errors.iter().all(|error| *error == 0), "{errors:?}");
}

/// CLEAN-15, TXOFF-74: what a coordinator loads from the compacted log is what it loads from the
/// whole one: offsets that were committed plainly, by a transaction, before and after an aborted
/// one, deleted ones, pending ones and a member.
#[test]
fn clean_15_a_compacted_log_of_groups_loads_alike() {
    let mut w = world_with(
        1,
        &[
            ("log.cleanup.policy", "compact"),
            ("log.roll.ms", "1"),
            ("log.cleaner.min.cleanable.ratio", "0"),
            ("log.cleaner.backoff.ms", "1000"),
        ],
    );
    let client = w.connect(0);
    let member = stable(&mut w, client);
    for offset in 1..6 {
        w.advance(2);
        commit_as(&mut w, client, 8, who(1, &member), &[("t", 0, offset), ("t", 1, offset)]);
    }
    for (producer, offset, end) in [(7, 10, End::Commit), (8, 20, End::Abort)] {
        w.advance(2);
        txn_commit(&mut w, client, producer, &[("t", 1, offset), ("t", 2, offset)]);
        w.advance(2);
        commit_as(&mut w, client, 8, who(1, &member), &[("u", 0, offset)]);
        w.advance(2);
        marker(&mut w, client, producer, end);
    }
    let written = records(&mut w, client, 0).len();
    let mut whole = w.clone();
    w.advance(1_000);
    w.advance(2);
    assert!(records(&mut w, client, 0).len() < written / 2, "it was compacted");
    let asked = [("t", 0), ("t", 1), ("t", 2), ("u", 0)];
    let all = |w: &mut World| {
        let client = w.connect(0);
        let stable = fetched(Some(w.call(client, 7, fetch_request(Some(&asked), true))));
        let plain = fetched(Some(w.call(client, 7, fetch_request(Some(&asked), false))));
        let beat = super::heartbeat(w, client, who(1, &member));
        (stable, plain, beat)
    };
    let before = all(&mut w);
    let offsets: Vec<_> = before.0.1.iter().map(|row| row.2).collect();
    assert_eq!((offsets, before.2), (vec![5, 10, 10, 20], 0));
    for w in [&mut w, &mut whole] {
        let client = w.connect(0);
        txn_commit(w, client, 9, &[("t", 0, 30)]);
        w.crash(0);
        w.restart(0);
        w.advance(0);
    }
    assert_eq!(all(&mut w), all(&mut whole));
    assert_eq!(all(&mut w).1, before.1);
    assert_eq!(all(&mut w).0.1[0].3, 88, "an offset is pending");
    for w in [&mut w, &mut whole] {
        let client = w.connect(0);
        marker(w, client, 9, End::Commit);
    }
    assert_eq!(all(&mut w), all(&mut whole));
    assert_eq!(all(&mut w).0.1[0].2, 30);
}
