//! A turn as it stands on its line: the frame comes last, so that it is neither searched for
//! characters to escape nor copied on its way.

use serde::{Deserialize, Serialize};

use crate::digest::TraceHash;
use crate::turn::{Input, Output, Turn};

/// All of a turn but the frame.
#[derive(Serialize)]
pub(crate) struct Head<'a> {
    n: u64,
    t: i64,
    #[serde(rename = "in")]
    input: InputHead<&'a str, &'a serde_json::Value>,
    #[serde(skip_serializing_if = "<[Output]>::is_empty")]
    out: &'a [Output],
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum InputHead<S, V> {
    Connect { connection: u64, broker: i32, host: S },
    Disconnect { connection: u64 },
    Request { connection: u64 },
    Tick,
    Crash { broker: i32 },
    Stop { broker: i32 },
    Restart { broker: i32 },
    CreateInternalTopic { topic: S },
    Elect { topic: S, partition: i32, leader: i32 },
    Throttle { time_ms: i32 },
    Snapshot { name: S },
    Forget { name: S },
    Reset { name: S },
    Gate(V),
}

impl<'a> Head<'a> {
    pub(crate) fn of(turn: &'a Turn) -> Self {
        let Turn { n, t, input, out } = turn;
        let input = match input {
            Input::Connect { connection, broker, host } => {
                InputHead::Connect { connection: *connection, broker: *broker, host: &**host }
            }
            Input::Disconnect { connection } => InputHead::Disconnect { connection: *connection },
            Input::Request { connection, frame: _ } => {
                InputHead::Request { connection: *connection }
            }
            Input::Tick => InputHead::Tick,
            Input::Crash { broker } => InputHead::Crash { broker: *broker },
            Input::Stop { broker } => InputHead::Stop { broker: *broker },
            Input::Restart { broker } => InputHead::Restart { broker: *broker },
            Input::CreateInternalTopic { topic } => {
                InputHead::CreateInternalTopic { topic: &**topic }
            }
            Input::Elect { topic, partition, leader } => {
                InputHead::Elect { topic: &**topic, partition: *partition, leader: *leader }
            }
            Input::Throttle { time_ms } => InputHead::Throttle { time_ms: *time_ms },
            Input::Snapshot { name } => InputHead::Snapshot { name: &**name },
            Input::Forget { name } => InputHead::Forget { name: &**name },
            Input::Reset { name } => InputHead::Reset { name: &**name },
            Input::Gate(command) => InputHead::Gate(command),
        };
        Self { n: *n, t: *t, input, out }
    }
}

/// A line after the first: a turn, or the end.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line<'a> {
    #[serde(default)]
    pub(crate) n: Option<u64>,
    #[serde(default)]
    pub(crate) t: Option<i64>,
    #[serde(default, rename = "in")]
    pub(crate) input: Option<InputHead<String, serde_json::Value>>,
    #[serde(default)]
    pub(crate) out: Vec<Output>,
    #[serde(default, borrow)]
    pub(crate) frame: Option<&'a str>,
    #[serde(default)]
    pub(crate) end: Option<End>,
}

/// The last line, if the run ended in order.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct End {
    /// How many turns there were.
    pub(crate) turns: u64,
    /// The hash of all lines before.
    pub(crate) hash: TraceHash,
}

#[derive(Serialize)]
pub(crate) struct LastLine {
    pub(crate) end: End,
}
