//! Plays a scenario at a peer.

mod background;
mod references;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use fencepost_wire::ApiKey;
use serde_json::{Value, json};
use thiserror::Error;

use crate::canonical::Canonical;
use crate::internal::Topic;
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
