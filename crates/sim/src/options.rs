//! What a seed decides before its run begins: swarm testing.

use std::fmt;

use crate::chance::Chance;

/// The options of a world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Brokers in the cluster.
    pub brokers: i32,
    /// Replicas of each partition.
    pub replicas: i16,
    /// Partitions of each topic.
    pub partitions: i32,
    /// The finalized `transaction.version`.
    pub transaction_version: i16,
    /// Whether transactional clients are older than KIP-890.
    pub old_clients: bool,
    /// Idempotent producers without transactions.
    pub idempotent: usize,
    /// Transactional producers, each with a transactional id of its own.
    pub transactional: usize,
    /// A second producer takes over the first one's transactional id in the middle.
    pub zombie: bool,
    /// Pipelines that consume, transform and produce.
    pub pipelines: usize,
    /// Whether a second pipeline takes over the first one's work in the middle.
    pub successor: bool,
    /// Transactions of each transactional producer.
    pub transactions: usize,
    /// Records in a batch, at most.
    pub records: usize,
    /// `transaction.timeout.ms` of the clients.
    pub timeout_ms: i32,
    /// A connection is cut once in so many steps; 0 is never.
    pub cut_odds: usize,
    /// A message between brokers is lost once in so many steps; 0 is never.
    pub loss_odds: usize,
    /// A message between brokers is held up for long once in so many; 0 is never.
    pub delay_odds: usize,
    /// A leader moves, or begins a new term, once in so many steps; 0 is never.
    pub election_odds: usize,
    /// A broker crashes once in so many steps; 0 is never.
    pub crash_odds: usize,
    /// Time runs ahead of what is in flight once in so many steps; 0 is never.
    pub hurry_odds: usize,
}

impl Options {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let brokers = chance.between(1, 3);
        let odds = |chance: &mut Chance, low, high| match chance.below(3) {
            0 => 0,
            _ => chance.between(low, high),
        };
        let replicas = if chance.one_in(2) { brokers } else { 1 };
        Self {
            brokers: brokers as i32,
            replicas: replicas as i16,
            partitions: chance.between(1, 3) as i32,
            transaction_version: chance.between(1, 2) as i16,
            old_clients: chance.one_in(3),
            idempotent: chance.below(3),
            transactional: chance.between(1, 2),
            zombie: chance.one_in(2),
            pipelines: chance.below(2),
            successor: chance.one_in(2),
            transactions: chance.between(2, 6),
            records: chance.between(1, 4),
            timeout_ms: if chance.one_in(3) { 300 } else { 60_000 },
            cut_odds: odds(chance, 20, 400),
            loss_odds: odds(chance, 20, 200),
            delay_odds: odds(chance, 4, 40),
            election_odds: odds(chance, 30, 400),
            // A crash loses data unless every partition has a second replica in sync.
            crash_odds: if replicas >= 2 { odds(chance, 200, 1000) } else { 0 },
            hurry_odds: odds(chance, 5, 100),
        }
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} brokers, {} partitions x {} replicas, transaction.version {}, {} clients; \
             {} idempotent, {} transactional{}, {} pipelines{}; {} transactions of at most {} records, \
             timeout {} ms; one in: cut {}, loss {}, delay {}, election {}, crash {}, hurry {}",
            self.brokers,
            self.partitions,
            self.replicas,
            self.transaction_version,
            if self.old_clients { "old" } else { "new" },
            self.idempotent,
            self.transactional,
            if self.zombie { " and a rival" } else { "" },
            self.pipelines,
            if self.successor { " and a successor" } else { "" },
            self.transactions,
            self.records,
            self.timeout_ms,
            self.cut_odds,
            self.loss_odds,
            self.delay_odds,
            self.election_odds,
            self.crash_odds,
            self.hurry_odds,
        )
    }
}
