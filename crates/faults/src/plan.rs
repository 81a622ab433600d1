//! What a plan says.

use fencepost_wire::ApiKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Actions, After, Glob, MessageKind, Probability, Range, While, names};

/// Faults, in the order in which they apply where several match.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Seeds the probabilities: the same seed gives the same draws.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seed: u64,
    /// The events that are raised from outside, by the control API or the test; those that a fault
    /// raises need not be named here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// The faults.
    #[serde(default, rename = "fault", skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(seed: &u64) -> bool {
    *seed == 0
}

/// What is to happen to some requests or messages. All that is said of them must hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What reports and other faults call it; `#1`, `#2`, ... by its place if it has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The API of the request or message, in Kafka's spelling.
    #[serde(with = "names::api")]
    #[schemars(schema_with = "names::api_schema")]
    pub on: ApiKey,
    /// Who sends it. Without it, `WriteTxnMarkers` is the message of a coordinator, and all else are
    /// requests of clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Sender>,
    /// The client id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Glob>,
    /// One of the transactional ids that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactional_id: Option<Glob>,
    /// One of the groups that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Glob>,
    /// One of the topics that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Glob>,
    /// One of the partitions that it is about; of the topic, if one is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<i32>,
    /// The id of the broker that receives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broker: Option<i32>,
    /// The version of the request: a number, or a range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Range>,
    /// Only this one of the matches, from 1. Without `nth`, `range`, `every` and `probability`, it is
    /// the first match alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
    /// Only these of the matches, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// Each so many matches: 1 is every match, 2 the second, the fourth, ... of the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// The chance that a match fires, as `1/10`: drawn by `Pcg64Mcg` from the seed of the plan and
    /// the place of the fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<Probability>,
    /// How often it is to fire in a run: once or more if nothing is said; 0 is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fires: Option<Range>,
    /// A match counts only while this holds.
    #[serde(default, rename = "while", skip_serializing_if = "Option::is_none")]
    pub condition: Option<While>,
    /// A match counts only once this has happened, at an earlier request or message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<After>,
    /// Before it takes effect, or after.
    #[serde(default)]
    pub when: Phase,
    /// What happens: one action, or a list.
    #[serde(rename = "do")]
    pub actions: Actions,
}

/// Who sends what a fault is about.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Sender {
    /// A client, over its connection.
    Client,
    /// Another broker, or the same one in another role: a coordinator that writes markers, a leader
    /// that asks about a transaction, a follower that fetches.
    Broker,
}

/// When a fault applies.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// It has arrived and has had no effect yet.
    #[default]
    Received,
    /// It has had its effect, and the answer has not left.
    Applied,
}

impl Phase {
    /// The name in a plan.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Applied => "applied",
        }
    }
}

impl Fault {
    /// How often this is to fire in a run, said or not.
    #[must_use]
    pub fn expected(&self) -> Range {
        self.fires.unwrap_or(Range { from: 1, to: None })
    }

    /// Who sends what this is about, said or not.
    #[must_use]
    pub fn sender(&self) -> Sender {
        self.from.unwrap_or(match self.on {
            ApiKey::WriteTxnMarkers => Sender::Broker,
            _ => Sender::Client,
        })
    }

    /// The message between brokers that this is about, if it is about one that there is.
    #[must_use]
    pub fn message(&self) -> Option<MessageKind> {
        match self.sender() {
            Sender::Client => None,
            Sender::Broker => MessageKind::of(self.on),
        }
    }
}
