//! Named timers: what is due when, as data.

use std::collections::{BTreeMap, BTreeSet};

use fencepost_ids::{BrokerId, GroupId, MemberId, PartitionIndex, Timestamp};

use crate::metadata::PartitionKey;

/// A timer, named by what it is for. It fires only when the driver says so with
/// [`Input::Fire`](crate::Input::Fire), which may be later than it is due.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// A parked request's patience ends: the max wait of a fetch, the timeout of a produce.
    Parked {
        /// Where the request is parked.
        broker: BrokerId,
        /// Which one.
        serial: u64,
    },
    /// A partition leader asks a transaction coordinator again after CONCURRENT_TRANSACTIONS
    /// (VERIFY-08).
    VerificationRetry {
        /// The asking broker.
        broker: BrokerId,
        /// The produce request that waits.
        serial: u64,
    },
    /// The scan for transactions past their timeout (TIMEOUT-01).
    TransactionTimeouts {
        /// The scanning coordinator.
        broker: BrokerId,
    },
    /// The scan for transactional ids past their expiration (TIMEOUT-05).
    TransactionalIdExpiration {
        /// The scanning coordinator.
        broker: BrokerId,
    },
    /// A coordinator's append to `__transaction_state` waited too long for its replicas (TLOG-03).
    TransactionAppend {
        /// The waiting coordinator.
        broker: BrokerId,
        /// Which append.
        serial: u64,
    },
    /// A transaction coordinator has read a partition of `__transaction_state` that it took over
    /// (FAILOVER-04).
    TransactionLoad {
        /// The loading coordinator.
        broker: BrokerId,
        /// The partition.
        partition: PartitionIndex,
    },
    /// Markers that could not be delivered are tried again (MARKOUT-05, MARKOUT-06).
    MarkerRetry {
        /// The sending coordinator.
        broker: BrokerId,
    },
    /// The controller's block of producer ids arrives at a broker that asked for it (PID-02).
    ProducerIdBlock {
        /// The asking broker.
        broker: BrokerId,
    },
    /// The sweep of idle producer ids from partitions (RECOV-01).
    ProducerExpiration {
        /// The sweeping broker.
        broker: BrokerId,
    },
    /// A broker writes down the high watermarks of its replicas (RECOV-10).
    HighWatermarkCheckpoint {
        /// The broker.
        broker: BrokerId,
    },
    /// A follower in sync has lagged for too long (RECOV-19).
    ReplicaLag {
        /// The leader.
        broker: BrokerId,
        /// The partition.
        partition: PartitionKey,
    },
    /// The check for segments that are too old or too many (RETAIN-06).
    LogRetention {
        /// The checking broker.
        broker: BrokerId,
    },
    /// A pass of the log cleaner (CLEAN-01).
    LogCleaner {
        /// The cleaning broker.
        broker: BrokerId,
    },
    /// The round that expires offsets and empty groups (TXOFF-67).
    OffsetExpiration {
        /// The broker of the group coordinator.
        broker: BrokerId,
    },
    /// A group coordinator's append waited too long for its replicas (TXOFF-34).
    GroupAppend {
        /// The waiting coordinator.
        broker: BrokerId,
        /// The partition of `__consumer_offsets`.
        partition: PartitionIndex,
        /// Which append.
        serial: u64,
    },
    /// A group coordinator has read a partition of `__consumer_offsets` that it took over
    /// (TXOFF-75).
    GroupLoad {
        /// The loading coordinator.
        broker: BrokerId,
        /// The partition.
        partition: PartitionIndex,
    },
    /// A group coordinator settles the pending offsets of markers that it has answered; it does so
    /// only without rule TXOFF-40.
    GroupMarkers {
        /// The coordinator.
        broker: BrokerId,
        /// The partition of `__consumer_offsets`.
        partition: PartitionIndex,
    },
    /// A timer of one group.
    Group {
        /// The group's coordinator.
        broker: BrokerId,
        /// The group.
        group: GroupId,
        /// What it is for.
        kind: GroupTimer,
    },
}

/// What a group's timer is for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum GroupTimer {
    /// The initial rebalance delay of a classic group (GRP-19).
    InitialDelay,
    /// The join phase of a classic group (GRP-18).
    Join,
    /// The sync phase of a classic group (GRP-28).
    Sync,
    /// A member's session, in either protocol (GRP-31, G848-22).
    Session(MemberId),
    /// A member id that was given out but has not joined (GRP-11).
    Pending(MemberId),
    /// The time that a KIP-848 member has to give up partitions (G848-22).
    Rebalance(MemberId),
    /// The renewal of regular expression subscriptions (G848-25).
    RegexRefresh,
    /// The time that a member of the classic protocol has to join a KIP-848 group again (GRP-57).
    MemberJoin(MemberId),
    /// The time that a member of the classic protocol has to send SyncGroup to a KIP-848 group
    /// (GRP-57).
    MemberSync(MemberId),
}

/// A timer and the moment from which it may fire.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Deadline {
    /// The earliest moment.
    pub at: Timestamp,
    /// What fires.
    pub timer: Timer,
}

/// The table of running timers.
#[derive(Clone, Default, Debug)]
pub(crate) struct Timers {
    due: BTreeSet<Deadline>,
    at: BTreeMap<Timer, Timestamp>,
}

impl Timers {
    /// Starts a timer, or moves it if it runs already.
    pub(crate) fn set(&mut self, timer: Timer, at: Timestamp) {
        if let Some(old) = self.at.insert(timer.clone(), at) {
            self.due.remove(&Deadline { at: old, timer: timer.clone() });
        }
        self.due.insert(Deadline { at, timer });
    }

    /// Stops a timer; says whether it was running.
    pub(crate) fn cancel(&mut self, timer: &Timer) -> bool {
        match self.at.remove(timer) {
            Some(at) => self.due.remove(&Deadline { at, timer: timer.clone() }),
            None => false,
        }
    }

    /// Whether a timer is running.
    pub(crate) fn is_running(&self, timer: &Timer) -> bool {
        self.at.contains_key(timer)
    }

    /// Running timers in the order in which they come due.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Deadline> {
        self.due.iter()
    }

    /// Drops the timers of a broker that crashed.
    pub(crate) fn forget(&mut self, broker: BrokerId) {
        self.due.retain(|deadline| deadline.timer.broker() != broker);
        self.at.retain(|timer, _| timer.broker() != broker);
    }
}

impl Timer {
    /// The broker in whose memory the timer runs.
    #[must_use]
    pub const fn broker(&self) -> BrokerId {
        match self {
            Self::Parked { broker, .. }
            | Self::VerificationRetry { broker, .. }
            | Self::TransactionTimeouts { broker }
            | Self::TransactionalIdExpiration { broker }
            | Self::TransactionAppend { broker, .. }
            | Self::TransactionLoad { broker, .. }
            | Self::MarkerRetry { broker }
            | Self::ProducerIdBlock { broker }
            | Self::ProducerExpiration { broker }
            | Self::HighWatermarkCheckpoint { broker }
            | Self::ReplicaLag { broker, .. }
            | Self::LogRetention { broker }
            | Self::LogCleaner { broker }
            | Self::OffsetExpiration { broker }
            | Self::GroupAppend { broker, .. }
            | Self::GroupLoad { broker, .. }
            | Self::GroupMarkers { broker, .. }
            | Self::Group { broker, .. } => *broker,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_set_again_moves() {
        let timer = Timer::MarkerRetry { broker: BrokerId(0) };
        let mut timers = Timers::default();
        timers.set(timer.clone(), Timestamp(5));
        timers.set(timer.clone(), Timestamp(9));
        assert_eq!(timers.iter().map(|due| due.at).collect::<Vec<_>>(), [Timestamp(9)]);
        assert!(timers.cancel(&timer));
        assert!(!timers.cancel(&timer));
    }

    #[test]
    fn a_crash_drops_the_timers_of_its_broker_only() {
        let mut timers = Timers::default();
        timers.set(Timer::MarkerRetry { broker: BrokerId(0) }, Timestamp(5));
        timers.set(Timer::MarkerRetry { broker: BrokerId(1) }, Timestamp(5));
        timers.forget(BrokerId(0));
        assert_eq!(timers.iter().count(), 1);
    }
}
