//! Appends as the leader: clients' batches, coordinators' records and markers.

use fencepost_ids::{LeaderEpoch, Offset, ProducerId, Rule, Timestamp};

use super::state::ReplicaState;
use super::verification::VerificationGuard;
use crate::batch::{
    BatchHeader, FramedBatch, Marker, MarkerType, Origin, StoredBatch, TimestampType, ValidBatch,
    validate,
};
use crate::config::{LogConfig, LogRules};
use crate::durable::Log;
use crate::error::AppendError;

/// Under which term, at what time and by which rules the leader appends.
#[derive(Clone, Copy, Debug)]
pub struct LeaderContext<'a> {
    /// The leader's clock.
    pub now: Timestamp,
    /// The leader's term.
    pub leader_epoch: LeaderEpoch,
    /// The topic's settings.
    pub config: &'a LogConfig,
    /// The rules that hold.
    pub rules: &'a LogRules,
}

/// A batch that is in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppendedBatch {
    /// It was appended now.
    Fresh {
        /// The offset of its first record.
        base_offset: Offset,
        /// The offset of its last record.
        last_offset: Offset,
        /// The leader's clock under log append time, else [`Timestamp::NONE`] (BATCH-10).
        log_append_time: Timestamp,
    },
    /// It was there before, and nothing was changed (IDEM-10).
    Duplicate {
        /// The offset of the original's first record.
        base_offset: Offset,
        /// The offset of the original's last record.
        last_offset: Offset,
        /// The original's max timestamp.
        log_append_time: Timestamp,
    },
}

impl AppendedBatch {
    /// The offset of the first record.
    #[must_use]
    pub const fn base_offset(&self) -> Offset {
        match self {
            Self::Fresh { base_offset, .. } | Self::Duplicate { base_offset, .. } => *base_offset,
        }
    }

    /// The high watermark that an acks=all request waits for (IDEM-06).
    #[must_use]
    pub const fn required_high_watermark(&self) -> Offset {
        match self {
            Self::Fresh { last_offset, .. } | Self::Duplicate { last_offset, .. } => {
                last_offset.plus(1)
            }
        }
    }

    /// The log append time of the answer.
    #[must_use]
    pub const fn log_append_time(&self) -> Timestamp {
        match self {
            Self::Fresh { log_append_time, .. } | Self::Duplicate { log_append_time, .. } => {
                *log_append_time
            }
        }
    }
}

/// A marker that was appended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AppendedMarker {
    /// Its offset.
    pub offset: Offset,
    /// The transaction that it ended; none if none was open (MARK-10).
    pub ended: Option<EndedTransaction>,
}

/// A transaction that a marker ended on this partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndedTransaction {
    /// Whose it was.
    pub producer_id: ProducerId,
    /// The first offset of its data here.
    pub first_offset: Offset,
    /// How it ended.
    pub marker_type: MarkerType,
}

impl ReplicaState {
    /// Appends a producer's batch: the record checks (BATCH-07 to BATCH-14), then the producer
    /// checks (IDEM-07). Framing, leadership, min ISR and verification come before it.
    ///
    /// # Errors
    /// See [`AppendError`]; nothing was changed (IDEM-21).
    pub fn append_client(
        &mut self,
        log: &mut Log,
        batch: FramedBatch,
        guard: Option<VerificationGuard>,
        leader: &LeaderContext<'_>,
    ) -> Result<AppendedBatch, AppendError> {
        let batch = validate(batch, Origin::Client, leader)?;
        if batch.header.producer_id.is_some() {
            if leader.rules.in_force.is_on(Rule::DuplicateCheck)
                && let Some(original) = self.duplicate_of(&batch.header, leader.rules)
            {
                return Ok(original);
            }
            self.check_guard(&batch.header, guard, leader.rules)?;
            self.check_fence(&batch.header, leader.rules)?;
            self.check_verified_sequence(&batch.header, leader.rules)?;
            self.check_sequence(&batch.header, leader.rules)?;
            self.check_plain(&batch.header, leader.rules)?;
        }
        Ok(self.append_data(log, batch, leader))
    }

    /// Appends a coordinator's records: no duplicate and no sequence check (IDEM-23).
    ///
    /// # Errors
    /// See [`AppendError`]; nothing was changed.
    pub fn append_coordinator(
        &mut self,
        log: &mut Log,
        batch: FramedBatch,
        guard: Option<VerificationGuard>,
        leader: &LeaderContext<'_>,
    ) -> Result<AppendedBatch, AppendError> {
        let batch = validate(batch, Origin::Coordinator, leader)?;
        if batch.header.producer_id.is_some() {
            self.check_guard(&batch.header, guard, leader.rules)?;
            self.check_fence(&batch.header, leader.rules)?;
            self.check_plain(&batch.header, leader.rules)?;
        }
        Ok(self.append_data(log, batch, leader))
    }

    /// Appends a marker (MARK-04 to MARK-12).
    ///
    /// # Errors
    /// [`AppendError::StaleMarkerEpoch`], [`AppendError::UnknownMarkerVersion`] or
    /// [`AppendError::StaleCoordinatorEpoch`], or that of a log whose limits do not even hold a
    /// marker; nothing was changed.
    pub fn append_marker(
        &mut self,
        log: &mut Log,
        marker: &Marker,
        leader: &LeaderContext<'_>,
    ) -> Result<AppendedMarker, AppendError> {
        let batch = marker.encode(leader.now);
        let batch = validate(batch, Origin::Coordinator, leader)?;
        self.check_marker(marker, leader.rules)?;
        let header = self.store(log, batch, leader);
        let offset = header.base_offset;
        let (coordinator_epoch, timestamp) = (marker.coordinator_epoch, header.max_timestamp);
        let first_offset = self.apply_marker(&header, coordinator_epoch, timestamp, leader.rules);
        let ended = first_offset.map(|first_offset| EndedTransaction {
            producer_id: marker.producer_id,
            first_offset,
            marker_type: marker.marker_type,
        });
        if let Some(ended) = ended {
            if marker.marker_type == MarkerType::Abort {
                let (id, first_offset) = (marker.producer_id, ended.first_offset);
                let aborted = self.transactions.aborted_at(offset, id, first_offset, leader.rules);
                aborted.into_iter().for_each(|aborted| log.note_aborted(aborted));
            }
            self.transactions.end(ended.first_offset, offset, leader.rules);
        }
        Ok(AppendedMarker { offset, ended })
    }

    /// IDEM-08 and IDEM-10.
    fn duplicate_of(&self, batch: &BatchHeader, rules: &LogRules) -> Option<AppendedBatch> {
        let original = self.producer(batch.producer_id)?.duplicate_of(batch, rules)?;
        Some(AppendedBatch::Duplicate {
            base_offset: original.base_offset(),
            last_offset: original.last_offset,
            log_append_time: original.timestamp,
        })
    }

    fn append_data(
        &mut self,
        log: &mut Log,
        batch: ValidBatch,
        leader: &LeaderContext<'_>,
    ) -> AppendedBatch {
        let header = self.store(log, batch, leader);
        self.apply_data(&header, leader.rules);
        AppendedBatch::Fresh {
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            log_append_time: match leader.config.timestamp_type {
                TimestampType::CreateTime => Timestamp::NONE,
                TimestampType::LogAppendTime => leader.now,
            },
        }
    }

    /// Gives the batch its offset and term, and puts it at the end of the log (BATCH-05).
    fn store(
        &mut self,
        log: &mut Log,
        batch: ValidBatch,
        leader: &LeaderContext<'_>,
    ) -> BatchHeader {
        assert_eq!(self.end, log.end_offset(), "the leader holds the whole log");
        let leader_epoch = leader.leader_epoch;
        let header = BatchHeader { base_offset: log.end_offset(), leader_epoch, ..batch.header };
        let batch = StoredBatch::new(&header, batch.bytes);
        if log.must_roll(&batch, leader.now, leader.config) {
            log.roll(self.snapshot(), leader.now);
        }
        log.append(batch, leader.now);
        self.end = log.end_offset();
        header
    }
}
