//! Group G: markers, and the completion of a transaction.

use super::Leaves::{Each, Same};
use super::{Outcome, Staging, Window, all, before2, since2};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W091",
        name: "MARK-NONE-SENT",
        lies: "the decision is durable, and the coordinator stops before any marker is written",
        leaves: Same("the next coordinator goes on from the decision; readers wait"),
        outcome: &[Outcome::Commit, Outcome::Abort],
        client: "nothing: it is as decided",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "WriteTxnMarkers"
do = [{ crash = "sender" }, { restart = "sender" }]
"#)]),
    },
    Window {
        id: "W092",
        name: "MARK-BETWEEN",
        lies: "the coordinator stops when some markers are written",
        leaves: Same("some partitions can be read, others are held by the last stable offset"),
        outcome: &[Outcome::Commit, Outcome::Abort],
        client: "nothing: all partitions come to the same outcome",
        staging: Staging::Plans(&[all(r#"
# With partitions that several brokers lead.
[[fault]]
on = "WriteTxnMarkers"
when = "applied"
do = [{ crash = "sender" }, { restart = "sender" }]
"#)]),
    },
    Window {
        id: "W093",
        name: "MARK-LOST",
        lies: "a request with markers is lost",
        leaves: Same("a marker that is missing; the coordinator sends it again"),
        outcome: &[Outcome::Wait],
        client: "nothing",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "WriteTxnMarkers"
do = "lose"
"#)]),
    },
    Window {
        id: "W094",
        name: "MARK-DNA",
        lies: "the leader stops before it writes the marker",
        leaves: Same("the marker goes to the next leader"),
        outcome: &[Outcome::Wait],
        client: "nothing",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "WriteTxnMarkers"
do = [{ crash = "receiver" }, { restart = "receiver" }]
"#)]),
    },
    Window {
        id: "W095",
        name: "MARK-LOC",
        lies: "the marker is in the leader's own log alone when it stops",
        leaves: Same("a leader that has not got it; nothing was answered, and it is sent again"),
        outcome: &[Outcome::Wait],
        client: "nothing",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more: the marker does not leave for the followers.
[[fault]]
name = "sent"
on = "WriteTxnMarkers"
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
        id: "W096",
        name: "MARK-MOVE",
        lies: "the leadership moves while the marker is on its way",
        leaves: Same("the coordinator looks the leader up again, and sends the marker again"),
        outcome: &[Outcome::Wait],
        client: "nothing",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more.
[[fault]]
on = "WriteTxnMarkers"
topic = "orders"
do = { elect = { topic = "orders", partition = 0 } }
"#)]),
    },
    Window {
        id: "W097",
        name: "MARK-ANR",
        lies: "the marker is durable, and its answer is lost",
        leaves: Each(
            "it is sent again: a second marker, which does no harm",
            "it is sent again: nothing is open, and it succeeds",
        ),
        outcome: &[Outcome::Same],
        client: "nothing",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "WriteTxnMarkers"
when = "applied"
do = "lose"
"#)]),
    },
    Window {
        id: "W098",
        name: "MARK-RESENT-BY-SUCCESSOR",
        lies: "another coordinator loads the decision and sends all markers again",
        leaves: Same("markers with a higher coordinator epoch"),
        outcome: &[Outcome::Same],
        client: "nothing",
        staging: Staging::Plans(&[all(r#"
# With three brokers or more.
[[fault]]
on = "WriteTxnMarkers"
when = "applied"
do = { crash = "sender" }
"#)]),
    },
    Window {
        id: "W099",
        name: "MARK-DELAYED-NEXT",
        lies: "a copy of a marker arrives once the next transaction has written",
        leaves: Each(
            "the copy ends the next transaction on that partition: a known weakness",
            "it is refused",
        ),
        outcome: &[Outcome::Refused],
        client: "nothing",
        staging: Staging::None(
            "here a message between brokers is sent again only when it or its answer is gone, so that no copy of it is on its way",
        ),
    },
    Window {
        id: "W100",
        name: "MARK-NOT-HERE",
        lies: "the marker reaches a broker that does not lead the partition any more",
        leaves: Same("NOT_LEADER_OR_FOLLOWER or UNKNOWN_TOPIC_OR_PARTITION; it is sent again"),
        outcome: &[Outcome::Wait],
        client: "nothing",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "WriteTxnMarkers"
do = { error = "NOT_LEADER_OR_FOLLOWER" }
"#)]),
    },
    Window {
        id: "W101",
        name: "MARK-ZOMBIE-TC",
        lies: "the marker of a coordinator arrives once the next one has written its own",
        leaves: Same("TRANSACTION_COORDINATOR_FENCED"),
        outcome: &[Outcome::Refused],
        client: "nothing",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more, and the transactional id `tx`.
[[fault]]
name = "late"
on = "WriteTxnMarkers"
do = [{ move-coordinator = { transaction = "tx" } }, { hold = { fault = "new" } }]

[[fault]]
name = "new"
on = "WriteTxnMarkers"
after = { fault = "late" }
when = "applied"
do = { raise = "new" }
"#)]),
    },
    Window {
        id: "W102",
        name: "MARK-STORAGE-ERROR",
        lies: "the leader answers a storage error",
        leaves: Same("a marker that is missing; the coordinator sends it again"),
        outcome: &[Outcome::Wait],
        client: "nothing",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "WriteTxnMarkers"
do = { error = "KAFKA_STORAGE_ERROR" }
"#)]),
    },
    Window {
        id: "W103",
        name: "MARK-DELETED",
        lies: "the partition is deleted before its marker is written",
        leaves: Same("a transaction without that partition"),
        outcome: &[Outcome::Commit, Outcome::Abort],
        client: "nothing: it completes without it",
        staging: Staging::Plans(&[all(r#"
# Delete the topic when `markers` has fired.
[[fault]]
name = "markers"
on = "WriteTxnMarkers"
topic = "orders"
do = { hold = { fault = "deleted" } }

[[fault]]
name = "deleted"
on = "DeleteTopics"
after = { fault = "markers" }
when = "applied"
do = { raise = "deleted" }
"#)]),
    },
    Window {
        id: "W104",
        name: "MARK-OFFSETS",
        lies: "the group's coordinator stops before the marker has committed the offsets",
        leaves: Same("pending offsets; the marker is sent again"),
        outcome: &[Outcome::Same],
        client: "nothing: the offsets of the next transaction are untouched",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "WriteTxnMarkers"
topic = "__consumer_offsets"
do = [{ crash = "receiver" }, { restart = "receiver" }]
"#)]),
    },
    Window {
        id: "W105",
        name: "MARK-STALE-OPERATION",
        lies: "an operation of an earlier coordinator epoch ends late on the same broker",
        leaves: Same("nothing: it touches its own entry alone"),
        outcome: &[Outcome::Wait],
        client: "nothing",
        staging: Staging::None("here an operation of a coordinator ends with its term"),
    },
    Window {
        id: "W106",
        name: "COMPLETE-BS",
        lies: "all markers are written, and the coordinator stops before the Complete record",
        leaves: Same("the next coordinator sends all markers again"),
        outcome: &[Outcome::Same],
        client: "nothing",
        staging: Staging::Plans(&[all(r#"
# With partitions that one broker leads: its one answer is the last.
[[fault]]
on = "WriteTxnMarkers"
when = "applied"
do = [{ crash = "sender" }, { restart = "sender" }]
"#)]),
    },
    Window {
        id: "W107",
        name: "COMPLETE-LOC",
        lies: "the Complete record is in the coordinator's own log alone when it stops",
        leaves: Same("the next coordinator sees the decision, and sends all markers again"),
        outcome: &[Outcome::Same],
        client: "nothing: a transaction that has begun since is not hit",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more: the record does not leave for the followers.
[[fault]]
name = "marked"
on = "WriteTxnMarkers"
when = "applied"
do = { raise = "marked" }

[[fault]]
on = "Fetch"
from = "broker"
topic = "__transaction_state"
after = { fault = "marked" }
when = "applied"
do = { crash = "receiver" }
"#)]),
    },
    Window {
        id: "W108",
        name: "COMPLETE-TWICE",
        lies: "two completions of one transaction race",
        leaves: Same("nothing: the second does nothing"),
        outcome: &[Outcome::Same],
        client: "nothing",
        staging: Staging::None(
            "here the last answer to the markers completes a transaction in one step",
        ),
    },
    Window {
        id: "W109",
        name: "COMPLETE-APPEND-FAILS",
        lies: "the Complete record is refused",
        leaves: Same("a decision; the coordinator tries again until it is written, or is deposed"),
        outcome: &[Outcome::Wait],
        client: "nothing",
        staging: Staging::None(
            "no request or message is about that record alone: take the followers down by hand",
        ),
    },
    Window {
        id: "W110",
        name: "COMPLETE-THEN-CRASH",
        lies: "the coordinator stops when the transaction is complete",
        leaves: Each("the next coordinator loads Complete", "the same, with the identity before"),
        outcome: &[Outcome::Same],
        client: "a late retry of EndTxn is answered as before",
        staging: Staging::Plans(&[
            before2(
                r#"
[[fault]]
on = "AddPartitionsToTxn"
while = { transaction = "*", state = ["CompleteCommit", "CompleteAbort"] }
do = [{ crash = "receiver" }, { restart = "receiver" }]
"#,
            ),
            since2(
                r#"
[[fault]]
on = "AddPartitionsToTxn"
from = "broker"
while = { transaction = "*", state = ["CompleteCommit", "CompleteAbort"] }
do = [{ crash = "receiver" }, { restart = "receiver" }]
"#,
            ),
        ]),
    },
    Window {
        id: "W111",
        name: "NEXT-BEFORE-COMPLETE",
        lies: "the next transaction's first request comes when the markers are written, before the Complete record",
        leaves: Each(
            "CONCURRENT_TRANSACTIONS",
            "the leader asks again for a short time; what it waits with survives the marker",
        ),
        outcome: &[Outcome::Wait],
        client: "retry: no error of this is fatal",
        staging: Staging::Plans(&[
            before2(
                r#"
[[fault]]
name = "answers"
on = "WriteTxnMarkers"
when = "applied"
do = { hold = { fault = "next" } }

[[fault]]
name = "next"
on = "AddPartitionsToTxn"
after = { fault = "answers" }
when = "applied"
do = { raise = "next" }
"#,
            ),
            since2(
                r#"
[[fault]]
name = "answers"
on = "WriteTxnMarkers"
when = "applied"
do = { hold = { fault = "next" } }

[[fault]]
name = "next"
on = "AddPartitionsToTxn"
from = "broker"
after = { fault = "answers" }
when = "applied"
do = { raise = "next" }
"#,
            ),
        ]),
    },
];
