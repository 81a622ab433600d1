//! A run as a story: moments in order, each with what happened in it, and the ways to show it.

mod deed;
mod lanes;
mod logs;
mod scene;
mod transactions;
mod words;
pub use deed::{Deed, Ended, Producer, SentBatch};
pub use scene::{Scene, Story};
pub use transactions::{Finding, Part, Transactions, Verdict};

pub mod html;
pub mod mermaid;
pub mod svg;
pub mod text;

use crate::event::Event;

/// One turn, told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Moment {
    /// The number of the turn.
    pub n: u64,
    /// Milliseconds since the brokers started.
    pub t: i64,
    /// What happened, in order.
    pub what: Vec<Happening>,
}

/// One thing that happened, seen from outside or inside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happening {
    /// A client asked for something.
    Asked {
        /// What the client calls itself, or its connection.
        client: String,
        /// Who is to serve it.
        to: Lane,
        /// What for.
        request: String,
        /// What that does to the client's transaction.
        deed: Option<Deed>,
        /// It takes effect in this turn; otherwise a fault, or the gate, has it wait or lost it.
        arrives: bool,
        /// Clients ask it all the time, so that a picture leaves it out.
        is_routine: bool,
    },
    /// A request of an earlier turn takes effect only now, or once more.
    Arrived {
        /// What the client calls itself, or its connection.
        client: String,
        /// Who is to serve it.
        to: Lane,
        /// What for.
        request: String,
        /// What that does to the client's transaction.
        deed: Option<Deed>,
        /// The turn in which the client asked.
        asked_in: u64,
    },
    /// A client was answered.
    Answered {
        /// What the client calls itself, or its connection.
        client: String,
        /// Who served it.
        from: Lane,
        /// What the answer says.
        answer: String,
        /// What it says of the end of a transaction, if it answers EndTxn.
        ended: Option<Ended>,
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
    /// A broker told another something; how replicas follow is told only where it failed.
    Said {
        /// Who told it: a transactional id for its coordinator, a partition for its leader.
        from: Lane,
        /// Who was told.
        to: Lane,
        /// From which broker to which; they may be the same one.
        brokers: (i32, i32),
        /// What.
        what: String,
        /// It answers another message.
        is_answer: bool,
        /// Why it did not take effect.
        failed: Option<String>,
    },
    /// The cluster or its gate was told something, or a fault did something beside it.
    Command {
        /// What.
        what: String,
    },
    /// The cluster became what it was at a snapshot.
    Reset {
        /// The snapshot.
        snapshot: String,
    },
    /// A topic is deleted, with all its records.
    TopicDeleted {
        /// The topic.
        topic: String,
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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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
