//! A partition leader's questions to transaction coordinators (KIP-890).

use fencepost_ids::{
    BrokerId, ErrorCode, PartitionIndex, ProducerEpoch, ProducerId, TopicName, TransactionalId,
};

use crate::step::Step;

/// A broker's questions that wait for their turn or for an answer (VERIFY-06).
#[derive(Clone, Default, Debug)]
pub(crate) struct TransactionVerifier {}

/// Who hears the answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Asker {
    /// The produce request parked under this serial number: `api::produce::verified`.
    Produce(u64),
    /// The offset commit parked under this serial number: `api::txn_offset_commit::verified`.
    OffsetCommit(u64),
}

/// What is asked, and what the client behind it understands (VERIFY-01).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum QuestionMode {
    /// Are the partitions in the transaction? The client does not know TRANSACTION_ABORTABLE.
    VerifyForOldClient,
    /// Are the partitions in the transaction?
    Verify,
    /// Add the partitions to the transaction.
    Add,
}

impl QuestionMode {
    /// What a produce request of a version asks for (VERIFY-01).
    pub(crate) const fn of_produce(version: i16) -> Self {
        match version {
            ..=10 => Self::VerifyForOldClient,
            11 => Self::Verify,
            _ => Self::Add,
        }
    }
}

/// A question about one transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Question {
    pub(crate) asker: Asker,
    pub(crate) mode: QuestionMode,
    pub(crate) transactional_id: TransactionalId,
    pub(crate) producer_id: ProducerId,
    pub(crate) producer_epoch: ProducerEpoch,
    /// In rising order.
    pub(crate) partitions: Vec<(TopicName, PartitionIndex)>,
}

/// The answer, a code for each partition, after the changes of VERIFY-07.
pub(crate) type Answer = Vec<(TopicName, PartitionIndex, ErrorCode)>;

/// Asks a transactional id's coordinator. The asker, who is parked already, hears the answer in
/// this step or in a later one.
pub(crate) fn ask(_step: &mut Step<'_>, _broker: BrokerId, _question: Question) {}
