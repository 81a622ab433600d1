//! Group F, second part: late copies of an end, and ends that meet others.

use super::Leaves::{Each, Same};
use super::{Outcome, Staging, UNKNOWN, Window, all};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W082",
        name: "END-DELAYED-SAME",
        lies: "a late copy of EndTxn arrives while its own transaction is prepared or complete",
        leaves: Each("CONCURRENT_TRANSACTIONS or OK", "the same, by the epoch before"),
        outcome: &[Outcome::Refused],
        client: "nothing: it has no effect",
        staging: Staging::Plans(&[all(r#"
# The copy comes once the retry has been decided.
[[fault]]
name = "late"
on = "EndTxn"
do = [{ hold = { fault = "then" } }, "disconnect"]

[[fault]]
name = "then"
on = "EndTxn"
after = { fault = "late" }
when = "applied"
do = { raise = "then" }
"#)]),
    },
    Window {
        id: "W083",
        name: "END-DELAYED-NEXT",
        lies: "a late copy of EndTxn arrives while the next transaction is open",
        leaves: Each(
            "the copy ends the next transaction: a known weakness (KAFKA-17754)",
            "PRODUCER_FENCED, said to nobody",
        ),
        outcome: &[Outcome::Refused],
        client: "before TV2 a client cannot prevent it but by a new epoch for each transaction",
        staging: Staging::Plans(&[all(r#"
# The copy comes once the next transaction has begun.
[[fault]]
name = "late"
on = "EndTxn"
do = [{ hold = { fault = "then" } }, "disconnect"]

[[fault]]
name = "then"
on = "Produce"
after = { fault = "late" }
when = "applied"
do = { raise = "then" }
"#)]),
    },
    Window {
        id: "W084",
        name: "END-DELAYED-FAR",
        lies: "a late copy of EndTxn arrives two transactions later",
        leaves: Each(
            "an open transaction is ended by it: a known weakness",
            "nothing: the epoch is old",
        ),
        outcome: &[Outcome::Refused],
        client: "before TV2 a client cannot prevent it but by a new epoch for each transaction",
        staging: Staging::Plans(&[all(r#"
# The copy comes once the third transaction has begun.
[[fault]]
name = "late"
on = "EndTxn"
do = [{ hold = { fault = "then" } }, "disconnect"]

[[fault]]
name = "second"
on = "EndTxn"
after = { fault = "late" }
nth = 2
when = "applied"
do = { raise = "second" }

[[fault]]
name = "then"
on = "Produce"
after = { fault = "second" }
when = "applied"
do = { raise = "then" }
"#)]),
    },
    Window {
        id: "W085",
        name: "END-VS-TIMEOUT",
        lies: "a commit is on its way while the transaction times out",
        leaves: Same("an aborted transaction; the commit is answered PRODUCER_FENCED"),
        outcome: &[Outcome::Abort],
        client: "report the abort; go on with a new epoch",
        staging: Staging::Plans(&[all(r#"
# With the manual clock.
[[fault]]
on = "EndTxn"
do = [{ advance-clock = { ms = 900000 } }, { hold = { fault = "abort" } }]

[[fault]]
name = "abort"
on = "WriteTxnMarkers"
do = { raise = "abort" }
"#)]),
    },
    Window {
        id: "W086",
        name: "END-VS-SUCCESSOR",
        lies: "a commit is on its way while a successor asks for the transactional id",
        leaves: Same("whichever record is first wins"),
        outcome: &[Outcome::Either],
        client: "both sides agree: the successor sees the winner in the committed offsets",
        staging: Staging::Plans(&[all(r#"
# Start the successor when `late` has fired.
[[fault]]
name = "late"
on = "EndTxn"
do = { hold = { fault = "successor" } }

[[fault]]
name = "successor"
on = "InitProducerId"
after = { fault = "late" }
when = "applied"
do = { raise = "successor" }
"#)]),
    },
    Window {
        id: "W087",
        name: "END-EMPTY",
        lies: "a transaction ends in which nothing was attempted, or offsets alone",
        leaves: Each(
            "nothing; EndTxn may be left out only if nothing was attempted",
            "the same; an abort that is sent bumps the epoch",
        ),
        outcome: &[Outcome::Same],
        client: "send EndTxn for a transaction of offsets alone",
        staging: Staging::None(
            "nothing goes wrong on the way: a client that produces nothing is there by itself",
        ),
    },
    Window {
        id: "W088",
        name: "END-LATE-ERROR",
        lies: "the error of an attempt arrives when another attempt has been answered",
        leaves: Same("a decision"),
        outcome: &[Outcome::Same],
        client: "match an answer with its attempt: what comes late is ignored",
        staging: Staging::Plans(&[all(r#"
# The client's request timeout ends, and it sends EndTxn again.
[[fault]]
name = "late"
on = "EndTxn"
do = [{ delay = { fault = "again" } }, { error = "COORDINATOR_NOT_AVAILABLE" }]

[[fault]]
name = "again"
on = "EndTxn"
after = { fault = "late" }
when = "applied"
do = { raise = "again" }
"#)]),
    },
    Window {
        id: "W089",
        name: "END-EXHAUSTED",
        lies: "the client's retries or its deadline run out",
        leaves: Same("a decision of which the client does not know"),
        outcome: &[Outcome::Either],
        client: UNKNOWN,
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "EndTxn"
every = 1
when = "applied"
do = "disconnect"
"#)]),
    },
    Window {
        id: "W090",
        name: "END-OK-THEN-CRASH",
        lies: "the client has the answer, and dies before it notes it anywhere",
        leaves: Same("a decision"),
        outcome: &[Outcome::Commit],
        client: "the next incarnation sees the outcome in the committed offsets: the work is not redone",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "EndTxn"
when = "applied"
do = { signal = { process = "client", signal = "KILL" } }
"#)]),
    },
];
