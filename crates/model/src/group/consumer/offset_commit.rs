//! Who may commit and fetch offsets (TXOFF-28, TXOFF-52, TXOFF-58, G848-28).

use fencepost_ids::{ErrorCode, MemberEpoch, Rule, Rules};

use super::ConsumerGroup;
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
        rules: Rules,
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
        if kind == CommitKind::Plain && version < MEMBER_EPOCH_COMMIT {
            return Err(ErrorCode::UnsupportedVersion);
        }
        if identity.generation.0 == member.epoch.0 {
            Ok(())
        } else {
            Err(ErrorCode::StaleMemberEpoch)
        }
    }

    /// Whether a fetch by this member at this epoch is allowed; it may name neither.
    ///
    /// # Errors
    /// UNKNOWN_MEMBER_ID or STALE_MEMBER_EPOCH, which stand on the group; UNKNOWN_SERVER_ERROR for an
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
        if known.epoch == epoch { Ok(()) } else { Err(ErrorCode::StaleMemberEpoch) }
    }
}
