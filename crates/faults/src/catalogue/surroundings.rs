//! Groups J, K and L: replicas and logs, processes and applications, versions.

use super::Leaves::{Each, Same};
use super::{ABORT_AND_REWIND, Outcome, RESTART, Staging, Window, all};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W126",
        name: "RECOVERY",
        lies: "a leader restarts and reads its log again",
        leaves: Same("the same state of producers"),
        outcome: &[Outcome::Same],
        client: "find the leader again",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
when = "applied"
do = [{ crash = "receiver" }, { restart = "receiver" }]
"#)]),
    },
    Window {
        id: "W127",
        name: "TRUNCATION",
        lies: "the next leader's log is shorter",
        leaves: Same(
            "what was not replicated is cut, with its markers and its part of the abort index",
        ),
        outcome: &[Outcome::Same],
        client: "send again what was not answered",
        staging: Staging::Plans(&[all(r#"
# With two brokers or more: the batch does not leave for the followers.
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
do = [{ crash = "receiver" }, { restart = "receiver" }]
"#)]),
    },
    Window {
        id: "W128",
        name: "FOLLOWER-READ",
        lies: "a consumer reads from a follower",
        leaves: Same("the follower's own last stable offset"),
        outcome: &[Outcome::Same],
        client: "nothing",
        staging: Staging::None("no fault makes it: it takes racks, and a replica selector"),
    },
    Window {
        id: "W129",
        name: "INDEX-FAILS",
        lies: "the abort index cannot be written",
        leaves: Same("the last stable offset stands still until it is repaired"),
        outcome: &[Outcome::Wait],
        client: "nothing",
        staging: Staging::None("here the index is in memory, and cannot fail"),
    },
    Window {
        id: "W130",
        name: "CLEANER",
        lies: "compaction meets open, aborted and old transactions",
        leaves: Same("markers are kept while their data is"),
        outcome: &[Outcome::Same],
        client: "nothing",
        staging: Staging::None("no request or message begins it: it is the cleaner's timer"),
    },
    Window {
        id: "W131",
        name: "CLEANER-LAGGING",
        lies: "a replica is away for longer than delete.retention.ms, and then leads",
        leaves: Same("records that were deleted may be there again"),
        outcome: &[Outcome::Either],
        client: "none can help",
        staging: Staging::None("take the replica down by hand, and let the time pass"),
    },
    Window {
        id: "W132",
        name: "HEAD-CUT",
        lies: "the head of the log is cut inside a transaction",
        leaves: Same("open transactions keep their state"),
        outcome: &[Outcome::Same],
        client: "nothing",
        staging: Staging::None("no fault makes it: DeleteRecords does"),
    },
    Window {
        id: "W133",
        name: "REASSIGN",
        lies: "the replicas of a partition change while a transaction is open",
        leaves: Same("as when the leader moves"),
        outcome: &[Outcome::Same],
        client: "find the leader again",
        staging: Staging::None("here replicas are not reassigned: see W054"),
    },
    Window {
        id: "W134",
        name: "PAUSE-ANYWHERE",
        lies: "a process stands still for longer than all timeouts, and goes on as if nothing had happened",
        leaves: Same("what its successors and timeouts have made"),
        outcome: &[Outcome::Abort, Outcome::Stop],
        client: "stop, or begin again with a new epoch",
        staging: Staging::Plans(&[all(r#"
# With the manual clock. Let the process go on by SIGCONT when the transaction has timed out.
[[fault]]
on = "EndTxn"
do = ["lose", { signal = { process = "client", signal = "STOP" } }, { advance-clock = { ms = 900000 } }]
"#)]),
    },
    Window {
        id: "W135",
        name: "TWO-INSTANCES",
        lies: "a transactional id is alive twice",
        leaves: Same("the last InitProducerId wins"),
        outcome: &[Outcome::Stop],
        client: "the other stops; its effects end before the winner's first transaction",
        staging: Staging::Plans(&[all(r#"
# Start the second instance when `held` has fired.
[[fault]]
name = "held"
on = "Produce"
do = { hold = { fault = "then" } }

[[fault]]
name = "then"
on = "InitProducerId"
after = { fault = "held" }
when = "applied"
do = { raise = "then" }
"#)]),
    },
    Window {
        id: "W136",
        name: "CRASH-BETWEEN",
        lies: "the application stops between two transactions",
        leaves: Same("nothing open"),
        outcome: &[Outcome::Same],
        client: RESTART,
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "EndTxn"
when = "applied"
do = { signal = { process = "client", signal = "KILL" } }
"#)]),
    },
    Window {
        id: "W137",
        name: "CLOSE-IN-TXN",
        lies: "the application closes its producer with a transaction open",
        leaves: Same("an open transaction, unless close aborts it"),
        outcome: &[Outcome::Abort],
        client: "abort, within a bounded time",
        staging: Staging::None("nothing goes wrong on the way: it is the application's own doing"),
    },
    Window {
        id: "W138",
        name: "FATAL",
        lies: "a fatal error comes with a transaction open",
        leaves: Same("an open transaction"),
        outcome: &[Outcome::Abort],
        client: RESTART,
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
nth = 2
do = { error = "TRANSACTIONAL_ID_AUTHORIZATION_FAILED" }
"#)]),
    },
    Window {
        id: "W139",
        name: "ABORT-THEN-CONTINUE",
        lies: "the next transaction begins in the same session after an abort",
        leaves: Each("the same epoch: sequences go on", "a new epoch: sequences begin at 0"),
        outcome: &[Outcome::Abort],
        client: ABORT_AND_REWIND,
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
nth = 2
do = { error = "TOPIC_AUTHORIZATION_FAILED" }
"#)]),
    },
    Window {
        id: "W140",
        name: "EXTERNAL-2PC",
        lies: "a crash falls between an external checkpoint and the commit",
        leaves: Same("a transaction that may time out"),
        outcome: &[Outcome::Either],
        client: "say that the outcome is lost rather than nothing",
        staging: Staging::None("two-phase commit by clients (KIP-939) is in no release"),
    },
    Window {
        id: "W141",
        name: "STALE-IDENTITY",
        lies: "a process starts from a saved producer id and epoch",
        leaves: Same("whatever is open under them"),
        outcome: &[Outcome::Stop],
        client: "begin with -1/-1",
        staging: Staging::None("no fault makes it: the process does"),
    },
    Window {
        id: "W142",
        name: "ADMIN",
        lies: "an operator fences a producer or aborts a transaction in the middle of a step",
        leaves: Same("as the successor's abort, or a marker that the coordinator did not decide"),
        outcome: &[Outcome::Abort],
        client: "as when fenced",
        staging: Staging::None("no fault makes it: the operator's request does"),
    },
    Window {
        id: "W143",
        name: "UPGRADE",
        lies: "transaction version 2 is finalised between or inside transactions",
        leaves: Same("the open one ends by the old rules"),
        outcome: &[Outcome::Same],
        client: "fall in with it at the next transaction",
        staging: Staging::None("no fault makes it: UpdateFeatures does"),
    },
    Window {
        id: "W144",
        name: "DOWNGRADE",
        lies: "the finalised level is lowered",
        leaves: Same("no transaction mixes the rules"),
        outcome: &[Outcome::Same],
        client: "fall back at the next transaction",
        staging: Staging::None("no fault makes it: UpdateFeatures does"),
    },
    Window {
        id: "W145",
        name: "MIXED-BROKERS",
        lies: "brokers know different versions of a message",
        leaves: Same("the lower one of both is spoken"),
        outcome: &[Outcome::Same],
        client: "nothing",
        staging: Staging::None("here all brokers are of one release"),
    },
    Window {
        id: "W146",
        name: "OLD-CLIENT-ERRORS",
        lies: "a new error reaches an old client",
        leaves: Same("an error that it must not take for a fatal one"),
        outcome: &[Outcome::Abort],
        client: "abort",
        staging: Staging::Plans(&[all(r#"
[[fault]]
on = "Produce"
nth = 2
do = { error = "TRANSACTION_ABORTABLE" }
"#)]),
    },
];
