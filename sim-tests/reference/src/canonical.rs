//! Replaces what differs between two runs, so that equal answers become equal values.
//!
//! Ids are numbered in the order in which they are first seen: an id that is given out twice, or
//! that changes where it must not, shows.

use std::collections::BTreeMap;

use fencepost_wire::{ApiKey, Release};
use serde_json::{Map, Value, json};

use crate::defaults::NO_UUID;

/// How far from the present a time may be and still be the present, in milliseconds.
const NEAR: i64 = 60_000;

/// What is known of one run.
pub(crate) struct Canonical {
    prefix: String,
    began: i64,
    ids: BTreeMap<(&'static str, String), usize>,
}

/// What is not compared as it stands, and why.
pub(crate) const ACCEPTED: &[(&str, &str)] = &[
    (
        "producer ids, topic ids, member ids, fetch session ids",
        "each side draws its own; they are numbered as they come, so that one that changes or comes twice shows",
    ),
    ("times near the present", "they are `now`; times that a scenario gives are compared"),
    ("`error_message`", "that there is one is compared, its words are each side's own"),
    (
        "the records of a batch with a delete horizon",
        "they count from the time at which the cleaner came; that there is such a batch is compared",
    ),
    ("cluster ids, ports, epochs of metadata", "that there is one is compared"),
    (
        "lists of all topics, groups or transactions",
        "a broker serves many scenarios at once: each sees its own",
    ),
    (
        "keys and features in ApiVersions that fencepost does not serve, and the first versions of 3.9",
        "docs/spec-errata.md, API-12; 3.9 begins where 4.0 does",
    ),
    (
        "the order of the lists in `UNORDERED` of `src/canonical.rs`",
        "Kafka takes it from hash tables; the elements are compared",
    ),
];

/// Lists of all that a broker has, in which only what is the scenario's own stays.
const LISTS: [(ApiKey, &str, &str); 4] = [
    (ApiKey::ElectLeaders, "replica_election_results", "topic"),
    (ApiKey::Metadata, "topics", "name"),
    (ApiKey::ListGroups, "groups", "group_id"),
    (ApiKey::ListTransactions, "transaction_states", "transactional_id"),
];

/// Features whose APIs fencepost does not serve, and so leaves at 0 (docs/spec-errata.md, API-12).
const UNSERVED: [&str; 2] = ["share.version", "streams.version"];

/// Lists whose order Kafka leaves to its hash tables, or takes from ids that are drawn.
const UNORDERED: &[(ApiKey, &str)] = &[
    (ApiKey::AddPartitionsToTxn, "results_by_partition"),
    (ApiKey::AddPartitionsToTxn, "results_by_topic_v3_and_below"),
    (ApiKey::AddPartitionsToTxn, "results_by_transaction"),
    (ApiKey::AddPartitionsToTxn, "topic_results"),
    (ApiKey::ApiVersions, "finalized_features"),
    (ApiKey::ApiVersions, "supported_features"),
    (ApiKey::ConsumerGroupDescribe, "members"),
    (ApiKey::ConsumerGroupDescribe, "subscribed_topic_names"),
    (ApiKey::ConsumerGroupDescribe, "topic_partitions"),
    (ApiKey::ConsumerGroupHeartbeat, "topic_partitions"),
    (ApiKey::CreatePartitions, "results"),
    (ApiKey::CreateTopics, "topics"),
    (ApiKey::DeleteGroups, "results"),
    (ApiKey::DeleteTopics, "responses"),
    (ApiKey::DescribeConfigs, "configs"),
    (ApiKey::DescribeGroups, "members"),
    (ApiKey::DescribeProducers, "active_producers"),
    (ApiKey::DescribeTransactions, "partitions"),
    (ApiKey::DescribeTransactions, "topics"),
    (ApiKey::ElectLeaders, "replica_election_results"),
    // The members in a group's record.
    (ApiKey::Fetch, "members"),
    (ApiKey::JoinGroup, "members"),
    (ApiKey::ListGroups, "groups"),
    (ApiKey::ListOffsets, "partitions"),
    (ApiKey::ListOffsets, "topics"),
    (ApiKey::ListTransactions, "transaction_states"),
    (ApiKey::Metadata, "partitions"),
    (ApiKey::Metadata, "topics"),
    (ApiKey::Produce, "partition_responses"),
    (ApiKey::Produce, "responses"),
    (ApiKey::TxnOffsetCommit, "partitions"),
    (ApiKey::WriteTxnMarkers, "markers"),
    (ApiKey::WriteTxnMarkers, "partitions"),
    (ApiKey::WriteTxnMarkers, "topics"),
];

/// A batch with a delete horizon begins at that time, from which its records count (CLEAN-07).
fn hide_horizon(batch: &mut Map<String, Value>) {
    const HAS_DELETE_HORIZON: i64 = 1 << 6;
    let attributes = batch.get("attributes").and_then(Value::as_i64).unwrap_or(0);
    if attributes & HAS_DELETE_HORIZON != 0 && batch.contains_key("base_timestamp") {
        for field in ["base_timestamp", "length", "records"] {
            batch.insert(field.to_owned(), json!("by the delete horizon"));
        }
    }
}

impl Canonical {
    pub(crate) const fn new(prefix: String, began: i64) -> Self {
        Self { prefix, began, ids: BTreeMap::new() }
    }

    /// Whether a producer id has been seen.
    pub(crate) fn knows_producer(&self, id: i64) -> bool {
        self.ids.contains_key(&("producer", id.to_string()))
    }

    /// An answer that came now.
    pub(crate) fn answer(&mut self, api: ApiKey, asked: &str, answer: &Value, now: i64) -> Value {
        let mut answer = answer.clone();
        for (of, list, name) in LISTS {
            if of == api
                && let Some(Value::Array(entries)) = answer.get_mut(list)
            {
                entries.retain(|entry| match entry.get(name) {
                    Some(Value::String(name)) => {
                        name.starts_with(&self.prefix)
                            || (!name.is_empty() && asked.contains(name.as_str()))
                    }
                    _ => true,
                });
            }
        }
        if api == ApiKey::ApiVersions {
            keep_served(&mut answer);
        }
        self.value(api, "", answer, now)
    }

    fn value(&mut self, api: ApiKey, name: &str, value: Value, now: i64) -> Value {
        match value {
            Value::Object(mut fields) => {
                hide_horizon(&mut fields);
                let fields: Map<_, _> = fields
                    .into_iter()
                    .map(|(name, value)| {
                        let value = self.value(api, &name, value, now);
                        (name, value)
                    })
                    .collect();
                Value::Object(fields)
            }
            Value::Array(elements) => {
                let mut elements = elements;
                if UNORDERED.contains(&(api, name)) {
                    elements.sort_by_cached_key(|element| self.sight(api, element, now));
                }
                let elements = elements.into_iter();
                Value::Array(elements.map(|element| self.value(api, name, element, now)).collect())
            }
            Value::String(text) => self.text(name, &text),
            Value::Number(number) => match number.as_i64() {
                Some(number) => self.number(name, number, now),
                None => Value::Number(number),
            },
            other => other,
        }
    }

    /// What an element of a list is sorted by, since no id may be numbered before the order is known.
    fn sight(&self, api: ApiKey, element: &Value, now: i64) -> String {
        let mut blind =
            Self { prefix: self.prefix.clone(), began: self.began, ids: self.ids.clone() };
        blind.value(api, "", element.clone(), now).to_string()
    }

    fn text(&mut self, name: &str, text: &str) -> Value {
        match name {
            "topic_id" if text != NO_UUID => self.id("topic", text),
            "member_id" | "leader" if self.is_generated(text) => self.id("member", text),
            "cluster_id" => json!("a cluster"),
            // Its words are each side's own.
            "error_message" | "batch_index_error_message" if !text.is_empty() => json!("a text"),
            _ if text.starts_with("0x") => json!(text.replace(&in_hex(&self.prefix), &in_hex("@"))),
            _ => json!(text.replace(&self.prefix, "@")),
        }
    }

    fn number(&mut self, name: &str, number: i64, now: i64) -> Value {
        match name {
            // 0 is of the warm-up, and what an answer with an error says.
            _ if name.ends_with("producer_id") && number > 0 => {
                self.id("producer", &number.to_string())
            }
            "session_id" if number != 0 => self.id("session", &number.to_string()),
            "port" if number > 0 => json!("a port"),
            "finalized_features_epoch" | "topic_epoch" => json!("an epoch"),
            _ if is_time(name) && (self.began - NEAR..=now + NEAR).contains(&number) => {
                json!("now")
            }
            _ => json!(number),
        }
    }

    /// Whether the broker has drawn a member id: it ends in a UUID, or is one in base 64 (G848-13).
    fn is_generated(&self, id: &str) -> bool {
        let tail = id.get(id.len().saturating_sub(36)..).unwrap_or_default();
        let is_uuid = tail.char_indices().all(|(at, it)| match at {
            8 | 13 | 18 | 23 => it == '-',
            _ => it.is_ascii_hexdigit(),
        });
        let is_base_64 = |it: char| it.is_ascii_alphanumeric() || "-_".contains(it);
        tail.len() == 36 && is_uuid
            || id.len() == 22 && !id.starts_with(&self.prefix) && id.chars().all(is_base_64)
    }

    fn id(&mut self, kind: &'static str, id: &str) -> Value {
        let next = self.ids.keys().filter(|(other, _)| *other == kind).count() + 1;
        let number = *self.ids.entry((kind, id.to_owned())).or_insert(next);
        json!(format!("{kind} {number}"))
    }
}

fn in_hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// What fencepost serves, out of what a broker lists in an answer of ApiVersions (API-01): 3.9
/// begins where 4.0 does.
fn keep_served(answer: &mut Value) {
    if let Some(Value::Array(keys)) = answer.get_mut("api_keys") {
        keys.retain_mut(|listed| {
            let code = listed["api_key"].as_i64().and_then(|code| i16::try_from(code).ok());
            let Some(api) = code.and_then(ApiKey::from_code) else { return false };
            let first = i64::from(*Release::V4_0.versions(api).start());
            listed["min_version"] = json!(listed["min_version"].as_i64().max(Some(first)));
            true
        });
    }
    if let Some(Value::Array(features)) = answer.get_mut("finalized_features") {
        features.retain(|feature| {
            let name = feature.get("name").and_then(Value::as_str);
            name.is_none_or(|name| !UNSERVED.contains(&name))
        });
    }
}

fn is_time(name: &str) -> bool {
    name.contains("timestamp") || (name.ends_with("time_ms") && !name.starts_with("throttle"))
}
