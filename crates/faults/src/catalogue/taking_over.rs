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
