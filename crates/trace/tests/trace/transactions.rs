//! Whether what a client sent within one transaction came to one end.

use fencepost_trace::{Deed, Event, GroupOffset, Happening, Story, Verdict, svg, text};

use crate::tale::{ID, Tale, changed, marker};

#[test]
fn what_comes_to_its_own_end_is_whole() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0).writes("b-0", 0, 0).ends(true, &[("a-0", 1), ("b-0", 1)]);
    tale.adds().writes("a-0", 2, 1).ends(false, &[("a-0", 3)]);
    tale.finds(&[]);
    assert_eq!(tale.transactions.count(), 2);
    // One that has not ended is not torn, and neither is one whose markers are on their way.
    tale.adds().writes("a-0", 4, 2).writes("b-0", 2, 1);
    let ending = vec![changed("PrepareCommit"), marker("a-0", 5, true)];
    tale.asks(tale.end(true), true, ending);
    tale.finds(&[]);
    assert_eq!(tale.transactions.count(), 3);
}

/// BUG-01: E1 aborts, and the transaction after its own commits.
#[test]
fn bug_01_a_late_abort_tears() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    let late = tale.asks(tale.end(false), false, vec![]);
    tale.ends(false, &[("a-0", 1)]);
    tale.adds().writes("a-0", 2, 1);
    tale.arrives(late, tale.end(false), Tale::ending(false, &[("a-0", 3)]));
    tale.finds(&[]);
    tale.adds().writes("b-0", 0, 0).ends(true, &[("b-0", 1)]);
    tale.finds(&[(
        Verdict::Torn,
        &[
            "the record of a-0 at offset 2 is aborted, by the marker at 3: EndTxn (abort) of turn 3, which \
             was sent to end transaction 1",
            "the record of b-0 at offset 0 is committed, by the marker at 1: EndTxn (commit) of turn 11, \
             its own",
        ],
    )]);
    let finding = &tale.transactions.findings()[0];
    assert_eq!((finding.number, finding.turns, finding.told), (2, (6, 11), Some(true)));
    assert!(finding.has("a-0", 2) && !finding.has("a-0", 0) && !finding.has("c-0", 2));
}

/// BUG-01: E1 commits, and the transaction after its own is left behind.
#[test]
fn bug_01_a_late_commit_tears_what_is_rolled_back() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    let late = tale.asks(tale.end(true), false, vec![]);
    tale.ends(true, &[("a-0", 1)]);
    tale.adds().writes("a-0", 2, 1);
    tale.arrives(late, tale.end(true), Tale::ending(true, &[("a-0", 3)]));
    tale.adds().writes("a-0", 4, 2);
    tale.happens(Tale::ending(false, &[("a-0", 5)]));
    tale.finds(&[(
        Verdict::Torn,
        &[
            "the record of a-0 at offset 2 is committed, by the marker at 3: EndTxn (commit) of turn 3, \
             which was sent to end transaction 1",
            "the record of a-0 at offset 4 is aborted, by the marker at 5: no EndTxn asked for that",
        ],
    )]);
    assert_eq!(tale.transactions.findings()[0].told, None);
}

#[test]
fn two_commits_for_one_transaction_divide_it() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    tale.happens(Tale::ending(true, &[("a-0", 1)]));
    tale.adds().writes("a-0", 2, 1).ends(true, &[("a-0", 3)]);
    tale.finds(&[(
        Verdict::Divided,
        &[
            "the record of a-0 at offset 0 is committed, by the marker at 1: no EndTxn asked for that",
            "the record of a-0 at offset 2 is committed, by the marker at 3: EndTxn (commit) of turn 6, \
             its own",
        ],
    )]);
}

/// BUG-02: a batch comes after the marker of its transaction, and is ended by the next one.
#[test]
fn bug_02_a_late_batch_goes_with_the_next_transaction() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    let late = tale.asks(tale.sent("a-0", 1), false, vec![]);
    tale.ends(false, &[("a-0", 1)]);
    let appended = tale.appended("a-0", 2, 1);
    tale.arrives(late, tale.sent("a-0", 1), vec![appended]);
    tale.adds().writes("a-0", 3, 2).ends(true, &[("a-0", 4)]);
    let [finding] = &tale.transactions.findings()[..] else { panic!("one is torn") };
    assert_eq!((finding.verdict, finding.number, finding.told), (Verdict::Torn, 1, Some(false)));
    // The same batch again is no part of what comes after it.
    tale.asks(tale.sent("a-0", 1), true, vec![]);
    assert_eq!(tale.transactions.count(), 2);
}

/// A client that gives up a batch may give its sequence to another one, as franz-go does.
#[test]
fn a_sequence_that_is_used_again_is_another_batch() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    tale.asks(tale.sent("a-0", 1), false, vec![]);
    tale.ends(false, &[("a-0", 1)]);
    tale.adds().writes("a-0", 2, 1).ends(true, &[("a-0", 3)]);
    tale.finds(&[]);
}

#[test]
fn what_an_end_leaves_open_is_told() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0).writes("b-0", 0, 0).ends(true, &[("a-0", 1)]);
    tale.finds(&[(
        Verdict::Torn,
        &[
            "the record of a-0 at offset 0 is committed, by the marker at 1: EndTxn (commit) of turn 4, \
             its own",
            "the record of b-0 at offset 0 is open, and its end is past",
        ],
    )]);
}

#[test]
fn what_ends_otherwise_than_its_client_was_told_is_told() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    let asked = tale.asks(tale.end(true), true, vec![]);
    tale.answered(asked, true);
    tale.happens(Tale::ending(false, &[("a-0", 1)]));
    tale.adds().writes("a-0", 2, 1);
    let asked = tale.asks(tale.end(false), true, vec![]);
    tale.answered(asked, true);
    tale.happens(Tale::ending(true, &[("a-0", 3)]));
    let verdicts: Vec<_> = tale.transactions.findings().iter().map(|it| it.verdict).collect();
    assert_eq!(verdicts, [Verdict::Lost, Verdict::Unasked]);
    // An error is no promise.
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    let asked = tale.asks(tale.end(true), true, vec![]);
    tale.answered(asked, false);
    tale.happens(Tale::ending(false, &[("a-0", 1)]));
    tale.finds(&[]);
}

#[test]
fn an_end_is_that_of_the_end_txn_that_took_effect() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    // It is refused, and the coordinator's own patience ends the transaction later.
    let asked = tale.asks(tale.end(false), true, vec![]);
    tale.answered(asked, false);
    tale.happens(Tale::ending(false, &[("a-0", 1)]));
    tale.adds().writes("b-0", 0, 0).ends(true, &[("b-0", 1)]);
    tale.finds(&[]);
    // The same, and the application goes on within its transaction.
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    tale.happens(Tale::ending(false, &[("a-0", 1)]));
    tale.adds().writes("b-0", 0, 0).ends(true, &[("b-0", 1)]);
    let findings = tale.transactions.findings();
    assert!(findings[0].parts[0].words.ends_with(": no EndTxn asked for that"), "{findings:?}");
}

#[test]
fn another_epoch_and_init_producer_id_begin_anew() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    tale.happens(Tale::ending(false, &[("a-0", 1)]));
    tale.asks(Deed::Begins { transactional_id: ID.to_owned() }, true, vec![]);
    tale.adds().writes("b-0", 0, 0).ends(true, &[("b-0", 1)]);
    tale.adds().writes("a-0", 2, 1);
    tale.happens(Tale::ending(false, &[("a-0", 3)]));
    tale.epoch = 1;
    tale.adds().writes("b-0", 2, 0).ends(true, &[("b-0", 3)]);
    tale.finds(&[]);
    assert_eq!(tale.transactions.count(), 4);
}

#[test]
fn offsets_of_groups_are_parts_too() {
    let offset = |offset| GroupOffset {
        group: "g".to_owned(),
        partition: "in-0".to_owned(),
        offset,
        producer_id: Some(7),
    };
    let mut tale = Tale::new();
    let commits = |tale: &Tale, at| Deed::Commits {
        transactional_id: ID.to_owned(),
        producer: tale.producer(),
        group: "g".to_owned(),
        offsets: vec![("in-0".to_owned(), at)],
    };
    tale.adds().writes("a-0", 0, 0);
    tale.happens(Tale::ending(false, &[("a-0", 1)]));
    tale.asks(commits(&tale, 5), true, vec![Event::OffsetPending(offset(5))]);
    let mut ending = Tale::ending(true, &[("__consumer_offsets-3", 9)]);
    ending.insert(2, Event::OffsetMaterialised(offset(5)));
    let asked = tale.asks(tale.end(true), true, ending);
    tale.answered(asked, true);
    let findings = tale.transactions.findings();
    assert_eq!(findings[0].verdict, Verdict::Torn);
    assert_eq!(
        findings[0].parts[1].words,
        "the offset 5 of group g for in-0 is committed: EndTxn (commit) of turn 5, its own"
    );
    // Overtaken by a later commit of the group, an offset is no part any more.
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    tale.asks(commits(&tale, 6), true, vec![Event::OffsetPending(offset(6))]);
    let mut ending = Tale::ending(true, &[("a-0", 1)]);
    ending.insert(1, Event::OffsetDropped(offset(6)));
    tale.asks(tale.end(true), true, ending);
    tale.finds(&[]);
}

#[test]
fn what_a_leader_alone_had_is_gone_with_it() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0).writes("b-0", 0, 0).ends(true, &[("a-0", 1), ("b-0", 1)]);
    tale.finds(&[]);
    // Another's record stands where the first one stood.
    tale.adds().writes("a-0", 0, 1);
    let findings = tale.transactions.findings();
    assert_eq!(findings[0].parts[0].words, "the record of a-0 at offset 0 is gone");
    assert_eq!(findings[0].verdict, Verdict::Torn);
}

#[test]
fn what_is_sent_again_after_a_crash_is_there() {
    let mut tale = Tale::new();
    tale.adds().writes("b-0", 0, 0).writes("a-0", 0, 0).writes("a-0", 1, 1).writes("a-0", 2, 2);
    // The new leader has the first record alone.
    let again = vec![tale.appended("a-0", 1, 1), tale.appended("a-0", 2, 2)];
    tale.happens(again);
    tale.ends(true, &[("a-0", 3), ("b-0", 1)]);
    tale.finds(&[]);
}

#[test]
fn what_is_deleted_is_no_part_any_more() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0).writes("b-0", 0, 0).ends(true, &[("b-0", 1)]);
    assert_eq!(tale.transactions.findings().len(), 1);
    tale.takes(vec![Happening::TopicDeleted { topic: "a".to_owned() }]);
    tale.finds(&[]);
}

/// BUG-01: a late commit ends the next transaction, which its client then rolls back and is refused.
#[test]
fn bug_01_what_is_committed_unasked_is_told() {
    for asks_to_abort in [false, true] {
        let mut tale = Tale::new();
        tale.adds().writes("a-0", 0, 0);
        let late = tale.asks(tale.end(true), false, vec![]);
        tale.ends(true, &[("a-0", 1)]);
        tale.adds().writes("a-0", 2, 1);
        tale.arrives(late, tale.end(true), Tale::ending(true, &[("a-0", 3)]));
        if asks_to_abort {
            let asked = tale.asks(tale.end(false), true, vec![]);
            tale.answered(asked, false);
        }
        tale.finds(&[(
            Verdict::Unasked,
            &["the record of a-0 at offset 2 is committed, by the marker at 3: EndTxn (commit) of turn 3, \
               which was sent to end transaction 1"],
        )]);
    }
}

#[test]
fn a_reset_is_the_end_of_what_was_before() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0).writes("b-0", 0, 0).ends(true, &[("a-0", 1), ("b-0", 1)]);
    tale.takes(vec![Happening::Reset { snapshot: "before".to_owned() }]);
    tale.adds().writes("a-0", 0, 0).ends(true, &[("a-0", 1)]);
    tale.finds(&[]);
    assert_eq!(tale.transactions.count(), 2);
}

#[test]
fn findings_stay_and_what_is_remembered_does_not_grow() {
    let mut tale = Tale::new();
    tale.adds().writes("a-0", 0, 0);
    tale.happens(Tale::ending(true, &[("a-0", 1)]));
    tale.adds().writes("a-0", 2, 1).ends(true, &[("a-0", 3)]);
    for number in 1..1000 {
        let at = 2 + 2 * i64::from(number);
        tale.adds().writes("a-0", at, 1 + number);
        tale.ends(true, &[("a-0", at + 1)]);
    }
    assert_eq!(tale.transactions.findings().len(), 1);
    assert_eq!(tale.transactions.count(), 1000);
    let size = format!("{:?}", tale.transactions).len();
    assert!(size < 40_000, "{size}");
}

#[test]
fn of_very_many_findings_the_first_are_kept_and_all_are_counted() {
    let mut tale = Tale::new();
    for number in 0..1100 {
        let at = 4 * i64::from(number);
        tale.adds().writes("a-0", at, 2 * number);
        tale.happens(Tale::ending(true, &[("a-0", at + 1)]));
        tale.adds().writes("a-0", at + 2, 2 * number + 1).ends(true, &[("a-0", at + 3)]);
    }
    assert_eq!(tale.transactions.not_whole(), 1100);
    assert!(tale.transactions.findings().len() < 1010);
    let mut story = Story::new("many".to_owned());
    story.transactions = tale.transactions;
    let (mut text, mut picture) = (String::new(), String::new());
    text::write_end(&mut text, &story).unwrap();
    svg::write(&mut picture, &story).unwrap();
    assert!(text.starts_with("\nTransactions of clients: 1100, not whole: 1100\n"), "{text}");
    assert!(text.ends_with(" more\n") && picture.contains("and 1092 more"), "{text}");
}
