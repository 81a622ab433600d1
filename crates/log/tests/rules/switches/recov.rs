//! Expiry and loading.

use fencepost_ids::Rule;

use super::without;
use crate::partition::{DAY_MS, NOW, Partition};

#[test]
fn recov_01_off_the_marker_of_an_expired_producer_ends_nothing() {
    let play = |p: &mut Partition| {
        p.play("P12(t,7.0,0..0) -> NONE@0");
        p.now = NOW.plus_millis(DAY_MS);
        p.expire(p.now);
    };
    let (mut on, mut off) = (Partition::new(), without(Rule::OpenTransactionExpiry));
    play(&mut on);
    on.play("W(7.1,A,ce0,tv2) -> NONE@1 LSO 2");
    play(&mut off);
    off.play(
        "W(7.1,A,ce0,tv2) -> NONE@1 LEO 2 HW 2 LSO 0
         P12(t,7.1,0..0) -> NONE@2
         W(7.2,C,ce0,tv2) -> NONE@3 LSO 0",
    );
}

#[test]
fn recov_05_off_a_lost_batch_passes_for_written() {
    let play = |p: &mut Partition| {
        p.play("P9(-,7.0,0..0) -> NONE@0");
        let before = p.state.snapshot();
        p.play("P9(-,7.0,1..1) -> NONE@1");
        let after = p.state.snapshot();
        p.log.truncate_to(fencepost_ids::Offset(1));
        p.restart(&[before, after]);
    };
    let (mut on, mut off) = (Partition::new(), without(Rule::SnapshotBound));
    play(&mut on);
    on.play("P9(-,7.0,1..1) -> NONE@1 LEO 2");
    play(&mut off);
    off.play("P9(-,7.0,1..1) -> NONE@1 LEO 1");
}

#[test]
fn recov_06_off_a_retry_after_a_crash_is_appended_again() {
    let (mut on, mut off) = (Partition::new(), without(Rule::SnapshotReplay));
    for p in [&mut on, &mut off] {
        p.play("P9(-,7.0,0..0) -> NONE@0");
        p.restart(&[]);
    }
    on.play("P9(-,7.0,0..0) -> NONE@0 LEO 1");
    off.play("P9(-,7.0,0..0) -> NONE@1 LEO 2");
}

#[test]
fn recov_08_off_undecided_records_are_delivered_after_a_restart() {
    let (mut on, mut off) = (Partition::new(), without(Rule::RestoredTransaction));
    for p in [&mut on, &mut off] {
        p.play("P12(t,7.0,0..0) -> NONE@0 LSO 0");
        let snapshot = p.state.snapshot();
        p.restart(&[snapshot]);
    }
    on.play("F(rc,0) -> empty []");
    off.play("F(rc,0) -> 0..0 []");
}

#[test]
fn recov_17_off_deleting_records_forgets_their_producers() {
    let (mut on, mut off) = (Partition::new(), without(Rule::ProducerRetention));
    for p in [&mut on, &mut off] {
        p.play("P9(-,7.1,0..0) -> NONE@0");
        p.delete(None).expect("up to HW");
    }
    on.play(
        "P9(-,7.0,0..0) -> 47
         P9(-,7.1,0..0) -> NONE@0 LEO 1",
    );
    off.clone().play("P9(-,7.0,0..0) -> NONE@1");
    off.play("P9(-,7.1,0..0) -> NONE@1 LEO 2");
}
