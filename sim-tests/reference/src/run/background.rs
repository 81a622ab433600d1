//! What the runner asks for its own sake: topics, the records of internal topics, and whether
//! transactions have ended.

use fencepost_wire::ApiKey;
use serde_json::{Value, json};

use super::{LOOK_EVERY, LOOKS, OWN, Play};
use crate::internal::{self, Topic};
use crate::path;
use crate::scenario::{Ask, Reading};

impl Play<'_> {
    /// Creates a topic and waits until its partitions answer.
    pub(super) fn topic(
        &mut self,
        name: &str,
        partitions: i32,
        settings: &[(String, String)],
    ) -> Result<(), String> {
        let told = self.told.len();
        let configs: Vec<_> =
            settings.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let full = self.named(name);
        let create = json!({ "topics": [{
            "name": full, "num_partitions": partitions, "replication_factor": 1, "configs": configs,
        }] });
        let created = self.own(ApiKey::CreateTopics, 7, &create, "")?;
        let code = path::look(&created, "topics[0].error_code");
        if code != Some(&json!(0)) {
            return Err(format!("the topic was not created: {created}"));
        }
        for partition in 0..partitions {
            let list = json!({ "topics": [{ "name": full, "partitions": [
                { "partition_index": partition, "timestamp": -1 },
            ] }] });
            self.own(ApiKey::ListOffsets, 5, &list, "topics[0].partitions[0].error_code")?;
        }
        self.topics.push(full);
        let topic = created.pointer("/topics/0").cloned().unwrap_or_default();
        self.answers.insert(name.trim_start_matches('@').to_owned(), topic);
        self.told.truncate(told);
        Ok(())
    }

    /// Asks for the runner's own sake; until a code is 0, if a path to one is given.
    pub(super) fn own(
        &mut self,
        api: ApiKey,
        version: i16,
        body: &Value,
        code: &str,
    ) -> Result<Value, String> {
        let reading = match code {
            "" => Reading::Now,
            code => Reading::Until(code.to_owned(), json!(0)),
        };
        let (connection, name) = (OWN.to_owned(), Some(OWN.to_owned()));
        let body = body.to_string();
        self.ask(&Ask { connection, api, version, body, name, reading })?;
        Ok(self.answers.get(OWN).cloned().unwrap_or_default())
    }

    /// Asks without telling the answer, in which others' ids may stand.
    pub(super) fn aside(
        &mut self,
        api: ApiKey,
        version: i16,
        body: &Value,
    ) -> Result<Value, String> {
        let (connection, body) = (OWN.to_owned(), body.to_string());
        self.send(&Ask { connection, api, version, body, name: None, reading: Reading::Now })?;
        self.take(OWN)?.1.ok_or("closed".to_owned())
    }

    /// Remembers where an internal topic ends.
    pub(super) fn log_end(&mut self, topic: Topic) -> Result<(), String> {
        let list = json!({ "topics": [{ "name": topic.name(), "partitions": [
            { "partition_index": 0, "timestamp": -1 },
        ] }] });
        let listed = self.aside(ApiKey::ListOffsets, 5, &list)?;
        let end = path::look(&listed, "topics[0].partitions[0].offset").and_then(Value::as_i64);
        self.read_up_to.insert(topic, end.ok_or("an internal topic has no end")?);
        Ok(())
    }

    pub(super) fn records(&mut self, topic: Topic) -> Result<(), String> {
        let mut next = self.read_up_to.get(&topic).copied().unwrap_or(0);
        self.log_end(topic)?;
        let end = self.read_up_to.get(&topic).copied().unwrap_or(0);
        let mut batches = Vec::new();
        while next < end {
            let fetch = json!({ "topics": [{ "topic": topic.name(), "partitions": [
                { "partition": 0, "fetch_offset": next },
            ] }] });
            let fetched = self.aside(ApiKey::Fetch, 12, &fetch)?;
            let records = path::look(&fetched, "responses[0].partitions[0].records");
            let records = records.and_then(Value::as_array).cloned().unwrap_or_default();
            let number = |batch: &Value, name| path::look(batch, name).and_then(Value::as_i64);
            let whole = records.into_iter().filter(|batch| number(batch, "base_offset").is_some());
            let before = batches.len();
            batches.extend(whole.filter(|batch| number(batch, "base_offset") < Some(end)));
            if batches.len() == before {
                return Err(format!("nothing is read of {} from {next}", topic.name()));
            }
            next = batches.last().map_or(next, |last| {
                number(last, "base_offset").unwrap_or(0)
                    + number(last, "last_offset_delta").unwrap_or(0)
                    + 1
            });
        }
        let knows = |producer| self.canonical.knows_producer(producer);
        let own = Value::Array(internal::own(topic, &self.prefix, &batches, knows)?);
        let now = self.peer.now();
        self.told.push(self.canonical.answer(ApiKey::Fetch, "", &own, now));
        Ok(())
    }

    /// Waits until a transaction that may have been decided has ended everywhere, so that what
    /// comes next does not depend on how fast a peer is.
    pub(super) fn settle(&mut self, ask: &Ask) -> Result<(), String> {
        if !matches!(ask.api, ApiKey::EndTxn | ApiKey::InitProducerId) {
            return Ok(());
        }
        let body = self.filled_in(&ask.body)?;
        let body: Value = json5::from_str(&body).unwrap_or_default();
        let Some(id) = body.get("transactional_id").and_then(Value::as_str) else { return Ok(()) };
        self.transactions.insert(id.to_owned());
        self.settle_all()
    }

    pub(super) fn settle_all(&mut self) -> Result<(), String> {
        if !self.peer.lags() {
            return Ok(());
        }
        let told = self.told.len();
        for id in self.transactions.clone().into_iter().filter(|id| !id.is_empty()) {
            for _ in 0..LOOKS {
                let describe = json!({ "transactional_ids": [id] });
                let described = self.own(ApiKey::DescribeTransactions, 0, &describe, "")?;
                let state = path::look(&described, "transaction_states[0].transaction_state");
                let state = state.and_then(Value::as_str).unwrap_or_default();
                if !state.starts_with("Prepare") {
                    break;
                }
                self.peer.rest(LOOK_EVERY);
            }
        }
        self.told.truncate(told);
        Ok(())
    }

    /// Deletes the scenario's topics, so that a broker that lives long does not fill up.
    pub(super) fn tidy_up(&mut self) {
        if self.peer.lags() && !self.topics.is_empty() {
            let delete = json!({ "topic_names": self.topics });
            // Those that the scenario has deleted are gone already.
            let _ = self.own(ApiKey::DeleteTopics, 5, &delete, "");
        }
    }
}
