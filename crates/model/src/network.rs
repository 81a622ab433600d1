//! Messages in flight between brokers.
//!
//! Nothing crosses from one broker to another but through here, so that a driver can deliver,
//! delay or lose every single message. Messages of one [`Channel`] between two brokers keep their
//! order, as on one connection; a request that is lost, or whose answer is lost, reads as a broken
//! connection at the sender.

use std::collections::BTreeMap;

use fencepost_ids::{
    BrokerId, CoordinatorEpoch, ErrorCode, LeaderEpoch, Offset, PartitionIndex, ProducerEpoch,
    ProducerId, TopicName, TransactionalId,
};

use fencepost_log::{EpochEnd, MarkerType, StoredBatch};

use crate::metadata::PartitionKey;

/// Names a message for as long as it is in flight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageId(pub u64);

/// A message on its way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its name.
    pub id: MessageId,
    /// The sender.
    pub from: BrokerId,
    /// The receiver; it may be the sender itself.
    pub to: BrokerId,
    /// What it says.
    pub body: MessageBody,
}

/// What one broker says to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MessageBody {
    /// A transaction coordinator asks a partition leader to write markers (WriteTxnMarkers).
    WriteMarkers(Vec<MarkerEntry>),
    /// The leader's answer.
    MarkersWritten {
        /// The request that it answers.
        request: MessageId,
        /// The results, for each producer id and partition.
        results: Vec<MarkerResult>,
    },
    /// A partition leader asks a transaction coordinator about the partitions of transactions
    /// (AddPartitionsToTxn v4 and later, KIP-890).
    AskAboutTransactions(Vec<TransactionQuestion>),
    /// The coordinator's answer.
    TransactionsAnswered {
        /// The request that it answers.
        question: MessageId,
        /// The answers, in the order of the questions.
        answers: Vec<TransactionAnswer>,
    },
    /// The leader answers a follower's fetch.
    Replicate {
        /// The partition.
        partition: PartitionKey,
        /// The leader's term; a follower in another term ignores it.
        leader_epoch: LeaderEpoch,
        /// What the follower is to do.
        fetched: ReplicaFetch,
    },
    /// A follower fetches, and by that tells the leader how far its log goes.
    Replicated {
        /// The partition.
        partition: PartitionKey,
        /// The term that the follower knows.
        leader_epoch: LeaderEpoch,
        /// The follower's log end offset.
        end: Offset,
        /// The newest leader epoch in the follower's log, or -1.
        last_fetched_epoch: LeaderEpoch,
        /// The high watermark that the follower knows (KIP-1166).
        high_watermark: Offset,
        /// The follower's log start offset.
        log_start: Offset,
    },
}

/// A leader's answer to a follower's fetch (RECOV-18).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReplicaFetch {
    /// What follows in the log.
    Batches {
        /// The batches from the follower's end on.
        batches: Vec<StoredBatch>,
        /// The leader's high watermark as it answered.
        high_watermark: Offset,
        /// The leader's log start offset.
        log_start: Offset,
    },
    /// The follower's log parts from the leader's (KIP-595): its last epoch ends here.
    Diverging(EpochEnd),
    /// The leader's log begins only after the follower's end.
    BelowStart(Offset),
}

/// One transaction's markers for one broker (MARKOUT-01).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkerEntry {
    /// The producer id of the transaction.
    pub producer_id: ProducerId,
    /// The epoch that the marker carries: that of the Prepare record (END-10).
    pub producer_epoch: ProducerEpoch,
    /// How the transaction ends.
    pub marker_type: MarkerType,
    /// The sending coordinator's epoch (MARKOUT-03).
    pub coordinator_epoch: CoordinatorEpoch,
    /// The transaction version of the marker, 0 when the request has no such field (KIP-1228); a
    /// request can say -1, that it is not known, which no leader takes (MARKIN-04).
    pub transaction_version: i8,
    /// The partitions, in rising order.
    pub partitions: Vec<(TopicName, PartitionIndex)>,
}

/// The results of one producer id's markers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkerResult {
    /// The producer id.
    pub producer_id: ProducerId,
    /// A code for each partition.
    pub partitions: Vec<(TopicName, PartitionIndex, ErrorCode)>,
}

/// A leader's question about one transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransactionQuestion {
    /// Whose transaction.
    pub transactional_id: TransactionalId,
    /// The producer id of the batches.
    pub producer_id: ProducerId,
    /// Their epoch.
    pub producer_epoch: ProducerEpoch,
    /// Only ask whether the partitions are in the transaction; otherwise add them.
    pub verify_only: bool,
    /// The partitions, in rising order.
    pub partitions: Vec<(TopicName, PartitionIndex)>,
}

/// The coordinator's answer to one [`TransactionQuestion`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransactionAnswer {
    /// Whose transaction.
    pub transactional_id: TransactionalId,
    /// A code for each partition.
    pub partitions: Vec<(TopicName, PartitionIndex, ErrorCode)>,
}

/// Messages of one channel between two brokers keep their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Channel {
    /// WriteTxnMarkers and its answers.
    Markers,
    /// AddPartitionsToTxn and its answers.
    Verification,
    /// Replication of one partition.
    Replication(PartitionKey),
}

impl MessageBody {
    /// The channel that the message travels on.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::WriteMarkers(_) | Self::MarkersWritten { .. } => Channel::Markers,
            Self::AskAboutTransactions(_) | Self::TransactionsAnswered { .. } => {
                Channel::Verification
            }
            Self::Replicate { partition, .. } | Self::Replicated { partition, .. } => {
                Channel::Replication(*partition)
            }
        }
    }
}

/// All messages in flight.
#[derive(Clone, Default, Debug)]
pub(crate) struct Network {
    in_flight: BTreeMap<MessageId, Message>,
    sent: u64,
}

impl Network {
    pub(crate) fn send(&mut self, from: BrokerId, to: BrokerId, body: MessageBody) -> MessageId {
        let id = MessageId(self.sent);
        self.sent += 1;
        self.in_flight.insert(id, Message { id, from, to, body });
        id
    }

    pub(crate) fn get(&self, id: MessageId) -> Option<&Message> {
        self.in_flight.get(&id)
    }

    /// A message that was taken stays in flight after all.
    pub(crate) fn put_back(&mut self, message: Message) {
        self.in_flight.insert(message.id, message);
    }

    pub(crate) fn take(&mut self, id: MessageId) -> Option<Message> {
        self.in_flight.remove(&id)
    }

    /// Messages in the order in which they were sent.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Message> {
        self.in_flight.values()
    }

    /// Whether an earlier message on the same channel must arrive first.
    pub(crate) fn is_blocked(&self, message: &Message) -> bool {
        let channel = message.body.channel();
        self.in_flight.range(..message.id).any(|(_, earlier)| {
            earlier.from == message.from
                && earlier.to == message.to
                && earlier.body.channel() == channel
        })
    }

    /// Takes out every message from or to a broker that crashed.
    pub(crate) fn cut(&mut self, broker: BrokerId) -> Vec<Message> {
        let ids: Vec<_> = self
            .iter()
            .filter(|message| message.from == broker || message.to == broker)
            .map(|message| message.id)
            .collect();
        ids.into_iter().filter_map(|id| self.in_flight.remove(&id)).collect()
    }
}
