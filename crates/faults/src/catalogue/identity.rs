//! Group A: finding the coordinator, and taking an identity.

use super::Leaves::{Each, Same};
use super::{Outcome, RESTART, RETRY, Staging, Window, all};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W001",
        name: "FIND-STALE",
        lies: "FindCoordinator is lost, or names a coordinator that is none any more",
        leaves: Same("NOT_COORDINATOR"),
        outcome: &[Outcome::Wait],
        client: "find the coordinator again, and send the identical request again",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "InitProducerId"
do = { error = "NOT_COORDINATOR" }
"#)]),
    },
    Window {
        id: "W002",
        name: "INIT-BS",
        lies: "the application dies before InitProducerId while its predecessor's transaction is open",
        leaves: Same("an open transaction until its timeout, or until the next incarnation"),
        outcome: &[Outcome::Abort],
        client: RESTART,
        staging: Staging::Plans(&[all(r#"
[[fault]]
name = "predecessor"
on = "EndTxn"
do = ["lose", { signal = { process = "client", signal = "KILL" } }]

[[fault]]
on = "InitProducerId"
after = { fault = "predecessor" }
do = ["lose", { signal = { process = "client", signal = "KILL" } }]
"#)]),
    },
    Window {
        id: "W003",
        name: "INIT-LOST",
        lies: "InitProducerId is lost, or has no effect",
        leaves: Same("no effect"),
        outcome: &[Outcome::Same],
        client: RETRY,
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "InitProducerId"
do = "disconnect"
"#)]),
    },
    Window {
        id: "W004",
        name: "INIT-CONCURRENT",
        lies: "two incarnations ask for an identity while the record of one is being written",
        leaves: Same("the second is answered CONCURRENT_TRANSACTIONS"),
        outcome: &[Outcome::Wait, Outcome::Stop],
        client: "one of them has the highest epoch in the end; the other stops at its next call",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more: start the second incarnation when `first` has fired.
[[fault]]
name = "first"
on = "InitProducerId"
do = { raise = "first" }

[[fault]]
on = "Fetch"
from = "broker"
topic = "__transaction_state"
after = { fault = "first" }
when = "applied"
do = { hold = { fault = "second" } }

[[fault]]
name = "second"
on = "InitProducerId"
after = { fault = "first" }
when = "applied"
do = { raise = "second" }
"#)]),
    },
    Window {
        id: "W005",
        name: "INIT-FENCE-DNA",
        lies: "a successor is to fence an open transaction, and the coordinator stops before the record of it",
        leaves: Same("the next coordinator loads Ongoing with the old epoch"),
        outcome: &[Outcome::Wait],
        client: "retry: the successor fences again",
        staging: Staging::Plans(&[all(r#"
[[fault]]
name = "predecessor"
on = "EndTxn"
do = ["lose", { signal = { process = "client", signal = "KILL" } }]

[[fault]]
on = "InitProducerId"
while = { transaction = "*", state = "Ongoing" }
after = { fault = "predecessor" }
do = [{ crash = "receiver" }, { restart = "receiver" }]
"#)]),
    },
    Window {
        id: "W006",
        name: "INIT-FENCE-ANA",
        lies: "the abort of the predecessor's transaction is decided durably, and the coordinator stops",
        leaves: Same(
            "the next coordinator goes on with the markers; the successor is answered CONCURRENT_TRANSACTIONS",
        ),
        outcome: &[Outcome::Abort],
        client: "retry until it succeeds",
        staging: Staging::Plans(&[all(r#"
[[fault]]
name = "predecessor"
on = "EndTxn"
do = ["lose", { signal = { process = "client", signal = "KILL" } }]

[[fault]]
on = "WriteTxnMarkers"
after = { fault = "predecessor" }
do = [{ crash = "sender" }, { restart = "sender" }]
"#)]),
    },
    Window {
        id: "W007",
        name: "INIT-FENCE-GAP",
        lies: "the old incarnation acts once its transaction is aborted, before its successor has tried again",
        leaves: Each(
            "the old epoch is refused everywhere",
            "a late EndTxn(abort) with the epoch before may be answered OK",
        ),
        outcome: &[Outcome::Stop],
        client: "the old incarnation stops at the latest when its successor has its identity",
        staging: Staging::Plans(&[all(r#"
# Start the successor when `late` has fired.
[[fault]]
name = "late"
on = "EndTxn"
do = { hold = { fault = "aborted" } }

[[fault]]
name = "aborted"
on = "WriteTxnMarkers"
after = { fault = "late" }
when = "applied"
do = { raise = "aborted" }
"#)]),
    },
    Window {
        id: "W008",
        name: "INIT-ANR",
        lies: "the new epoch is durable, and the answer is lost",
        leaves: Same("a new epoch that nobody knows"),
        outcome: &[Outcome::Same],
        client: "retry, and use the last answer alone",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "InitProducerId"
when = "applied"
do = "disconnect"
"#)]),
    },
    Window {
        id: "W009",
        name: "INIT-ANR-MOVE",
        lies: "as W008, and the coordinator has moved when the client retries",
        leaves: Same("the next coordinator knows the identity before"),
        outcome: &[Outcome::Same],
        client: "retry: the identity is answered without another bump if the client named its own",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more.
[[fault]]
on = "InitProducerId"
when = "applied"
do = ["move-coordinator", "disconnect"]
"#)]),
    },
    Window {
        id: "W010",
        name: "INIT-INVERTED",
        lies: "a process's own older InitProducerId arrives after its newer one",
        leaves: Same("the older one bumps again and fences the newer"),
        outcome: &[Outcome::Stop],
        client: "run no two attempts with -1/-1 whose first is unresolved",
        staging: Staging::Plans(&[all(r#"
[[fault]]
name = "older"
on = "InitProducerId"
do = [{ hold = { fault = "newer" } }, "disconnect"]

[[fault]]
name = "newer"
on = "InitProducerId"
after = { fault = "older" }
when = "applied"
do = { raise = "newer" }
"#)]),
    },
    Window {
        id: "W011",
        name: "INIT-APPEND-FAILS",
        lies: "the record of the new epoch fails, or may have failed",
        leaves: Same(
            "an error that may be retried; the coordinator's memory may be ahead of its log",
        ),
        outcome: &[Outcome::Wait],
        client: "retry; epochs are not used up by it",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "InitProducerId"
when = "applied"
do = { error = "COORDINATOR_NOT_AVAILABLE" }
"#)]),
    },
    Window {
        id: "W012",
        name: "INIT-EXHAUSTED",
        lies: "the epoch is 32766",
        leaves: Each(
            "a new producer id on InitProducerId",
            "the same; also when a transaction ends",
        ),
        outcome: &[Outcome::Same],
        client: "go on with the new producer id; the old one is fenced",
        staging: Staging::None("no fault makes it: it takes 32766 epochs"),
    },
    Window {
        id: "W013",
        name: "PID-BLOCK",
        lies: "a block of producer ids is granted twice, or its answer is lost",
        leaves: Same("a gap in the producer ids"),
        outcome: &[Outcome::Same],
        client: "nothing: producer ids are unique for ever",
        staging: Staging::None(
            "blocks come from the controller, which no request or message here is about",
        ),
    },
    Window {
        id: "W014",
        name: "INIT-WHILE-PREPARED",
        lies: "a newcomer asks for the transactional id while a transaction is decided and not complete",
        leaves: Same("CONCURRENT_TRANSACTIONS"),
        outcome: &[Outcome::Wait],
        client: "retry: the outcome stands",
        staging: Staging::Plans(&[all(r#"
# Start the newcomer when `markers` has fired.
[[fault]]
name = "markers"
on = "WriteTxnMarkers"
do = { hold = { fault = "newcomer" } }

[[fault]]
name = "newcomer"
on = "InitProducerId"
after = { fault = "markers" }
when = "applied"
do = { raise = "newcomer" }
"#)]),
    },
    Window {
        id: "W015",
        name: "INIT-THEN-CRASH",
        lies: "the application stops between InitProducerId and its first transaction",
        leaves: Same("nothing open"),
        outcome: &[Outcome::Same],
        client: RESTART,
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "InitProducerId"
when = "applied"
do = { signal = { process = "client", signal = "KILL" } }
"#)]),
    },
    Window {
        id: "W016",
        name: "INIT-BUMP-IN-FLIGHT",
        lies: "a producer takes a new epoch in its own life while batches are on their way",
        leaves: Same("batches of the old epoch belong to the aborted transaction or are refused"),
        outcome: &[Outcome::Refused],
        client: "sequences begin at 0 in the new epoch",
        staging: Staging::Plans(&[all(r#"
# The batch stays in the network, and the client's next attempt makes it take a new epoch.
[[fault]]
name = "late"
on = "Produce"
nth = 2
do = [{ hold = { fault = "bumped" } }, "disconnect"]

[[fault]]
name = "refused"
on = "Produce"
after = { fault = "late" }
do = { error = "INVALID_PRODUCER_EPOCH" }

[[fault]]
name = "bumped"
on = "InitProducerId"
after = { fault = "refused" }
when = "applied"
do = { raise = "bumped" }
"#)]),
    },
    Window {
        id: "W017",
        name: "INIT-BUMP-ANR",
        lies: "as W016, and the answer with the new epoch is lost",
        leaves: Same("a new epoch that nobody knows"),
        outcome: &[Outcome::Same],
        client: "retry with the identity before: the new one is answered without another bump",
        staging: Staging::Plans(&[all(r#"
[[fault]]
name = "refused"
on = "Produce"
nth = 2
do = { error = "INVALID_PRODUCER_EPOCH" }

[[fault]]
on = "InitProducerId"
after = { fault = "refused" }
when = "applied"
do = "disconnect"
"#)]),
    },
];
