//! States that must hold for a match to count.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Glob;

/// Holds while a transaction or a group is in one of some states.
///
/// A name without wildcards is looked up in the cluster; a pattern stands for those transactional ids
/// or groups that the request or message itself is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct While {
    /// The transactional id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<Glob>,
    /// The group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Glob>,
    /// The states, by Kafka's names: `Ongoing`, `PrepareCommit`, ... of a transaction,
    /// `PreparingRebalance`, `Stable`, ... of a group.
    pub state: States,
}

impl While {
    /// While a transaction is in this state.
    #[must_use]
    pub fn transaction(id: &str, state: &str) -> Self {
        Self { transaction: Some(id.into()), group: None, state: States(vec![state.to_owned()]) }
    }

    /// While a group is in this state.
    #[must_use]
    pub fn group(group: &str, state: &str) -> Self {
        Self { transaction: None, group: Some(group.into()), state: States(vec![state.to_owned()]) }
    }
}

/// The states of a transaction, as DescribeTransactions names them.
pub(crate) const TRANSACTION_STATES: &[&str] =
    &["Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort"];

/// The states of a group, classic or of KIP-848, as ListGroups names them.
pub(crate) const GROUP_STATES: &[&str] = &[
    "Empty",
    "PreparingRebalance",
    "CompletingRebalance",
    "Assigning",
    "Reconciling",
    "Stable",
    "Dead",
];

/// Something that must have happened for a match to count.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum After {
    /// An event has been raised.
    Event(String),
    /// A fault has fired.
    Fault(String),
}

/// One state, or several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct States(pub Vec<String>);

impl Serialize for States {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [state] => state.serialize(serializer),
            states => states.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for States {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = States;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a state, or a list of them")
            }

            fn visit_str<E: de::Error>(self, state: &str) -> Result<States, E> {
                Ok(States(vec![state.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, states: A) -> Result<States, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(states)).map(States)
            }
        }

        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for States {
    fn schema_name() -> Cow<'static, str> {
        "States".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut names = [TRANSACTION_STATES, GROUP_STATES].concat();
        names.sort_unstable();
        names.dedup();
        json_schema!({
            "description": "One state, or several.",
            "anyOf": [
                { "enum": names },
                { "type": "array", "items": { "enum": names }, "minItems": 1 }
            ]
        })
    }
}
