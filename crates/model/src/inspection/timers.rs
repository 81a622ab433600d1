//! The names of timers.

use std::fmt;

use crate::timers::{GroupTimer, Timer};

impl Timer {
    /// What the timer is for, in one word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Parked { .. } => "ParkedRequest",
            Self::VerificationRetry { .. } => "VerificationRetry",
            Self::TransactionTimeouts { .. } => "TransactionTimeouts",
            Self::TransactionalIdExpiration { .. } => "TransactionalIdExpiration",
            Self::TransactionAppend { .. } => "TransactionAppend",
            Self::TransactionLoad { .. } => "TransactionLoad",
            Self::MarkerRetry { .. } => "MarkerRetry",
            Self::ProducerIdBlock { .. } => "ProducerIdBlock",
            Self::ProducerExpiration { .. } => "ProducerExpiration",
            Self::HighWatermarkCheckpoint { .. } => "HighWatermarkCheckpoint",
            Self::ReplicaLag { .. } => "ReplicaLag",
            Self::LogRetention { .. } => "LogRetention",
            Self::LogCleaner { .. } => "LogCleaner",
            Self::OffsetExpiration { .. } => "OffsetExpiration",
            Self::GroupAppend { .. } => "GroupAppend",
            Self::GroupLoad { .. } => "GroupLoad",
            Self::GroupMarkers { .. } => "GroupMarkers",
            Self::Group { kind, .. } => kind.name(),
        }
    }
}

impl GroupTimer {
    /// What the timer is for, in one word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InitialDelay => "GroupInitialDelay",
            Self::Join => "GroupJoin",
            Self::Sync => "GroupSync",
            Self::Session(_) => "GroupSession",
            Self::Pending(_) => "GroupPendingMember",
            Self::Rebalance(_) => "GroupRebalance",
            Self::RegexRefresh => "GroupRegexRefresh",
            Self::MemberJoin(_) => "GroupMemberJoin",
            Self::MemberSync(_) => "GroupMemberSync",
        }
    }
}

/// The name, and of what: `GroupSession of orders, member m-1, at broker 0`.
impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Parked { serial, .. }
            | Self::VerificationRetry { serial, .. }
            | Self::TransactionAppend { serial, .. } => write!(f, " {serial}")?,
            Self::TransactionLoad { partition, .. }
            | Self::GroupLoad { partition, .. }
            | Self::GroupMarkers { partition, .. } => write!(f, " of partition {partition}")?,
            Self::GroupAppend { partition, serial, .. } => {
                write!(f, " {serial} of partition {partition}")?;
            }
            Self::ReplicaLag { partition, .. } => {
                write!(f, " of partition {} of topic #{}", partition.partition, partition.topic.0)?;
            }
            Self::Group { group, kind, .. } => match kind {
                GroupTimer::Session(member)
                | GroupTimer::Pending(member)
                | GroupTimer::Rebalance(member)
                | GroupTimer::MemberJoin(member)
                | GroupTimer::MemberSync(member) => write!(f, " of {group}, member {member},")?,
                GroupTimer::InitialDelay
                | GroupTimer::Join
                | GroupTimer::Sync
                | GroupTimer::RegexRefresh => write!(f, " of {group}")?,
            },
            Self::TransactionTimeouts { .. }
            | Self::TransactionalIdExpiration { .. }
            | Self::MarkerRetry { .. }
            | Self::ProducerIdBlock { .. }
            | Self::ProducerExpiration { .. }
            | Self::HighWatermarkCheckpoint { .. }
            | Self::LogRetention { .. }
            | Self::LogCleaner { .. }
            | Self::OffsetExpiration { .. } => {}
        }
        write!(f, " at broker {}", self.broker())
    }
}
