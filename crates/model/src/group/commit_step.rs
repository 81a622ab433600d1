//! A shard at work for commits of offsets, plain and transactional.

use fencepost_ids::{ErrorCode, GroupId, PartitionIndex, Rule, TopicId};
use fencepost_wire::Release;

use super::ShardStep;
use super::classic::{CommitKind, Identity};
use super::records::{GroupRecord, OffsetCommitKey, OffsetCommitValue};
use crate::config::ClusterConfig;

/// The version of OffsetCommit from which an unknown group is told as such (TXOFF-57).
const GROUP_ID_NOT_FOUND_VERSION: i16 = 9;
/// The version of TxnOffsetCommit from which producers know the errors of groups (KIP-1319).
const GROUP_ERRORS_VERSION: i16 = 6;

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
        let ClusterConfig { release, rules, .. } = *self.host.config;
        let checked = match self.shard.group(group) {
            Some(known) => known.validate_offset_commit(identity, kind, version, (release, rules)),
            None if identity.generation.0 < 0 || !rules.is_on(Rule::UnknownGroupFencing) => Ok(()),
            None => Err(ErrorCode::GroupIdNotFound),
        };
        checked.map_err(|error| told(error, kind, version, release))
    }

    /// Whether a commit that [`Self::validate_commit`] let through may touch a partition.
    ///
    /// # Errors
    /// What stands on every partition of the commit (TXOFF-79).
    pub(crate) fn validate_partition(
        &self,
        group: &GroupId,
        identity: &Identity<'_>,
        kind: CommitKind,
        version: i16,
        (topic, partition): (TopicId, PartitionIndex),
    ) -> Result<(), ErrorCode> {
        if self.host.config.release < Release::V4_3 || !self.is_on(Rule::CommitEpochFencing) {
            return Ok(());
        }
        let Some(known) = self.shard.group(group) else { return Ok(()) };
        if kind == CommitKind::Transactional && *identity == Identity::NONE {
            return Ok(());
        }
        known
            .validate_partition(identity, topic, partition)
            .map_err(|error| told(error, kind, version, self.host.config.release))
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

/// An error as a version of the request knows it (TXOFF-28, TXOFF-57).
fn told(error: ErrorCode, kind: CommitKind, version: i16, release: Release) -> ErrorCode {
    let is_old = release < Release::V4_0;
    match (error, kind) {
        // 3.9 makes the group first, in which the member is not.
        (ErrorCode::GroupIdNotFound, CommitKind::Transactional) if is_old => {
            ErrorCode::UnknownMemberId
        }
        (ErrorCode::StaleMemberEpoch | ErrorCode::GroupIdNotFound, CommitKind::Transactional)
            if version < GROUP_ERRORS_VERSION =>
        {
            ErrorCode::IllegalGeneration
        }
        (ErrorCode::GroupIdNotFound, CommitKind::Plain)
            if version < GROUP_ID_NOT_FOUND_VERSION || is_old =>
        {
            ErrorCode::IllegalGeneration
        }
        (error, CommitKind::Plain | CommitKind::Transactional) => error,
    }
}
