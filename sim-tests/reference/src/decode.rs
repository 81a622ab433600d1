//! Reads a message field by field.

use fencepost_wire::{ApiKey, Field, Fields, Kind};
use serde_json::{Map, Value, json};

use crate::batch;
use crate::embedded;
use crate::text;

/// The code of UNSUPPORTED_VERSION.
const UNSUPPORTED_VERSION: [u8; 2] = 35_i16.to_be_bytes();

/// The correlation id of a response and its body.
pub(crate) fn response(api: ApiKey, version: i16, frame: &[u8]) -> Result<(i32, Value), String> {
    // ApiVersions of an unknown version is answered in version 0 (API-09).
    let version = if api == ApiKey::ApiVersions && frame.get(4..6) == Some(&UNSUPPORTED_VERSION) {
        0
    } else {
        version
    };
    let mut reader = Reader { rest: frame, version, flexible: api.is_flexible(version) };
    let correlation_id = i32::from_be_bytes(reader.take()?);
    if api.has_flexible_response_header(version) && reader.varint()? != 0 {
        return Err("the header has tagged fields".to_owned());
    }
    let body = reader.structure(api.schema().response)?;
    if !reader.rest.is_empty() {
        return Err(format!("{} bytes are left over after {body}", reader.rest.len()));
    }
    Ok((correlation_id, body))
}

/// Fields that stand alone, such as those of a record of an internal topic.
pub(crate) fn structure(
    fields: Fields,
    version: i16,
    flexible: bool,
    bytes: &[u8],
) -> Result<Value, String> {
    let mut reader = Reader { rest: bytes, version, flexible };
    let read = reader.structure(fields)?;
    if !reader.rest.is_empty() {
        return Err(format!("{} bytes are left over after {read}", reader.rest.len()));
    }
    Ok(read)
}

struct Reader<'a> {
    rest: &'a [u8],
    version: i16,
    flexible: bool,
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| format!("{count} bytes needed, {} left", self.rest.len()))?;
        self.rest = rest;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    fn varint(&mut self) -> Result<u32, String> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a varint of more than 5 bytes".to_owned())
    }

    fn structure(&mut self, fields: Fields) -> Result<Value, String> {
        let mut read = Map::new();
        for field in fields {
            if field.tag.is_none() && field.is_in(self.version) {
                let value =
                    self.field(field).map_err(|error| format!("{}: {error}", field.name))?;
                read.insert(field.name.to_owned(), value);
            }
        }
        if self.flexible {
            for _ in 0..self.varint()? {
                let tag = self.varint()?;
                let size = self.varint()? as usize;
                let bytes = self.bytes(size)?;
                let known = fields.iter().find(|field| field.tag == Some(tag));
                let (name, value) = match known {
                    Some(field) => {
                        let mut inner = Reader { rest: bytes, ..*self };
                        let value = inner.field(field)?;
                        if !inner.rest.is_empty() {
                            return Err(format!("bytes are left over in tag {tag}"));
                        }
                        (field.name.to_owned(), value)
                    }
                    None => (format!("tag {tag}"), json!(text::of_bytes(bytes))),
                };
                read.insert(name, value);
            }
        }
        Ok(Value::Object(read))
    }

    fn field(&mut self, field: &Field) -> Result<Value, String> {
        if let Kind::Struct(fields) = field.kind {
            if field.is_nullable_in(self.version) {
                let marker = i8::from_be_bytes(self.take()?);
                // The null of a tagged structure is 0.
                if marker < 0 || (marker == 0 && field.tag.is_some()) {
                    return Ok(Value::Null);
                }
            }
            return self.structure(fields);
        }
        if field.name == "records" {
            let records = self.length(false)?.map(|length| self.bytes(length)).transpose()?;
            return Ok(records.map_or(Value::Null, batch::decode));
        }
        if matches!(field.kind, Kind::Bytes) {
            let bytes = self.length(false)?.map(|length| self.bytes(length)).transpose()?;
            let value = |bytes| {
                embedded::decode(field.name, bytes).unwrap_or_else(|| json!(text::of_bytes(bytes)))
            };
            return Ok(bytes.map_or(Value::Null, value));
        }
        self.value(field.kind)
    }

    fn value(&mut self, kind: Kind) -> Result<Value, String> {
        Ok(match kind {
            Kind::Bool => json!(self.take::<1>()? != [0]),
            Kind::Int8 => json!(i8::from_be_bytes(self.take()?)),
            Kind::Int16 => json!(i16::from_be_bytes(self.take()?)),
            Kind::Int32 => json!(i32::from_be_bytes(self.take()?)),
            Kind::Int64 => json!(i64::from_be_bytes(self.take()?)),
            Kind::Uuid => json!(uuid(self.take()?)),
            Kind::Text => match self.length(true)? {
                None => Value::Null,
                Some(length) => {
                    let bytes = self.bytes(length)?;
                    json!(std::str::from_utf8(bytes).map_err(|error| error.to_string())?)
                }
            },
            Kind::Bytes => match self.length(false)? {
                None => Value::Null,
                Some(length) => json!(text::of_bytes(self.bytes(length)?)),
            },
            Kind::Array(element) => self.array(|reader| reader.value(*element))?,
            Kind::Structs(fields) => self.array(|reader| reader.structure(fields))?,
            Kind::Struct(fields) => self.structure(fields)?,
        })
    }

    fn array(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<Value, String>,
    ) -> Result<Value, String> {
        let Some(count) = self.length(false)? else { return Ok(Value::Null) };
        let mut elements = Vec::new();
        for index in 0..count {
            elements.push(element(self).map_err(|error| format!("[{index}] {error}"))?);
        }
        Ok(Value::Array(elements))
    }

    fn length(&mut self, is_text: bool) -> Result<Option<usize>, String> {
        let length = if self.flexible {
            i64::from(self.varint()?) - 1
        } else if is_text {
            i64::from(i16::from_be_bytes(self.take()?))
        } else {
            i64::from(i32::from_be_bytes(self.take()?))
        };
        Ok(usize::try_from(length).ok())
    }
}

fn uuid(bytes: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    let [a, b, c, d, e] = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
    format!("{a}-{b}-{c}-{d}-{e}")
}
