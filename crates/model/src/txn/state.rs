//! What a coordinator knows of one transactional id, and how it changes.
//!
//! Every change has two steps (STATE-01): one of the `prepare_*` verdicts computes the target and
//! keeps it as pending; once its record is committed, [`TxnMetadata::complete`] makes it true. A
//! reader in between sees the old fields.

use std::collections::BTreeSet;

use fencepost_ids::{ErrorCode, ProducerEpoch, ProducerId, Rule, Timestamp, TopicPartition};

use super::profile::TxnProfile;

/// A producer id together with its epoch: who sends, and which incarnation of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Identity {
    pub(crate) producer_id: ProducerId,
    pub(crate) epoch: ProducerEpoch,
}

impl Identity {
    /// No identity, as in error answers.
    pub(crate) const NONE: Self =
        Self { producer_id: ProducerId::NONE, epoch: ProducerEpoch::NONE };
}

/// The state of a transactional id, as in the log. `Dead` and `PrepareEpochFence` are never
/// stored (STATE-03) and so are no states here: the first is `Pending::Dead`, the second is one
/// step with the abort that it leads to (INIT-13).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TxnState {
    /// No transaction was begun since the producer was initialised.
    Empty,
    /// A transaction has partitions and no outcome.
    Ongoing,
    /// Committed, and markers are owed.
    PrepareCommit,
    /// Aborted, and markers are owed.
    PrepareAbort,
    /// Committed, and every marker is written.
    CompleteCommit,
    /// Aborted, and every marker is written.
    CompleteAbort,
}

impl TxnState {
    pub(crate) const ALL: [Self; 6] = [
        Self::Empty,
        Self::Ongoing,
        Self::PrepareCommit,
        Self::PrepareAbort,
        Self::CompleteCommit,
        Self::CompleteAbort,
    ];

    /// The status in a record of `__transaction_state`.
    pub(crate) const fn id(self) -> i8 {
        match self {
            Self::Empty => 0,
            Self::Ongoing => 1,
            Self::PrepareCommit => 2,
            Self::PrepareAbort => 3,
            Self::CompleteCommit => 4,
            Self::CompleteAbort => 5,
        }
    }

    pub(crate) fn from_id(id: i8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.id() == id)
    }

    /// The name on the wire, as DescribeTransactions and ListTransactions show it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::PrepareCommit => "PrepareCommit",
            Self::PrepareAbort => "PrepareAbort",
            Self::CompleteCommit => "CompleteCommit",
            Self::CompleteAbort => "CompleteAbort",
        }
    }

    /// Whether the outcome is decided and markers may still be owed.
    pub(crate) const fn is_prepared(self) -> bool {
        match self {
            Self::PrepareCommit | Self::PrepareAbort => true,
            Self::Empty | Self::Ongoing | Self::CompleteCommit | Self::CompleteAbort => false,
        }
    }

    /// Whether `self` may be entered from `before` (table 1.2).
    pub(crate) const fn may_follow(self, before: Self) -> bool {
        use TxnState::{
            CompleteAbort, CompleteCommit, Empty, Ongoing, PrepareAbort, PrepareCommit,
        };
        match self {
            Empty => matches!(before, Empty | CompleteCommit | CompleteAbort),
            Ongoing | PrepareAbort => !before.is_prepared(),
            PrepareCommit => matches!(before, Ongoing),
            CompleteCommit => matches!(before, PrepareCommit),
            CompleteAbort => matches!(before, PrepareAbort),
        }
    }
}

/// Which of the two protocols a request or a transaction follows (FEAT-03): TV1 covers levels 0
/// and 1 of `transaction.version`, TV2 is level 2 (KIP-890).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum TxnPath {
    Tv1,
    Tv2,
}

impl TxnPath {
    /// The path of internal aborts at a level of `transaction.version` (FEAT-03).
    pub(crate) const fn of_level(level: i16) -> Self {
        if level >= 2 { Self::Tv2 } else { Self::Tv1 }
    }

    /// The level that is stored with the transaction and sent with its markers (STATE-05).
    pub(crate) const fn level(self) -> i16 {
        match self {
            Self::Tv1 => 0,
            Self::Tv2 => 2,
        }
    }
}

/// The fields of a transactional id (section 1.1), all but two of which stand in the log.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct TxnFields {
    pub(crate) producer_id: ProducerId,
    /// The producer id before the last transition (STATE-04).
    pub(crate) previous_producer_id: ProducerId,
    /// The producer id that takes over when the transaction completes (END-10).
    pub(crate) next_producer_id: ProducerId,
    pub(crate) epoch: ProducerEpoch,
    /// The epoch before the last bump, by which retries are known; never in the log (TLOG-08).
    pub(crate) last_epoch: ProducerEpoch,
    pub(crate) timeout_ms: i32,
    pub(crate) state: TxnState,
    /// The partitions still owed a marker.
    pub(crate) partitions: BTreeSet<TopicPartition>,
    /// When the first partition of the transaction was added (STATE-06).
    pub(crate) start: Timestamp,
    pub(crate) last_update: Timestamp,
    /// The path of the client that runs the transaction (STATE-05).
    pub(crate) path: TxnPath,
}

impl TxnFields {
    pub(crate) const fn identity(&self) -> Identity {
        Identity { producer_id: self.producer_id, epoch: self.epoch }
    }
}

/// The transition that is being written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Pending {
    /// To these fields, once their record is committed.
    To(Box<TxnFields>),
    /// To nothing: the id is expiring (TIMEOUT-06).
    Dead,
}

/// A transactional id in the cache of its coordinator.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct TxnMetadata {
    pub(super) fields: TxnFields,
    pub(super) pending: Option<Pending>,
    /// TV1: the epoch in memory is that of a fence whose record is not in the log (INIT-14).
    pub(super) unlogged_fence: bool,
}

impl TxnMetadata {
    /// A new id, before its first InitProducerId is written (INIT-08).
    pub(crate) fn new(producer_id: ProducerId, timeout_ms: i32, now: Timestamp) -> Self {
        Self::loaded(TxnFields {
            producer_id,
            previous_producer_id: ProducerId::NONE,
            next_producer_id: ProducerId::NONE,
            epoch: ProducerEpoch::NONE,
            last_epoch: ProducerEpoch::NONE,
            timeout_ms,
            state: TxnState::Empty,
            partitions: BTreeSet::new(),
            start: Timestamp::NONE,
            last_update: now,
            path: TxnPath::Tv1,
        })
    }

    /// An id as its last record describes it (FAILOVER-02).
    pub(crate) const fn loaded(fields: TxnFields) -> Self {
        Self { fields, pending: None, unlogged_fence: false }
    }

    /// The fields that readers see.
    pub(crate) const fn fields(&self) -> &TxnFields {
        &self.fields
    }

    /// What is being written, if anything.
    pub(crate) const fn pending(&self) -> Option<&Pending> {
        self.pending.as_ref()
    }

    /// The fields that are being written, if any.
    pub(crate) fn target(&self) -> Option<&TxnFields> {
        match &self.pending {
            Some(Pending::To(target)) => Some(target),
            Some(Pending::Dead) | None => None,
        }
    }

    /// One transition of an id is in flight at a time (STATE-02).
    pub(super) fn refuse_if_pending(&self, profile: TxnProfile) -> Result<(), ErrorCode> {
        if self.pending.is_some() && profile.is_on(Rule::OneTransitionAtATime) {
            Err(ErrorCode::ConcurrentTransactions)
        } else {
            Ok(())
        }
    }

    /// The first step of a change (STATE-01).
    pub(super) fn prepare(&mut self, mut target: TxnFields, profile: TxnProfile) {
        if profile.every_transition_sets_previous_id || sets_previous_id_in_4_0(&target) {
            target.previous_producer_id = self.fields.producer_id;
        }
        self.pending = Some(Pending::To(Box::new(target)));
    }

    /// The second step: the record is committed, the target becomes true (STATE-01). Does
    /// nothing when no change of fields is pending.
    pub(crate) fn complete(&mut self) {
        if let Some(Pending::To(target)) = self.pending.take_if(|it| matches!(it, Pending::To(_))) {
            assert!(
                target.state.may_follow(self.fields.state),
                "{:?} cannot follow {:?}",
                target.state,
                self.fields.state
            );
            self.unlogged_fence = false;
            self.fields = *target;
        }
    }

    /// The change did not happen: readers go on with the old fields (TLOG-10).
    pub(crate) fn abandon(&mut self) {
        self.pending = None;
    }

    /// A partition's marker is written, or is not needed (STATE-07).
    pub(crate) fn marker_settled(&mut self, partition: &TopicPartition) {
        assert!(
            self.fields.state.is_prepared(),
            "STATE-07: partitions leave a decided transaction only"
        );
        self.fields.partitions.remove(partition);
    }
}

/// Before 4.1 only these transitions recorded the producer id that they replaced (D06).
fn sets_previous_id_in_4_0(target: &TxnFields) -> bool {
    match target.state {
        TxnState::Empty => true,
        TxnState::CompleteCommit | TxnState::CompleteAbort => target.path == TxnPath::Tv2,
        TxnState::Ongoing | TxnState::PrepareCommit | TxnState::PrepareAbort => false,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use fencepost_ids::PartitionIndex;

    use super::*;

    pub(in crate::txn) const PID: ProducerId = ProducerId(4000);

    pub(in crate::txn) fn identity(producer_id: i64, epoch: i16) -> Identity {
        Identity { producer_id: ProducerId(producer_id), epoch: ProducerEpoch(epoch) }
    }

    pub(in crate::txn) fn partition(index: i32) -> TopicPartition {
        TopicPartition::new("orders", PartitionIndex(index))
    }

    pub(in crate::txn) fn no_ids() -> Option<ProducerId> {
        None
    }

    /// An id in `state` with the producer id [`PID`] and an epoch; partitions 0 and 1 of `orders`
    /// are in an open or decided transaction.
    pub(in crate::txn) fn at(state: TxnState, epoch: i16) -> TxnMetadata {
        let mut metadata = TxnMetadata::new(PID, 60_000, Timestamp(10));
        metadata.fields.epoch = ProducerEpoch(epoch);
        metadata.fields.state = state;
        metadata.fields.path = TxnPath::Tv2;
        if state == TxnState::Ongoing || state.is_prepared() {
            metadata.fields.start = Timestamp(20);
            metadata.fields.partitions = [partition(0), partition(1)].into();
        }
        metadata
    }

    #[test]
    fn state_01_and_state_02_a_reader_sees_the_old_fields_until_the_record_is_committed() {
        let mut metadata = at(TxnState::Empty, 5);
        let before = metadata.fields.clone();
        let target = TxnFields { state: TxnState::Ongoing, ..before.clone() };
        metadata.prepare(target, TxnProfile::V4_2);
        assert_eq!(*metadata.fields(), before);
        assert_eq!(
            metadata.refuse_if_pending(TxnProfile::V4_2),
            Err(ErrorCode::ConcurrentTransactions)
        );
        let mut given_up = metadata.clone();
        metadata.complete();
        assert_eq!(metadata.fields().state, TxnState::Ongoing);
        assert_eq!(metadata.pending(), None);
        given_up.abandon();
        given_up.complete();
        assert_eq!(*given_up.fields(), before);
    }

    #[test]
    fn state_03_the_states_of_the_log_have_ids_0_to_5() {
        let ids: Vec<i8> = TxnState::ALL.into_iter().map(TxnState::id).collect();
        assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
        assert_eq!(TxnState::from_id(6), None);
        assert_eq!(TxnState::from_id(7), None);
        assert_eq!(TxnState::from_id(-1), None);
    }

    #[test]
    fn state_04_the_previous_producer_id_follows_every_transition_from_4_1_on() {
        let ongoing = |profile| {
            let mut metadata = at(TxnState::Empty, 5);
            metadata.fields.previous_producer_id = ProducerId(1);
            let target = TxnFields { state: TxnState::Ongoing, ..metadata.fields.clone() };
            metadata.prepare(target, profile);
            metadata.complete();
            metadata.fields.previous_producer_id
        };
        assert_eq!(ongoing(TxnProfile::V4_0), ProducerId(1));
        assert_eq!(ongoing(TxnProfile::V4_1), PID);
        assert_eq!(ongoing(TxnProfile::V4_2), PID);
    }

    #[test]
    fn state_07_a_settled_partition_leaves_the_set_in_memory() {
        let mut metadata = at(TxnState::PrepareCommit, 5);
        metadata.marker_settled(&partition(0));
        metadata.marker_settled(&partition(0));
        assert_eq!(metadata.fields().partitions, BTreeSet::from([partition(1)]));
    }

    #[test]
    fn the_transitions_are_those_of_table_1_2() {
        use TxnState::{
            CompleteAbort, CompleteCommit, Empty, Ongoing, PrepareAbort, PrepareCommit,
        };
        let from = |state: TxnState| -> Vec<TxnState> {
            TxnState::ALL.into_iter().filter(|before| state.may_follow(*before)).collect()
        };
        assert_eq!(from(Empty), [Empty, CompleteCommit, CompleteAbort]);
        assert_eq!(from(Ongoing), [Empty, Ongoing, CompleteCommit, CompleteAbort]);
        assert_eq!(from(PrepareCommit), [Ongoing]);
        assert_eq!(from(PrepareAbort), [Empty, Ongoing, CompleteCommit, CompleteAbort]);
        assert_eq!(from(CompleteCommit), [PrepareCommit]);
        assert_eq!(from(CompleteAbort), [PrepareAbort]);
    }
}
