//! The end of a group (TXOFF-65, TXOFF-69).

use fencepost_ids::ErrorCode;

use super::ConsumerGroup;
use crate::group::offsets::ExpiryBase;
use crate::group::records::ConsumerGroupRecord;

impl ConsumerGroup {
    /// Whether the group may be deleted.
    ///
    /// # Errors
    /// NON_EMPTY_GROUP if it has members.
    pub(crate) fn validate_deletion(&self) -> Result<(), ErrorCode> {
        if self.is_empty() { Ok(()) } else { Err(ErrorCode::NonEmptyGroup) }
    }

    /// The records that delete the group, the last of which ends it.
    #[must_use]
    pub(crate) fn tombstones(&self) -> Vec<ConsumerGroupRecord> {
        let members = || self.members.keys().cloned();
        let mut records: Vec<_> =
            members().map(|id| ConsumerGroupRecord::CurrentAssignment(id, None)).collect();
        records.extend(members().map(|id| ConsumerGroupRecord::TargetAssignment(id, None)));
        records.push(ConsumerGroupRecord::TargetEpoch(None));
        records.extend(members().map(|id| ConsumerGroupRecord::Member(id, None)));
        let regexes = self.regexes.keys().cloned();
        records.extend(regexes.map(|regex| ConsumerGroupRecord::RegularExpression(regex, None)));
        records.push(ConsumerGroupRecord::PartitionMetadata(None));
        records.push(ConsumerGroupRecord::GroupEpoch(None));
        records
    }

    /// From when the age of the group's offsets counts (TXOFF-68).
    #[must_use]
    pub(crate) const fn offset_expiry(&self) -> ExpiryBase {
        ExpiryBase::CommitTime
    }
}
