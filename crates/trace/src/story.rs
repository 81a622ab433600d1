//! A run as a story: moments in order, each with what happened in it, and the ways to show it.

mod fates;
mod lanes;
mod words;

pub mod html;
pub mod mermaid;
pub mod svg;
pub mod text;

use serde::Serialize;

use crate::event::Event;

/// One turn, told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Moment {
    /// The number of the turn.
    pub n: u64,
    /// Milliseconds since the brokers started.
    pub t: i64,
    /// What happened, in order.
    pub what: Vec<Happening>,
}

/// One thing that happened, seen from outside or inside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// A client asked for something.
    Asked {
        /// What the client calls itself, or its connection.
        client: String,
        /// Who is to serve it.
        to: Lane,
        /// What for.
        request: String,
        /// Clients ask it all the time, so that a picture leaves it out.
        is_routine: bool,
    },
    /// A client was answered.
    Answered {
        /// What the client calls itself, or its connection.
        client: String,
        /// Who served it.
        from: Lane,
        /// What the answer says.
        answer: String,
        /// As for the request.
        is_routine: bool,
    },
    /// A client's connection was closed.
    Closed {
        /// What the client calls itself, or its connection.
        client: String,
        /// Why.
        reason: String,
    },
    /// The cluster or its gate was told something, or a fault did something beside it.
    Command {
        /// What.
        what: String,
    },
    /// A fault fired.
    Hit {
        /// Its name.
        fault: String,
        /// How many matches it has had.
        matched: u64,
    },
    /// Something happened inside the cluster.
    Event(Event),
}

/// Something with a life of its own, which has a column in a picture.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// A client.
    Client(String),
    /// A transactional id at its coordinator.
    Transaction(String),
    /// A group at its coordinator.
    Group(String),
    /// A partition at its leader, as in `orders-0`.
    Partition(String),
    /// A broker, for what is about none of these.
    Broker(i32),
}
