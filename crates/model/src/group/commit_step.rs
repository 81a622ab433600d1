//! A shard at work for commits of offsets, plain and transactional.

use fencepost_ids::{ErrorCode, GroupId, Rule};
use fencepost_wire::Release;

use super::ShardStep;
use super::classic::{CommitKind, Identity};
use super::records::{GroupRecord, OffsetCommitKey, OffsetCommitValue};

/// The version of OffsetCommit from which an unknown group is told as such (TXOFF-57).
const GROUP_ID_NOT_FOUND_VERSION: i16 = 9;

impl ShardStep<'_> {
    /// Whether a group takes a commit of this identity now; `version` is that of the request. A group
    /// that does not exist becomes a simple one by the commit itself, if that names no generation.
    ///
    /// # Errors
    /// What stands on every partition of the commit (TXOFF-20 to TXOFF-28, TXOFF-55 to TXOFF-58).
    pub(crate) fn validate_commit(
        &self,
        group: &GroupId,
        identity: &Identity<'_>,
        kind: CommitKind,
        version: i16,
    ) -> Result<(), ErrorCode> {
        let rules = self.host.config.rules;
        let checked = match self.shard.group(group) {
            Some(known) => known.validate_offset_commit(identity, kind, version, rules),
            None if identity.generation.0 < 0 || !rules.is_on(Rule::UnknownGroupFencing) => Ok(()),
            None => Err(ErrorCode::GroupIdNotFound),
        };
        let is_old = self.host.config.release < Release::V4_0;
        checked.map_err(|error| match (error, kind) {
            // 3.9 makes the group first, in which the member is not.
            (ErrorCode::GroupIdNotFound, CommitKind::Transactional) if is_old => {
                ErrorCode::UnknownMemberId
            }
            // Producers do not know it (TXOFF-28).
            (ErrorCode::StaleMemberEpoch, CommitKind::Transactional)
            | (ErrorCode::GroupIdNotFound, CommitKind::Transactional) => {
                ErrorCode::IllegalGeneration
            }
            (ErrorCode::GroupIdNotFound, CommitKind::Plain)
                if version < GROUP_ID_NOT_FOUND_VERSION || is_old =>
            {
                ErrorCode::IllegalGeneration
            }
            (error, CommitKind::Plain | CommitKind::Transactional) => error,
        })
    }

    /// Takes one partition into a commit, unless its metadata is too long, counted in UTF-16 units: the
    /// error of its answer (TXOFF-30).
    pub(crate) fn offer(
        &self,
        records: &mut Vec<GroupRecord>,
        key: OffsetCommitKey,
        value: OffsetCommitValue,
    ) -> ErrorCode {
        let limit = self.host.config.settings.offset_metadata_max_bytes;
        let length = value.metadata.encode_utf16().count();
        let is_too_long = length > usize::try_from(limit).unwrap_or(0);
        if !is_too_long || !self.is_on(Rule::RefusedOffsetDropped) {
            records.push(GroupRecord::OffsetCommit(key, Some(value)));
        }
        if is_too_long { ErrorCode::OffsetMetadataTooLarge } else { ErrorCode::None }
    }
}
