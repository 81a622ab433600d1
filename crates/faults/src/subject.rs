//! What a fault is matched with.

use std::fmt;

use fencepost_ids::{BrokerId, ClientId, GroupId, PartitionIndex, TopicName, TransactionalId};
use fencepost_wire::ApiKey;

/// A request of a client, or a message between brokers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subject {
    /// Whose it is.
    pub origin: Origin,
    /// The broker that received it.
    pub broker: BrokerId,
    /// The transactional ids that it is about.
    pub transactional_ids: Vec<TransactionalId>,
    /// The groups that it is about.
    pub groups: Vec<GroupId>,
    /// The topics that it is about, with a partition where it names one.
    pub topics: Vec<(TopicName, Option<PartitionIndex>)>,
}

/// Where a request or message comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A client.
    Client {
        /// The API of the request.
        api: ApiKey,
        /// Its version.
        version: i16,
        /// What the client calls itself.
        client_id: ClientId,
    },
    /// A broker.
    Broker {
        /// The kind of the message.
        kind: MessageKind,
        /// The sender.
        from: BrokerId,
    },
}

/// The messages between brokers, by the APIs that they are requests of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MessageKind {
    /// A transaction coordinator has markers written.
    WriteTxnMarkers,
    /// A partition leader asks a transaction coordinator about a transaction, or adds to it.
    AddPartitionsToTxn,
    /// A follower fetches from its leader.
    Fetch,
}

impl MessageKind {
    /// The API that it is a request of.
    #[must_use]
    pub const fn api(self) -> ApiKey {
        match self {
            Self::WriteTxnMarkers => ApiKey::WriteTxnMarkers,
            Self::AddPartitionsToTxn => ApiKey::AddPartitionsToTxn,
            Self::Fetch => ApiKey::Fetch,
        }
    }

    /// The message that is a request of an API, if there is one.
    #[must_use]
    pub const fn of(api: ApiKey) -> Option<Self> {
        match api {
            ApiKey::WriteTxnMarkers => Some(Self::WriteTxnMarkers),
            ApiKey::AddPartitionsToTxn => Some(Self::AddPartitionsToTxn),
            ApiKey::Fetch => Some(Self::Fetch),
            _ => None,
        }
    }
}

/// What a plan can ask of the contents of a request or message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Field {
    /// The transactional ids.
    TransactionalId,
    /// The groups.
    Group,
    /// The topics.
    Topic,
    /// The partitions.
    Partition,
}

impl Field {
    /// The key in a plan.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::TransactionalId => "transactional_id",
            Self::Group => "group",
            Self::Topic => "topic",
            Self::Partition => "partition",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TransactionalId => "transactional id",
            Self::Group => "group",
            Self::Topic => "topic",
            Self::Partition => "partition",
        })
    }
}

/// What a gate asks of the cluster, as it is at this moment.
pub trait World {
    /// The state of a transactional id by its name in DescribeTransactions; nothing if no
    /// coordinator knows it.
    fn transaction_state(&self, id: &str) -> Option<&'static str>;

    /// The state of a group by its name in ListGroups; nothing if no coordinator knows it.
    fn group_state(&self, group: &str) -> Option<&'static str>;

    /// The leader of a partition.
    fn leader(&self, topic: &str, partition: PartitionIndex) -> Option<BrokerId>;

    /// The running in-sync replicas of a partition, the preferred leader first.
    fn electable(&self, topic: &str, partition: PartitionIndex) -> Vec<BrokerId>;

    /// Whether a broker may be made the leader of a partition, or its leader for another term.
    fn may_lead(&self, topic: &str, partition: PartitionIndex, broker: BrokerId) -> bool;

    /// The partition of `__transaction_state` whose leader is the coordinator of a transactional id.
    fn transaction_partition(&self, id: &str) -> Option<(TopicName, PartitionIndex)>;

    /// The partition of `__consumer_offsets` whose leader is the coordinator of a group.
    fn group_partition(&self, group: &str) -> Option<(TopicName, PartitionIndex)>;
}
