//! Stepped mode: nothing passes but one at a time, by hand or by a schedule.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

use fencepost_ids::BrokerId;
use fencepost_wire::ApiKey;
use thiserror::Error;

use super::{Crossing, Gatehouse, Held, Patience};
use crate::Engine;

/// The order in which requests and messages between brokers pass.
///
/// One line for each, and nothing passes before its turn: an API, and perhaps `client=` with a
/// client id or the beginning of one and `*`, `from=` and `to=` with the ids of brokers, and `answer`
/// for the answer of one broker to another. With `from`, `to` or `answer`, and for WriteTxnMarkers
/// without `client`, it is a message between brokers, otherwise a request of a client. `pass` and
/// APIs: these always pass, whoever sends them; `pass brokers` is all messages between brokers.
/// After the last line all passes. What follows a `#` is a comment.
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
    passes: Passes,
    turns: VecDeque<Turn>,
}

/// What need not wait for a turn.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
struct Passes {
    apis: Vec<ApiKey>,
    /// Messages between brokers.
    brokers: bool,
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
    passes: Passes,
    /// None where all is released by hand.
    turns: Option<VecDeque<Turn>>,
    /// How many turns there have been.
    taken: u64,
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
        for api in &self.passes.apis {
            writeln!(f, "pass {api}")?;
        }
        if self.passes.brokers {
            writeln!(f, "pass brokers")?;
        }
        self.turns.iter().try_for_each(|turn| writeln!(f, "{turn}"))
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.api)?;
        match &self.sender {
            Sender::Client { id: None } => Ok(()),
            Sender::Client { id: Some(id) } => write!(f, " client={id}"),
            Sender::Broker { from, to, is_answer } => {
                from.iter().try_for_each(|from| write!(f, " from={from}"))?;
                to.iter().try_for_each(|to| write!(f, " to={to}"))?;
                f.write_str(if *is_answer { " answer" } else { "" })
            }
        }
    }
}

impl Schedule {
    fn read(&mut self, words: &[&str]) -> Result<(), String> {
        match words {
            [] => {}
            ["pass", apis @ ..] => {
                for name in apis {
                    match *name {
                        "brokers" => self.passes.brokers = true,
                        name => self.passes.apis.push(api(name)?),
                    }
                }
            }
            [name, rest @ ..] => {
                let api = api(name)?;
                let sender = sender(api, rest)?;
                self.turns.push_back(Turn { api, sender });
            }
        }
        Ok(())
    }
}

fn api(name: &str) -> Result<ApiKey, String> {
    let found = ApiKey::ALL.iter().find(|api| api.name() == name);
    found.copied().ok_or_else(|| format!("there is no API `{name}`; write it as in EndTxn"))
}

fn sender(api: ApiKey, words: &[&str]) -> Result<Sender, String> {
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
    match id {
        Some(_) if is_broker => Err("a message between brokers has no client".to_owned()),
        None if is_broker || api == ApiKey::WriteTxnMarkers => {
            Ok(Sender::Broker { from, to, is_answer })
        }
        id => Ok(Sender::Client { id }),
    }
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
    pub(crate) fn by_hand() -> Self {
        Self::default()
    }

    pub(crate) fn by(schedule: Schedule) -> Self {
        let Schedule { passes, turns } = schedule;
        Self { passes, turns: Some(turns), taken: 0 }
    }
}

impl Engine {
    /// Whose turn it is in a schedule that has not come to its end: its number, from 1, and what
    /// the schedule says of it.
    #[must_use]
    pub fn next_turn(&self) -> Option<(u64, String)> {
        let stepping = self.house.as_ref()?.stepping.as_ref()?;
        let turn = stepping.turns.as_ref()?.front()?;
        Some((stepping.taken + 1, turn.to_string()))
    }
}

impl Gatehouse {
    /// Whether requests of an API have to wait for their turn.
    pub(super) fn stops(&self, api: ApiKey) -> bool {
        self.stepping.as_ref().is_some_and(|stepping| !stepping.passes.apis.contains(&api))
    }

    /// The same of messages between brokers.
    pub(super) fn stops_message(&self, api: ApiKey) -> bool {
        self.stops(api) && self.stepping.as_ref().is_some_and(|stepping| !stepping.passes.brokers)
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
        if let Some(stepping) = &mut self.stepping {
            stepping.taken += 1;
            stepping.turns.as_mut().and_then(VecDeque::pop_front);
        }
        Some(number)
    }
}
