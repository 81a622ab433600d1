//! Markers.

use fencepost_ids::Rule;

use super::both;

#[test]
fn mark_04_off_a_marker_of_an_old_epoch_ends_what_is_open() {
    both(
        Rule::MarkerEpochFence,
        "P12(t,7.5,0..0) -> NONE@0
         W(7.4,A,ce0,tv2) -> 47 LSO 0
         W(7.4,A,ce0) -> 47 LSO 0",
        "P12(t,7.5,0..0) -> NONE@0
         W(7.4,A,ce0,tv2) -> NONE@1 LSO 2
         F(rc,0) -> 0..1 [7@0]",
    );
}

#[test]
fn mark_05_off_a_late_copy_ends_the_next_transaction() {
    both(
        Rule::MarkerEpochRise,
        "P12(t,7.4,0..0) -> NONE@0
         W(7.5,A,ce0,tv2) -> NONE@1
         P12(t,7.5,0..0) -> NONE@2
         W(7.5,A,ce0,tv2) -> 47 LSO 2",
        "P12(t,7.4,0..0) -> NONE@0
         W(7.5,A,ce0,tv2) -> NONE@1
         P12(t,7.5,0..0) -> NONE@2
         W(7.5,A,ce0,tv2) -> NONE@3 LSO 4
         F(rc,0) -> 0..3 [7@0,7@2]",
    );
}

#[test]
fn mark_06_off_a_marker_whose_answer_was_lost_is_refused_for_ever() {
    both(
        Rule::MarkerRepetition,
        "P12(t,7.5,0..0) -> NONE@0
         W(7.6,C,ce0,tv2) -> NONE@1
         W(7.6,C,ce0,tv2) -> NONE@2",
        "P12(t,7.5,0..0) -> NONE@0
         W(7.6,C,ce0,tv2) -> NONE@1
         W(7.6,C,ce0,tv2) -> 47
         W(7.6,C,ce1,tv2) -> 47",
    );
}

#[test]
fn mark_07_off_a_replaced_coordinator_ends_the_transaction_of_its_successor() {
    both(
        Rule::CoordinatorEpochFence,
        "W(7.0,C,ce2) -> NONE@0
         P11(t,7.0,0..0) -> NONE@1
         W(7.0,A,ce1) -> 52 LSO 1",
        "W(7.0,C,ce2) -> NONE@0
         P11(t,7.0,0..0) -> NONE@1
         W(7.0,A,ce1) -> NONE@2 LSO 3
         F(rc,0) -> 0..2 [7@1]",
    );
}
