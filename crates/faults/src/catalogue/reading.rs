//! Group B: reading the input, and the offsets that the next transaction begins at.

use super::Leaves::Same;
use super::{ABORT_AND_REWIND, Outcome, Staging, Window, all};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W018",
        name: "POLL-THEN-CRASH",
        lies: "the application stops when it has read its input and begun nothing",
        leaves: Same("nothing"),
        outcome: &[Outcome::Same],
        client: "the next incarnation reads the same input again",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Fetch"
topic = "orders"
when = "applied"
do = { signal = { process = "client", signal = "KILL" } }
"#)]),
    },
    Window {
        id: "W019",
        name: "REBALANCE-MID-TXN",
        lies: "partitions are revoked between the begin of a transaction and its offsets",
        leaves: Same("an open transaction whose offsets may not be committed any more"),
        outcome: &[Outcome::Abort],
        client: "end the transaction before the partitions are given up, or abort",
        staging: Staging::Plans(&[all(r#"
# A second member joins when `held` has fired.
[[fault]]
name = "held"
on = "Produce"
do = { hold = { fault = "then" } }

[[fault]]
name = "then"
on = "JoinGroup"
after = { fault = "held" }
when = "applied"
do = { raise = "then" }
"#)]),
    },
    Window {
        id: "W020",
        name: "ZOMBIE-MEMBER",
        lies: "the application stands still for longer than its session timeout, and then commits offsets",
        leaves: Same("ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID or FENCED_MEMBER_EPOCH"),
        outcome: &[Outcome::Abort],
        client: "abort, join the group again, and read the committed offsets; TxnOffsetCommit must name the member and its generation",
        staging: Staging::Plans(&[all(r#"
# With the manual clock.
[[fault]]
on = "TxnOffsetCommit"
do = { advance-clock = { ms = 60000 } }
"#)]),
    },
    Window {
        id: "W021",
        name: "REBALANCE-AFTER-STAGING",
        lies: "the generation changes between TxnOffsetCommit and EndTxn",
        leaves: Same("offsets that stay valid; the new owner's read waits"),
        outcome: &[Outcome::Commit, Outcome::Abort],
        client: "the old owner decides; the new one waits",
        staging: Staging::Plans(&[all(r#"
# A second member joins when `held` has fired.
[[fault]]
name = "held"
on = "EndTxn"
do = { hold = { fault = "then" } }

[[fault]]
name = "then"
on = "JoinGroup"
after = { fault = "held" }
when = "applied"
do = { raise = "then" }
"#)]),
    },
    Window {
        id: "W022",
        name: "OFFSETS-PENDING",
        lies: "the committed offsets are read while a predecessor's are pending",
        leaves: Same("UNSTABLE_OFFSET_COMMIT"),
        outcome: &[Outcome::Wait],
        client: "wait; a small number of retries is not enough",
        staging: Staging::Plans(&[all(r#"
# Read the offsets when `end` has fired.
[[fault]]
name = "end"
on = "EndTxn"
do = { hold = { fault = "read" } }

[[fault]]
name = "read"
on = "OffsetFetch"
after = { fault = "end" }
when = "applied"
do = { raise = "read" }
"#)]),
    },
    Window {
        id: "W023",
        name: "OFFSETS-BEFORE-MARKER",
        lies: "the committed offsets are read once EndTxn was answered, before the marker is there",
        leaves: Same("pending offsets"),
        outcome: &[Outcome::Wait],
        client: "read with require-stable, and wait; without it the old offset is answered",
        staging: Staging::Plans(&[all(r#"
[[fault]]
name = "marker"
on = "WriteTxnMarkers"
topic = "__consumer_offsets"
do = { hold = { fault = "read" } }

[[fault]]
name = "read"
on = "OffsetFetch"
after = { fault = "marker" }
when = "applied"
do = { raise = "read" }
"#)]),
    },
    Window {
        id: "W024",
        name: "OFFSETS-UNMATERIALISED",
        lies: "the marker is in the log, and the offsets are not yet committed",
        leaves: Same("pending offsets"),
        outcome: &[Outcome::Wait],
        client: "wait",
        staging: Staging::None("here the marker and the offsets that it commits are one step"),
    },
    Window {
        id: "W025",
        name: "READ-LSO-RACE",
        lies: "a fetch is answered while the last stable offset moves",
        leaves: Same("a bound that is computed once"),
        outcome: &[Outcome::Same],
        client: "nothing: nothing is read beyond it",
        staging: Staging::None("here a fetch is answered in one step"),
    },
    Window {
        id: "W026",
        name: "READ-MOVE",
        lies: "a fetch comes to a leader that is none any more",
        leaves: Same("the next leader may know a lower high watermark"),
        outcome: &[Outcome::Same],
        client: "find the leader again, and go on at the same offset",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more.
[[fault]]
on = "Fetch"
topic = "orders"
do = "elect"
"#)]),
    },
    Window {
        id: "W027",
        name: "REWIND",
        lies: "a transaction was aborted, and the application reads on",
        leaves: Same("positions past the input of what was aborted"),
        outcome: &[Outcome::Abort],
        client: ABORT_AND_REWIND,
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
nth = 2
do = { error = "TOPIC_AUTHORIZATION_FAILED" }
"#)]),
    },
];
