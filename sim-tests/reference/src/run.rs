//! Plays a scenario at a peer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use fencepost_wire::ApiKey;
use serde_json::{Value, json};
use thiserror::Error;

use crate::canonical::Canonical;
use crate::internal::{self, Topic};
use crate::parse::scenarios;
use crate::peer::{Heard, Line, Peer, PeerError};
use crate::scenario::{Action, Ask, Reading, Scenario, Step};
use crate::{decode, encode, path, text};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long nothing may come before it counts as silence.
const SILENCE: Duration = Duration::from_millis(300);
/// How long a state may take to come about, and how often it is looked for.
const LOOKS: u32 = 2500;
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// What a broker answers while it waits for more producer ids, and a coordinator while it ends the
/// transaction before.
const NOT_YET: [i64; 2] = [14, 51];

/// A scenario that could not be played.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{title}: `{line}`: {reason}")]
pub struct RunError {
    /// The scenario.
    pub title: String,
    /// The step.
    pub line: String,
    /// What went wrong.
    pub reason: String,
}

/// The answers of a peer, one for each step that has one, with what differs between two runs
/// replaced.
///
/// # Errors
/// If a step makes no sense, or the peer is gone. That the peer closes a connection, or says
/// nothing, is an answer.
pub fn run(scenario: &Scenario, peer: &mut dyn Peer) -> Result<Vec<Value>, RunError> {
    let prefix = peer.prefix();
    let mut play = Play {
        canonical: Canonical::new(prefix.clone(), peer.now()),
        peer,
        prefix,
        lines: BTreeMap::new(),
        sent: BTreeMap::new(),
        answers: BTreeMap::new(),
        topics: Vec::new(),
        transactions: BTreeSet::new(),
        read_up_to: BTreeMap::new(),
        correlation_id: 0,
        told: Vec::new(),
    };
    let mut played = Ok(());
    for step in &scenario.steps {
        if let Action::Records(topic) = step.action
            && !play.read_up_to.contains_key(&topic)
        {
            played = play.log_end(topic).map_err(|reason| RunError {
                title: scenario.title.clone(),
                line: step.line.clone(),
                reason,
            });
        }
    }
    for step in &scenario.steps {
        played = play.step(step).map_err(|reason| RunError {
            title: scenario.title.clone(),
            line: step.line.clone(),
            reason,
        });
        if played.is_err() {
            break;
        }
    }
    let told = std::mem::take(&mut play.told);
    play.tidy_up();
    for line in std::mem::take(&mut play.lines).into_values() {
        play.peer.close(line);
    }
    played.map(|()| told)
}

/// Waits until a broker that has just started has its internal topics, its coordinators, and its
/// first producer ids.
///
/// # Errors
/// If it does not come to it.
pub fn warm_up(peer: &mut dyn Peer) -> Result<(), RunError> {
    let text = "scenario warm-up
  a FindCoordinator/3 {key: 'warm-up', key_type: 0} until error_code == 0
  a FindCoordinator/3 {key: 'warm-up', key_type: 1} until error_code == 0
  a InitProducerId/4 {transactional_id: 'warm-up'} until error_code == 0
  a OffsetFetch/5 {group_id: 'warm-up'} until error_code == 0
";
    let files = [("warm-up".to_owned(), text.to_owned())];
    for scenario in scenarios(&files).expect("the text above is a scenario") {
        let told = run(&scenario, peer)?;
        if let Some(late) = told.iter().find(|answer| answer.is_string()) {
            let (title, line) = (scenario.title, String::new());
            return Err(RunError { title, line, reason: late.to_string() });
        }
    }
    Ok(())
}

struct Play<'a> {
    peer: &'a mut dyn Peer,
    canonical: Canonical,
    prefix: String,
    lines: BTreeMap<String, Line>,
    /// Requests whose answers have not been read, by connection.
    sent: BTreeMap<String, VecDeque<Sent>>,
    /// Answers as they came, by the names that the scenario gave them.
    answers: BTreeMap<String, Value>,
    /// Topics that the runner has created.
    topics: Vec<String>,
    /// Transactional ids that have been used.
    transactions: BTreeSet<String>,
    /// Up to where the internal topics have been told.
    read_up_to: BTreeMap<Topic, i64>,
    correlation_id: i32,
    told: Vec<Value>,
}

#[derive(Clone)]
struct Sent {
    name: Option<String>,
    api: ApiKey,
    version: i16,
    correlation_id: i32,
    body: String,
    /// No answer comes but the end of the connection: a Produce with acks=0 (API-38).
    unanswered: bool,
}

/// The connection that the runner itself uses.
const OWN: &str = "runner";

impl Play<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        match &step.action {
            Action::Ask(ask) => self.ask(ask),
            Action::Await(name) => {
                let (connection, at) = self.find(name)?;
                for _ in 0..=at {
                    self.read(&connection)?;
                }
                Ok(())
            }
            Action::Silent(name) => {
                let (connection, _) = self.find(name)?;
                let line = self.line(&connection)?;
                let heard = self.peer.hear(line, SILENCE).map_err(text_of)?;
                self.told.push(raw(&heard));
                Ok(())
            }
            Action::Bytes { connection, bytes, framed } => {
                let mut bytes = text::to_bytes(&self.named(bytes))?;
                if *framed {
                    let length = (bytes.len() as u32).to_be_bytes();
                    bytes.splice(..0, length);
                }
                let line = self.line(connection)?;
                self.peer.send(line, &bytes);
                let heard = self.peer.hear(line, SILENCE).map_err(text_of)?;
                if heard == Heard::Closed {
                    self.hang_up(connection);
                }
                self.told.push(raw(&heard));
                Ok(())
            }
            Action::Close(connection) => {
                self.hang_up(connection);
                Ok(())
            }
            Action::Wait(millis) => {
                self.peer.rest(Duration::from_millis(*millis));
                self.settle_all()
            }
            Action::Topic { name, partitions, settings } => self.topic(name, *partitions, settings),
            Action::Records(topic) => self.records(*topic),
        }
    }

    fn ask(&mut self, ask: &Ask) -> Result<(), String> {
        match &ask.reading {
            Reading::Later => self.send(ask),
            Reading::Now => {
                self.send(ask)?;
                self.read(&ask.connection)?;
                self.settle(ask)
            }
            Reading::Until(path, value) => {
                for _ in 0..LOOKS {
                    self.send(ask)?;
                    let told = self.told.len();
                    self.read(&ask.connection)?;
                    let last = self.told.last().unwrap_or(&Value::Null);
                    if path::look(last, path) == Some(value) {
                        return Ok(());
                    }
                    if told + 1 == self.told.len() {
                        self.told.pop();
                    }
                    self.peer.rest(LOOK_EVERY);
                }
                self.told.push(json!(format!("{path} never became {value}")));
                Ok(())
            }
            Reading::Times(times) => {
                let told = self.told.len();
                let mut done = 0;
                for _ in 0..times.saturating_add(LOOKS) {
                    self.told.truncate(told);
                    let before = self.answers.clone();
                    self.send(ask)?;
                    self.read(&ask.connection)?;
                    let code = self.told.last().and_then(|last| path::look(last, "error_code"));
                    if code.and_then(Value::as_i64).is_some_and(|it| NOT_YET.contains(&it)) {
                        self.answers = before;
                        self.peer.rest(LOOK_EVERY);
                        continue;
                    }
                    done += 1;
                    if done == *times {
                        return self.settle(ask);
                    }
                }
                Err(format!("only {done} of {times} were taken"))
            }
        }
    }

    fn send(&mut self, ask: &Ask) -> Result<(), String> {
        let line = self.line(&ask.connection)?;
        let body = self.filled_in(&ask.body)?;
        self.correlation_id += 1;
        let Ask { api, version, .. } = *ask;
        let mut unanswered = false;
        let frame = if body.starts_with("0x") {
            let flexible = api.is_flexible(version);
            let code = api.code();
            let mut frame =
                encode::header(code, version, self.correlation_id, &ask.connection, flexible);
            frame.extend(text::to_bytes(&body)?);
            frame
        } else {
            let value: Value =
                json5::from_str(&body).map_err(|error| format!("{error} in {body}"))?;
            unanswered = api == ApiKey::Produce && value.get("acks") == Some(&json!(0));
            let now = self.peer.now();
            encode::request(api, version, self.correlation_id, &ask.connection, &value, now)?
        };
        let mut bytes = (frame.len() as u32).to_be_bytes().to_vec();
        bytes.extend(frame);
        self.peer.send(line, &bytes);
        let correlation_id = self.correlation_id;
        let sent = Sent { name: ask.name.clone(), api, version, correlation_id, body, unanswered };
        self.sent.entry(ask.connection.clone()).or_default().push_back(sent);
        Ok(())
    }

    /// Reads the answer to the oldest request of a connection, and tells it.
    fn read(&mut self, connection: &str) -> Result<(), String> {
        let (sent, answer) = self.take(connection)?;
        let told = match &answer {
            Some(answer) => {
                let now = self.peer.now();
                self.canonical.answer(sent.api, &sent.body, answer, now)
            }
            None => json!("closed"),
        };
        self.told.push(told);
        if let Some(name) = sent.name {
            self.answers.insert(name, answer.unwrap_or(json!("closed")));
        }
        Ok(())
    }

    /// The answer to the oldest request of a connection; none if the peer closed it.
    fn take(&mut self, connection: &str) -> Result<(Sent, Option<Value>), String> {
        let line = self.line(connection)?;
        let queue = self.sent.entry(connection.to_owned()).or_default();
        while queue.len() > 1 && queue.front().is_some_and(|sent| sent.unanswered) {
            queue.pop_front();
        }
        let sent = queue.pop_front().ok_or("nothing was asked")?;
        match self.peer.hear(line, PATIENCE).map_err(text_of)? {
            Heard::Frame(frame) => {
                let (correlation_id, answer) = decode::response(sent.api, sent.version, &frame)
                    .map_err(|error| {
                        format!(
                            "the answer to {}/{} cannot be read: {error}",
                            sent.api, sent.version
                        )
                    })?;
                if correlation_id != sent.correlation_id {
                    return Err(format!("an answer to request {correlation_id} came first"));
                }
                Ok((sent, Some(answer)))
            }
            Heard::Closed => {
                self.hang_up(connection);
                Ok((sent, None))
            }
            Heard::Nothing => Err("no answer".to_owned()),
        }
    }

    /// The connection of a request that waits, and how many wait before it.
    fn find(&self, name: &str) -> Result<(String, usize), String> {
        self.sent
            .iter()
            .find_map(|(connection, queue)| {
                let at = queue.iter().position(|sent| sent.name.as_deref() == Some(name))?;
                let before = queue.iter().take(at).filter(|sent| !sent.unanswered).count();
                Some((connection.clone(), before))
            })
            .ok_or_else(|| format!("no request called `{name}` waits"))
    }

    fn line(&mut self, connection: &str) -> Result<Line, String> {
        if let Some(line) = self.lines.get(connection) {
            return Ok(*line);
        }
        let line = self.peer.open().map_err(text_of)?;
        self.lines.insert(connection.to_owned(), line);
        Ok(line)
    }

    fn hang_up(&mut self, connection: &str) {
        self.sent.remove(connection);
        if let Some(line) = self.lines.remove(connection) {
            self.peer.close(line);
        }
    }

    /// Creates a topic and waits until its partitions answer.
    fn topic(
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
    fn own(
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
    fn aside(&mut self, api: ApiKey, version: i16, body: &Value) -> Result<Value, String> {
        let (connection, body) = (OWN.to_owned(), body.to_string());
        self.send(&Ask { connection, api, version, body, name: None, reading: Reading::Now })?;
        self.take(OWN)?.1.ok_or("closed".to_owned())
    }

    /// Remembers where an internal topic ends.
    fn log_end(&mut self, topic: Topic) -> Result<(), String> {
        let list = json!({ "topics": [{ "name": topic.name(), "partitions": [
            { "partition_index": 0, "timestamp": -1 },
        ] }] });
        let listed = self.aside(ApiKey::ListOffsets, 5, &list)?;
        let end = path::look(&listed, "topics[0].partitions[0].offset").and_then(Value::as_i64);
        self.read_up_to.insert(topic, end.ok_or("an internal topic has no end")?);
        Ok(())
    }

    fn records(&mut self, topic: Topic) -> Result<(), String> {
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
    fn settle(&mut self, ask: &Ask) -> Result<(), String> {
        if !matches!(ask.api, ApiKey::EndTxn | ApiKey::InitProducerId) {
            return Ok(());
        }
        let body = self.filled_in(&ask.body)?;
        let body: Value = json5::from_str(&body).unwrap_or_default();
        let Some(id) = body.get("transactional_id").and_then(Value::as_str) else { return Ok(()) };
        self.transactions.insert(id.to_owned());
        self.settle_all()
    }

    fn settle_all(&mut self) -> Result<(), String> {
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
    fn tidy_up(&mut self) {
        if self.peer.lags() && !self.topics.is_empty() {
            let delete = json!({ "topic_names": self.topics });
            // Those that the scenario has deleted are gone already.
            let _ = self.own(ApiKey::DeleteTopics, 5, &delete, "");
        }
    }

    /// A text in which `@` stands for what names begin with.
    fn named(&self, text: &str) -> String {
        text.replace('@', &self.prefix)
    }

    /// A body with names and references to earlier answers filled in, such as
    /// `$p.producer_epoch+1`.
    fn filled_in(&self, body: &str) -> Result<String, String> {
        let body = self.named(body);
        let mut out = String::new();
        let mut rest = body.as_str();
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let is_quoted = out.matches(['\'', '"']).count() % 2 == 1;
            if is_quoted {
                out.push('$');
                rest = after;
                continue;
            }
            let (reference, tail) = after.split_at(end_of_reference(after));
            let (name, path) = reference.split_once(['.']).unwrap_or((reference, ""));
            let value = self
                .answers
                .get(name)
                .and_then(|answer| path::look(answer, path))
                .ok_or_else(|| format!("nothing is known of `${reference}`"))?;
            let (offset, tail) = offset(tail);
            match (offset, value.as_i64()) {
                (0, _) => out.push_str(&value.to_string()),
                (offset, Some(number)) => out.push_str(&(number + offset).to_string()),
                (_, None) => return Err(format!("`${reference}` is no number")),
            }
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// Where a reference ends: a bracket that it did not open is no part of it.
fn end_of_reference(text: &str) -> usize {
    let mut open = 0_u32;
    let ends = |it: char| match it {
        '[' => {
            open += 1;
            false
        }
        ']' if open > 0 => {
            open -= 1;
            false
        }
        it => !(it.is_ascii_alphanumeric() || "_.".contains(it)),
    };
    text.find(ends).unwrap_or(text.len())
}

/// `+1` or `-1` after a reference.
fn offset(tail: &str) -> (i64, &str) {
    let Some(digits) = tail.strip_prefix(['+', '-']) else { return (0, tail) };
    let end = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
    match digits[..end].parse::<i64>() {
        Ok(number) if tail.starts_with('-') => (-number, &digits[end..]),
        Ok(number) => (number, &digits[end..]),
        Err(_) => (0, tail),
    }
}

fn raw(heard: &Heard) -> Value {
    match heard {
        Heard::Frame(frame) => json!({ "frame": text::of_bytes(frame) }),
        Heard::Closed => json!("closed"),
        Heard::Nothing => json!("nothing"),
    }
}

fn text_of(error: PeerError) -> String {
    error.0
}
