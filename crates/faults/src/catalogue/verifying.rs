//! Group C, second part: the leader's questions to the coordinator.

use super::Leaves::{Before2, Each, Same, Since2};
use super::{ABORT_AND_REWIND, Outcome, Staging, Window, all, before2, since2};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W038",
        name: "LEADER-ADD-LOST",
        lies: "the leader's question to the coordinator is lost",
        leaves: Same("Produce fails with a retriable error; the leader remembers the sequence"),
        outcome: &[Outcome::Same],
        client: "send the same batch again",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "AddPartitionsToTxn"
from = "broker"
do = "lose"
"#)]),
    },
    Window {
        id: "W039",
        name: "LEADER-ADD-ANA",
        lies: "the coordinator has added the partition, and the leader stops before it appends",
        leaves: Since2("the partition is in the transaction, without data"),
        outcome: &[Outcome::Same, Outcome::Abort],
        client: "send the same batch again, or abort; EndTxn must be sent in any case",
        staging: Staging::Plans(&[since2(
            r#"
[[fault]]
on = "AddPartitionsToTxn"
from = "broker"
when = "applied"
do = [{ crash = "sender" }, { restart = "sender" }]
"#,
        )]),
    },
    Window {
        id: "W040",
        name: "VERIFY-STALE",
        lies: "the leader was told yes; the transaction ends; only then the leader goes on",
        leaves: Same("the marker has cleared what the leader waits with: the batch is refused"),
        outcome: &[Outcome::Refused],
        client: ABORT_AND_REWIND,
        staging: Staging::Plans(&[all(r#"
# With the manual clock: the transaction times out while the leader waits for its answer.
[[fault]]
on = "AddPartitionsToTxn"
from = "broker"
topic = "orders"
when = "applied"
do = [{ advance-clock = { ms = 900000 } }, { hold = { fault = "marker" } }]

[[fault]]
name = "marker"
on = "WriteTxnMarkers"
topic = "orders"
when = "applied"
do = { raise = "marker" }
"#)]),
    },
    Window {
        id: "W041",
        name: "VERIFY-STALE-NEXT",
        lies: "as W040, and the next transaction has added the partition before the leader goes on",
        leaves: Each("what the leader waits with differs", "the epoch differs"),
        outcome: &[Outcome::Refused],
        client: ABORT_AND_REWIND,
        staging: Staging::Plans(&[before2(
            r#"
# With the manual clock: the first transaction times out, and the next one adds the partition. At
# TV2 the question of the next one would have to overtake the first on the same connection.
[[fault]]
name = "answer"
on = "AddPartitionsToTxn"
from = "broker"
topic = "orders"
when = "applied"
do = [{ advance-clock = { ms = 900000 } }, { hold = { fault = "next" } }]

[[fault]]
name = "next"
on = "AddPartitionsToTxn"
topic = "orders"
after = { fault = "answer" }
when = "applied"
do = { raise = "next" }
"#,
        )]),
    },
    Window {
        id: "W042",
        name: "VERIFY-REPLACED",
        lies: "a second question about a transactional id is queued before the first was sent",
        leaves: Same("the first one fails as if the connection had broken"),
        outcome: &[Outcome::Same],
        client: "send the same batch again",
        staging: Staging::None(
            "here every question is sent at once, so that none waits in a queue to be replaced",
        ),
    },
    Window {
        id: "W043",
        name: "VERIFY-OFF",
        lies: "the leader does not ask the coordinator, and a batch comes after the marker",
        leaves: Before2("data of a transaction that has ended, which nobody will end again"),
        outcome: &[Outcome::Refused],
        client: "none can help: leave transaction.partition.verification.enable on",
        staging: Staging::Plans(&[before2(
            r#"
# With transaction.partition.verification.enable=false. The client gives up the batch and aborts.
[[fault]]
name = "late"
on = "Produce"
nth = 2
do = [{ hold = { fault = "marker" } }, "disconnect"]

[[fault]]
name = "refused"
on = "Produce"
after = { fault = "late" }
do = { error = "TOPIC_AUTHORIZATION_FAILED" }

[[fault]]
name = "marker"
on = "WriteTxnMarkers"
after = { fault = "refused" }
when = "applied"
do = { raise = "marker" }
"#,
        )]),
    },
    Window {
        id: "W044",
        name: "TC-MOVE-MID",
        lies: "the coordinator moves while the transaction is open",
        leaves: Same("the next coordinator loads Ongoing with all partitions"),
        outcome: &[Outcome::Same],
        client: "find the coordinator again when it says NOT_COORDINATOR",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more.
[[fault]]
on = "Produce"
transactional_id = "*"
when = "applied"
do = "move-coordinator"
"#)]),
    },
];
