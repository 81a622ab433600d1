//! What waits at the gate, for those who look.

use fencepost_faults::Until;
use fencepost_ids::{BrokerId, ClientId, ConnectionId, Timestamp};
use fencepost_model::Cluster;
use fencepost_wire::ApiKey;

use super::message::{is_answer, kind};
use super::{Gatehouse, Waiter};
use crate::Engine;

/// A request, an answer or a message between brokers that waits at the gate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// Names it; what came later has a higher number.
    pub number: u64,
    /// The API of the request or message, or of what it answers.
    pub api: ApiKey,
    /// Whether it is an answer.
    pub is_answer: bool,
    /// Between whom.
    pub crossing: Crossing,
    /// What it waits for; all can be released by hand.
    pub patience: Patience,
}

/// Between whom something goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Crossing {
    /// A client and a broker.
    Client {
        /// The connection.
        connection: ConnectionId,
        /// What the client calls itself.
        client_id: ClientId,
        /// The broker, unless the connection has ended.
        broker: Option<BrokerId>,
    },
    /// Two brokers, which may be the same one.
    Brokers {
        /// The sender.
        from: BrokerId,
        /// The receiver.
        to: BrokerId,
    },
}

/// What something waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Patience {
    /// A moment.
    At(Timestamp),
    /// Something that is to happen.
    Until(Until),
    /// Its turn, where all goes one at a time.
    Step,
}

impl Patience {
    pub(super) fn after(now: Timestamp, ms: u64) -> Self {
        Self::At(now.plus_millis(i64::try_from(ms).unwrap_or(i64::MAX)))
    }
}

impl Engine {
    /// What waits at the gate, in the order in which it came to wait.
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        let house = self.house.as_deref();
        house.map(|house| house.list(&self.cluster).collect()).unwrap_or_default()
    }
}

impl Gatehouse {
    pub(super) fn list<'a>(&'a self, cluster: &'a Cluster) -> impl Iterator<Item = Held> + 'a {
        self.waiting.iter().filter_map(|(number, waiting)| {
            let (api, is_answer, crossing) = describe(&waiting.what, cluster)?;
            let patience = waiting.patience.clone();
            Some(Held { number: *number, api, is_answer, crossing, patience })
        })
    }
}

fn describe(what: &Waiter, cluster: &Cluster) -> Option<(ApiKey, bool, Crossing)> {
    let client = |connection: ConnectionId, client_id: &ClientId| Crossing::Client {
        connection,
        client_id: client_id.clone(),
        broker: cluster.broker_of(connection),
    };
    Some(match what {
        Waiter::Request(asked) => {
            (asked.header.api, false, client(asked.connection, &asked.header.client_id))
        }
        Waiter::Answer(answered) => {
            let connection = answered.ticket.connection;
            (answered.header.api, true, client(connection, &answered.header.client_id))
        }
        Waiter::Message(passing) => {
            let message = cluster.message(passing.id)?;
            let crossing = Crossing::Brokers { from: message.from, to: message.to };
            (kind(message).api(), is_answer(message), crossing)
        }
    })
}
