//! Which committed offsets are too old to keep (TXOFF-67, TXOFF-68).

use fencepost_ids::{GroupId, Rule, Timestamp, TopicName, TopicPartition};

use super::{CommittedOffset, Offsets};

/// From when the age of an offset counts, as its group's state says (TXOFF-68).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ExpiryBase {
    /// Nothing of this group expires.
    Never,
    /// The moment of the commit.
    CommitTime,
    /// The moment when the group became empty.
    Since(Timestamp),
}

/// What an expiry round finds in one group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ExpiryRound {
    /// The partitions to write tombstones for.
    pub(crate) expired: Vec<TopicPartition>,
    /// Whether the group keeps no offset, committed or pending, after that (TXOFF-69).
    pub(crate) leaves_nothing: bool,
}

impl Offsets {
    /// The offsets of a group that expire now. One with a pending successor stays, and one of a
    /// topic that the group is subscribed to (TXOFF-67).
    #[must_use]
    pub(crate) fn expire(
        &self,
        group: &GroupId,
        base: ExpiryBase,
        retention_ms: i64,
        now: Timestamp,
        is_subscribed: impl Fn(&TopicName) -> bool,
    ) -> ExpiryRound {
        let has_pending =
            self.rules.is_on(Rule::PendingGroupKept) && self.has_open_transactions(group);
        let mut round = ExpiryRound { expired: Vec::new(), leaves_nothing: !has_pending };
        let keeps_pending = self.rules.is_on(Rule::PendingOffsetKept);
        for partition in self.partitions(group, None) {
            let is_kept = is_subscribed(&partition.topic)
                || keeps_pending && self.is_pending(group, partition);
            let expires = !is_kept
                && self
                    .latest(group, partition)
                    .is_some_and(|offset| is_expired(offset, base, retention_ms, now));
            if expires {
                round.expired.push(partition.clone());
            } else {
                round.leaves_nothing = false;
            }
        }
        round
    }
}

fn is_expired(
    offset: &CommittedOffset,
    base: ExpiryBase,
    retention_ms: i64,
    now: Timestamp,
) -> bool {
    let since = match base {
        ExpiryBase::Never => return false,
        ExpiryBase::CommitTime => offset.commit_time,
        ExpiryBase::Since(moment) => moment,
    };
    match offset.expire_time {
        Some(expire_time) => now >= expire_time,
        None => now.millis_since(since) >= retention_ms,
    }
}
