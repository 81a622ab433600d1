//! The safety rules that can be switched off, to show why they exist.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Declares the rules in the order of the specification: variant, id, what it keeps from going wrong.
macro_rules! rules {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $id:literal,)+) => {
        /// A safety rule of the broker, named as in the specification. All are on by default.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Rule {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl Rule {
            /// Every rule, in the order of the specification.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The rule's id in the specification.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)+
                }
            }

            /// What the rule says, and what happens without it.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($meaning),+).trim_start(),)+
                }
            }
        }
    };
}

rules! {
    // log.md
    /// A batch is judged by its sequence, and an exact repetition is answered from the window.
    /// Off: a retry is appended again.
    DuplicateCheck = "IDEM-08",
    /// A marker of an old producer epoch or of an old coordinator is refused (MARK-04 to MARK-07).
    /// Off: a late marker ends whatever is open.
    MarkerFencing = "MARK-05",
    // groups.md
    /// An offset of a transaction is pending until the marker of its producer id.
    /// Off: it counts at once, and an abort does not take it back.
    PendingOffsets = "TXOFF-06",
    /// The group judges a transactional commit when it is appended, behind the verification.
    /// Off: it judges it on arrival, and a member that lost its partitions meanwhile still commits.
    GroupCheckAtAppend = "TXOFF-14",
    /// A member of a group that is gone may not commit (TXOFF-57).
    /// Off: its commit makes a new group of that name.
    UnknownGroupFencing = "TXOFF-21",
    /// A classic group takes commits of its members in the present generation only.
    /// Off: members that were removed or fenced still commit.
    CommitGenerationFencing = "TXOFF-22",
    /// A KIP-848 group takes commits of its members at their present epoch only (TXOFF-58).
    /// Off: a member that was removed, or whose partitions moved on, still commits.
    CommitEpochFencing = "TXOFF-28",
    /// An offset that is refused for its metadata leaves nothing behind.
    /// Off: it is written with the others of its request, and pending, though its client was told no.
    RefusedOffsetDropped = "TXOFF-30",
    /// The group coordinator answers when what it tells is replicated.
    /// Off: it answers at once, and a failover takes back what was acknowledged.
    AnswerWhenReplicated = "TXOFF-34",
    /// Of two commits of one partition the record that was appended later wins.
    /// Off: the later marker wins, and an older offset comes back.
    LaterCommitWins = "TXOFF-37",
    /// A marker is answered when its pending offsets are settled.
    /// Off: they are settled some time later, perhaps those of the next transaction with them.
    MarkerSettledBeforeAnswer = "TXOFF-40",
    /// A fetch that requires stable offsets is refused while a transaction may change them.
    /// Off: it finds the offset from before the transaction.
    UnstableOffsetRefusal = "TXOFF-46",
    /// A fetch that does not require stable offsets sees what is replicated.
    /// Off: it sees what a failover takes back.
    ReplicatedOffsetsBound = "TXOFF-49",
    /// A fetch that requires stable offsets is answered when all that it saw is replicated.
    /// Off: it is answered with what a failover takes back.
    StableFetchWait = "TXOFF-50",
    /// A member that joined a generation may commit plainly in it once it has its assignment.
    /// Off: it commits offsets of partitions that it had before.
    CommitAfterSync = "TXOFF-55",
    /// The offsets of a topic that a group is subscribed to are not deleted.
    /// Off: a group at work loses its place.
    SubscribedOffsetsKept = "TXOFF-62",
    /// The deletion of an offset takes pending ones with it.
    /// Off: the marker brings back what was deleted.
    PendingOffsetDeletion = "TXOFF-63",
    /// A group with members is not deleted.
    /// Off: its members and offsets are gone while they work.
    EmptyGroupDeletion = "TXOFF-65",
    /// The offsets of a deleted topic go with it.
    /// Off: a new topic of that name is read from the old one's offset on.
    DeletedTopicOffsets = "TXOFF-66",
    /// An offset with a pending successor does not expire.
    /// Off: its tombstone takes the pending one with it, and the commit brings nothing.
    PendingOffsetKept = "TXOFF-67",
    /// The age of an offset counts from when its group became empty, and not at all while the
    /// group is at work.
    /// Off: it counts from the commit, and a group that has just stopped loses its offsets.
    OffsetAge = "TXOFF-68",
    /// A group that has only pending offsets is not removed.
    /// Off: it is gone before its first commit is.
    PendingGroupKept = "TXOFF-69",
    /// A coordinator serves a group when its log is read.
    /// Off: it serves from what it knows, which is nothing.
    LoadBeforeService = "TXOFF-75",
    /// The assignment of a generation comes from its own leader's SyncGroup.
    /// Off: a late one of a generation before is given out.
    SyncGenerationFencing = "GRP-24",
    /// An assignment is given out when it is replicated.
    /// Off: a failover brings back the one before, and partitions have two owners.
    DurableAssignment = "GRP-25",
    /// A member that falls silent is removed.
    /// Off: its partitions stay with it for good.
    SessionExpiry = "GRP-31",
    /// A static member that comes back gets a new member id, which fences the old one.
    /// Off: it is given the old id, and two processes are one member.
    StaticMemberFencing = "GRP-36",
    /// A heartbeat speaks for its member at the member's present epoch only.
    /// Off: a late one tells of partitions that the member has meanwhile been given.
    HeartbeatEpochFencing = "G848-10",
    /// The seat of a static member that did not leave is not given to another.
    /// Off: two processes own the same partitions.
    UnreleasedSeatRefusal = "G848-12",
    /// A member gives up partitions, and says so, before it is done with them.
    /// Off: they are free while it still reads them.
    RevocationBeforeRelease = "G848-18",
    /// A partition that a member holds is given to no other.
    /// Off: it has two holders.
    SingleHolder = "G848-19",
    /// A member that does not give up its partitions in time is removed.
    /// Off: whoever should have them waits for good.
    RevocationTimeout = "G848-22",
    /// A KIP-848 member that falls silent is removed.
    /// Off: its partitions stay with it for good.
    SilentMemberRemoval = "G848-24",
    // surface.md
    /// A read_committed fetch ends at the last stable offset (LSO-03).
    /// Off: it ends at the high watermark.
    LastStableOffsetBound = "FETCH-16",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The text names no rule that can be switched.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("no rule `{0}` can be switched off; `fencepost rules` lists those that can")]
pub struct UnknownRule(String);

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        let mut all = Self::ALL.iter().copied();
        all.find(|rule| rule.id().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownRule(text.to_owned()))
    }
}

/// The rules that are in force: all, but for those that were switched off.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Rules {
    off: u128,
}

const _: () = assert!(Rule::ALL.len() <= 128, "a set of rules has 128 places");

impl Rules {
    /// Switches a rule off.
    pub fn without(&mut self, rule: Rule) {
        self.off |= 1 << rule as u32;
    }

    /// Whether a rule is in force.
    #[must_use]
    pub fn is_on(self, rule: Rule) -> bool {
        self.off & (1 << rule as u32) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_known_by_its_id() {
        for rule in Rule::ALL {
            assert_eq!(rule.id().parse::<Rule>().as_ref(), Ok(rule));
        }
        assert!("IDEM-99".parse::<Rule>().is_err());
    }

    #[test]
    fn a_rule_that_is_switched_off_leaves_the_others_on() {
        for off in Rule::ALL {
            let mut rules = Rules::default();
            rules.without(*off);
            for rule in Rule::ALL {
                assert_eq!(rules.is_on(*rule), rule != off);
            }
        }
    }
}
