//! A line for each turn: what reached the cluster from outside, and what came of it.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// One atomic turn of the engine.
#[derive(Clone, PartialEq, Debug)]
pub struct Turn {
    /// Its number; the first turn is 1, and none is left out.
    pub n: u64,
    /// Its moment, in milliseconds since 1970; before that of the turn before only in a reset.
    pub t: i64,
    /// What reached the cluster.
    pub input: Input,
    /// What came of it, in order.
    pub out: Vec<Output>,
}

/// What reached the cluster from outside. A message between brokers and a timer are none of these:
/// which are delivered and which fire follows from the turns before.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// A client opened a connection to a broker.
    Connect {
        /// The connection.
        connection: u64,
        /// The broker.
        broker: i32,
        /// The client's host.
        host: String,
    },
    /// A connection closed.
    Disconnect {
        /// The connection.
        connection: u64,
    },
    /// A request arrived.
    Request {
        /// The connection.
        connection: u64,
        /// The request's frame, without its length.
        frame: Bytes,
    },
    /// The clock reached a deadline, or a turn that had too much to do went on.
    Tick,
    /// A broker died.
    Crash {
        /// Which.
        broker: i32,
    },
    /// A broker stopped as told.
    Stop {
        /// Which.
        broker: i32,
    },
    /// A broker came back.
    Restart {
        /// Which.
        broker: i32,
    },
    /// An internal topic was to be created, as for the first client that needs it.
    CreateInternalTopic {
        /// Its name.
        topic: String,
    },
    /// A replica was to become the leader of a partition.
    Elect {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The new leader.
        leader: i32,
    },
    /// From now on every answer asks its client to wait.
    Throttle {
        /// For how long; 0 ends it.
        time_ms: i32,
    },
    /// The cluster was kept under a name.
    Snapshot {
        /// The name.
        name: String,
    },
    /// A snapshot was forgotten.
    Forget {
        /// Its name.
        name: String,
    },
    /// The cluster became what it was at a snapshot.
    Reset {
        /// Its name.
        name: String,
    },
    /// A command to the gate, as the control API writes it: faults added or removed, something
    /// released, an event raised.
    Gate(serde_json::Value),
}

/// What came of a turn: what the driver was told to do, and which faults fired.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Output {
    /// An answer went to a client.
    Answer {
        /// The connection.
        connection: u64,
        /// Of the request.
        correlation_id: i32,
        /// The API by Kafka's name for it.
        api: Cow<'static, str>,
        /// Of the request, and so of the answer.
        version: i16,
        /// How many bytes, without the length in front of them.
        length: u64,
        /// Of those bytes.
        digest: Digest,
    },
    /// A request ended without an answer.
    Done {
        /// The connection.
        connection: u64,
        /// Of the request.
        correlation_id: i32,
    },
    /// A connection was closed.
    Close {
        /// The connection.
        connection: u64,
        /// Why.
        reason: String,
    },
    /// A fault fired; what it does follows.
    Hit {
        /// The fault's name.
        fault: String,
        /// How many matches it has had, this one included.
        matched: u64,
    },
    /// A fault took a broker down, and its port was closed.
    ClosePort {
        /// The broker.
        broker: i32,
    },
    /// A fault brought a broker back, and its port was opened.
    OpenPort {
        /// The broker.
        broker: i32,
    },
    /// A fault moved the clock on.
    AdvanceClock {
        /// By how many milliseconds.
        ms: u64,
    },
    /// A fault signalled a process.
    Signal {
        /// The process, by its id or by what the run calls it.
        process: String,
        /// The signal, as in `STOP`.
        signal: String,
    },
}
