use fencepost_ids::{ErrorCode, PartitionIndex, TopicId};

use super::driver::{join, quiet, settings};
use crate::group::assign::Partitions;
use crate::group::consumer::{Heartbeat, validate};

#[track_caller]
fn check(version: i16, request: &Heartbeat, expected: ErrorCode) {
    let checked = validate(version, "g", request, &settings());
    assert_eq!(checked.err().map_or(ErrorCode::None, |refusal| refusal.error), expected);
}

#[test]
fn g848_06_requests_that_make_sense() {
    check(1, &join("A", &["t"]), ErrorCode::None);
    check(1, &join("A", &[]), ErrorCode::None);
    check(0, &join("", &["t"]), ErrorCode::None);
    check(1, &quiet("A", 3), ErrorCode::None);
    check(1, &quiet("A", -1), ErrorCode::None);
    let only_regex = Heartbeat { topics: None, regex: Some("t".into()), ..join("A", &[]) };
    check(1, &only_regex, ErrorCode::None);
    check(1, &Heartbeat { instance: Some("i".into()), ..quiet("A", -2) }, ErrorCode::None);
}

#[test]
fn g848_06_requests_that_do_not() {
    let invalid = ErrorCode::InvalidRequest;
    check(1, &join("", &["t"]), invalid);
    check(0, &quiet("", 3), invalid);
    check(0, &quiet(" ", -1), invalid);
    check(1, &quiet("A", -2), invalid);
    check(1, &quiet("A", -3), invalid);
    check(1, &Heartbeat { instance: Some("".into()), ..quiet("A", 3) }, invalid);
    check(1, &Heartbeat { rack: Some(" ".into()), ..quiet("A", 3) }, invalid);
    let join = join("A", &["t"]);
    check(1, &Heartbeat { rebalance_timeout_ms: -1, ..join.clone() }, invalid);
    check(1, &Heartbeat { owned: None, ..join.clone() }, invalid);
    let owned: Partitions = [(TopicId([1; 16]), PartitionIndex(0))].into_iter().collect();
    check(1, &Heartbeat { owned: Some(owned), ..join.clone() }, invalid);
    check(1, &Heartbeat { topics: None, ..join.clone() }, invalid);
    assert!(validate(1, " ", &join, &settings()).is_err());
}

#[test]
fn g848_05_an_assignor_that_is_not_configured() {
    let request = Heartbeat { assignor: Some("nope".into()), ..quiet("A", 3) };
    check(1, &request, ErrorCode::UnsupportedAssignor);
    check(1, &Heartbeat { assignor: Some("range".into()), ..quiet("A", 3) }, ErrorCode::None);
}
