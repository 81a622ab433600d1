//! A broker, by its id or by its role.

use std::borrow::Cow;
use std::fmt;

use fencepost_ids::BrokerId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::nearest::suggestion;

/// A broker, by its id or by its role as it is when the fault fires.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum BrokerChoice {
    /// The broker of this id.
    Id(BrokerId),
    /// The one that received the request or message.
    Receiver,
    /// The one that sent the message; clients are none.
    Sender,
    /// The leader of the first partition that the request or message is about.
    Leader,
    /// The coordinator of its transaction.
    TransactionCoordinator,
    /// The coordinator of its group.
    GroupCoordinator,
    /// For elections and moves: the first in-sync replica that runs and is not the leader.
    #[default]
    Another,
}

const ROLES: &[(&str, BrokerChoice)] = &[
    ("receiver", BrokerChoice::Receiver),
    ("sender", BrokerChoice::Sender),
    ("leader", BrokerChoice::Leader),
    ("transaction-coordinator", BrokerChoice::TransactionCoordinator),
    ("group-coordinator", BrokerChoice::GroupCoordinator),
    ("another", BrokerChoice::Another),
];

impl From<BrokerId> for BrokerChoice {
    fn from(id: BrokerId) -> Self {
        Self::Id(id)
    }
}

impl fmt::Display for BrokerChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match ROLES.iter().find(|(_, role)| role == self) {
            Some((name, _)) => f.write_str(name),
            None => match self {
                Self::Id(id) => write!(f, "broker {id}"),
                _ => f.write_str("a broker"),
            },
        }
    }
}

impl Serialize for BrokerChoice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Id(BrokerId(id)) => serializer.serialize_i32(*id),
            role => serializer.collect_str(role),
        }
    }
}

impl<'de> Deserialize<'de> for BrokerChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdOrRole;

        impl Visitor<'_> for IdOrRole {
            type Value = BrokerChoice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a broker, or its role")
            }

            fn visit_i64<E: de::Error>(self, id: i64) -> Result<BrokerChoice, E> {
                i32::try_from(id)
                    .ok()
                    .filter(|id| *id >= 0)
                    .map(|id| BrokerChoice::Id(BrokerId(id)))
                    .ok_or_else(|| E::custom(format!("{id} is no id of a broker")))
            }

            fn visit_u64<E: de::Error>(self, id: u64) -> Result<BrokerChoice, E> {
                self.visit_i64(i64::try_from(id).unwrap_or(i64::MAX))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<BrokerChoice, E> {
                let names = ROLES.iter().map(|(name, _)| *name);
                ROLES.iter().find(|(name, _)| *name == text).map(|(_, role)| *role).ok_or_else(
                    || {
                        E::custom(format!(
                            "`{text}` is no role of a broker{}; write an id, or one of {}",
                            suggestion(text, names.clone()),
                            names.clone().collect::<Vec<_>>().join(", ")
                        ))
                    },
                )
            }
        }

        deserializer.deserialize_any(IdOrRole)
    }
}

impl JsonSchema for BrokerChoice {
    fn schema_name() -> Cow<'static, str> {
        "Broker".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let roles: Vec<_> = ROLES.iter().map(|(name, _)| *name).collect();
        json_schema!({
            "description": "A broker, by its id or by its role as it is when the fault fires.",
            "anyOf": [{ "type": "integer", "minimum": 0, "maximum": i32::MAX }, { "enum": roles }]
        })
    }
}
