//! What happened inside a step, in the field's terms, for those who watch.

use fencepost_ids::{
    BrokerId, CoordinatorEpoch, ErrorCode, GroupId, LeaderEpoch, Offset, ProducerEpoch, ProducerId,
    Sequence, TopicPartition, TransactionalId,
};
use fencepost_log::MarkerType;

use crate::txn::TransactionState;

/// One thing that happened inside a step, told only while the cluster observes itself
/// ([`Cluster::observe`](crate::Cluster::observe)).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A transition of a transactional id is committed (STATE-01).
    TransactionChanged(TransactionChange),
    /// A coordinator has forgotten a transactional id that was idle for too long (TIMEOUT-06).
    TransactionalIdExpired {
        /// The id.
        transactional_id: TransactionalId,
        /// Its coordinator.
        coordinator: BrokerId,
    },
    /// A coordinator or the leader of a partition refused a producer for its epoch.
    ProducerFenced {
        /// Who refused.
        broker: BrokerId,
        /// The id, if a coordinator refused.
        transactional_id: Option<TransactionalId>,
        /// The partition, if its leader refused (IDEM-12).
        partition: Option<TopicPartition>,
        /// The producer id that the request showed.
        producer_id: ProducerId,
        /// The epoch that it showed.
        producer_epoch: ProducerEpoch,
        /// The epoch that holds.
        current_epoch: ProducerEpoch,
    },
    /// A leader appended a batch that is no marker.
    BatchAppended(BatchAppend),
    /// A leader had a batch already and appended nothing (IDEM-10).
    BatchRepeated(BatchAppend),
    /// A leader's log refused a batch, for another reason than its epoch.
    BatchRefused {
        /// The partition.
        partition: TopicPartition,
        /// Its leader.
        leader: BrokerId,
        /// Who sent the batch, [`ProducerId::NONE`] outside idempotence.
        producer_id: ProducerId,
        /// Its epoch.
        producer_epoch: ProducerEpoch,
        /// The sequence of the first record.
        base_sequence: Sequence,
        /// The rule that refused it.
        rule: &'static str,
        /// The code of the answer.
        error: ErrorCode,
    },
    /// A leader appended a marker (MARKIN-03).
    MarkerAppended {
        /// The partition.
        partition: TopicPartition,
        /// Its leader.
        leader: BrokerId,
        /// The marker's offset.
        offset: Offset,
        /// Whose transaction ends here.
        producer_id: ProducerId,
        /// The epoch that the marker carries.
        producer_epoch: ProducerEpoch,
        /// How it ends.
        marker_type: MarkerType,
        /// The epoch of the coordinator that sent it (MARKOUT-03).
        coordinator_epoch: CoordinatorEpoch,
    },
    /// A leader's high watermark is another than the last one told (LSO-01).
    HighWatermarkMoved {
        /// The partition.
        partition: TopicPartition,
        /// Its leader.
        leader: BrokerId,
        /// Where it is now.
        high_watermark: Offset,
    },
    /// A leader's last stable offset is another than the last one told (LSO-03).
    LastStableOffsetMoved {
        /// The partition.
        partition: TopicPartition,
        /// Its leader.
        leader: BrokerId,
        /// Where it is now.
        last_stable_offset: Offset,
    },
    /// A group has an offset that no transaction holds back.
    OffsetCommitted(GroupOffset),
    /// A group has an offset that waits for the end of a transaction (TXOFF-08).
    OffsetPending {
        /// The offset.
        offset: GroupOffset,
        /// Whose transaction.
        producer_id: ProducerId,
    },
    /// A commit marker made a pending offset the group's (TXOFF-36).
    OffsetMaterialised {
        /// The offset.
        offset: GroupOffset,
        /// Whose transaction.
        producer_id: ProducerId,
    },
    /// An abort marker dropped a pending offset, or a later commit had overtaken it (TXOFF-37,
    /// TXOFF-38).
    OffsetDropped {
        /// The offset.
        offset: GroupOffset,
        /// Whose transaction.
        producer_id: ProducerId,
    },
    /// A tombstone took a group's offset away (TXOFF-63).
    OffsetDeleted {
        /// The group.
        group: GroupId,
        /// The partition that it was for.
        partition: TopicPartition,
    },
    /// A group stands otherwise than at the end of the last step.
    GroupChanged {
        /// The group.
        group: GroupId,
        /// Its coordinator.
        coordinator: BrokerId,
        /// How it stands now.
        standing: GroupStanding,
    },
    /// A coordinator has a group no more.
    GroupGone {
        /// The group.
        group: GroupId,
        /// Its coordinator.
        coordinator: BrokerId,
    },
    /// A partition has a leader in a new term.
    LeaderElected {
        /// The partition; of an internal topic, its coordinators come with it.
        partition: TopicPartition,
        /// The leader.
        leader: BrokerId,
        /// The term.
        leader_epoch: LeaderEpoch,
    },
    /// A partition has no leader any more.
    LeaderLost {
        /// The partition.
        partition: TopicPartition,
    },
    /// A follower cut its log to what its leader has (RECOV-18).
    LogTruncated {
        /// The partition.
        partition: TopicPartition,
        /// The follower.
        broker: BrokerId,
        /// Where its log ended.
        from: Offset,
        /// Where it ends now.
        to: Offset,
    },
    /// A broker died.
    BrokerCrashed(BrokerId),
    /// A broker stopped as told.
    BrokerStopped(BrokerId),
    /// A broker came back.
    BrokerRestarted(BrokerId),
}

/// A transition of a transactional id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransactionChange {
    /// The id.
    pub transactional_id: TransactionalId,
    /// Its coordinator.
    pub coordinator: BrokerId,
    /// The producer id after it.
    pub producer_id: ProducerId,
    /// The epoch after it.
    pub producer_epoch: ProducerEpoch,
    /// The state before.
    pub from: TransactionState,
    /// The state after.
    pub to: TransactionState,
    /// Partitions that it added to the transaction, in rising order.
    pub added: Vec<TopicPartition>,
}

/// A batch and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchAppend {
    /// The partition.
    pub partition: TopicPartition,
    /// Its leader.
    pub leader: BrokerId,
    /// The offset of the first record.
    pub base_offset: Offset,
    /// The offset of the last record.
    pub last_offset: Offset,
    /// Who sent it, [`ProducerId::NONE`] outside idempotence.
    pub producer_id: ProducerId,
    /// Its epoch.
    pub producer_epoch: ProducerEpoch,
    /// The sequence of the first record.
    pub base_sequence: Sequence,
    /// Whether it belongs to a transaction.
    pub is_transactional: bool,
}

/// An offset of a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupOffset {
    /// The group.
    pub group: GroupId,
    /// The partition that it is for.
    pub partition: TopicPartition,
    /// The next offset to read.
    pub offset: Offset,
}

/// How a group stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GroupStanding {
    /// Its type on the wire: `classic` or `consumer` (GRP-43).
    pub group_type: &'static str,
    /// Its state on the wire, as in `PreparingRebalance`.
    pub state: &'static str,
    /// The generation of a classic group, the epoch of a KIP-848 group.
    pub epoch: i32,
    /// How many members it has.
    pub members: u32,
}
