//! An error that is answered.

use std::borrow::Cow;
use std::fmt;

use fencepost_ids::ErrorCode;
use fencepost_wire::Level;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::names;

/// An error that is answered: a code, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ErrorAnswer {
    /// The code.
    pub code: ErrorCode,
    /// Where in the answer it stands; without it, where a broker puts that code.
    pub level: Option<Level>,
    /// Only this topic's part of the answer; the rest of it succeeds.
    pub topic: Option<String>,
    /// Only this partition's.
    pub partition: Option<i32>,
}

impl From<ErrorCode> for ErrorAnswer {
    fn from(code: ErrorCode) -> Self {
        Self { code, level: None, topic: None, partition: None }
    }
}

/// The long form.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Table {
    /// The code, by name or by number.
    #[serde(with = "names::code")]
    #[schemars(schema_with = "names::code_schema")]
    code: ErrorCode,
    /// Where in the answer it stands; without it, where a broker puts that code.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "names::level")]
    #[schemars(schema_with = "names::level_schema")]
    level: Option<Level>,
    /// Only this topic's part of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    /// Only this partition's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partition: Option<i32>,
}

impl Serialize for ErrorAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if *self == Self::from(self.code) {
            return serializer.serialize_str(self.code.name());
        }
        let Self { code, level, topic, partition } = self.clone();
        Table { code, level, topic, partition }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ErrorAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CodeOrTable;

        impl<'de> Visitor<'de> for CodeOrTable {
            type Value = ErrorAnswer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an error code, or a table with a code")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<ErrorAnswer, E> {
                names::code_of_name(name).map(ErrorAnswer::from).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ErrorAnswer, E> {
                names::code_of_number(number).map(ErrorAnswer::from).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ErrorAnswer, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ErrorAnswer, A::Error> {
                let Table { code, level, topic, partition } =
                    Table::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ErrorAnswer { code, level, topic, partition })
            }
        }

        deserializer.deserialize_any(CodeOrTable)
    }
}

impl JsonSchema for ErrorAnswer {
    fn schema_name() -> Cow<'static, str> {
        "ErrorAnswer".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let code = names::code_schema(generator);
        let table = generator.subschema_for::<Table>();
        json_schema!({
            "description": "The code of an error that is answered, or a table that also says where.",
            "anyOf": [code, table]
        })
    }
}
