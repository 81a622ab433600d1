//! Group D: producing.

use super::Leaves::{Each, Same};
use super::{ABORT_AND_REWIND, Outcome, RESTART, RETRY, Staging, Window, all, before2, since2};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W045",
        name: "PRODUCE-BUFFERED",
        lies: "the application stops with records that it has not sent",
        leaves: Same("an open transaction without them"),
        outcome: &[Outcome::Abort],
        client: RESTART,
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
when = "applied"
do = { signal = { process = "client", signal = "KILL" } }
"#)]),
    },
    Window {
        id: "W046",
        name: "PRODUCE-DELAYED-PAST-END",
        lies: "a batch arrives after the marker of its transaction",
        leaves: Each(
            "without verification: data that nobody ends; with it: nothing",
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
on = "WriteTxnMarkers"
after = { fault = "refused" }
when = "applied"
do = { raise = "then" }
"#)]),
    },
    Window {
        id: "W047",
        name: "PRODUCE-DELAYED-INTO-NEXT",
        lies: "a batch of one transaction arrives once the next one has added its partition",
        leaves: Each(
            "the batch is in the next transaction: a known weakness",
            "nothing: the epoch is old",
        ),
        outcome: &[Outcome::Refused],
        client: "before TV2 a client can only prevent it: it begins no transaction while a batch of the last one may be on its way",
        staging: Staging::Plans(&[
            before2(
                r#"
# The request stays in the network; the client's next attempt fails, and it gives up and aborts.
[[fault]]
name = "late"
on = "Produce"
topic = "orders"
do = [{ hold = { fault = "then" } }, "disconnect"]

[[fault]]
name = "refused"
on = "Produce"
after = { fault = "late" }
do = { error = "TOPIC_AUTHORIZATION_FAILED" }

[[fault]]
name = "then"
on = "AddPartitionsToTxn"
after = { fault = "refused" }
topic = "orders"
when = "applied"
do = { raise = "then" }
"#,
            ),
            since2(
                r#"
# The request stays in the network; the client's next attempt fails, and it gives up and aborts.
[[fault]]
name = "late"
on = "Produce"
topic = "orders"
nth = 2
do = [{ hold = { fault = "then" } }, "disconnect"]

[[fault]]
name = "refused"
on = "Produce"
after = { fault = "late" }
do = { error = "TOPIC_AUTHORIZATION_FAILED" }

[[fault]]
name = "then"
on = "Produce"
after = { fault = "refused" }
topic = "orders"
when = "applied"
do = { raise = "then" }
"#,
            ),
        ]),
    },
    Window {
        id: "W048",
        name: "PRODUCE-LOC",
        lies: "a batch is in the leader's own log alone when it stops",
        leaves: Same("a leader that has not got it; with acks=all nothing was answered"),
        outcome: &[Outcome::Same],
        client: "send the same batch again to the new leader",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more and acks=all: the batch does not leave for the followers.
[[fault]]
name = "sent"
on = "Produce"
topic = "orders"
do = { raise = "sent" }

[[fault]]
on = "Fetch"
from = "broker"
topic = "orders"
after = { fault = "sent" }
when = "applied"
do = { crash = "receiver" }
"#)]),
    },
    Window {
        id: "W049",
        name: "PRODUCE-ANR",
        lies: "a batch is durable, and its answer is lost",
        leaves: Same("the batch"),
        outcome: &[Outcome::Same],
        client: "send the same batch with the same sequence again: it is recognised",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
when = "applied"
do = "disconnect"
"#)]),
    },
    Window {
        id: "W050",
        name: "PRODUCE-OVERTAKEN",
        lies: "a batch fails before it is appended, and the next one is there already",
        leaves: Same("the second is refused: the leader remembers where the first began"),
        outcome: &[Outcome::Same],
        client: "send both again in order; the second must not stand before the first",
        staging: Staging::Plans(&[all(r#"
# With two batches in flight: the leader's question about the first one is answered late, and refused.
[[fault]]
on = "AddPartitionsToTxn"
from = "broker"
topic = "orders"
do = [{ delay = { ms = 500 } }, { error = "COORDINATOR_LOAD_IN_PROGRESS" }]
"#)]),
    },
    Window {
        id: "W051",
        name: "PRODUCE-ERRA",
        lies: "an error is answered though the batch is, or becomes, durable",
        leaves: Same("a batch of which the client does not know"),
        outcome: &[Outcome::Same],
        client: "send the same batch with the same sequence until the answer is definite; put no other records in its place",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
when = "applied"
do = { error = "NOT_ENOUGH_REPLICAS_AFTER_APPEND" }
"#)]),
    },
    Window {
        id: "W052",
        name: "PRODUCE-EXPIRY",
        lies: "the client's delivery timeout ends while the batch is on its way",
        leaves: Each(
            "the client may abort while the batch is alive",
            "the same, but the epoch protects",
        ),
        outcome: &[Outcome::Abort],
        client: "the transaction can only be aborted, and the batch must never surface",
        staging: Staging::Plans(&[all(r#"
# With a delivery timeout of a few seconds; the batch goes on once the transaction has ended.
[[fault]]
name = "late"
on = "Produce"
nth = 2
do = { hold = { fault = "marker" } }

[[fault]]
name = "marker"
on = "WriteTxnMarkers"
after = { fault = "late" }
when = "applied"
do = { raise = "marker" }
"#)]),
    },
    Window {
        id: "W053",
        name: "PRODUCE-EVICTED",
        lies: "the leader has forgotten the producer",
        leaves: Each("UNKNOWN_PRODUCER_ID, or any sequence is taken", "only sequence 0 is taken"),
        outcome: &[Outcome::Same, Outcome::Abort],
        client: "retry, or abort; nothing may be there twice",
        staging: Staging::Plans(&[all(r#"
# With the manual clock: past producer.id.expiration.ms (a day) between two transactions.
[[fault]]
on = "EndTxn"
while = { transaction = "*", state = ["PrepareCommit", "PrepareAbort"] }
when = "applied"
do = { advance-clock = { ms = 90000000 } }
"#)]),
    },
    Window {
        id: "W054",
        name: "PRODUCE-MOVE",
        lies: "the partition gets another leader while the transaction is open",
        leaves: Same("the new leader rebuilds the same state of producers from its log"),
        outcome: &[Outcome::Same],
        client: "find the leader again; sequences go on",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more.
[[fault]]
on = "Produce"
topic = "orders"
when = "applied"
do = "elect"
"#)]),
    },
    Window {
        id: "W055",
        name: "PRODUCE-TOPIC-GONE",
        lies: "the topic goes while records are buffered or in flight",
        leaves: Each("AddPartitionsToTxn or Produce fails for ever", "Produce fails for ever"),
        outcome: &[Outcome::Abort],
        client: "give up after a bounded time and abort; other partitions are not concerned",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
topic = "orders"
range = { from = 2 }
do = { error = "UNKNOWN_TOPIC_OR_PARTITION" }
"#)]),
    },
    Window {
        id: "W056",
        name: "PRODUCE-AFTER-SERVER-ABORT",
        lies: "a batch comes once the coordinator has timed its transaction out",
        leaves: Same("INVALID_PRODUCER_EPOCH"),
        outcome: &[Outcome::Abort, Outcome::Stop],
        client: "abort and go on with a new epoch if no successor is there; else stop",
        staging: Staging::Plans(&[all(r#"
# With the manual clock.
[[fault]]
name = "late"
on = "Produce"
nth = 2
do = [{ advance-clock = { ms = 900000 } }, { hold = { fault = "marker" } }]

[[fault]]
name = "marker"
on = "WriteTxnMarkers"
after = { fault = "late" }
when = "applied"
do = { raise = "marker" }
"#)]),
    },
    Window {
        id: "W057",
        name: "PRODUCE-LOST",
        lies: "Produce never reaches the leader, or the leader stops before it appends",
        leaves: Each("no effect", "no effect, but the partition may have been added"),
        outcome: &[Outcome::Same],
        client: RETRY,
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
do = "disconnect"
"#)]),
    },
    Window {
        id: "W058",
        name: "PRODUCE-DUP",
        lies: "Produce arrives twice",
        leaves: Same("the batch, once"),
        outcome: &[Outcome::Same],
        client: "nothing: the second is recognised",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
do = "duplicate"
"#)]),
    },
    Window {
        id: "W059",
        name: "PRODUCE-SPLIT",
        lies: "one request for several partitions, and some of them fail",
        leaves: Same("the batches of the others"),
        outcome: &[Outcome::Same],
        client: "send again what failed; commit only when all have succeeded",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
topic = "orders"
partition = 0
when = "applied"
do = { error = { code = "NOT_LEADER_OR_FOLLOWER", topic = "orders", partition = 0 } }
"#)]),
    },
];
