//! APIs, error codes and levels by their names in Kafka's spelling.

use fencepost_ids::ErrorCode;
use fencepost_wire::{ApiKey, Level};
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::nearest::suggestion;

pub(crate) fn api_of_name(name: &str) -> Result<ApiKey, String> {
    let names = || ApiKey::ALL.iter().map(|api| api.name());
    ApiKey::ALL.iter().copied().find(|api| api.name() == name).ok_or_else(|| {
        format!("no broker here answers an API `{name}`{}", suggestion(name, names()))
    })
}

pub(crate) fn code_of_name(name: &str) -> Result<ErrorCode, String> {
    let names = || ErrorCode::ALL.iter().filter(|code| !code.is_none()).map(|code| code.name());
    let found = ErrorCode::ALL.iter().copied().find(|code| code.name() == name);
    let code = found
        .ok_or_else(|| format!("Kafka has no error code `{name}`{}", suggestion(name, names())))?;
    not_success(code)
}

pub(crate) fn code_of_number(number: i64) -> Result<ErrorCode, String> {
    let found = i16::try_from(number).ok().and_then(ErrorCode::from_code);
    not_success(found.ok_or_else(|| {
        let last = ErrorCode::ALL[ErrorCode::ALL.len() - 1].code();
        format!("Kafka has no error code {number}: they are -1 and 1 to {last}")
    })?)
}

fn not_success(code: ErrorCode) -> Result<ErrorCode, String> {
    if code.is_none() {
        return Err("NONE is no error: leave the answer as it is".to_owned());
    }
    Ok(code)
}

/// An API, for serde.
pub(crate) mod api {
    use super::*;
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    pub(crate) fn serialize<S: Serializer>(api: &ApiKey, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(api.name())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ApiKey, D::Error> {
        api_of_name(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

pub(crate) fn api_schema(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<_> = ApiKey::ALL.iter().map(|api| api.name()).collect();
    json_schema!({ "enum": names })
}

/// An error code, for serde.
pub(crate) mod code {
    use std::fmt;

    use super::*;
    use serde::de::{self, Visitor};
    use serde::{Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    pub(crate) fn serialize<S: Serializer>(code: &ErrorCode, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(code.name())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ErrorCode, D::Error> {
        struct NameOrNumber;

        impl Visitor<'_> for NameOrNumber {
            type Value = ErrorCode;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name or the number of an error code")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<ErrorCode, E> {
                code_of_name(name).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ErrorCode, E> {
                code_of_number(number).map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ErrorCode, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }
        }

        from.deserialize_any(NameOrNumber)
    }
}

pub(crate) fn code_schema(_: &mut SchemaGenerator) -> Schema {
    let errors = || ErrorCode::ALL.iter().filter(|code| !code.is_none());
    let names: Vec<_> = errors().map(|code| code.name()).collect();
    let numbers: Vec<_> = errors().map(|code| code.code()).collect();
    json_schema!({ "anyOf": [{ "enum": names }, { "enum": numbers }] })
}

/// A level, for serde.
pub(crate) mod level {
    use super::*;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    #[expect(clippy::ref_option, reason = "serde hands a reference")]
    pub(crate) fn serialize<S: Serializer>(
        level: &Option<Level>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        level.map(Level::name).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Level>, D::Error> {
        let name = String::deserialize(from)?;
        let found = Level::ALL.iter().copied().find(|level| level.name() == name);
        found.map(Some).ok_or_else(|| {
            de::Error::custom(format!(
                "`{name}` is no level of an answer: write top, entry, topic or partition"
            ))
        })
    }
}

pub(crate) fn level_schema(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<_> = Level::ALL.iter().map(|level| level.name()).collect();
    json_schema!({ "enum": names })
}
