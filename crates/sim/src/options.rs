//! What a seed decides before its run begins: swarm testing.

use std::fmt;

use crate::chance::Chance;
use crate::client::Protocol;

/// The options of a world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Brokers in the cluster.
    pub brokers: i32,
    /// Replicas of each partition.
    pub replicas: i16,
    /// Partitions of each topic.
    pub partitions: i32,
    /// `min.insync.replicas`, also of the internal topics.
    pub min_in_sync: i16,
    /// `unclean.leader.election.enable`.
    pub unclean: bool,
    /// `replica.lag.time.max.ms`.
    pub lag_max_ms: i64,
    /// The acknowledgements that idempotent producers ask for.
    pub acks: i16,
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
    /// A broker crashes or stops once in so many steps; 0 is never.
    pub crash_odds: usize,
    /// How many brokers may be down at once.
    pub down_max: usize,
    /// Whether a coordinator may fail before what it loaded is committed, or while a replica in
    /// sync has more (FAILOVER-02).
    pub uncommitted_decisions: bool,
    /// Time runs ahead of what is in flight once in so many steps; 0 is never.
    pub hurry_odds: usize,
}

/// What is not left to chance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fixed {
    /// The number of brokers.
    pub brokers: Option<i32>,
    /// The finalized `transaction.version`.
    pub transaction_version: Option<i16>,
}

impl Options {
    /// How the transactional clients speak to the cluster.
    pub(crate) fn protocol(&self) -> Protocol {
        if self.transaction_version >= 2 && !self.old_clients {
            Protocol::Tv2
        } else {
            Protocol::Tv1
        }
    }

    pub(crate) fn draw(chance: &mut Chance, fixed: Fixed) -> Self {
        let brokers = chance.between(1, 3);
        let brokers =
            fixed.brokers.and_then(|brokers| usize::try_from(brokers).ok()).unwrap_or(brokers);
        let odds = |chance: &mut Chance, low, high| match chance.below(3) {
            0 => 0,
            _ => chance.between(low, high),
        };
        let replicas = if chance.one_in(3) { 1 } else { brokers };
        let min_in_sync = if replicas >= 2 && !chance.one_in(4) { 2 } else { 1 };
        let transaction_version = chance.between(1, 2) as i16;
        Self {
            min_in_sync,
            unclean: replicas >= 2 && chance.one_in(8),
            lag_max_ms: if chance.one_in(3) { 300 } else { 30_000 },
            acks: match chance.below(8) {
                0 => 1,
                1 => 0,
                _ => -1,
            },
            down_max: chance.between(1, brokers),
            uncommitted_decisions: chance.one_in(16),
            brokers: brokers as i32,
            replicas: replicas as i16,
            partitions: chance.between(1, 3) as i32,
            transaction_version: fixed.transaction_version.unwrap_or(transaction_version),
            // Level 2 means its protocol, too: older clients at any level have that of level 1.
            old_clients: chance.one_in(3) && fixed.transaction_version != Some(2),
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
            crash_odds: odds(chance, 200, 1000),
            hurry_odds: odds(chance, 5, 100),
        }
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} brokers, {} partitions x {} replicas, {} in sync at least{}, lag {} ms, \
             transaction.version {}, {} clients; \
             {} idempotent with acks {}, {} transactional{}, {} pipelines{}; \
             {} transactions of at most {} records, timeout {} ms; \
             one in: cut {}, loss {}, delay {}, election {}, crash {} (at most {} down{}), hurry {}",
            self.brokers,
            self.partitions,
            self.replicas,
            self.min_in_sync,
            if self.unclean { ", unclean elections" } else { "" },
            self.lag_max_ms,
            self.transaction_version,
            if self.old_clients { "old" } else { "new" },
            self.idempotent,
            self.acks,
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
            self.down_max,
            if self.uncommitted_decisions { ", also before a load is committed" } else { "" },
            self.hurry_odds,
        )
    }
}
