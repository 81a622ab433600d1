//! Who may commit and fetch offsets (TXOFF-28, TXOFF-52, TXOFF-58, G848-28).

use fencepost_ids::{ErrorCode, MemberEpoch, PartitionIndex, Rule, Rules, TopicId};
use fencepost_wire::Release;

use super::{ConsumerGroup, ConsumerMember};
use crate::group::classic::{CommitKind, Identity};

/// The first OffsetCommit that carries a member epoch (KIP-848).
const MEMBER_EPOCH_COMMIT: i16 = 9;

impl ConsumerGroup {
    /// Whether a commit of this identity, whose generation is a member epoch here, is allowed;
    /// `version` is that of the request.
    ///
    /// # Errors
    /// The error that stands on every partition of the commit. STALE_MEMBER_EPOCH is not for
    /// producers, who do not know it.
    pub(crate) fn validate_offset_commit(
        &self,
        identity: &Identity<'_>,
        kind: CommitKind,
        version: i16,
        (release, rules): (Release, Rules),
    ) -> Result<(), ErrorCode> {
        if !rules.is_on(Rule::CommitEpochFencing) {
            return Ok(());
        }
        if identity.generation.0 < 0 && self.is_empty() {
            return Ok(());
        }
        if kind == CommitKind::Transactional && *identity == Identity::NONE {
            return Ok(());
        }
        let member = self.member(identity.member).ok_or(ErrorCode::UnknownMemberId)?;
        let is_too_old = version < MEMBER_EPOCH_COMMIT && member.classic.is_none();
        if kind == CommitKind::Plain && is_too_old {
            return Err(ErrorCode::UnsupportedVersion);
        }
        if release >= Release::V4_3 && identity.generation.0 < member.epoch.0 {
            return Ok(());
        }
        member.check_commit_epoch(identity.generation.0)
    }

    /// Whether a commit of an identity that was found good may touch a partition: at an older epoch
    /// than the member's it must be the member's since then (TXOFF-79).
    ///
    /// # Errors
    /// The error that stands on every partition of the commit.
    pub(crate) fn validate_partition(
        &self,
        identity: &Identity<'_>,
        topic: TopicId,
        partition: PartitionIndex,
    ) -> Result<(), ErrorCode> {
        let Some(member) = self.member(identity.member) else { return Ok(()) };
        let epoch = MemberEpoch(identity.generation.0);
        let since = member.since.get(&(topic, partition));
        if epoch >= member.epoch || since.is_some_and(|since| epoch >= *since) {
            return Ok(());
        }
        Err(member.stale_epoch())
    }

    /// Whether a fetch by this member at this epoch is allowed; it may name neither.
    ///
    /// # Errors
    /// UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH or ILLEGAL_GENERATION, which stand on the group; UNKNOWN_SERVER_ERROR for an
    /// epoch without a member.
    pub(crate) fn validate_offset_fetch(
        &self,
        member: Option<&str>,
        epoch: MemberEpoch,
    ) -> Result<(), ErrorCode> {
        let known = match member {
            None if epoch.0 < 0 => return Ok(()),
            // Kafka stumbles over it.
            None => return Err(ErrorCode::UnknownServerError),
            Some(member) => self.member(member).ok_or(ErrorCode::UnknownMemberId)?,
        };
        known.check_commit_epoch(epoch.0)
    }
}

impl ConsumerMember {
    /// Whether this is the member's epoch, which one of the classic protocol calls its generation
    /// (GRP-64).
    fn check_commit_epoch(&self, epoch: i32) -> Result<(), ErrorCode> {
        if epoch == self.epoch.0 { Ok(()) } else { Err(self.stale_epoch()) }
    }

    /// What the member's protocol calls another epoch.
    const fn stale_epoch(&self) -> ErrorCode {
        match &self.classic {
            Some(_) => ErrorCode::IllegalGeneration,
            None => ErrorCode::StaleMemberEpoch,
        }
    }
}
