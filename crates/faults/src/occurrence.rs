//! Which of the matches fire.

use std::borrow::Cow;
use std::fmt;
use std::ops::{RangeFrom, RangeInclusive};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Numbers from one to another, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Range {
    /// The first one.
    pub from: u32,
    /// The last one; without it there is no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
}

impl Range {
    /// Whether a number is in it.
    #[must_use]
    pub fn contains(self, number: u64) -> bool {
        number >= u64::from(self.from) && self.to.is_none_or(|to| number <= u64::from(to))
    }

    /// Whether it holds no number.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.to.is_some_and(|to| to < self.from)
    }
}

impl From<u32> for Range {
    fn from(number: u32) -> Self {
        Self { from: number, to: Some(number) }
    }
}

impl From<RangeInclusive<u32>> for Range {
    fn from(range: RangeInclusive<u32>) -> Self {
        Self { from: *range.start(), to: Some(*range.end()) }
    }
}

impl From<RangeFrom<u32>> for Range {
    fn from(range: RangeFrom<u32>) -> Self {
        Self { from: range.start, to: None }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            Some(to) if to == self.from => write!(f, "{to}"),
            Some(to) => write!(f, "{} to {to}", self.from),
            None => write!(f, "{} and on", self.from),
        }
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrEnds;

        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Ends {
            from: u32,
            to: Option<u32>,
        }

        impl<'de> Visitor<'de> for NumberOrEnds {
            type Value = Range;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or { from = 2, to = 4 }")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Range, E> {
                u32::try_from(number)
                    .map(Range::from)
                    .map_err(|_| E::custom(format!("{number} is too large")))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Range, E> {
                u64::try_from(number)
                    .map_err(|_| E::custom(format!("{number} is below 0")))
                    .and_then(|number| self.visit_u64(number))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Range, A::Error> {
                let Ends { from, to } = Ends::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Range { from, to })
            }
        }

        deserializer.deserialize_any(NumberOrEnds)
    }
}

impl JsonSchema for Range {
    fn schema_name() -> Cow<'static, str> {
        "Range".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let number = generator.subschema_for::<u32>();
        json_schema!({
            "description": "One number, or the numbers from one to another, both included.",
            "anyOf": [
                number,
                {
                    "type": "object",
                    "properties": { "from": number, "to": number },
                    "required": ["from"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

/// A chance, as a ratio of integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probability {
    /// So many times ...
    times: u32,
    /// ... out of so many.
    of: u32,
}

impl Probability {
    /// A chance of so many times out of so many; nothing if that is never, or no chance at all.
    #[must_use]
    pub const fn new(times: u32, of: u32) -> Option<Self> {
        if times == 0 || times > of { None } else { Some(Self { times, of }) }
    }

    /// Whether a number drawn from all 64-bit numbers is among the lucky ones.
    pub(crate) fn falls(self, drawn: u64) -> bool {
        (u128::from(drawn) * u128::from(self.of)) >> 64 < u128::from(self.times)
    }
}

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.times, self.of)
    }
}

impl FromStr for Probability {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split_once('/')
            .and_then(|(times, of)| Self::new(times.trim().parse().ok()?, of.trim().parse().ok()?))
            .ok_or_else(|| {
                format!("`{text}` is no probability: write a ratio above 0 up to 1, such as `1/10`")
            })
    }
}

impl Serialize for Probability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Probability {
    fn schema_name() -> Cow<'static, str> {
        "Probability".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A chance above 0 up to 1, as a ratio of integers.",
            "type": "string",
            "pattern": "^ *[0-9]+ */ *[0-9]+ *$",
            "examples": ["1/10"]
        })
    }
}
