//! What clients did and were told, and what readers find in the end.

use std::collections::BTreeMap;
use std::fmt;

use fencepost_ids::{Offset, PartitionIndex, TopicName};

/// A record, unique in its history; it travels as the record's value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RecordId(pub u64);

/// A model client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ActorId(pub u32);

/// A transaction of a model client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TransactionId(pub u32);

/// A partition by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The topic.
    pub topic: TopicName,
    /// The partition.
    pub partition: PartitionIndex,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// How a transaction ended as far as its client can tell (CLIENT-13).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// The commit was acknowledged.
    Committed,
    /// It cannot have been committed.
    NotCommitted,
    /// The commit was asked for and its answer never came.
    Unknown,
}

/// A record that a client handed to a broker at least once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SentRecord {
    /// Who sent it.
    pub actor: ActorId,
    /// Where to.
    pub place: Place,
    /// The transaction it belongs to, if any.
    pub transaction: Option<TransactionId>,
    /// Whether a broker acknowledged it.
    pub acknowledged: bool,
    /// The input that this record is the output of, in a pipeline.
    pub input: Option<RecordId>,
}

/// A transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transaction {
    /// Whose it is.
    pub actor: ActorId,
    /// How it ended; none if its client still works on it.
    pub end: Option<End>,
}

/// A record that a read_committed consumer delivered while the run went on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivered {
    /// The consumer.
    pub actor: ActorId,
    /// Where it stands.
    pub place: Place,
    /// At which offset.
    pub offset: Offset,
    /// The record.
    pub record: RecordId,
}

/// What clients did and were told.
#[derive(Clone, Default, Debug)]
pub struct History {
    pub(crate) records: Vec<SentRecord>,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) delivered: Vec<Delivered>,
    pub(crate) complaints: Vec<(ActorId, String)>,
}

impl History {
    /// A record is about to be sent; records get rising ids.
    pub fn sent(
        &mut self,
        actor: ActorId,
        place: Place,
        transaction: Option<TransactionId>,
        input: Option<RecordId>,
    ) -> RecordId {
        let id = RecordId(self.records.len() as u64);
        self.records.push(SentRecord { actor, place, transaction, acknowledged: false, input });
        id
    }

    /// A broker acknowledged a record.
    pub fn acknowledged(&mut self, record: RecordId) {
        if let Some(sent) = self.records.get_mut(record.0 as usize) {
            sent.acknowledged = true;
        }
    }

    /// A client begins a transaction.
    pub fn began(&mut self, actor: ActorId) -> TransactionId {
        let id = TransactionId(self.transactions.len() as u32);
        self.transactions.push(Transaction { actor, end: None });
        id
    }

    /// How many transactions a client has begun.
    #[must_use]
    pub fn begun_by(&self, actor: ActorId) -> usize {
        self.transactions.iter().filter(|transaction| transaction.actor == actor).count()
    }

    /// A client knows how its transaction ended, or gives up on it.
    pub fn ended(&mut self, transaction: TransactionId, end: End) {
        if let Some(transaction) = self.transactions.get_mut(transaction.0 as usize) {
            transaction.end = Some(end);
        }
    }

    /// A read_committed consumer delivered a record.
    pub fn delivered(&mut self, delivered: Delivered) {
        self.delivered.push(delivered);
    }

    /// A client that did nothing wrong was told something that it cannot go on from.
    pub fn complained(&mut self, actor: ActorId, what: String) {
        self.complaints.push((actor, what));
    }

    /// The record of an id.
    #[must_use]
    pub fn record(&self, id: RecordId) -> Option<&SentRecord> {
        self.records.get(id.0 as usize)
    }

    /// How many records were sent and how many transactions begun.
    #[must_use]
    pub const fn counts(&self) -> (usize, usize) {
        (self.records.len(), self.transactions.len())
    }

    pub(crate) fn numbered(&self) -> impl Iterator<Item = (RecordId, &SentRecord)> {
        (0..).map(RecordId).zip(&self.records)
    }
}

/// What readers find when everything has come to rest.
#[derive(Clone, Default, Debug)]
pub struct FinalState {
    /// Every record of each partition that read_committed delivers, in order.
    pub read_committed: BTreeMap<Place, Vec<(Offset, RecordId)>>,
    /// Every record of each partition that read_uncommitted delivers, in order.
    pub read_uncommitted: BTreeMap<Place, Vec<(Offset, RecordId)>>,
    /// The committed offset of a pipeline's group for each of its inputs.
    pub committed_offsets: BTreeMap<Place, Offset>,
    /// Partitions whose last stable offset is below their high watermark: a transaction is open.
    pub open: Vec<(Place, Offset)>,
    /// Actors that had not finished their work when all faults were over and time enough passed.
    pub unfinished: Vec<ActorId>,
}
