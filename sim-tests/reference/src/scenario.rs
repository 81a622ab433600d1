//! What a scenario is.

use fencepost_wire::ApiKey;
use serde_json::Value;

use crate::internal::Topic;
use crate::target::Target;

/// A script that is played at a peer.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// Its title, which begins with the ids of the rules that it shows.
    pub title: String,
    /// Where it can be played.
    pub targets: Vec<Target>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One line of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The line as it was written, with its parameters filled in.
    pub line: String,
    /// What it does.
    pub action: Action,
}

/// What a step does.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Sends a request, and waits for its answer where [`Reading`] says so.
    Ask(Ask),
    /// Waits for the answer to a request that was sent before under this name.
    Await(String),
    /// Nothing comes for a while, though a request was sent before under this name.
    Silent(String),
    /// Sends a frame of these bytes, or bytes that are none, and tells what comes.
    Bytes {
        /// The connection.
        connection: String,
        /// In hex.
        bytes: String,
        /// Whether their length goes before them.
        framed: bool,
    },
    /// Closes a connection.
    Close(String),
    /// Lets time pass, in milliseconds.
    Wait(u64),
    /// Creates a topic and waits until it can be used.
    Topic {
        /// Its name.
        name: String,
        /// How many partitions.
        partitions: i32,
        /// Its settings.
        settings: Vec<(String, String)>,
    },
    /// Tells the scenario's own records of an internal topic, since the last such step or the
    /// beginning.
    Records(Topic),
}

/// A request.
#[derive(Clone, PartialEq, Debug)]
pub struct Ask {
    /// The connection, opened when it is first named.
    pub connection: String,
    /// The API.
    pub api: ApiKey,
    /// The version.
    pub version: i16,
    /// The body as JSON5 with references such as `$p.producer_id`; or the bytes of one.
    pub body: String,
    /// What later steps call the answer.
    pub name: Option<String>,
    /// How the answer is read.
    pub reading: Reading,
}

/// How the answer to a request is read.
#[derive(Clone, PartialEq, Debug)]
pub enum Reading {
    /// At once.
    Now,
    /// By a later step, or never.
    Later,
    /// The request is repeated until the value at a path in its answer is this.
    Until(String, Value),
    /// The request is repeated so many times, and once more for each answer that says: not yet.
    Times(u32),
}

impl Scenario {
    /// The ids of rules in the title.
    #[must_use]
    pub fn rules(&self) -> Vec<&str> {
        let words = self.title.split([' ', ',', ':', '[']);
        words.filter(|word| is_rule(word)).collect()
    }
}

fn is_rule(word: &str) -> bool {
    word.split_once('-').is_some_and(|(family, number)| {
        family.starts_with(|it: char| it.is_ascii_uppercase())
            && family.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
            && number.len() == 2
            && number.chars().all(|it| it.is_ascii_digit())
    })
}
