//! The decision tables of the transaction coordinator, transcribed from docs/spec/coordinator.md.
//! They are read twice: by the tests at `Cluster::handle`, which drive a coordinator into every
//! state that requests reach, and by those of the pure state machine, which has the other cells too.

#![allow(dead_code, reason = "each reader needs its part")]

/// The states of table 1.2 that are stored.
pub(crate) const STATES: [&str; 6] =
    ["Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort"];

/// Whose producer id a request carries: the stored one, the one before a rotation, or another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    Same,
    Previous,
    Other,
}

/// What the coordinator knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stored {
    pub(crate) state: &'static str,
    pub(crate) pending: bool,
    pub(crate) epoch: i16,
    pub(crate) last_epoch: i16,
}

/// What a table says: a word for a success, or a code.
pub(crate) type Cell = &'static str;

/// END-03: state, COMMIT, ABORT.
const END_TV1: [(&str, Cell, Cell); 6] = [
    ("Ongoing", "write", "write"),
    ("PrepareCommit", "51", "48"),
    ("PrepareAbort", "48", "51"),
    ("CompleteCommit", "done", "48"),
    ("CompleteAbort", "48", "done"),
    ("Empty", "48", "48"),
];

/// END-04: state, relation, COMMIT, ABORT.
const END_TV2: [(&str, &str, Cell, Cell); 16] = [
    ("Ongoing", "current", "write", "write"),
    ("Ongoing", "other", "90", "90"),
    ("Empty", "current", "48", "empty abort"),
    ("Empty", "other", "90", "90"),
    ("CompleteCommit", "retry", "done", "48"),
    ("CompleteCommit", "overflow retry", "done", "48"),
    ("CompleteCommit", "current", "48", "empty abort"),
    ("CompleteAbort", "retry", "48", "done"),
    ("CompleteAbort", "overflow retry", "48", "done"),
    ("CompleteAbort", "current", "48", "empty abort"),
    ("CompleteCommit", "other", "90", "90"),
    ("CompleteAbort", "other", "90", "90"),
    ("PrepareCommit", "retry", "51", "48"),
    ("PrepareAbort", "retry", "48", "51"),
    ("PrepareCommit", "other", "90", "90"),
    ("PrepareAbort", "other", "90", "90"),
];

/// What EndTxn v0-4 answers, checks in the order of END-03.
pub(crate) fn end_tv1(stored: Stored, whose: Whose, epoch: i16, commit: bool) -> Cell {
    if whose != Whose::Same {
        "49"
    } else if epoch != stored.epoch {
        "90"
    } else if stored.pending {
        "51"
    } else {
        let row = END_TV1.iter().find(|row| row.0 == stored.state).expect("a row for each state");
        if commit { row.1 } else { row.2 }
    }
}

/// What EndTxn v5 answers, checks in the order of END-04.
pub(crate) fn end_tv2(stored: Stored, whose: Whose, epoch: i16, commit: bool) -> Cell {
    let overflow = whose == Whose::Previous && epoch == 32_766 && stored.epoch == 0;
    if stored.pending {
        return "51";
    }
    if whose != Whose::Same && !overflow {
        return "49";
    }
    let relation = match () {
        () if overflow => "overflow retry",
        () if epoch == stored.epoch => "current",
        () if i32::from(epoch) + 1 == i32::from(stored.epoch) => "retry",
        () => "other",
    };
    let row = |relation| END_TV2.iter().find(|row| (row.0, row.1) == (stored.state, relation));
    let row = row(relation).or_else(|| row("other")).expect("a row for each state");
    if commit { row.2 } else { row.3 }
}

/// States, whether the epoch is exhausted, expected identity, answer.
type InitRow = (&'static [&'static str], &'static [bool], &'static [&'static str], Cell);

/// The table of INIT-09.
const INIT: [InitRow; 9] = [
    (&["PrepareCommit", "PrepareAbort"], &[false, true], ANY, "51"),
    (&["Ongoing"], &[false, true], ANY, "abort, 51"),
    (ENDED, &[false], &["none"], "bump, last none"),
    (ENDED, &[false], &["equal"], "bump, last old"),
    (ENDED, &[false], &["last"], "retry"),
    (ENDED, &[false], &["otherwise"], "90"),
    (ENDED, &[true], &["none"], "rotate, last none"),
    (ENDED, &[true], &["equal"], "rotate, last old"),
    (ENDED, &[true], &["last", "otherwise"], "-1"),
];

const ENDED: &[&str] = &["Empty", "CompleteCommit", "CompleteAbort"];
const ANY: &[&str] = &["none", "equal", "last", "otherwise"];

/// What InitProducerId of a known id answers: INIT-09, then its table.
pub(crate) fn init(stored: Stored, expected: Option<(Whose, i16)>) -> Cell {
    if stored.pending {
        return "51";
    }
    let plausible = match expected {
        None | Some((Whose::Same, _)) => true,
        Some((Whose::Previous, epoch)) => stored.epoch == -1 || epoch >= 32_766,
        Some((Whose::Other, _)) => stored.epoch == -1,
    };
    if !plausible {
        return "90";
    }
    let relation = match expected {
        None => "none",
        Some((_, epoch)) if epoch == stored.epoch || stored.epoch == -1 => "equal",
        Some((_, epoch)) if epoch == stored.last_epoch => "last",
        Some(_) => "otherwise",
    };
    let exhausted = stored.epoch >= 32_766;
    INIT.iter()
        .find(|row| {
            row.0.contains(&stored.state) && row.1.contains(&exhausted) && row.2.contains(&relation)
        })
        .expect("a row for each state")
        .3
}

/// ADDP-03 and ADDP-06: state, then what is read of a partition that is in the transaction and of
/// one that is not: to add, to verify.
const ADD: [(&str, [Cell; 2], [Cell; 2]); 6] = [
    ("Empty", ["write", "write"], ["120", "120"]),
    ("Ongoing", ["done", "write"], ["0", "120"]),
    ("PrepareCommit", ["51", "51"], ["51", "51"]),
    ("PrepareAbort", ["51", "51"], ["51", "51"]),
    ("CompleteCommit", ["write", "write"], ["120", "120"]),
    ("CompleteAbort", ["write", "write"], ["120", "120"]),
];

/// What AddPartitionsToTxn answers, checks in the order of ADDP-03, or of ADDP-06 to verify.
pub(crate) fn add(
    stored: Stored,
    whose: Whose,
    epoch: i16,
    verify_only: bool,
    is_new: bool,
) -> Cell {
    if stored.pending && !verify_only {
        "51"
    } else if whose != Whose::Same {
        "49"
    } else if epoch != stored.epoch {
        "90"
    } else {
        let row = ADD.iter().find(|row| row.0 == stored.state).expect("a row for each state");
        (if verify_only { row.2 } else { row.1 })[usize::from(is_new)]
    }
}
