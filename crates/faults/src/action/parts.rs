//! What actions say beside their names.

mod broker_choice;
pub use broker_choice::BrokerChoice;
mod error_answer;
pub use error_answer::ErrorAnswer;
mod offer;
pub use offer::{Offer, Offered};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A span of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// In milliseconds.
    pub ms: u64,
}

/// Bytes that are overwritten.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Corruption {
    /// Whether the request is meant or the answer.
    pub of: Message,
    /// The first byte, from the start of the message: the length before it is not counted.
    pub at: u32,
    /// What is written there; what would stand after the end of the message is left out.
    pub bytes: Vec<u8>,
}

/// The two messages of an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// What was asked.
    Request,
    /// What is answered.
    Answer,
}

/// A new leader of a partition.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Election {
    /// The topic; without it, the first partition that the request or message is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The partition of the topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<i32>,
    /// The new leader.
    #[serde(default)]
    pub broker: BrokerChoice,
}

/// A new coordinator.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoordinatorMove {
    /// Of this transactional id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// Of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Without a name, whether that of the transactional id is meant that the request or message is
    /// about, or that of its group; said by nothing, it is the first of the two that there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Coordinated>,
    /// The new coordinator.
    #[serde(default)]
    pub to: BrokerChoice,
}

/// What has a coordinator.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coordinated {
    /// The transactions of a transactional id.
    Transaction,
    /// A group.
    Group,
}

/// A signal to a process.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signal {
    /// The process.
    pub process: ProcessId,
    /// What it is sent.
    pub signal: SignalKind,
}

/// A process.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ProcessId {
    /// Its number.
    Pid(u32),
    /// The name under which it was registered.
    Name(String),
}

/// The signals that can be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SignalKind {
    /// SIGSTOP: it stands still.
    Stop,
    /// SIGCONT: it goes on.
    Cont,
    /// SIGTERM: it is asked to end.
    Term,
    /// SIGKILL: it ends at once.
    Kill,
}
