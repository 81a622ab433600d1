//! Ids, offsets, epochs and sequences.

use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }
    };
}

number!(
    /// The identity of a broker in the cluster, as in `node.id`.
    BrokerId(i32)
);
number!(
    /// The index of a partition within its topic, from 0.
    PartitionIndex(i32)
);
number!(
    /// A position in a partition's log; each record and each marker takes one.
    Offset(i64)
);
number!(
    /// The identity that a transaction coordinator gives to a producer (KIP-98); -1 is none.
    ProducerId(i64)
);
number!(
    /// The incarnation of a producer id; a higher one fences all lower ones (KIP-98); -1 is none.
    ProducerEpoch(i16)
);
number!(
    /// The number of a record within a producer id, epoch and partition; wraps after
    /// [`Sequence::MAX`] (IDEM-15).
    Sequence(i32)
);
number!(
    /// The term of a partition's leader; it rises with every election (KIP-101).
    LeaderEpoch(i32)
);
number!(
    /// The leader epoch of the `__transaction_state` partition under which a transaction
    /// coordinator was loaded; markers carry it (MARKOUT-03).
    CoordinatorEpoch(i32)
);
number!(
    /// The generation of a classic consumer group.
    GenerationId(i32)
);
number!(
    /// The epoch of a member of a KIP-848 consumer group.
    MemberEpoch(i32)
);
number!(
    /// A connection from a client, unique within the life of a cluster.
    ConnectionId(u64)
);

impl BrokerId {
    /// No broker, as in the leader of a partition that has none.
    pub const NONE: Self = Self(-1);
}

impl Offset {
    /// The first offset of a log that was never truncated from below.
    pub const ZERO: Self = Self(0);
    /// No offset.
    pub const NONE: Self = Self(-1);

    /// The offset `count` records later, at most the largest there is: bytes from outside may
    /// name any offset.
    #[must_use]
    pub const fn plus(self, count: i64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl ProducerId {
    /// No producer id: a batch that is neither idempotent nor transactional.
    pub const NONE: Self = Self(-1);

    /// Whether a producer id is there at all.
    #[must_use]
    pub const fn is_some(self) -> bool {
        self.0 >= 0
    }
}

impl ProducerEpoch {
    /// No epoch.
    pub const NONE: Self = Self(-1);
    /// The largest epoch.
    pub const MAX: Self = Self(i16::MAX);

    /// Whether the producer id must be replaced before another bump: the last epoch is kept for
    /// fencing (INIT-09, END-10).
    #[must_use]
    pub const fn is_exhausted(self) -> bool {
        self.0 >= i16::MAX - 1
    }

    /// The next epoch, or none past [`ProducerEpoch::MAX`].
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }
}

impl Sequence {
    /// No sequence, as in markers and in batches without a producer id.
    pub const NONE: Self = Self(-1);
    /// The largest sequence; 0 follows it (IDEM-15).
    pub const MAX: Self = Self(i32::MAX);

    /// The sequence `count` records later, wrapping after [`Sequence::MAX`] (IDEM-15).
    #[must_use]
    pub const fn plus(self, count: i32) -> Self {
        match self.0.checked_add(count) {
            Some(sum) => Self(sum),
            None => Self(count - (i32::MAX - self.0) - 1),
        }
    }

    /// The sequence `count` records earlier, wrapping before 0 (IDEM-15).
    #[must_use]
    pub const fn minus(self, count: i32) -> Self {
        if self.0 < count { Self(i32::MAX - (count - self.0) + 1) } else { Self(self.0 - count) }
    }
}

impl LeaderEpoch {
    /// No epoch given.
    pub const NONE: Self = Self(-1);
}

impl CoordinatorEpoch {
    /// No marker was ever seen.
    pub const NONE: Self = Self(-1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idem_15_sequences_wrap_after_the_largest_int32() {
        assert_eq!(Sequence::MAX.plus(1), Sequence(0));
        assert_eq!(Sequence(i32::MAX - 1).plus(2), Sequence(0));
        assert_eq!(Sequence(0).minus(1), Sequence::MAX);
        assert_eq!(Sequence(0).minus(2), Sequence(i32::MAX - 1));
        assert_eq!(Sequence(5).plus(3).minus(3), Sequence(5));
    }

    #[test]
    fn offsets_end_at_the_largest() {
        assert_eq!(Offset(i64::MAX - 1).plus(5), Offset(i64::MAX));
        assert_eq!(Offset(i64::MIN + 1).plus(-5), Offset(i64::MIN));
    }

    #[test]
    fn an_epoch_is_exhausted_one_before_its_end() {
        assert!(!ProducerEpoch(32765).is_exhausted());
        assert!(ProducerEpoch(32766).is_exhausted());
        assert_eq!(ProducerEpoch::MAX.next(), None);
    }
}
