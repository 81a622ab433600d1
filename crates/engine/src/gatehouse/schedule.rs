//! Stepped mode: nothing passes but one at a time, by hand or by a schedule.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

use fencepost_ids::BrokerId;
use fencepost_wire::ApiKey;
use thiserror::Error;

use super::{Crossing, Gatehouse, Held, Patience};

/// The order in which requests and messages between brokers pass.
///
/// One line for each, and nothing passes before its turn: an API, and perhaps `client=` with a
/// client id or the beginning of one and `*`, `from=` and `to=` with the ids of brokers, and `answer`
/// for the answer of one broker to another. With `from`, `to` or `answer` it is a message between
/// brokers, without them a request of a client. `pass` and APIs: these always pass, whoever sends
/// them. After the last line all passes. What follows a `#` is a comment.
///
/// ```text
/// pass ApiVersions Metadata FindCoordinator
/// InitProducerId client=orders-1
/// InitProducerId client=orders-2
/// WriteTxnMarkers to=1
/// WriteTxnMarkers answer from=1
/// ```
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Schedule {
    passes: Vec<ApiKey>,
    turns: VecDeque<Turn>,
}

/// Whose turn it is.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Turn {
    api: ApiKey,
    sender: Sender,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Sender {
    Client { id: Option<String> },
    Broker { from: Option<BrokerId>, to: Option<BrokerId>, is_answer: bool },
}

/// A schedule that says nothing.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("line {line}: {problem}")]
pub struct ScheduleError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// How far a schedule is.
#[derive(Clone, Default, Debug)]
pub(crate) struct Stepping {
    passes: Vec<ApiKey>,
    /// None where all is released by hand.
    turns: Option<VecDeque<Turn>>,
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let mut schedule = Self::default();
        for (line, number) in text.lines().zip(1..) {
            let words = line.split('#').next().unwrap_or_default().split_whitespace();
            let words: Vec<_> = words.collect();
            schedule.read(&words).map_err(|problem| ScheduleError { line: number, problem })?;
        }
        Ok(schedule)
    }
}

impl fmt::Display for Schedule {
    /// The text of which it is made, line by line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for api in &self.passes {
            writeln!(f, "pass {api}")?;
        }
        for Turn { api, sender } in &self.turns {
            write!(f, "{api}")?;
            match sender {
                Sender::Client { id: None } => {}
                Sender::Client { id: Some(id) } => write!(f, " client={id}")?,
                Sender::Broker { from, to, is_answer } => {
                    from.iter().try_for_each(|from| write!(f, " from={from}"))?;
                    to.iter().try_for_each(|to| write!(f, " to={to}"))?;
                    f.write_str(if *is_answer { " answer" } else { "" })?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl Schedule {
    fn read(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            [] => {}
            ["pass", apis @ ..] => {
                for name in apis {
                    self.passes.push(api(name)?);
                }
            }
            [name, rest @ ..] => self.turns.push_back(turn(api(name)?, rest)?),
        }
        Ok(())
    }
}

fn api(name: &str) -> Result<ApiKey, String> {
    let found = ApiKey::ALL.iter().find(|api| api.name() == name);
    found.copied().ok_or_else(|| format!("there is no API `{name}`; write it as in EndTxn"))
}

fn turn(api: ApiKey, words: &[&str]) -> Result<Turn, String> {
    let (mut id, mut from, mut to, mut is_answer) = (None, None, None, false);
    for word in words {
        match word.split_once('=') {
            Some(("client", client)) => id = Some(client.to_owned()),
            Some(("from", broker)) => from = Some(self::broker(broker)?),
            Some(("to", broker)) => to = Some(self::broker(broker)?),
            None if *word == "answer" => is_answer = true,
            _ => return Err(format!("`{word}` is none of client=, from=, to= and answer")),
        }
    }
    let is_broker = from.is_some() || to.is_some() || is_answer;
    let sender = match (is_broker, id) {
        (true, Some(_)) => return Err("a message between brokers has no client".to_owned()),
        (true, None) => Sender::Broker { from, to, is_answer },
        (false, id) => Sender::Client { id },
    };
    Ok(Turn { api, sender })
}

fn broker(text: &str) -> Result<BrokerId, String> {
    text.parse().map(BrokerId).map_err(|_| format!("`{text}` is no id of a broker"))
}

impl Turn {
    fn is_of(&self, held: &Held) -> bool {
        self.api == held.api
            && match (&self.sender, &held.crossing) {
                (Sender::Client { id: None }, Crossing::Client { .. }) => true,
                (Sender::Client { id: Some(id) }, Crossing::Client { client_id, .. }) => {
                    match id.strip_suffix('*') {
                        Some(beginning) => client_id.starts_with(beginning),
                        None => **client_id == **id,
                    }
                }
                (
                    Sender::Broker { from, to, is_answer },
                    Crossing::Brokers { from: own, to: at },
                ) => {
                    from.is_none_or(|from| from == *own)
                        && to.is_none_or(|to| to == *at)
                        && *is_answer == held.is_answer
                }
                (Sender::Client { .. }, Crossing::Brokers { .. })
                | (Sender::Broker { .. }, Crossing::Client { .. }) => false,
            }
    }
}

impl Stepping {
    /// One at a time, by hand.
    pub(crate) const fn by_hand() -> Self {
        Self { passes: Vec::new(), turns: None }
    }

    pub(crate) fn by(schedule: Schedule) -> Self {
        let Schedule { passes, turns } = schedule;
        Self { passes, turns: Some(turns) }
    }
}

impl Gatehouse {
    /// Whether requests and messages of an API have to wait for their turn.
    pub(super) fn stops(&self, api: ApiKey) -> bool {
        self.stepping.as_ref().is_some_and(|stepping| !stepping.passes.contains(&api))
    }

    /// What waits for its turn and has it: the schedule goes on to the next.
    pub(super) fn next_scheduled(&mut self, cluster: &fencepost_model::Cluster) -> Option<u64> {
        let waits = |held: &Held| held.patience == Patience::Step;
        let Some(stepping) = &self.stepping else {
            return self.list(cluster).find(waits).map(|held| held.number);
        };
        let turn = stepping.turns.as_ref()?.front();
        let Some(turn) = turn else {
            self.stepping = None;
            return self.next_scheduled(cluster);
        };
        let number = self.list(cluster).find(|held| waits(held) && turn.is_of(held))?.number;
        if let Some(turns) = self.stepping.as_mut().and_then(|stepping| stepping.turns.as_mut()) {
            turns.pop_front();
        }
        Some(number)
    }
}
