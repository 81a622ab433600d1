//! Group C, first part: beginning a transaction and adding partitions to it.

use super::Leaves::{Each, Same};
use super::{Outcome, RESTART, RETRY, Staging, Window, all, before2, since2};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W028",
        name: "BEGIN-IDLE",
        lies: "the application stops once it has begun a transaction and asked nothing for it",
        leaves: Same("nothing: a transaction begins at the client alone"),
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
        id: "W029",
        name: "ADD-BS",
        lies: "the application stops before its first request for the transaction is sent",
        leaves: Same("nothing"),
        outcome: &[Outcome::Same],
        client: RESTART,
        staging: Staging::Plans(&[
            before2(
                r#"
# A request that is lost leaves what one leaves that was never sent.
[[fault]]
on = "AddPartitionsToTxn"
do = ["lose", { signal = { process = "client", signal = "KILL" } }]
"#,
            ),
            since2(
                r#"
# A request that is lost leaves what one leaves that was never sent.
[[fault]]
on = "Produce"
do = ["lose", { signal = { process = "client", signal = "KILL" } }]
"#,
            ),
        ]),
    },
    Window {
        id: "W030",
        name: "ADD-LOST",
        lies: "AddPartitionsToTxn never reaches the coordinator",
        leaves: Each("no effect", "the leader's own request is lost: see W038"),
        outcome: &[Outcome::Same],
        client: RETRY,
        staging: Staging::Plans(&[before2(
            r#"
[[fault]]
on = "AddPartitionsToTxn"
do = "disconnect"
"#,
        )]),
    },
    Window {
        id: "W031",
        name: "ADD-DNA",
        lies: "the coordinator stops before the Ongoing record is written",
        leaves: Each(
            "the next coordinator loads Empty or Complete",
            "the leader's question finds no coordinator, and Produce fails with a retriable error",
        ),
        outcome: &[Outcome::Same],
        client: RETRY,
        staging: Staging::Plans(&[
            before2(
                r#"
[[fault]]
on = "AddPartitionsToTxn"
do = [{ crash = "receiver" }, { restart = "receiver" }]
"#,
            ),
            since2(
                r#"
[[fault]]
on = "AddPartitionsToTxn"
from = "broker"
do = [{ crash = "receiver" }, { restart = "receiver" }]
"#,
            ),
        ]),
    },
    Window {
        id: "W032",
        name: "ADD-LOC",
        lies: "the Ongoing record is in the coordinator's own log alone when it stops",
        leaves: Same("a coordinator that has not got the record; nothing was answered"),
        outcome: &[Outcome::Same],
        client: RETRY,
        staging: Staging::Plans(&[
            before2(
                r#"
# With two brokers or more: the record does not leave for the followers.
[[fault]]
name = "asked"
on = "AddPartitionsToTxn"
do = { raise = "asked" }

[[fault]]
on = "Fetch"
from = "broker"
topic = "__transaction_state"
after = { fault = "asked" }
when = "applied"
do = { crash = "receiver" }
"#,
            ),
            since2(
                r#"
# With two brokers or more: the record does not leave for the followers.
[[fault]]
name = "asked"
on = "AddPartitionsToTxn"
from = "broker"
do = { raise = "asked" }

[[fault]]
on = "Fetch"
from = "broker"
topic = "__transaction_state"
after = { fault = "asked" }
when = "applied"
do = { crash = "receiver" }
"#,
            ),
        ]),
    },
    Window {
        id: "W033",
        name: "ADD-ANR",
        lies: "the Ongoing record is durable, and its answer is lost",
        leaves: Each(
            "an open transaction; the retry finds the partition in it",
            "an open transaction; the retry of Produce adds the partition again",
        ),
        outcome: &[Outcome::Same, Outcome::Abort],
        client: "retry; if the client has died, the transaction times out and is aborted",
        staging: Staging::Plans(&[
            before2(
                r#"
[[fault]]
on = "AddPartitionsToTxn"
when = "applied"
do = "disconnect"
"#,
            ),
            since2(
                r#"
[[fault]]
on = "AddPartitionsToTxn"
from = "broker"
when = "applied"
do = "lose"
"#,
            ),
        ]),
    },
    Window {
        id: "W034",
        name: "ADD-PARTIAL",
        lies: "a partition is refused when others have been added already",
        leaves: Each(
            "an open transaction without it; nothing of the refused request was added",
            "an open transaction without it; the partition's batches fail alone",
        ),
        outcome: &[Outcome::Abort],
        client: "the transaction can only be aborted, and EndTxn must be sent for what was added",
        staging: Staging::Plans(&[
            before2(
                r#"
# The application adds partitions twice in one transaction.
[[fault]]
on = "AddPartitionsToTxn"
nth = 2
do = { error = "TOPIC_AUTHORIZATION_FAILED" }
"#,
            ),
            since2(
                r#"
# The application produces twice in one transaction.
[[fault]]
on = "Produce"
nth = 2
do = { error = "TOPIC_AUTHORIZATION_FAILED" }
"#,
            ),
        ]),
    },
    Window {
        id: "W035",
        name: "ADD-WHILE-COMPLETING",
        lies: "the next transaction's first partition comes before the last one is complete",
        leaves: Each(
            "CONCURRENT_TRANSACTIONS",
            "the leader asks again for a short time, then Produce fails with CONCURRENT_TRANSACTIONS",
        ),
        outcome: &[Outcome::Wait],
        client: "retry until the transaction before is complete",
        staging: Staging::Plans(&[
            before2(
                r#"
[[fault]]
name = "markers"
on = "WriteTxnMarkers"
do = { hold = { fault = "next" } }

[[fault]]
name = "next"
on = "AddPartitionsToTxn"
after = { fault = "markers" }
when = "applied"
do = { raise = "next" }
"#,
            ),
            since2(
                r#"
[[fault]]
name = "markers"
on = "WriteTxnMarkers"
do = { hold = { fault = "next" } }

[[fault]]
name = "next"
on = "AddPartitionsToTxn"
from = "broker"
after = { fault = "markers" }
when = "applied"
do = { raise = "next" }
"#,
            ),
        ]),
    },
    Window {
        id: "W036",
        name: "ADD-DELAYED",
        lies: "AddPartitionsToTxn of a transaction arrives once that has ended",
        leaves: Each("a transaction that nobody owns", "nothing: the epoch is another"),
        outcome: &[Outcome::Refused],
        client: "nothing; before TV2 the spurious transaction is aborted by its timeout, and must \
                 not change the next one",
        staging: Staging::Plans(&[before2(
            r#"
# Raise `ended` when the first transaction is complete. Its client has sent the request again.
events = ["ended"]

[[fault]]
on = "AddPartitionsToTxn"
do = [{ hold = { event = "ended" } }, "disconnect"]
"#,
        )]),
    },
    Window {
        id: "W037",
        name: "ADD-NEVER-WRITTEN",
        lies: "a partition is added, and the client stops before anything is written to it",
        leaves: Same("an open transaction with a partition without data"),
        outcome: &[Outcome::Abort],
        client: RESTART,
        staging: Staging::Plans(&[
            before2(
                r#"
[[fault]]
on = "Produce"
do = ["lose", { signal = { process = "client", signal = "KILL" } }]
"#,
            ),
            since2(
                r#"
# The leader does not learn that the partition was added, and the client does not ask again.
[[fault]]
on = "AddPartitionsToTxn"
from = "broker"
when = "applied"
do = [{ signal = { process = "client", signal = "KILL" } }, "lose"]
"#,
            ),
        ]),
    },
];
