//! What reaches a cluster from outside.

use std::sync::Arc;

use bytes::Bytes;
use fencepost_faults::Plan;
use fencepost_ids::{BrokerId, ConnectionId, PartitionIndex, TopicName};
use fencepost_model::InternalTopic;
use fencepost_wire::{Request, RequestHeader};

use crate::Schedule;

/// One thing that happens. [`Engine::handle`](crate::Engine::handle) takes it in one atomic turn.
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
    /// was answered or [`Output::Done`](crate::Output::Done) said that there is no answer
    /// (FRAME-07).
    Request {
        /// The connection it arrived on.
        connection: ConnectionId,
        /// Its frame without the length, if [`Engine::wants_frames`](crate::Engine::wants_frames).
        frame: Option<Bytes>,
        /// Its header.
        header: RequestHeader,
        /// Its body.
        request: Request,
    },
    /// The clock reached the next deadline: timers that are due fire, and a turn that had too much
    /// to do goes on.
    Tick,
    /// A broker dies: its memory and its connections are gone, its disk stays.
    Crash(BrokerId),
    /// A broker stops as told: its partitions get other leaders first, and it writes down what a
    /// clean stop does (RECOV-05).
    Stop(BrokerId),
    /// A broker that died or stopped comes back and reads its disk.
    Restart(BrokerId),
    /// An internal topic is created, if there is none yet, as for the first client that asks for one
    /// of its coordinators.
    CreateInternalTopic(InternalTopic),
    /// A replica becomes the leader of a partition, in a new term. An election that
    /// [`Cluster::check_election`](fencepost_model::Cluster::check_election) refuses does nothing.
    Elect {
        /// The topic; an internal one moves the coordinators of that partition.
        topic: TopicName,
        /// The partition.
        partition: PartitionIndex,
        /// The new leader, or the present one for a new term.
        leader: BrokerId,
    },
    /// From now on every answer asks its client to wait so many milliseconds (FRAME-16); 0 ends it.
    Throttle(i32),
    /// The cluster as it is now is kept under a name; a snapshot of that name is replaced.
    Snapshot(Arc<str>),
    /// A snapshot is forgotten, if there is one of that name.
    Forget(Arc<str>),
    /// The cluster becomes what it was at a snapshot, if there is one of that name, but for its
    /// connections, which are all closed. The driver may set its clock back for this turn, to the
    /// snapshot's moment.
    Reset(Arc<str>),
    /// The gate is told something.
    Gate(GateCommand),
}

/// What the gate can be told.
#[derive(Clone, Debug)]
pub enum GateCommand {
    /// More faults. Those that [`Engine::check_faults`](crate::Engine::check_faults) refuses are not
    /// added.
    Add(Plan),
    /// A fault goes; what it did stays done.
    Remove(String),
    /// An event is raised, and stays raised.
    Raise(String),
    /// What waits under this number goes on.
    Release(u64),
    /// From now on requests and messages between brokers wait until they are released, one by one.
    Step,
    /// They wait for their turn in a schedule.
    Follow(Schedule),
    /// All passes again.
    Flow,
}
