//! What can happen to a cluster, and what it does about it.

use std::sync::Arc;

use fencepost_ids::{BrokerId, ConnectionId, ErrorCode, PartitionIndex, TopicName};
use fencepost_wire::{Request, RequestHeader, Response};

use crate::metadata::InternalTopic;
use crate::network::MessageId;
use crate::ticket::Ticket;
use crate::timers::Timer;

/// One thing that happens. [`Cluster::handle`](crate::Cluster::handle) takes it in one atomic step.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "requests are most of what happens, and move once")]
pub enum Input {
    /// A client opened a connection to a broker.
    Connect {
        /// The connection; never used before.
        connection: ConnectionId,
        /// The broker whose port the client reached.
        broker: BrokerId,
        /// The client's host, as group descriptions show it after a slash (GRP-05).
        host: Arc<str>,
    },
    /// A connection closed. Requests already handed over are still carried out (FRAME-13).
    Disconnect {
        /// The connection.
        connection: ConnectionId,
    },
    /// A request arrived. The driver hands over the next one of a connection only when this one
    /// was answered or [`Output::Done`] said that there is no answer (FRAME-07).
    Request {
        /// The connection it arrived on.
        connection: ConnectionId,
        /// Its header.
        header: RequestHeader,
        /// Its body.
        request: Request,
    },
    /// A message between brokers arrives.
    Deliver(MessageId),
    /// A message between brokers is lost: its sender sees a broken connection.
    Lose(MessageId),
    /// A broker answers a message with an error without having looked at it; of a message that is
    /// an answer, the error takes the place of what it says.
    Refuse {
        /// The message.
        message: MessageId,
        /// The error, for every partition that it names.
        code: ErrorCode,
    },
    /// A timer fires.
    Fire(Timer),
    /// A broker dies: its memory and its connections are gone, its disk stays.
    Crash(BrokerId),
    /// A broker stops as told: its partitions get other leaders first, and it writes down what a
    /// clean stop does (RECOV-05).
    Stop(BrokerId),
    /// A broker that died or stopped comes back and reads its disk.
    Restart(BrokerId),
    /// An internal topic is created as for the first client that asks for one of its coordinators
    /// (API-28). Nothing happens if there is one already, or if fewer brokers run than it wants
    /// replicas (CONF-53).
    CreateInternalTopic(InternalTopic),
    /// A replica becomes the leader of a partition, in a new term: one in sync, or any live one
    /// where `unclean.leader.election.enable` is true. Any other election does nothing;
    /// [`Cluster::check_election`](crate::Cluster::check_election) tells beforehand.
    Elect {
        /// The topic; an internal one moves the coordinators of that partition.
        topic: TopicName,
        /// The partition.
        partition: PartitionIndex,
        /// The new leader, or the present one for a new term.
        leader: BrokerId,
    },
}

/// One effect of a step.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send a response.
    Respond {
        /// To which request.
        ticket: Ticket,
        /// The response.
        response: Response,
    },
    /// A request is done and has no response, so the connection may be read on (API-38).
    Done {
        /// Which request.
        ticket: Ticket,
    },
    /// Close a connection; the driver need not report its closing.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Why, for the log.
        reason: String,
    },
    /// A message between brokers was sent and waits for delivery.
    Sent(MessageId),
}
