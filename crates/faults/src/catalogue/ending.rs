//! Group F, first part: ends that are lost, unanswered or refused.

use super::Leaves::{Each, Same};
use super::{ABORT_AND_REWIND, Outcome, RESTART, Staging, UNKNOWN, Window, all};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W072",
        name: "END-BS",
        lies: "the application stops before EndTxn is sent, and all data is acknowledged",
        leaves: Same("an open transaction"),
        outcome: &[Outcome::Abort],
        client: RESTART,
        staging: Staging::Plans(&[all(r#"
# A request that is lost leaves what one leaves that was never sent.
[[fault]]
on = "EndTxn"
do = ["lose", { signal = { process = "client", signal = "KILL" } }]
"#)]),
    },
    Window {
        id: "W073",
        name: "END-UNFLUSHED",
        lies: "the application commits while batches are unresolved",
        leaves: Each(
            "nothing, if the client waits for them",
            "the same; else the epoch would change under them",
        ),
        outcome: &[Outcome::Commit, Outcome::Abort],
        client: "wait for the batches before EndTxn is sent, or fail the transaction",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
when = "applied"
do = { delay = { ms = 500 } }
"#)]),
    },
    Window {
        id: "W074",
        name: "END-OVERTAKES",
        lies: "EndTxn is handled while an older Produce is on its way",
        leaves: Each(
            "the batch may come into the log after the marker",
            "nothing: the epoch is old",
        ),
        outcome: &[Outcome::Refused],
        client: ABORT_AND_REWIND,
        staging: Staging::Plans(&[all(r#"
# The request stays in the network; the client's next attempt fails, and it gives up and aborts.
[[fault]]
name = "late"
on = "Produce"
nth = 2
do = [{ hold = { fault = "then" } }, "disconnect"]

[[fault]]
name = "refused"
on = "Produce"
after = { fault = "late" }
do = { error = "TOPIC_AUTHORIZATION_FAILED" }

[[fault]]
name = "then"
on = "EndTxn"
after = { fault = "refused" }
when = "applied"
do = { raise = "then" }
"#)]),
    },
    Window {
        id: "W075",
        name: "END-LOST",
        lies: "EndTxn is lost, or has no effect",
        leaves: Same("an open transaction"),
        outcome: &[Outcome::Same, Outcome::Abort],
        client: "send it again; if the client has died, the transaction times out and is aborted",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "EndTxn"
do = "disconnect"
"#)]),
    },
    Window {
        id: "W076",
        name: "END-APPEND-ERRA",
        lies: "an error is answered though the decision is, or becomes, durable",
        leaves: Same("a decision of which the client does not know"),
        outcome: &[Outcome::Either],
        client: "send the same direction again",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "EndTxn"
when = "applied"
do = { error = "COORDINATOR_NOT_AVAILABLE" }
"#)]),
    },
    Window {
        id: "W077",
        name: "END-ANA",
        lies: "the decision is durable, and the coordinator stops before it answers",
        leaves: Each(
            "the next coordinator goes on; the retry is answered CONCURRENT_TRANSACTIONS, then OK",
            "the same; the retry is recognised by the epoch before",
        ),
        outcome: &[Outcome::Commit, Outcome::Abort],
        client: "send the same direction again until the answer is definite: it is as decided",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "EndTxn"
when = "applied"
do = [{ crash = "receiver" }, { restart = "receiver" }]
"#)]),
    },
    Window {
        id: "W078",
        name: "END-ANR-ALIVE",
        lies: "the answer is lost, and the client lives",
        leaves: Each(
            "a decision; the same direction is answered OK, the other INVALID_TXN_STATE",
            "the same; the retry gets the new identity",
        ),
        outcome: &[Outcome::Same],
        client: UNKNOWN,
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "EndTxn"
when = "applied"
do = "disconnect"
"#)]),
    },
    Window {
        id: "W079",
        name: "END-ANR-DEAD",
        lies: "the answer is lost, and the application has died",
        leaves: Same("a decision"),
        outcome: &[Outcome::Commit],
        client: "the next incarnation sees the outcome in the committed offsets: the work is not redone",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "EndTxn"
when = "applied"
do = ["lose", { signal = { process = "client", signal = "KILL" } }]
"#)]),
    },
    Window {
        id: "W080",
        name: "END-LOC",
        lies: "the decision is in the coordinator's own log alone when it stops",
        leaves: Same("a coordinator that sees Ongoing; nothing was answered"),
        outcome: &[Outcome::Same, Outcome::Abort],
        client: "send it again: it is decided anew; if the client has died, the transaction is aborted",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more: the record does not leave for the followers.
[[fault]]
name = "sent"
on = "EndTxn"
do = { raise = "sent" }

[[fault]]
on = "Fetch"
from = "broker"
topic = "__transaction_state"
after = { fault = "sent" }
when = "applied"
do = { crash = "receiver" }
"#)]),
    },
    Window {
        id: "W081",
        name: "END-SWITCH",
        lies: "the outcome of a commit is unknown, and the application asks for an abort",
        leaves: Each(
            "if the commit is decided, INVALID_TXN_STATE",
            "if the commit is decided, a state that does not fit",
        ),
        outcome: &[Outcome::Either],
        client: "refuse to switch, or do as for an unknown outcome",
        staging: Staging::Plans(&[all(r#"
# The commit is never answered, and the application calls abort after its timeout.
[[fault]]
on = "EndTxn"
when = "applied"
do = "lose"
"#)]),
    },
];
