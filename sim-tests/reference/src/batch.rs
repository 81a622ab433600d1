//! Record batches: written as a scenario says, also wrongly, and read back field by field.

use bytes::BufMut;
use serde_json::{Map, Value, json};

use crate::text;

/// Where in a batch the length ends that counts from there on (BATCH-01).
const OVERHEAD: usize = 12;
/// Where the CRC and what it covers begin.
const CRC_AT: usize = 17;
const COVERED_AT: usize = 21;
const HEADER: usize = 61;

const TRANSACTIONAL: i64 = 0x10;
const CONTROL: i64 = 0x20;

/// The fields that a batch of a scenario may have.
const NAMES: [&str; 22] = [
    "attributes",
    "base_offset",
    "bytes",
    "codec",
    "control",
    "count",
    "crc",
    "headers",
    "key",
    "last_offset_delta",
    "leader_epoch",
    "length",
    "magic",
    "max_timestamp",
    "producer",
    "producer_epoch",
    "producer_id",
    "record_count",
    "seq",
    "timestamp",
    "txn",
    "values",
];

/// A batch as a client writes it `now`, but for the fields that the scenario sets otherwise.
pub(crate) fn encode(batch: &Value, now: i64) -> Result<Vec<u8>, String> {
    let given = batch.as_object().ok_or("a batch is an object")?;
    if let Some(name) = given.keys().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(format!("a batch has no `{name}`, only {}", NAMES.join(", ")));
    }
    let number = |name: &str, default: i64| match given.get(name) {
        None => Ok(default),
        Some(value) => value.as_i64().ok_or_else(|| format!("`{name}` is a number, not {value}")),
    };
    let flag = |name: &str| given.get(name).and_then(Value::as_bool).unwrap_or(false);
    let of_producer = |name: &str| match given.get("producer") {
        None => number(name, -1),
        Some(producer) => number(name, producer.get(name).and_then(Value::as_i64).unwrap_or(-1)),
    };

    let base_timestamp = match given.get("timestamp") {
        Some(Value::Array(all)) => all.first().and_then(Value::as_i64).unwrap_or(now),
        _ => number("timestamp", now)?,
    };
    let values = values(given, number("count", 1)?)?;
    let times: Vec<i64> = match given.get("timestamp") {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_i64).collect(),
        _ => vec![base_timestamp; values.len()],
    };
    let mut records = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let time = times.get(index).copied().unwrap_or(base_timestamp);
        let key = match given.get("key") {
            None | Some(Value::Null) => None,
            Some(Value::String(key)) => Some(text::to_bytes(key)?),
            Some(other) => return Err(format!("`key` is a text, not {other}")),
        };
        let record = record(
            time.wrapping_sub(base_timestamp),
            index as i64,
            key.as_deref(),
            value.as_deref(),
            &headers(given)?,
        );
        put_signed(&mut records, record.len() as i64);
        records.extend(record);
    }
    if let Some(bytes) = given.get("bytes") {
        records = text::to_bytes(bytes.as_str().ok_or("`bytes` is a text")?)?;
    }
    let codec = match given.get("codec").and_then(Value::as_str) {
        None | Some("none") => 0,
        Some("gzip") => {
            records = gzip(&records);
            1
        }
        Some(other) => return Err(format!("no codec `{other}`: give none or gzip")),
    };
    let bits = codec
        + if flag("txn") { TRANSACTIONAL } else { 0 }
        + if flag("control") { CONTROL } else { 0 };
    let count = values.len() as i64;
    let latest = times.iter().copied().max().unwrap_or(base_timestamp);

    let mut out = Vec::new();
    out.put_i64(number("base_offset", 0)?);
    out.put_i32(number("length", (HEADER - OVERHEAD + records.len()) as i64)? as i32);
    out.put_i32(number("leader_epoch", -1)? as i32);
    out.put_i8(number("magic", 2)? as i8);
    out.put_u32(0);
    out.put_i16(number("attributes", bits)? as i16);
    out.put_i32(number("last_offset_delta", count - 1)? as i32);
    out.put_i64(base_timestamp);
    out.put_i64(number("max_timestamp", latest)?);
    out.put_i64(of_producer("producer_id")?);
    out.put_i16(of_producer("producer_epoch")? as i16);
    out.put_i32(number("seq", -1)? as i32);
    out.put_i32(number("record_count", count)? as i32);
    out.extend(records);
    let crc = i64::from(crc32c::crc32c(&out[COVERED_AT..]));
    out[CRC_AT..COVERED_AT].copy_from_slice(&(number("crc", crc)? as u32).to_be_bytes());
    Ok(out)
}

/// The values that are given, or `v0`, `v1` and so on.
fn values(given: &Map<String, Value>, count: i64) -> Result<Vec<Option<Vec<u8>>>, String> {
    match given.get("values") {
        None => Ok((0..count).map(|index| Some(format!("v{index}").into_bytes())).collect()),
        Some(Value::Array(values)) => values
            .iter()
            .map(|value| match value {
                Value::Null => Ok(None),
                Value::String(value) => text::to_bytes(value).map(Some),
                other => Err(format!("a value is a text or null, not {other}")),
            })
            .collect(),
        Some(other) => Err(format!("`values` is an array, not {other}")),
    }
}

type Header = (Vec<u8>, Option<Vec<u8>>);

fn headers(given: &Map<String, Value>) -> Result<Vec<Header>, String> {
    let Some(headers) = given.get("headers") else { return Ok(Vec::new()) };
    let headers = headers.as_object().ok_or("`headers` is an object")?;
    let header = |(name, value): (&String, &Value)| {
        let value = value.as_str().map(text::to_bytes).transpose()?;
        Ok((name.clone().into_bytes(), value))
    };
    headers.iter().map(header).collect()
}

fn record(
    time: i64,
    offset: i64,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[Header],
) -> Vec<u8> {
    let mut out = vec![0];
    put_signed(&mut out, time);
    put_signed(&mut out, offset);
    put_sized(&mut out, key);
    put_sized(&mut out, value);
    put_signed(&mut out, headers.len() as i64);
    for (name, value) in headers {
        put_sized(&mut out, Some(name));
        put_sized(&mut out, value.as_deref());
    }
    out
}

fn put_sized(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    put_signed(out, bytes.map_or(-1, |bytes| bytes.len() as i64));
    out.extend(bytes.unwrap_or_default());
}

fn put_signed(out: &mut Vec<u8>, value: i64) {
    let mut left = ((value << 1) ^ (value >> 63)) as u64;
    while left >= 0x80 {
        out.put_u8(left as u8 | 0x80);
        left >>= 7;
    }
    out.put_u8(left as u8);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}

/// Batches as a fetch returns them. A last one that is cut off shows as its length.
pub(crate) fn decode(mut bytes: &[u8]) -> Value {
    let mut batches = Vec::new();
    while !bytes.is_empty() {
        let Some(batch) = whole(bytes) else {
            batches.push(json!({ "cut off": bytes.len() }));
            break;
        };
        batches.push(read(batch));
        bytes = &bytes[batch.len()..];
    }
    Value::Array(batches)
}

fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let length = i32::from_be_bytes(bytes.get(8..OVERHEAD)?.try_into().ok()?);
    let end = OVERHEAD.checked_add(usize::try_from(length).ok()?)?;
    bytes.get(..end).filter(|batch| batch.len() >= HEADER)
}

/// Every field, and the bytes of the records as they are. The CRC itself covers ids and times that
/// differ between two runs, so that what is told is whether it is right (BATCH-03).
fn read(batch: &[u8]) -> Value {
    let int64 = |at: usize| i64::from_be_bytes(field(batch, at));
    let int32 = |at: usize| i32::from_be_bytes(field(batch, at));
    let int16 = |at: usize| i16::from_be_bytes(field(batch, at));
    let attributes = int16(COVERED_AT);
    let crc = u32::from_be_bytes(field(batch, CRC_AT));
    json!({
        "base_offset": int64(0),
        "length": int32(8),
        "leader_epoch": int32(12),
        "magic": i8::from_be_bytes(field(batch, 16)),
        "crc": if crc == crc32c::crc32c(&batch[COVERED_AT..]) { "right" } else { "wrong" },
        "attributes": attributes,
        "last_offset_delta": int32(23),
        "base_timestamp": int64(27),
        "max_timestamp": int64(35),
        "producer_id": int64(43),
        "producer_epoch": int16(51),
        "base_sequence": int32(53),
        "record_count": int32(57),
        "records": text::of_bytes(&batch[HEADER..]),
    })
}

fn field<const N: usize>(batch: &[u8], at: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&batch[at..at + N]);
    field
}
