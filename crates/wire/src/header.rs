//! Request headers (FRAME-03).

use bytes::BufMut;
use fencepost_ids::ClientId;

use crate::frame::FrameBuilder;
use crate::reader::Reader;
use crate::{ApiKey, Problem};

/// The header of a request of an API that is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestHeader {
    /// The API.
    pub api: ApiKey,
    /// The version of the body.
    pub version: i16,
    /// Copied unchanged into the response (FRAME-05).
    pub correlation_id: i32,
    /// What the client calls itself; null counts as empty (FRAME-03, FRAME-19).
    pub client_id: ClientId,
}

/// What of a header could not be read.
pub(crate) struct BadHeader {
    pub(crate) field: &'static str,
    pub(crate) position: usize,
    pub(crate) problem: Problem,
}

/// The header up to the version, which says how the rest is laid out.
pub(crate) struct Prefix {
    pub(crate) key: i16,
    pub(crate) version: i16,
}

impl Prefix {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, BadHeader> {
        let key = read("request_api_key", reader, Reader::int16)?;
        let version = read("request_api_version", reader, Reader::int16)?;
        Ok(Self { key, version })
    }
}

impl RequestHeader {
    /// The rest of the header after its [`Prefix`], leaving the reader at the body.
    pub(crate) fn read(
        api: ApiKey,
        version: i16,
        reader: &mut Reader<'_>,
    ) -> Result<Self, BadHeader> {
        let correlation_id = read("correlation_id", reader, Reader::int32)?;
        let client_id = read("client_id", reader, |reader| match reader.int16()? {
            -1 => Ok(ClientId::from("")),
            length => {
                let length =
                    usize::try_from(length).map_err(|_| Problem::Negative(i32::from(length)))?;
                Ok(ClientId::from(&*String::from_utf8_lossy(reader.take(length)?)))
            }
        })?;
        if api.is_flexible(version) {
            read("tagged_fields", reader, skip_tagged_fields)?;
        }
        Ok(Self { api, version, correlation_id, client_id })
    }

    pub(crate) fn write(&self, frame: &mut FrameBuilder) -> Result<(), String> {
        let length = i16::try_from(self.client_id.len())
            .map_err(|_| format!("client id of {} bytes", self.client_id.len()))?;
        frame.bytes.put_i16(self.api.code());
        frame.bytes.put_i16(self.version);
        frame.bytes.put_i32(self.correlation_id);
        frame.bytes.put_i16(length);
        frame.bytes.put_slice(self.client_id.as_bytes());
        if self.api.is_flexible(self.version) {
            frame.bytes.put_u8(0);
        }
        Ok(())
    }
}

fn read<'a, T>(
    field: &'static str,
    reader: &mut Reader<'a>,
    value: impl FnOnce(&mut Reader<'a>) -> Result<T, Problem>,
) -> Result<T, BadHeader> {
    let position = reader.position();
    value(reader).map_err(|problem| BadHeader { field, position, problem })
}

/// Skips the tagged fields of a header, none of which has a meaning (API-07).
pub(crate) fn skip_tagged_fields(reader: &mut Reader<'_>) -> Result<(), Problem> {
    for _ in 0..reader.varint()? {
        reader.varint()?;
        let size = reader.varint()?;
        reader.take(size as usize)?;
    }
    Ok(())
}
