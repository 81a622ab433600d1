//! Group E: offsets inside the transaction.

use super::Leaves::{Before2, Each, Same};
use super::{ABORT_AND_REWIND, Outcome, RESTART, RETRY, Staging, Window, all, before2};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W060",
        name: "ADDOFF-DNA",
        lies: "AddOffsetsToTxn is lost, or has no effect",
        leaves: Before2("no effect"),
        outcome: &[Outcome::Same],
        client: RETRY,
        staging: Staging::Plans(&[before2(
            r#"
[[fault]]
on = "AddOffsetsToTxn"
do = "disconnect"
"#,
        )]),
    },
    Window {
        id: "W061",
        name: "ADDOFF-ANR",
        lies: "the offsets partition is added durably, and the answer is lost",
        leaves: Before2("the offsets partition in the transaction"),
        outcome: &[Outcome::Same],
        client: "retry: it is in already",
        staging: Staging::Plans(&[before2(
            r#"
[[fault]]
on = "AddOffsetsToTxn"
when = "applied"
do = "disconnect"
"#,
        )]),
    },
    Window {
        id: "W062",
        name: "ADDOFF-THEN-CRASH",
        lies: "the application stops between AddOffsetsToTxn and TxnOffsetCommit",
        leaves: Before2("the offsets partition in the transaction, nothing pending in it"),
        outcome: &[Outcome::Abort],
        client: RESTART,
        staging: Staging::Plans(&[before2(
            r#"
[[fault]]
on = "TxnOffsetCommit"
do = ["lose", { signal = { process = "client", signal = "KILL" } }]
"#,
        )]),
    },
    Window {
        id: "W063",
        name: "TOC-DNA",
        lies: "TxnOffsetCommit is lost, or the group's coordinator loads or has moved",
        leaves: Same("no effect"),
        outcome: &[Outcome::Same],
        client: "find the group's coordinator again, and retry",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "TxnOffsetCommit"
do = { error = "NOT_COORDINATOR" }
"#)]),
    },
    Window {
        id: "W064",
        name: "TOC-ANR",
        lies: "the offsets are pending durably, and the answer is lost",
        leaves: Same("pending offsets"),
        outcome: &[Outcome::Same],
        client: "retry: the same offsets are pending again",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "TxnOffsetCommit"
when = "applied"
do = "disconnect"
"#)]),
    },
    Window {
        id: "W065",
        name: "TOC-PARTIAL",
        lies: "some partitions of TxnOffsetCommit are refused",
        leaves: Same("nothing is pending for those"),
        outcome: &[Outcome::Abort],
        client: ABORT_AND_REWIND,
        staging: Staging::Plans(&[all(r#"
# All of them are: what is refused without effect cannot be a part of a request.
[[fault]]
on = "TxnOffsetCommit"
do = { error = "UNKNOWN_TOPIC_OR_PARTITION" }
"#)]),
    },
    Window {
        id: "W066",
        name: "TOC-STALE-GENERATION",
        lies: "the group's generation changes between the question to the coordinator and the append",
        leaves: Same("nothing: the generation is asked at the append"),
        outcome: &[Outcome::Abort],
        client: ABORT_AND_REWIND,
        staging: Staging::Plans(&[all(r#"
# With a classic group, and a second member that joins when `late` has fired.
[[fault]]
name = "late"
on = "AddPartitionsToTxn"
from = "broker"
topic = "__consumer_offsets"
when = "applied"
do = { hold = { fault = "joined" } }

[[fault]]
name = "joined"
on = "JoinGroup"
after = { fault = "late" }
when = "applied"
do = { raise = "joined" }
"#)]),
    },
    Window {
        id: "W067",
        name: "TOC-DELAYED-PAST-END",
        lies: "TxnOffsetCommit arrives after the marker of its transaction",
        leaves: Each(
            "without verification: offsets pending for ever; with it: nothing",
            "nothing: the epoch is old",
        ),
        outcome: &[Outcome::Refused],
        client: ABORT_AND_REWIND,
        staging: Staging::Plans(&[all(r#"
# The request stays in the network; the client's next attempt fails, and it gives up and aborts.
[[fault]]
name = "late"
on = "TxnOffsetCommit"
do = [{ hold = { fault = "then" } }, "disconnect"]

[[fault]]
name = "refused"
on = "TxnOffsetCommit"
after = { fault = "late" }
do = { error = "GROUP_AUTHORIZATION_FAILED" }

[[fault]]
name = "then"
on = "WriteTxnMarkers"
after = { fault = "refused" }
when = "applied"
do = { raise = "then" }
"#)]),
    },
    Window {
        id: "W068",
        name: "TOC-DELAYED-INTO-NEXT",
        lies: "TxnOffsetCommit of one transaction arrives once the next one is open",
        leaves: Each(
            "older offsets may take the place of the next one's: a known weakness",
            "nothing: the epoch is old",
        ),
        outcome: &[Outcome::Refused],
        client: "before TV2 a client can only prevent it: it begins no transaction while a request of the last one may be on its way",
        staging: Staging::Plans(&[all(r#"
# The request stays in the network; the client's next attempt fails, and it gives up and aborts.
[[fault]]
name = "late"
on = "TxnOffsetCommit"
do = [{ hold = { fault = "then" } }, "disconnect"]

[[fault]]
name = "refused"
on = "TxnOffsetCommit"
after = { fault = "late" }
do = { error = "GROUP_AUTHORIZATION_FAILED" }

[[fault]]
name = "then"
on = "TxnOffsetCommit"
after = { fault = "refused" }
when = "applied"
do = { raise = "then" }
"#)]),
    },
    Window {
        id: "W069",
        name: "GC-MOVE-PENDING",
        lies: "the group's coordinator moves while offsets are pending",
        leaves: Same("the next one rebuilds the pending offsets from its log"),
        outcome: &[Outcome::Wait],
        client: "wait; the offsets become what the transaction decides",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more.
[[fault]]
on = "TxnOffsetCommit"
when = "applied"
do = { move-coordinator = { of = "group" } }
"#)]),
    },
    Window {
        id: "W070",
        name: "TOC-LOC",
        lies: "the offsets are pending in the coordinator's own log alone when it stops",
        leaves: Same("a coordinator that has not got them; nothing was answered"),
        outcome: &[Outcome::Same],
        client: RETRY,
        staging: Staging::Plans(&[all(r#"
# With two brokers or more: the record does not leave for the followers.
[[fault]]
name = "sent"
on = "TxnOffsetCommit"
do = { raise = "sent" }

[[fault]]
on = "Fetch"
from = "broker"
topic = "__consumer_offsets"
after = { fault = "sent" }
when = "applied"
do = { crash = "receiver" }
"#)]),
    },
    Window {
        id: "W071",
        name: "PLAIN-COMMIT-RACE",
        lies: "a plain OffsetCommit comes between TxnOffsetCommit and the marker",
        leaves: Same("the offset that stands further on in the log"),
        outcome: &[Outcome::Same],
        client: "nothing: what is read now is what is read after a reload",
        staging: Staging::Plans(&[all(r#"
[[fault]]
name = "marker"
on = "WriteTxnMarkers"
topic = "__consumer_offsets"
do = { hold = { fault = "plain" } }

[[fault]]
name = "plain"
on = "OffsetCommit"
after = { fault = "marker" }
when = "applied"
do = { raise = "plain" }
"#)]),
    },
];
