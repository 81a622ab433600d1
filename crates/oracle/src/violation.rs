//! A promise that was broken.

use fencepost_ids::Offset;
use thiserror::Error;

use crate::{ActorId, Place, RecordId, TransactionId};

/// A broken promise, in the field's terms.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Violation {
    /// An acknowledged record, or one of a committed transaction, is not there.
    #[error("record {} was acknowledged on {place} and is not in the log", record.0)]
    Lost {
        /// The record.
        record: RecordId,
        /// Where it should be.
        place: Place,
    },
    /// A record stands in the log more than once.
    #[error("record {} of an idempotent producer stands on {place} at {first} and again at {second}", record.0)]
    Duplicated {
        /// The record.
        record: RecordId,
        /// The partition.
        place: Place,
        /// Its first offset.
        first: Offset,
        /// Another offset of it.
        second: Offset,
    },
    /// Records of one producer stand in another order than it sent them in.
    #[error("on {place} record {} of producer {} stands at {at}, after record {} that was sent later", earlier.0, actor.0, later.0)]
    Reordered {
        /// The producer.
        actor: ActorId,
        /// The partition.
        place: Place,
        /// The record sent first.
        earlier: RecordId,
        /// The record sent later that stands before it.
        later: RecordId,
        /// Where the earlier one stands.
        at: Offset,
    },
    /// A transaction is seen in part.
    #[error("transaction {} of producer {} is torn: read_committed delivers {visible} of its {total} acknowledged records", transaction.0, actor.0)]
    Torn {
        /// The transaction.
        transaction: TransactionId,
        /// Its producer.
        actor: ActorId,
        /// How many of its records read_committed delivers.
        visible: usize,
        /// How many were acknowledged.
        total: usize,
    },
    /// A record of a transaction that was not committed is delivered.
    #[error("record {} of transaction {}, which was not committed, is delivered by read_committed from {place}", record.0, transaction.0)]
    AbortedVisible {
        /// The record.
        record: RecordId,
        /// Its transaction.
        transaction: TransactionId,
        /// Where it stands.
        place: Place,
    },
    /// A consumer delivered something else than what is committed there.
    #[error("read_committed consumer {} delivered record {} from {place} at {offset}, but what is committed there is {found}", consumer.0, record.0)]
    WrongDelivery {
        /// The consumer.
        consumer: ActorId,
        /// What it delivered.
        record: RecordId,
        /// From where.
        place: Place,
        /// At which offset.
        offset: Offset,
        /// What stands there in the end.
        found: String,
    },
    /// An input was transformed more than once, or its offset and its output disagree.
    #[error("input record {} at {offset} of {place}: {outputs} committed outputs, and the group's committed offset is {committed}", input.0)]
    OffsetsAndOutputsDisagree {
        /// The input.
        input: RecordId,
        /// Where it stands.
        place: Place,
        /// At which offset.
        offset: Offset,
        /// How many outputs read_committed delivers for it.
        outputs: usize,
        /// The group's committed offset.
        committed: Offset,
    },
    /// A transaction never ended.
    #[error(
        "a transaction is still open on {place}: the last stable offset stays at {last_stable_offset}"
    )]
    NeverEnded {
        /// The partition.
        place: Place,
        /// Where it stands.
        last_stable_offset: Offset,
    },
    /// A client did not finish though nothing stood in its way any more.
    #[error("client {} never finished its work", actor.0)]
    Stuck {
        /// The client.
        actor: ActorId,
    },
    /// A client that did nothing wrong was refused.
    #[error("client {}: {what}", actor.0)]
    WrongRefusal {
        /// The client.
        actor: ActorId,
        /// What it was told.
        what: String,
    },
}
