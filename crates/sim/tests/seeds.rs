//! Seeds: the same one gives the same trace, none finds a violation, and each safety rule that is
//! switched off does.

use fencepost_ids::Rule;
use fencepost_oracle::{Allowance, Violation};
use fencepost_sim::{Fixed, Report, Setup, Switches, run};

fn setup(seed: u64, rules_off: &[Rule]) -> Setup {
    let switches = Switches { rules_off: rules_off.to_vec() };
    Setup { seed, switches, fixed: Fixed::default(), with_steps: false }
}

/// The first report with violations among some seeds.
fn first_violation(seeds: std::ops::Range<u64>, rules_off: &[Rule]) -> Option<Report> {
    seeds.map(|seed| run(&setup(seed, rules_off))).find(|report| !report.violations.is_empty())
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..20 {
        let (first, second) = (run(&setup(seed, &[])), run(&setup(seed, &[])));
        assert_eq!(first, second, "seed {seed}");
        let with_steps = run(&Setup { with_steps: true, ..setup(seed, &[]) });
        assert_eq!(first.trace, with_steps.trace, "telling the steps changes nothing");
        assert!(!with_steps.lines.is_empty());
    }
}

#[test]
fn two_seeds_give_two_traces() {
    assert_ne!(run(&setup(1, &[])).trace, run(&setup(2, &[])).trace);
}

#[test]
fn no_seed_finds_a_violation() {
    if let Some(report) = first_violation(0..300, &[]) {
        panic!("seed {}: {:?}", report.seed, report.violations);
    }
}

/// IDEM-08, IDEM-14: a retry that is not known again is judged by its sequence.
#[test]
fn idem_08_and_idem_14_off_a_duplicate_is_found() {
    let off = [Rule::DuplicateCheck, Rule::SequenceOrder];
    let report = first_violation(0..300, &off).expect("a violation");
    let duplicated = |violation: &Violation| matches!(violation, Violation::Duplicated { .. });
    assert!(report.violations.iter().any(duplicated), "{:?}", report.violations);
}

#[test]
fn fetch_16_without_the_last_stable_offset_open_records_are_delivered() {
    let report = first_violation(0..300, &[Rule::LastStableOffsetBound]).expect("a violation");
    let wrong = |violation: &Violation| matches!(violation, Violation::WrongDelivery { .. });
    assert!(report.violations.iter().any(wrong), "{:?}", report.violations);
}

/// A late marker is rare: the search begins where one is known to arrive.
#[test]
fn mark_07_off_a_late_marker_tears_a_transaction() {
    let report = first_violation(4363..4366, &[Rule::CoordinatorEpochFence]).expect("a violation");
    let torn = |violation: &Violation| {
        matches!(
            violation,
            Violation::AbortedVisible { .. } | Violation::Torn { .. } | Violation::Lost { .. }
        )
    };
    assert!(report.violations.iter().any(torn), "{:?}", report.violations);
}

/// A violation is found among some seeds once a rule is off; rare ones are sought where they are.
fn finds(seeds: std::ops::Range<u64>, off: Rule) {
    assert!(first_violation(seeds, &[off]).is_some(), "{off} off");
}

#[test]
fn lso_01_off_what_is_acknowledged_on_one_replica_is_lost() {
    finds(0..20, Rule::HighWatermarkInSync);
}

#[test]
fn recov_18_off_replicas_differ() {
    finds(0..20, Rule::EpochTruncation);
}

#[test]
fn recov_20_off_a_replica_without_what_is_committed_is_elected() {
    finds(86..89, Rule::InSyncCatchUp);
}

#[test]
fn recov_21_off_a_replica_out_of_sync_is_elected() {
    finds(147..150, Rule::CleanElection);
}

/// RECOV-13, RECOV-21: what is lost where the configuration allows it is told apart.
#[test]
fn losses_that_are_allowed_are_named() {
    let mut reasons = std::collections::BTreeSet::new();
    for seed in 0..300 {
        let report = run(&setup(seed, &[]));
        for (allowance, _) in &report.allowed {
            assert!(report.allowances.contains(allowance), "seed {seed}");
            reasons.insert(*allowance);
        }
    }
    assert!(reasons.contains(&Allowance::AcksBelowAll));
    assert!(reasons.contains(&Allowance::UncleanElection));
}

#[test]
fn a_dimension_can_be_fixed() {
    let fixed = Fixed { brokers: Some(3), transaction_version: Some(2) };
    for seed in 0..5 {
        let options = run(&Setup { fixed, ..setup(seed, &[]) }).options;
        assert_eq!((options.brokers, options.transaction_version), (3, 2));
    }
}
