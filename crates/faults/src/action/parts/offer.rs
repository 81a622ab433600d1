//! What a broker offers of its APIs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use fencepost_wire::{ApiKey, Release};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Range, names};

/// The APIs of which a broker offers less than its release has.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Offer(pub BTreeMap<ApiKey, Offered>);

/// What a broker offers of an API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offered {
    /// Nothing: it has no such API.
    Nothing,
    /// These versions.
    Versions(Range),
}

impl Offer {
    /// What is offered of an API of which the release has these versions; none if it is nothing.
    #[must_use]
    pub fn versions(
        &self,
        api: ApiKey,
        released: RangeInclusive<i16>,
    ) -> Option<RangeInclusive<i16>> {
        match self.0.get(&api) {
            None => Some(released),
            Some(Offered::Nothing) => None,
            Some(Offered::Versions(range)) => {
                let (first, last) = range.versions();
                Some(first.max(*released.start())..=last.min(*released.end()))
            }
        }
    }
}

impl Range {
    fn versions(self) -> (i16, i16) {
        let version = |number| i16::try_from(number).unwrap_or(i16::MAX);
        (version(self.from), self.to.map_or(i16::MAX, version))
    }

    /// Whether a release can offer these versions of an API: it has all that are named, and answers
    /// one at least.
    pub(crate) fn is_of(self, release: Release, api: ApiKey) -> bool {
        let released = release.versions(api);
        let (first, last) = self.versions();
        let last = if self.to.is_some() { last } else { *released.end() };
        released.contains(&first)
            && released.contains(&last)
            && (first..=last).any(|version| release.serves(api, version))
    }
}

impl Serialize for Offer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(api, offered)| (api.name(), offered)))
    }
}

impl<'de> Deserialize<'de> for Offer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let named = BTreeMap::<String, Offered>::deserialize(deserializer)?;
        let apis =
            named.into_iter().map(|(name, offered)| Ok((names::api_of_name(&name)?, offered)));
        apis.collect::<Result<_, String>>().map(Self).map_err(de::Error::custom)
    }
}

/// The word for [`Offered::Nothing`].
const NOTHING: &str = "none";

impl Serialize for Offered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => NOTHING.serialize(serializer),
            Self::Versions(range) => range.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Offered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NothingOrVersions;

        impl<'de> Visitor<'de> for NothingOrVersions {
            type Value = Offered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"none\", a version, or { from = 0, to = 3 }")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Offered, E> {
                match word {
                    NOTHING => Ok(Offered::Nothing),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Offered, E> {
                Range::deserialize(number.into_deserializer()).map(Offered::Versions)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Offered, E> {
                Range::deserialize(number.into_deserializer()).map(Offered::Versions)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Offered, A::Error> {
                Range::deserialize(MapAccessDeserializer::new(map)).map(Offered::Versions)
            }
        }

        deserializer.deserialize_any(NothingOrVersions)
    }
}

impl JsonSchema for Offer {
    fn schema_name() -> Cow<'static, str> {
        "Offer".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let api = names::api_schema(generator);
        let versions = generator.subschema_for::<Range>();
        json_schema!({
            "description": "What a broker offers of some APIs: none of it, or these versions.",
            "type": "object",
            "propertyNames": api,
            "additionalProperties": { "anyOf": [{ "const": NOTHING }, versions] },
            "minProperties": 1
        })
    }
}
