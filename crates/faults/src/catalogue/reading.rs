//! Group B: the offsets that the next transaction begins at.

use super::Leaves::Same;
use super::{Outcome, Staging, Window, all};

pub(super) const WINDOWS: &[Window] = &[
    Window {
        id: "W022",
        name: "OFFSETS-PENDING",
        lies: "the committed offsets are read while a predecessor's are pending",
        leaves: Same("UNSTABLE_OFFSET_COMMIT"),
        outcome: &[Outcome::Wait],
        client: "wait; a small number of retries is not enough",
        staging: Staging::Plans(&[all(r#"
# Read the offsets when `end` has fired.
[[fault]]
name = "end"
on = "EndTxn"
do = { hold = { fault = "read" } }

[[fault]]
name = "read"
on = "OffsetFetch"
after = { fault = "end" }
when = "applied"
do = { raise = "read" }
"#)]),
    },
    Window {
        id: "W023",
        name: "OFFSETS-BEFORE-MARKER",
        lies: "the committed offsets are read once EndTxn was answered, before the marker is there",
        leaves: Same("pending offsets"),
        outcome: &[Outcome::Wait],
        client: "read with require-stable, and wait; without it the old offset is answered",
        staging: Staging::Plans(&[all(r#"
[[fault]]
name = "marker"
on = "WriteTxnMarkers"
topic = "__consumer_offsets"
do = { hold = { fault = "read" } }

[[fault]]
name = "read"
on = "OffsetFetch"
after = { fault = "marker" }
when = "applied"
do = { raise = "read" }
"#)]),
    },
    Window {
        id: "W024",
        name: "OFFSETS-UNMATERIALISED",
        lies: "the marker is in the log, and the offsets are not yet committed",
        leaves: Same("pending offsets"),
        outcome: &[Outcome::Wait],
        client: "wait",
        staging: Staging::None("here the marker and the offsets that it commits are one step"),
    },
];
