//! The three histories of the rules' section 10, and reads through many transactions.

use crate::partition::{NOW, Partition, batch, text};
use crate::read::delivered;

#[test]
fn history_a_a_tv2_commit_its_retry_and_a_late_marker() {
    let mut p = Partition::new();
    p.play(
        "P12(t,7.0,0..4) -> NONE@0 LEO 5 HW 5 LSO 0
         F(rc,0) -> empty []
         W(7.1,C,ce3,tv2) -> NONE@5 LEO 6 LSO 6
         P12(t,7.0,0..4) -> 47
         P12(t,7.1,0..0) -> NONE@6 LSO 6",
    );
    let mut before_4_2 = p.clone();
    before_4_2.rules.strict_marker_epoch = false;
    before_4_2.play("W(7.1,C,ce3,tv2) -> NONE@7 LSO 8");
    p.play(
        "W(7.1,C,ce3,tv2) -> 47
         W(7.2,A,ce3,tv2) -> NONE@7 LSO 8
         F(rc,0) -> 0..7 [7@6]",
    );
    let aborted = p.log.aborted_transactions();
    assert_eq!(aborted.iter().map(|a| a.last_stable_offset.0).collect::<Vec<_>>(), [8]);
    assert_eq!(delivered(&p, 0), [0]);
}

#[test]
fn history_b_a_tv1_transaction_with_followers_and_a_clean_restart() {
    let mut p = Partition::with_followers();
    p.play(
        "P11(t,8.0,0..1) -> NONE@0
         HW(2) -> NONE LSO 0
         W(8.0,C,ce3) -> NONE@2 HW 2 LSO 0
         HW(3) -> NONE LSO 3
         P11(t,8.0,2..2) -> NONE@3",
    );
    let snapshot = p.state.snapshot();
    p.restart(&[snapshot]);
    p.play(
        "P11(t,8.0,2..2) -> NONE@3 LEO 4
         P9(-,8.0,0..1) -> 45",
    );
}

#[test]
fn history_c_an_answer_overtaken_by_the_coordinators_abort() {
    let mut p = Partition::new();
    let held = batch("t", "9.0", "0..0", NOW);
    let guard = p.ask(11, &held).expect("fresh");
    let mut by_the_client = p.clone();
    p.play("W(9.1,A,ce3) -> NONE@0");
    assert_eq!(text(&p.clone().append(held.clone(), guard)), "47");
    p.rules.stale_epoch_before_guard = false;
    assert_eq!(text(&p.append(held.clone(), guard)), "48");
    by_the_client.play("W(9.0,A,ce3) -> NONE@0");
    assert_eq!(text(&by_the_client.append(held, guard)), "48");
}
