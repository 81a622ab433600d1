//! What requests do to the transactions of their clients.

/// A producer id and the epoch that goes with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Producer {
    /// The id.
    pub id: i64,
    /// The epoch.
    pub epoch: i16,
}

/// What a request does to the transaction of its client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Deed {
    /// The client begins anew: InitProducerId.
    Begins {
        /// Its transactional id.
        transactional_id: String,
    },
    /// Partitions or a group are added: AddPartitionsToTxn, AddOffsetsToTxn.
    Adds {
        /// The client's transactional id.
        transactional_id: String,
        /// As whom.
        producer: Producer,
    },
    /// Records are written: Produce.
    Writes {
        /// The client's transactional id.
        transactional_id: String,
        /// The batches.
        batches: Vec<SentBatch>,
    },
    /// Offsets are committed: TxnOffsetCommit.
    Commits {
        /// The client's transactional id.
        transactional_id: String,
        /// As whom.
        producer: Producer,
        /// The group.
        group: String,
        /// The offsets, each behind the partition that it is for.
        offsets: Vec<(String, i64)>,
    },
    /// The transaction is to end: EndTxn.
    Ends {
        /// The client's transactional id.
        transactional_id: String,
        /// As whom.
        producer: Producer,
        /// Whether it is to commit; otherwise it is to abort.
        commits: bool,
    },
}

/// A batch of a transaction as its client sent it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SentBatch {
    /// The partition, as in `orders-0`.
    pub partition: String,
    /// As whom.
    pub producer: Producer,
    /// The sequence of the first record.
    pub base_sequence: i32,
    /// The sequence of the last record.
    pub last_sequence: i32,
}

/// What an answer to EndTxn says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Whose transaction.
    pub transactional_id: String,
    /// The turn in which its client asked.
    pub asked_in: u64,
    /// It is done; otherwise the answer is an error.
    pub is_done: bool,
}
