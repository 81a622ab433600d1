//! Who may commit offsets, and how long they are kept (TXOFF-22 to TXOFF-29, TXOFF-55, TXOFF-68).

use fencepost_ids::{ErrorCode, GenerationId, InstanceId, Rule, Rules, Timestamp};

use super::{ClassicGroup, State};
use crate::group::effects::Effect;
use crate::group::offsets::ExpiryBase;

/// Who a commit says that it comes from; all of it may be missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Identity<'a> {
    /// The generation, or -1.
    pub(crate) generation: GenerationId,
    /// The member id, or "".
    pub(crate) member: &'a str,
    /// The seat of a static member.
    pub(crate) instance: Option<&'a InstanceId>,
}

impl Identity<'_> {
    /// No identity at all: an admin client, a consumer that manages its partitions itself, or a
    /// producer from before KIP-447.
    pub(crate) const NONE: Identity<'static> =
        Identity { generation: GenerationId(-1), member: "", instance: None };

    const fn is_given(&self) -> bool {
        self.generation.0 >= 0 || !self.member.is_empty() || self.instance.is_some()
    }
}

/// Which of the two commits is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CommitKind {
    /// OffsetCommit.
    Plain,
    /// TxnOffsetCommit.
    Transactional,
}

impl ClassicGroup {
    /// Whether a commit of this identity is allowed now (TXOFF-22, TXOFF-55).
    ///
    /// # Errors
    /// The error that stands on every partition of the commit.
    pub(crate) fn validate_offset_commit(
        &self,
        identity: &Identity<'_>,
        kind: CommitKind,
        rules: Rules,
    ) -> Result<(), ErrorCode> {
        if identity.generation.0 < 0 && self.state == State::Empty {
            return Ok(());
        }
        if identity.is_given() && rules.is_on(Rule::CommitGenerationFencing) {
            self.validate_member(identity.member, identity.instance)?;
            self.is_generation(identity.generation)?;
        }
        match (kind, self.state) {
            (CommitKind::Transactional, _) => Ok(()),
            (CommitKind::Plain, _) if !identity.is_given() => Err(ErrorCode::UnknownMemberId),
            (CommitKind::Plain, State::CompletingRebalance)
                if rules.is_on(Rule::CommitAfterSync) =>
            {
                Err(ErrorCode::RebalanceInProgress)
            }
            (
                CommitKind::Plain,
                State::Empty
                | State::PreparingRebalance(_)
                | State::CompletingRebalance
                | State::Stable,
            ) => Ok(()),
        }
    }

    /// A plain commit was accepted, which keeps its member's session alive; a transactional one
    /// does not (TXOFF-29).
    pub(crate) fn committed_plainly(&self, now: Timestamp, member: &str, out: &mut Vec<Effect>) {
        match self.state {
            State::Stable | State::PreparingRebalance(_) => self.restart_session(now, member, out),
            State::Empty | State::CompletingRebalance => {}
        }
    }

    /// From when the age of the group's offsets counts (TXOFF-68).
    #[must_use]
    pub(crate) fn offset_expiry(&self) -> ExpiryBase {
        match (self.protocol_type(), self.state) {
            (None, _) => ExpiryBase::CommitTime,
            (Some(_), State::Empty) => {
                self.state_since.map_or(ExpiryBase::CommitTime, ExpiryBase::Since)
            }
            (Some(_), State::Stable)
                if self.speaks_consumer_protocol() && self.subscribed_topics.is_some() =>
            {
                ExpiryBase::CommitTime
            }
            (
                Some(_),
                State::Stable | State::PreparingRebalance(_) | State::CompletingRebalance,
            ) => ExpiryBase::Never,
        }
    }
}
