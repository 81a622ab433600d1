//! Reads the records of the internal topics: `__consumer_offsets` (TXOFF-70 to TXOFF-72, G848-04) and
//! `__transaction_state` (TXNLOG-03).

use fencepost_wire::Kind::{Bytes, Int8, Int16, Int32, Int64, Text, Uuid};
use fencepost_wire::{Fields, array, field, structs, structure};
use serde_json::{Map, Value, json};

use crate::{decode, text};

/// What a key's version says: its fields, those of the value, and the first version of the value
/// that is flexible.
struct Kept {
    key: Fields,
    value: Fields,
    flexible_since: i16,
}

const GROUP: Fields = &[field("group_id", Text)];
const MEMBER: Fields = &[field("group_id", Text), field("member_id", Text)];
const PARTITIONS: Fields = &[field("topic_id", Uuid), array("partitions", &Int32)];

const OFFSET: Kept = Kept {
    key: &[field("group_id", Text), field("topic", Text), field("partition", Int32)],
    value: &[
        field("offset", Int64),
        field("leader_epoch", Int32).since(3),
        field("metadata", Text),
        field("commit_timestamp", Int64),
        field("expire_timestamp", Int64).since(1).until(1),
        field("topic_id", Uuid).since(4).tag(0),
    ],
    flexible_since: 4,
};

const CLASSIC_GROUP: Kept = Kept {
    key: GROUP,
    value: &[
        field("protocol_type", Text),
        field("generation", Int32),
        field("protocol", Text).nullable(),
        field("leader", Text).nullable(),
        field("current_state_timestamp", Int64).since(2),
        structs(
            "members",
            &[
                field("member_id", Text),
                field("group_instance_id", Text).since(3).nullable(),
                field("client_id", Text),
                field("client_host", Text),
                field("rebalance_timeout", Int32).since(1),
                field("session_timeout", Int32),
                field("subscription", Bytes),
                field("assignment", Bytes),
            ],
        ),
    ],
    flexible_since: 4,
};

const CONSUMER_GROUP: Kept = Kept {
    key: GROUP,
    value: &[field("epoch", Int32), field("metadata_hash", Int64).tag(0)],
    flexible_since: 0,
};

const SUBSCRIBED_TOPICS: Kept = Kept {
    key: GROUP,
    value: &[structs(
        "topics",
        &[
            field("topic_id", Uuid),
            field("topic_name", Text),
            field("num_partitions", Int32),
            structs("partition_metadata", &[field("partition", Int32), array("racks", &Text)]),
        ],
    )],
    flexible_since: 0,
};

const CLASSIC_PROTOCOLS: Fields = &[
    field("session_timeout_ms", Int32),
    structs("supported_protocols", &[field("name", Text), field("metadata", Bytes)]),
];

const CONSUMER_MEMBER: Kept = Kept {
    key: MEMBER,
    value: &[
        field("instance_id", Text).nullable(),
        field("rack_id", Text).nullable(),
        field("client_id", Text),
        field("client_host", Text),
        array("subscribed_topic_names", &Text).nullable(),
        field("subscribed_topic_regex", Text).nullable(),
        field("rebalance_timeout_ms", Int32),
        field("server_assignor", Text).nullable(),
        structure("classic_member_metadata", CLASSIC_PROTOCOLS).nullable().tag(0),
    ],
    flexible_since: 0,
};

const TARGET_EPOCH: Kept = Kept {
    key: GROUP,
    value: &[field("assignment_epoch", Int32), field("assignment_timestamp", Int64).tag(0)],
    flexible_since: 0,
};

const TARGET: Kept =
    Kept { key: MEMBER, value: &[structs("topic_partitions", PARTITIONS)], flexible_since: 0 };

const CURRENT: Kept = Kept {
    key: MEMBER,
    value: &[
        field("member_epoch", Int32),
        field("previous_member_epoch", Int32),
        field("state", Int8),
        structs("assigned_partitions", PARTITIONS),
        structs("partitions_pending_revocation", PARTITIONS),
    ],
    flexible_since: 0,
};

const EXPRESSION: Kept = Kept {
    key: &[field("group_id", Text), field("regular_expression", Text)],
    value: &[array("topics", &Text), field("metadata_version", Int64), field("timestamp", Int64)],
    flexible_since: 0,
};

const TRANSACTION: Kept = Kept {
    key: &[field("transactional_id", Text)],
    value: &[
        field("producer_id", Int64),
        field("previous_producer_id", Int64).since(1).tag(0),
        field("next_producer_id", Int64).since(1).tag(1),
        field("producer_epoch", Int16),
        field("next_producer_epoch", Int16).since(1).tag(3),
        field("transaction_timeout_ms", Int32),
        field("transaction_status", Int8),
        structs("transaction_partitions", &[field("topic", Text), array("partition_ids", &Int32)])
            .nullable(),
        field("transaction_last_update_timestamp_ms", Int64),
        field("transaction_start_timestamp_ms", Int64),
        field("client_transaction_version", Int16).since(1).tag(2),
    ],
    flexible_since: 1,
};

const fn kept(topic: Topic, key_version: i16) -> Option<Kept> {
    Some(match (topic, key_version) {
        (Topic::Transactions, 0) => TRANSACTION,
        (Topic::Transactions, _) => return None,
        (Topic::Offsets, 0 | 1) => OFFSET,
        (Topic::Offsets, 2) => CLASSIC_GROUP,
        (Topic::Offsets, 3) => CONSUMER_GROUP,
        (Topic::Offsets, 4) => SUBSCRIBED_TOPICS,
        (Topic::Offsets, 5) => CONSUMER_MEMBER,
        (Topic::Offsets, 6) => TARGET_EPOCH,
        (Topic::Offsets, 7) => TARGET,
        (Topic::Offsets, 8) => CURRENT,
        (Topic::Offsets, 16) => EXPRESSION,
        (Topic::Offsets, _) => return None,
    })
}

/// A topic that coordinators write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Topic {
    /// `__consumer_offsets`.
    Offsets,
    /// `__transaction_state`.
    Transactions,
}

impl Topic {
    /// The topic of that name, if it is one of them.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [Self::Offsets, Self::Transactions].into_iter().find(|topic| topic.name() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offsets => "__consumer_offsets",
            Self::Transactions => "__transaction_state",
        }
    }
}

/// Of batches as a fetch tells them, those that name something that begins with `prefix`, with their
/// records read; and the markers of producers that the scenario knows.
pub(crate) fn own(
    topic: Topic,
    prefix: &str,
    fetched: &[Value],
    knows: impl Fn(i64) -> bool,
) -> Result<Vec<Value>, String> {
    let mut own = Vec::new();
    for batch in fetched {
        let producer = batch["producer_id"].as_i64().unwrap_or(-1);
        let is_control = batch["attributes"].as_i64().unwrap_or(0) & 0x20 != 0;
        let mut told = Map::new();
        let names = [
            "leader_epoch",
            "attributes",
            "base_timestamp",
            "producer_id",
            "producer_epoch",
            "base_sequence",
        ];
        for name in names {
            told.insert(name.to_owned(), batch[name].clone());
        }
        if is_control {
            if !knows(producer) {
                continue;
            }
            told.insert("marker".to_owned(), batch["records"].clone());
        } else {
            let bytes = text::to_bytes(batch["records"].as_str().unwrap_or_default())?;
            let mut records = Vec::new();
            for (key, value) in split(&bytes).ok_or("records that are cut off")? {
                records.extend(record(topic, prefix, &key, value.as_deref())?);
            }
            if records.is_empty() {
                continue;
            }
            told.insert("records".to_owned(), Value::Array(records));
        }
        own.push(Value::Object(told));
    }
    Ok(own)
}

/// A record whose key names something that begins with `prefix`.
fn record(
    topic: Topic,
    prefix: &str,
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<Option<Value>, String> {
    let (key_version, key) = versioned(key)?;
    // A key that is not known is of a kind of group that no scenario has.
    let Some(kept) = kept(topic, key_version) else { return Ok(None) };
    let key = decode::structure(kept.key, key_version, false, key)?;
    if !key.to_string().contains(prefix) {
        return Ok(None);
    }
    let Some(value) = value else {
        return Ok(Some(json!({ "key_version": key_version, "key": key, "value": null })));
    };
    let (version, value) = versioned(value)?;
    let is_flexible = version >= kept.flexible_since;
    let mut value = decode::structure(kept.value, version, is_flexible, value)?;
    if let Some(fields) = value.as_object_mut() {
        // What the two sides compute for themselves (G848-04).
        for name in ["metadata_hash", "metadata_version"] {
            if let Some(field) = fields.get_mut(name) {
                *field = json!("a number");
            }
        }
    }
    Ok(Some(json!({ "key_version": key_version, "key": key, "version": version, "value": value })))
}

fn versioned(bytes: &[u8]) -> Result<(i16, &[u8]), String> {
    let (version, rest) = bytes.split_first_chunk().ok_or("no version")?;
    Ok((i16::from_be_bytes(*version), rest))
}

type Pair = (Vec<u8>, Option<Vec<u8>>);

/// Keys and values.
fn split(mut bytes: &[u8]) -> Option<Vec<Pair>> {
    let mut pairs = Vec::new();
    while !bytes.is_empty() {
        let length = usize::try_from(signed(&mut bytes)?).ok()?;
        let (mut record, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        // The attributes.
        record = record.get(1..)?;
        let _time = signed(&mut record)?;
        let _offset = signed(&mut record)?;
        let key = sized(&mut record)?;
        pairs.push((key.unwrap_or_default(), sized(&mut record)?));
    }
    Some(pairs)
}

fn sized(bytes: &mut &[u8]) -> Option<Option<Vec<u8>>> {
    let length = signed(bytes)?;
    let Ok(length) = usize::try_from(length) else { return Some(None) };
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(Some(taken.to_vec()))
}

fn signed(bytes: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some((value >> 1) as i64 ^ -((value & 1) as i64));
        }
    }
    None
}
