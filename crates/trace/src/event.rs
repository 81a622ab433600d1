//! What happened inside a turn, in the field's terms. Events are not in the file: a replay tells them
//! again, and a running server streams them.

use serde::{Deserialize, Serialize};

/// One thing that happened inside a turn. A partition is written as in `orders-0`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A transition of a transactional id is committed.
    TransactionChanged {
        /// The id.
        transactional_id: String,
        /// Its coordinator.
        coordinator: i32,
        /// The producer id after it.
        producer_id: i64,
        /// The epoch after it.
        producer_epoch: i16,
        /// The state before, by Kafka's name.
        from: String,
        /// The state after.
        to: String,
        /// Partitions that it added to the transaction.
        added: Vec<String>,
    },
    /// A coordinator has forgotten a transactional id that was idle for too long.
    TransactionalIdExpired {
        /// The id.
        transactional_id: String,
        /// Its coordinator.
        coordinator: i32,
    },
    /// A coordinator or the leader of a partition refused a producer for its epoch.
    ProducerFenced {
        /// Who refused.
        broker: i32,
        /// The id, if a coordinator refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transactional_id: Option<String>,
        /// The partition, if its leader refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<String>,
        /// The producer id that the request showed.
        producer_id: i64,
        /// The epoch that it showed.
        producer_epoch: i16,
        /// The epoch that holds.
        current_epoch: i16,
    },
    /// A leader appended a batch that is no marker.
    BatchAppended(BatchAppend),
    /// A leader had a batch already and appended nothing.
    BatchRepeated(BatchAppend),
    /// A leader's log refused a batch, for another reason than its epoch.
    BatchRefused {
        /// The partition.
        partition: String,
        /// Its leader.
        leader: i32,
        /// Who sent the batch, -1 outside idempotence.
        producer_id: i64,
        /// Its epoch.
        producer_epoch: i16,
        /// The sequence of the first record.
        base_sequence: i32,
        /// The id of the rule that refused it.
        rule: String,
        /// The error by Kafka's name.
        error: String,
    },
    /// A leader appended a marker.
    MarkerAppended {
        /// The partition.
        partition: String,
        /// Its leader.
        leader: i32,
        /// The marker's offset.
        offset: i64,
        /// Whose transaction ends here.
        producer_id: i64,
        /// The epoch that the marker carries.
        producer_epoch: i16,
        /// Whether it commits; otherwise it aborts.
        commits: bool,
        /// The epoch of the coordinator that sent it.
        coordinator_epoch: i32,
    },
    /// A leader's high watermark moved.
    HighWatermarkMoved {
        /// The partition.
        partition: String,
        /// Its leader.
        leader: i32,
        /// Where it is now.
        high_watermark: i64,
    },
    /// A leader's last stable offset moved.
    LastStableOffsetMoved {
        /// The partition.
        partition: String,
        /// Its leader.
        leader: i32,
        /// Where it is now.
        last_stable_offset: i64,
    },
    /// A group has an offset that no transaction holds back.
    OffsetCommitted(GroupOffset),
    /// A group has an offset that waits for the end of a transaction.
    OffsetPending(GroupOffset),
    /// A commit marker made a pending offset the group's.
    OffsetMaterialised(GroupOffset),
    /// An abort marker dropped a pending offset, or a later commit had overtaken it.
    OffsetDropped(GroupOffset),
    /// A tombstone took a group's offset away.
    OffsetDeleted {
        /// The group.
        group: String,
        /// The partition that it was for.
        partition: String,
    },
    /// A group stands otherwise than before.
    GroupChanged {
        /// The group.
        group: String,
        /// Its coordinator.
        coordinator: i32,
        /// Its type: `classic` or `consumer`.
        group_type: String,
        /// Its state by Kafka's name.
        state: String,
        /// The generation of a classic group, the epoch of a consumer group.
        epoch: i32,
        /// How many members it has.
        members: u32,
    },
    /// A coordinator has a group no more.
    GroupGone {
        /// The group.
        group: String,
        /// Its coordinator.
        coordinator: i32,
    },
    /// A partition has a leader in a new term.
    LeaderElected {
        /// The partition; of an internal topic, its coordinators come with it.
        partition: String,
        /// The leader.
        leader: i32,
        /// The term.
        leader_epoch: i32,
    },
    /// A partition has no leader any more.
    LeaderLost {
        /// The partition.
        partition: String,
    },
    /// A follower cut its log to what its leader has.
    LogTruncated {
        /// The partition.
        partition: String,
        /// The follower.
        broker: i32,
        /// Where its log ended.
        from: i64,
        /// Where it ends now.
        to: i64,
    },
    /// A broker died.
    BrokerCrashed {
        /// Which.
        broker: i32,
    },
    /// A broker stopped as told.
    BrokerStopped {
        /// Which.
        broker: i32,
    },
    /// A broker came back.
    BrokerRestarted {
        /// Which.
        broker: i32,
    },
}

/// A batch and where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BatchAppend {
    /// The partition.
    pub partition: String,
    /// Its leader.
    pub leader: i32,
    /// The offset of the first record.
    pub base_offset: i64,
    /// The offset of the last record.
    pub last_offset: i64,
    /// Who sent it, -1 outside idempotence.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The sequence of the first record.
    pub base_sequence: i32,
    /// Whether it belongs to a transaction.
    pub is_transactional: bool,
}

/// An offset of a group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GroupOffset {
    /// The group.
    pub group: String,
    /// The partition that it is for.
    pub partition: String,
    /// The next offset to read.
    pub offset: i64,
    /// Whose transaction holds it or held it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub producer_id: Option<i64>,
}
