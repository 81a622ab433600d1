//! What waits for the replicas of `__consumer_offsets` (TXOFF-34).

use fencepost_ids::{ErrorCode, GroupId, Offset};

use super::AfterWrite;

/// Something that happens when the high watermark reaches an offset, or too late.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// The high watermark that ends the wait.
    pub(super) end: Offset,
    pub(super) then: Then,
}

/// What happens.
#[derive(Clone, Debug)]
pub(super) enum Then {
    /// A part of a request's answer is settled.
    Answer {
        /// The serial number of the request's ticket.
        serial: u64,
        /// Which part, for requests of several groups.
        part: usize,
    },
    /// A classic group goes on (GRP-25, GRP-37).
    Group {
        /// Which group.
        group: GroupId,
        /// How.
        after: AfterWrite,
    },
}

/// What a group's client reads for an error of an append or of the wait for its replicas
/// (TXOFF-16, GRP-26).
pub(crate) const fn append_error(error: ErrorCode) -> ErrorCode {
    use ErrorCode as E;
    match error {
        E::UnknownTopicOrPartition
        | E::NotEnoughReplicas
        | E::NotEnoughReplicasAfterAppend
        | E::RequestTimedOut => E::CoordinatorNotAvailable,
        E::NotLeaderOrFollower | E::KafkaStorageError => E::NotCoordinator,
        E::MessageTooLarge | E::RecordListTooLarge | E::InvalidFetchSize => E::UnknownServerError,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TXOFF-16, GRP-26: every error of an append, as the client reads it.
    #[test]
    fn txoff_16_errors_of_the_append_as_clients_read_them() {
        for error in ErrorCode::ALL {
            let expected = match error.code() {
                3 | 7 | 19 | 20 => 15,
                6 | 56 => 16,
                4 | 10 | 18 => -1,
                same => same,
            };
            assert_eq!(append_error(*error).code(), expected, "{error}");
        }
    }
}
