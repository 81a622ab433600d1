//! When a group, or its offsets, may be deleted (TXOFF-62, TXOFF-65).

use fencepost_ids::ErrorCode;

use super::{ClassicGroup, State};

impl ClassicGroup {
    /// Whether the group may be deleted.
    ///
    /// # Errors
    /// `NON_EMPTY_GROUP` while it has members.
    pub(crate) fn validate_deletion(&self) -> Result<(), ErrorCode> {
        match self.state {
            State::Empty => Ok(()),
            State::PreparingRebalance(_) | State::CompletingRebalance | State::Stable => {
                Err(ErrorCode::NonEmptyGroup)
            }
        }
    }

    /// Whether offsets of topics that it is not subscribed to may be deleted.
    ///
    /// # Errors
    /// `NON_EMPTY_GROUP` while it has members whose subscriptions cannot be known.
    pub(crate) fn validate_offset_deletion(&self) -> Result<(), ErrorCode> {
        if self.speaks_consumer_protocol() { Ok(()) } else { self.validate_deletion() }
    }
}
