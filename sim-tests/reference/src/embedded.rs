//! What the consumers of a classic group tell each other: subscriptions and assignments, which are
//! bytes to a broker (GRP-50).

use bytes::BufMut;
use serde_json::{Map, Value, json};

use crate::text;

/// The last version that has a layout of its own.
const LAST: i64 = 3;

/// A subscription if the value has `topics`, an assignment if it has `assigned`, else nothing.
pub(crate) fn encode(value: &Value) -> Option<Result<Vec<u8>, String>> {
    let given = value.as_object()?;
    if given.contains_key("topics") {
        Some(subscription(given))
    } else if given.contains_key("assigned") {
        Some(assignment(given))
    } else {
        None
    }
}

/// The bytes of a field of that name as an object, where they are nothing else.
pub(crate) fn decode(name: &str, bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader { rest: bytes };
    let value = match name {
        "metadata" | "member_metadata" => reader.subscription(),
        "assignment" | "member_assignment" => reader.assignment(),
        _ => None,
    }?;
    let whole = encode(&value)?.ok()?;
    (whole == bytes).then_some(value)
}

fn subscription(given: &Map<String, Value>) -> Result<Vec<u8>, String> {
    known(given, &["version", "topics", "user_data", "owned", "generation", "rack"])?;
    let version = number(given, "version", 0)?;
    let mut out = Vec::new();
    out.put_i16(version as i16);
    let topics = given["topics"].as_array().ok_or("`topics` is a list of names")?;
    out.put_i32(topics.len() as i32);
    for topic in topics {
        string(&mut out, topic)?;
    }
    bytes(&mut out, given.get("user_data"))?;
    if version >= 1 {
        partitions(&mut out, given.get("owned"))?;
    }
    if version >= 2 {
        out.put_i32(number(given, "generation", -1)? as i32);
    }
    if version >= 3 {
        match given.get("rack") {
            None | Some(Value::Null) => out.put_i16(-1),
            Some(rack) => string(&mut out, rack)?,
        }
    }
    Ok(out)
}

fn assignment(given: &Map<String, Value>) -> Result<Vec<u8>, String> {
    known(given, &["version", "assigned", "user_data"])?;
    let mut out = Vec::new();
    out.put_i16(number(given, "version", 0)? as i16);
    partitions(&mut out, given.get("assigned"))?;
    bytes(&mut out, given.get("user_data"))?;
    Ok(out)
}

fn known(given: &Map<String, Value>, names: &[&str]) -> Result<(), String> {
    match given.keys().find(|name| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(format!("there is no `{name}`, only {}", names.join(", "))),
    }
}

fn number(given: &Map<String, Value>, name: &str, default: i64) -> Result<i64, String> {
    match given.get(name) {
        None => Ok(default),
        Some(value) => value.as_i64().ok_or_else(|| format!("`{name}` is a number, not {value}")),
    }
}

fn string(out: &mut Vec<u8>, value: &Value) -> Result<(), String> {
    let text = value.as_str().ok_or_else(|| format!("expected a text, not {value}"))?;
    out.put_i16(text.len() as i16);
    out.put_slice(text.as_bytes());
    Ok(())
}

fn bytes(out: &mut Vec<u8>, value: Option<&Value>) -> Result<(), String> {
    match value {
        None | Some(Value::Null) => out.put_i32(-1),
        Some(Value::String(given)) => {
            let bytes = text::to_bytes(given)?;
            out.put_i32(bytes.len() as i32);
            out.extend(bytes);
        }
        Some(other) => return Err(format!("`user_data` is bytes, not {other}")),
    }
    Ok(())
}

/// `[{topic: '@t', partitions: [0, 1]}]`.
fn partitions(out: &mut Vec<u8>, value: Option<&Value>) -> Result<(), String> {
    let topics = match value {
        None => &[][..],
        Some(value) => value.as_array().ok_or_else(|| format!("expected a list, not {value}"))?,
    };
    out.put_i32(topics.len() as i32);
    for topic in topics {
        string(out, topic.get("topic").unwrap_or(&Value::Null))?;
        let all = topic.get("partitions").and_then(Value::as_array);
        let all = all.ok_or_else(|| format!("`partitions` is missing in {topic}"))?;
        out.put_i32(all.len() as i32);
        for partition in all {
            let partition = partition.as_i64().ok_or_else(|| format!("`{partition}`?"))?;
            out.put_i32(partition as i32);
        }
    }
    Ok(())
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn subscription(&mut self) -> Option<Value> {
        let version = i64::from(self.i16()?);
        let topics: Option<Vec<_>> =
            (0..self.i32()?).map(|_| self.string().map(Value::from)).collect();
        let mut value =
            json!({ "version": version, "topics": topics?, "user_data": self.bytes()? });
        if version >= 1 {
            value["owned"] = self.partitions()?;
        }
        if version >= 2 {
            value["generation"] = json!(self.i32()?);
        }
        if version >= LAST {
            value["rack"] = match self.rest {
                [0xff, 0xff, rest @ ..] => {
                    self.rest = rest;
                    Value::Null
                }
                _ => json!(self.string()?),
            };
        }
        Some(value)
    }

    fn assignment(&mut self) -> Option<Value> {
        let version = self.i16()?;
        let assigned = self.partitions()?;
        Some(json!({ "version": version, "assigned": assigned, "user_data": self.bytes()? }))
    }

    fn partitions(&mut self) -> Option<Value> {
        (0..self.i32()?)
            .map(|_| {
                let topic = self.string()?;
                let partitions: Option<Vec<_>> = (0..self.i32()?).map(|_| self.i32()).collect();
                Some(json!({ "topic": topic, "partitions": partitions? }))
            })
            .collect()
    }

    fn i16(&mut self) -> Option<i16> {
        self.take().map(i16::from_be_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    fn string(&mut self) -> Option<String> {
        let length = usize::try_from(self.i16()?).ok()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        String::from_utf8(text.to_vec()).ok()
    }

    fn bytes(&mut self) -> Option<Value> {
        let Ok(length) = usize::try_from(self.i32()?) else { return Some(Value::Null) };
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(json!(text::of_bytes(bytes)))
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }
}
