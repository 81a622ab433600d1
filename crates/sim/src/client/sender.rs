//! The sending half of an idempotent producer: sequences, batches in flight, retries (KIP-98).

use std::collections::VecDeque;

use bytes::Bytes;
use fencepost_ids::{ErrorCode, ProducerEpoch, ProducerId, Sequence, TransactionalId};
use fencepost_log::{BatchBuilder, NewRecord, TransactionBit};
use fencepost_oracle::RecordId;
use fencepost_wire::messages::ProduceRequest;
use fencepost_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use fencepost_wire::{Response, ToWire};

use super::directory::Directory;
use super::{BACKOFF_MS, BatchTag, Io, Tag, Wait, error_of, is_retriable};

/// `max.in.flight.requests.per.connection`, at most what the log remembers (IDEM-09).
const IN_FLIGHT_MAX: usize = 5;

/// A producer's batches, a lane for each partition.
#[derive(Debug)]
pub(crate) struct Sender {
    version: i16,
    acks: i16,
    transactional_id: Option<TransactionalId>,
    identity: Option<(ProducerId, ProducerEpoch)>,
    lanes: Vec<Lane>,
    /// Rises with every reset, so that answers to an earlier life are known as such.
    life: u32,
    /// Whether a wait to send again is running.
    waiting: bool,
}

#[derive(Default, Debug)]
struct Lane {
    next_sequence: i32,
    batches: VecDeque<Batch>,
}

#[derive(Debug)]
struct Batch {
    base_sequence: i32,
    records: Vec<RecordId>,
    bytes: Bytes,
    in_flight: bool,
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) enum Sent {
    /// It is in the log.
    Acknowledged(Vec<RecordId>),
    /// It is sent again later.
    Again,
    /// It cannot be sent.
    Failed(ErrorCode),
}

impl Sender {
    pub(crate) fn new(
        version: i16,
        transactional_id: Option<TransactionalId>,
        lanes: usize,
        acks: i16,
    ) -> Self {
        let lanes = (0..lanes).map(|_| Lane::default()).collect();
        Self { version, acks, transactional_id, identity: None, lanes, life: 0, waiting: false }
    }

    /// Takes an identity; with another epoch or producer id sequences begin at 0.
    pub(crate) fn identify(&mut self, producer_id: ProducerId, producer_epoch: ProducerEpoch) {
        if self.identity != Some((producer_id, producer_epoch)) {
            self.identity = Some((producer_id, producer_epoch));
            for lane in &mut self.lanes {
                lane.next_sequence = 0;
            }
        }
    }

    pub(crate) const fn identity(&self) -> Option<(ProducerId, ProducerEpoch)> {
        self.identity
    }

    /// Adds a batch to a lane.
    pub(crate) fn push(&mut self, lane: usize, records: Vec<RecordId>, io: &Io<'_>) {
        let Some((producer_id, producer_epoch)) = self.identity else { return };
        let bit = match self.transactional_id {
            Some(_) => TransactionBit::Transactional,
            None => TransactionBit::Plain,
        };
        let is_idempotent = self.is_idempotent();
        let lane = &mut self.lanes[lane];
        let base_sequence = lane.next_sequence;
        let mut builder = BatchBuilder::new().transaction(bit);
        if is_idempotent {
            let sequence = Sequence(base_sequence);
            builder = builder.producer(producer_id, producer_epoch, sequence);
        }
        for record in &records {
            let value = record.0.to_be_bytes();
            builder.push(io.now, NewRecord { key: None, value: Some(&value), headers: &[] });
        }
        lane.next_sequence = Sequence(base_sequence).plus(records.len() as i32).0;
        let bytes = builder.build().bytes().clone();
        lane.batches.push_back(Batch { base_sequence, records, bytes, in_flight: false });
    }

    /// Whether every batch was acknowledged or dropped.
    pub(crate) fn is_idle(&self) -> bool {
        self.lanes.iter().all(|lane| lane.batches.is_empty())
    }

    /// How many batches wait or are on their way.
    pub(crate) fn depth(&self) -> usize {
        self.lanes.iter().map(|lane| lane.batches.len()).sum()
    }

    /// Whether a batch is on its way.
    pub(crate) fn has_in_flight(&self) -> bool {
        self.lanes.iter().any(|lane| lane.batches.iter().any(|batch| batch.in_flight))
    }

    /// Drops what is not on its way (CLIENT-11).
    pub(crate) fn drop_unsent(&mut self) {
        for lane in &mut self.lanes {
            lane.batches.retain(|batch| batch.in_flight);
        }
    }

    /// Drops everything, with the identity.
    pub(crate) fn reset(&mut self) {
        self.life += 1;
        self.identity = None;
        for lane in &mut self.lanes {
            *lane = Lane::default();
        }
    }

    /// Sends what can be sent, in order on each lane.
    pub(crate) fn pump(&mut self, directory: &mut Directory, io: &mut Io<'_>) {
        let in_flight_max = if self.is_idempotent() { IN_FLIGHT_MAX } else { 1 };
        for at in 0..self.lanes.len() {
            if self.lanes[at].batches.iter().all(|batch| batch.in_flight) {
                continue;
            }
            let Some(leader) = directory.leader(at) else {
                directory.refresh(io);
                continue;
            };
            let place = directory.places()[at].clone();
            for batch in self.lanes[at].batches.iter_mut().take(in_flight_max) {
                if batch.in_flight {
                    continue;
                }
                batch.in_flight = true;
                let data = PartitionProduceData::default()
                    .with_index(place.partition.0)
                    .with_records(Some(batch.bytes.clone()));
                let topic = TopicProduceData::default()
                    .with_name(place.topic.to_wire())
                    .with_partition_data(vec![data]);
                let request = ProduceRequest::default()
                    .with_transactional_id(self.transactional_id.to_wire())
                    .with_acks(self.acks)
                    .with_timeout_ms(1_000)
                    .with_topic_data(vec![topic]);
                let (lane, base_sequence) = (at as u32, batch.base_sequence);
                let tag = Tag::Produce(BatchTag { lane, base_sequence, life: self.life });
                io.request(leader, self.version, request, tag);
            }
        }
    }

    /// Sends again after a while.
    pub(crate) fn pump_later(&mut self, io: &mut Io<'_>) {
        if !self.waiting {
            self.waiting = true;
            io.wait(BACKOFF_MS, Wait::Send);
        }
    }

    /// The wait to send again is over.
    pub(crate) fn wake(&mut self, directory: &mut Directory, io: &mut Io<'_>) {
        self.waiting = false;
        self.pump(directory, io);
    }

    /// A batch's connection broke.
    pub(crate) fn broken(&mut self, tag: BatchTag, directory: &mut Directory, io: &mut Io<'_>) {
        if tag.life == self.life {
            self.again(tag);
            directory.forget(tag.lane as usize, io);
            self.pump_later(io);
        }
    }

    fn again(&mut self, tag: BatchTag) {
        let mut batches = self.lanes[tag.lane as usize].batches.iter_mut();
        if let Some(batch) = batches.find(|batch| batch.base_sequence == tag.base_sequence) {
            batch.in_flight = false;
        }
    }

    /// Clients refuse to be idempotent with fewer acknowledgements than all; then they send one
    /// batch at a time, so that the order holds.
    pub(crate) const fn is_idempotent(&self) -> bool {
        self.acks == -1
    }

    /// Whether a batch counts as delivered once it has gone out.
    pub(crate) const fn asks_for_nothing(&self) -> bool {
        self.acks == 0
    }

    /// Takes out a batch that nobody will say more of.
    pub(crate) fn drop_batch(&mut self, tag: BatchTag) -> Vec<RecordId> {
        let batches = &mut self.lanes[tag.lane as usize].batches;
        let same =
            |batch: &Batch| tag.life == self.life && batch.base_sequence == tag.base_sequence;
        let at = batches.iter().position(same);
        at.and_then(|at| batches.remove(at)).map(|batch| batch.records).unwrap_or_default()
    }

    /// A batch was answered (CLIENT-07).
    pub(crate) fn answered(
        &mut self,
        tag: BatchTag,
        response: &Response,
        directory: &mut Directory,
        io: &mut Io<'_>,
    ) -> Sent {
        if tag.life != self.life {
            return Sent::Again;
        }
        let at = tag.lane as usize;
        let Response::Produce(response) = response else {
            return Sent::Failed(ErrorCode::UnknownServerError);
        };
        let row = response.responses.first().and_then(|topic| topic.partition_responses.first());
        let error = row.map_or(ErrorCode::UnknownServerError, |row| error_of(row.error_code));
        let batches = &mut self.lanes[at].batches;
        let same = |batch: &Batch| batch.base_sequence == tag.base_sequence;
        let Some(index) = batches.iter().position(same) else { return Sent::Again };
        match error {
            ErrorCode::None | ErrorCode::DuplicateSequenceNumber => {
                let records = batches.remove(index).map(|batch| batch.records);
                self.pump(directory, io);
                return Sent::Acknowledged(records.unwrap_or_default());
            }
            ErrorCode::NotLeaderOrFollower
            | ErrorCode::UnknownTopicOrPartition
            | ErrorCode::LeaderNotAvailable => directory.forget(at, io),
            // Not the next in line: the ones before it come first.
            ErrorCode::OutOfOrderSequenceNumber if index > 0 => {}
            error if is_retriable(error) => {}
            error => {
                batches.remove(index);
                return Sent::Failed(error);
            }
        }
        self.again(tag);
        self.pump_later(io);
        Sent::Again
    }
}
