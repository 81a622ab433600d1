//! Groups H and I: coordinators that load, and timers.

use super::Leaves::Same;
use super::{Outcome, RESTART, Staging, Window, all};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W112",
        name: "LOADING",
        lies: "a request comes while the coordinator loads",
        leaves: Same("COORDINATOR_LOAD_IN_PROGRESS"),
        outcome: &[Outcome::Wait],
        client: "retry",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "EndTxn"
range = { from = 1, to = 3 }
do = { error = "COORDINATOR_LOAD_IN_PROGRESS" }
"#)]),
    },
    Window {
        id: "W113",
        name: "UNLOAD-MISSED",
        lies: "a coordinator's resignation and its load overlap",
        leaves: Same("a cache that is old"),
        outcome: &[Outcome::Wait],
        client: "nothing: it never answers",
        staging: Staging::None("here both are one step"),
    },
    Window {
        id: "W114",
        name: "TWO-COORDINATORS",
        lies: "a coordinator does not know yet that it is deposed",
        leaves: Same("nothing durable of it; its answers are errors"),
        outcome: &[Outcome::Wait],
        client: "find the coordinator again",
        staging: Staging::None(
            "here a broker learns of an election in the step in which it happens",
        ),
    },
    Window {
        id: "W115",
        name: "RELOAD-OVER-CACHE",
        lies: "a broker is elected again, with remains of its former term",
        leaves: Same("what the log says"),
        outcome: &[Outcome::Wait],
        client: "find the coordinator again",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more: the coordinator moves away and back.
[[fault]]
on = "EndTxn"
do = ["move-coordinator", "move-coordinator"]
"#)]),
    },
    Window {
        id: "W116",
        name: "FIELDS-LOST",
        lies: "a load resets what is in memory alone",
        leaves: Same("the same state as before, for every decision"),
        outcome: &[Outcome::Same],
        client: "retry: it is answered as before",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "EndTxn"
when = "applied"
do = ["disconnect", { crash = "receiver" }, { restart = "receiver" }]
"#)]),
    },
    Window {
        id: "W117",
        name: "RESUME-PREPARED",
        lies: "a coordinator finds a decision when it loads",
        leaves: Same("it completes the transaction by itself"),
        outcome: &[Outcome::Commit, Outcome::Abort],
        client: "nothing: it is as decided",
        staging: Staging::Plans(&[all(r#"
# With three brokers or more.
[[fault]]
on = "WriteTxnMarkers"
do = { crash = "sender" }
"#)]),
    },
    Window {
        id: "W118",
        name: "RESUME-ONGOING",
        lies: "a coordinator finds an open transaction when it loads, and its client is gone",
        leaves: Same("an open transaction, whose timeout counts from its stored start"),
        outcome: &[Outcome::Abort],
        client: RESTART,
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "EndTxn"
do = ["lose", { signal = { process = "client", signal = "KILL" } }, { crash = "receiver" }, { restart = "receiver" }]
"#)]),
    },
    Window {
        id: "W119",
        name: "TXN-LOG-TRUNCATED",
        lies: "the log of transactions is cut by an unclean election",
        leaves: Same("decisions that may be undone"),
        outcome: &[Outcome::Either],
        client: "none can help: leave unclean.leader.election.enable off",
        staging: Staging::None("it is outside of what a client can rely on"),
    },
    Window {
        id: "W120",
        name: "TIMEOUT-FIRES",
        lies: "a transaction is open for longer than its timeout",
        leaves: Same("an aborted transaction and a new epoch"),
        outcome: &[Outcome::Abort],
        client: "begin again with a new epoch, if no successor is there",
        staging: Staging::Plans(&[all(r#"
# With the manual clock.
[[fault]]
on = "Produce"
when = "applied"
do = { advance-clock = { ms = 900000 } }
"#)]),
    },
    Window {
        id: "W121",
        name: "TIMEOUT-APPEND-FAILS",
        lies: "a transaction times out, and the abort cannot be written",
        leaves: Same("an open transaction; it is tried again, without further epochs"),
        outcome: &[Outcome::Abort],
        client: "wait",
        staging: Staging::None(
            "no request or message is about that record alone: take the followers down by hand",
        ),
    },
    Window {
        id: "W122",
        name: "TXID-EXPIRES",
        lies: "a transactional id is idle for longer than transactional.id.expiration.ms (a week)",
        leaves: Same("INVALID_PRODUCER_ID_MAPPING"),
        outcome: &[Outcome::Stop],
        client: "take a new identity",
        staging: Staging::Plans(&[all(r#"
# With the manual clock.
[[fault]]
on = "EndTxn"
nth = 2
when = "applied"
do = { advance-clock = { ms = 700000000 } }
"#)]),
    },
    Window {
        id: "W123",
        name: "PRODUCER-STATE-EXPIRES",
        lies: "the leader forgets a producer that was idle (a day)",
        leaves: Same("sequences that may begin anew; open transactions never expire"),
        outcome: &[Outcome::Same],
        client: "retry, or abort",
        staging: Staging::Plans(&[all(r#"
# With the manual clock.
[[fault]]
on = "EndTxn"
when = "applied"
do = { advance-clock = { ms = 90000000 } }
"#)]),
    },
    Window {
        id: "W124",
        name: "GROUP-EXPIRES",
        lies: "groups and offsets expire while others are pending",
        leaves: Same("the pending offsets"),
        outcome: &[Outcome::Wait],
        client: "nothing: they are kept",
        staging: Staging::Plans(&[all(r#"
# With the manual clock: past offsets.retention.minutes; the transaction times out, too.
[[fault]]
on = "TxnOffsetCommit"
when = "applied"
do = { advance-clock = { ms = 700000000 } }
"#)]),
    },
    Window {
        id: "W125",
        name: "CLOCK-JUMP",
        lies: "the clock jumps",
        leaves: Same("timeouts that come early"),
        outcome: &[Outcome::Same, Outcome::Abort],
        client: "nothing: safety does not depend on clocks",
        staging: Staging::Plans(&[all(r#"
# With the manual clock.
[[fault]]
on = "EndTxn"
do = { advance-clock = { ms = 3600000 } }
"#)]),
    },
];
