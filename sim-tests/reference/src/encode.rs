//! Writes a message field by field.

use bytes::BufMut;
use fencepost_wire::{ApiKey, Field, Fields, Kind};
use serde_json::{Map, Value};

use crate::batch;
use crate::defaults::default_of;
use crate::embedded;
use crate::text;

/// A request as a frame without its length; records without a time are of `now`.
pub(crate) fn request(
    api: ApiKey,
    version: i16,
    correlation_id: i32,
    client_id: &str,
    body: &Value,
    now: i64,
) -> Result<Vec<u8>, String> {
    let mut out = header(api.code(), version, correlation_id, client_id, api.is_flexible(version));
    let writer = Writer { version, flexible: api.is_flexible(version), now };
    writer.structure(&mut out, api.schema().request, body, api.name())?;
    Ok(out)
}

/// The header of a request.
pub(crate) fn header(
    key: i16,
    version: i16,
    correlation_id: i32,
    client_id: &str,
    flexible: bool,
) -> Vec<u8> {
    let mut out = Vec::new();
    out.put_i16(key);
    out.put_i16(version);
    out.put_i32(correlation_id);
    out.put_i16(client_id.len() as i16);
    out.put_slice(client_id.as_bytes());
    if flexible {
        out.put_u8(0);
    }
    out
}

struct Writer {
    version: i16,
    flexible: bool,
    now: i64,
}

impl Writer {
    fn structure(
        &self,
        out: &mut Vec<u8>,
        fields: Fields,
        value: &Value,
        at: &str,
    ) -> Result<(), String> {
        let given =
            with_producer(value.as_object().ok_or_else(|| wrong(at, "a structure", value))?)?;
        for name in given.keys() {
            let known = fields.iter().find(|field| field.name == name);
            let known = known.ok_or_else(|| {
                let names: Vec<_> = fields.iter().map(|field| field.name).collect();
                format!("{at} has no field `{name}`, only {}", names.join(", "))
            })?;
            if !known.is_in(self.version) {
                return Err(format!("{at}: version {} has no field `{name}`", self.version));
            }
        }
        let mut tagged = Vec::new();
        for field in fields.iter().filter(|field| field.is_in(self.version)) {
            let at = format!("{at}.{}", field.name);
            match (field.tag, given.get(field.name)) {
                (None, Some(value)) => self.field(out, field, value, &at)?,
                (None, None) => self.field(out, field, &default_of(field, self.version), &at)?,
                (Some(tag), Some(value)) => {
                    let mut bytes = Vec::new();
                    self.field(&mut bytes, field, value, &at)?;
                    tagged.push((tag, bytes));
                }
                (Some(_), None) => {}
            }
        }
        if self.flexible {
            put_varint(out, tagged.len() as u32);
            tagged.sort();
            for (tag, bytes) in tagged {
                put_varint(out, tag);
                put_varint(out, bytes.len() as u32);
                out.extend(bytes);
            }
        }
        Ok(())
    }

    fn field(
        &self,
        out: &mut Vec<u8>,
        field: &Field,
        value: &Value,
        at: &str,
    ) -> Result<(), String> {
        if let Kind::Struct(fields) = field.kind {
            if field.is_nullable_in(self.version) {
                out.put_i8(if value.is_null() { -1 } else { 1 });
                if value.is_null() {
                    return Ok(());
                }
            }
            return self.structure(out, fields, value, at);
        }
        self.value(out, field.kind, value, at)
    }

    fn value(&self, out: &mut Vec<u8>, kind: Kind, value: &Value, at: &str) -> Result<(), String> {
        let number = || value.as_i64().ok_or_else(|| wrong(at, "a number", value));
        match kind {
            Kind::Bool => {
                out.put_u8(
                    value.as_bool().ok_or_else(|| wrong(at, "true or false", value))?.into(),
                );
            }
            Kind::Int8 => out.put_i8(fit(number()?, at)?),
            Kind::Int16 => out.put_i16(fit(number()?, at)?),
            Kind::Int32 => out.put_i32(fit(number()?, at)?),
            Kind::Int64 => out.put_i64(number()?),
            Kind::Uuid => out.put_slice(&uuid(value).ok_or_else(|| wrong(at, "a UUID", value))?),
            Kind::Text => match value {
                Value::Null => self.length(out, None, 2),
                Value::String(text) => {
                    self.length(out, Some(text.len()), 2);
                    out.put_slice(text.as_bytes());
                }
                other => return Err(wrong(at, "a text", other)),
            },
            Kind::Bytes => {
                let bytes = bytes_of(value, self.now).map_err(|error| format!("{at}: {error}"))?;
                self.length(out, bytes.as_ref().map(Vec::len), 4);
                out.extend(bytes.unwrap_or_default());
            }
            Kind::Array(element) => {
                self.array(out, value, at, |out, value, at| self.value(out, *element, value, at))?;
            }
            Kind::Structs(fields) => {
                self.array(out, value, at, |out, value, at| {
                    self.structure(out, fields, value, at)
                })?;
            }
            Kind::Struct(fields) => self.structure(out, fields, value, at)?,
        }
        Ok(())
    }

    fn array(
        &self,
        out: &mut Vec<u8>,
        value: &Value,
        at: &str,
        put: impl Fn(&mut Vec<u8>, &Value, &str) -> Result<(), String>,
    ) -> Result<(), String> {
        let elements = match value {
            Value::Null => None,
            Value::Array(elements) => Some(elements),
            other => return Err(wrong(at, "an array", other)),
        };
        self.length(out, elements.map(Vec::len), 4);
        for (index, element) in elements.into_iter().flatten().enumerate() {
            put(out, element, &format!("{at}[{index}]"))?;
        }
        Ok(())
    }

    /// A length, or that of null: compact, or in so many bytes.
    fn length(&self, out: &mut Vec<u8>, length: Option<usize>, width: u8) {
        if self.flexible {
            put_varint(out, length.map_or(0, |length| length as u32 + 1));
        } else if width == 2 {
            out.put_i16(length.map_or(-1, |length| length as i16));
        } else {
            out.put_i32(length.map_or(-1, |length| length as i32));
        }
    }
}

/// `producer: $p` stands for the id and the epoch of an answer.
fn with_producer(given: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut given = given.clone();
    if let Some(producer) = given.remove("producer") {
        for name in ["producer_id", "producer_epoch"] {
            let value =
                producer.get(name).ok_or(format!("`producer` has no {name}: {producer}"))?;
            given.entry(name).or_insert_with(|| value.clone());
        }
    }
    Ok(given)
}

/// Text, hex, a subscription, an assignment, a batch, or several batches.
fn bytes_of(value: &Value, now: i64) -> Result<Option<Vec<u8>>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => text::to_bytes(text).map(Some),
        Value::Object(_) => {
            embedded::encode(value).unwrap_or_else(|| batch::encode(value, now)).map(Some)
        }
        Value::Array(parts) => {
            let parts: Result<Vec<_>, _> = parts.iter().map(|part| bytes_of(part, now)).collect();
            Ok(Some(parts?.into_iter().flatten().flatten().collect()))
        }
        other => Err(format!("expected bytes or a batch, not {other}")),
    }
}

fn uuid(value: &Value) -> Option<[u8; 16]> {
    let digits: String = value.as_str()?.chars().filter(|&digit| digit != '-').collect();
    u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32).map(u128::to_be_bytes)
}

fn fit<T: TryFrom<i64>>(number: i64, at: &str) -> Result<T, String> {
    T::try_from(number).map_err(|_| format!("{at}: {number} does not fit"))
}

fn wrong(at: &str, expected: &str, value: &Value) -> String {
    format!("{at}: expected {expected}, not {value}")
}

fn put_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}
