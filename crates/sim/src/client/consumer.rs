//! A read_committed consumer that reads all partitions as they grow.

use bytes::BytesMut;
use fencepost_ids::{ErrorCode, LeaderEpoch, Offset};
use fencepost_log::{Delivery, DeliveryFilter, StoredBatch};
use fencepost_oracle::{Delivered, Place, RecordId};
use fencepost_wire::messages::FetchRequest;
use fencepost_wire::messages::fetch_request::{FetchPartition, FetchTopic};
use fencepost_wire::{FetchedPartition, Response, ToWire};

use super::directory::Directory;
use super::{BACKOFF_MS, Io, Part, Signal, Tag, Wait, is_retriable};

/// How long a fetch may wait at the broker.
const MAX_WAIT_MS: i32 = 500;

/// Reads and delivers.
#[derive(Debug)]
pub(crate) struct Consumer {
    reader: Reader,
}

/// Positions in some partitions, and the fetches that move them on.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) directory: Directory,
    isolation: i8,
    positions: Vec<Option<Offset>>,
    /// From where the fetch under way reads, if there is one.
    in_flight: Vec<Option<Offset>>,
    waiting: bool,
}

/// Records that reached the client: place, offset, record.
pub(crate) type Read = Vec<(usize, Offset, RecordId)>;

impl Consumer {
    pub(crate) fn new(places: Vec<Place>) -> Self {
        let mut reader = Reader::new(places, 1);
        for place in 0..reader.positions.len() {
            reader.seek(place, Offset::ZERO);
        }
        Self { reader }
    }

    pub(crate) fn handle(&mut self, signal: Signal, io: &mut Io<'_>) {
        for (place, offset, record) in self.reader.handle(signal, io) {
            let place = self.reader.directory.places()[place].clone();
            io.history.delivered(Delivered { actor: io.actor, place, offset, record });
        }
    }
}

impl Reader {
    pub(crate) fn new(places: Vec<Place>, isolation: i8) -> Self {
        let count = places.len();
        Self {
            directory: Directory::new(Part::Input, places),
            isolation,
            positions: vec![None; count],
            in_flight: vec![None; count],
            waiting: false,
        }
    }

    /// Reads a place from an offset on.
    pub(crate) fn seek(&mut self, place: usize, offset: Offset) {
        self.positions[place] = Some(offset);
    }

    /// Reads nothing until it is told from where. An answer still on its way is dropped, even if it
    /// comes when there is a position again.
    pub(crate) fn pause(&mut self) {
        self.positions.fill(None);
    }

    pub(crate) fn handle(&mut self, signal: Signal, io: &mut Io<'_>) -> Read {
        match signal {
            Signal::Start => self.directory.ask(io),
            Signal::Reply(Tag::Metadata(Part::Input), response) => {
                self.directory.learn(response, io);
                self.fetch(io);
            }
            Signal::Broken(Tag::Metadata(Part::Input)) => self.directory.broken(io),
            Signal::Wake(Wait::Metadata(Part::Input)) => self.directory.ask(io),
            Signal::Reply(Tag::Fetch(place), response) => {
                let place = place as usize;
                let from = self.in_flight[place].take();
                let read = self.fetched(place, from, response, io);
                self.fetch_later(io);
                return read;
            }
            Signal::Broken(Tag::Fetch(place)) => {
                self.in_flight[place as usize] = None;
                self.directory.forget(place as usize, io);
                self.fetch_later(io);
            }
            Signal::Wake(Wait::Fetch) => {
                self.waiting = false;
                self.fetch(io);
            }
            Signal::Reply(..) | Signal::Unanswered(_) | Signal::Broken(_) | Signal::Wake(_) => {}
        }
        Read::new()
    }

    fn fetch_later(&mut self, io: &mut Io<'_>) {
        if !self.waiting {
            self.waiting = true;
            io.wait(BACKOFF_MS / 10, Wait::Fetch);
        }
    }

    /// Fetches every place that has a position and no fetch under way.
    pub(crate) fn fetch(&mut self, io: &mut Io<'_>) {
        for place in 0..self.positions.len() {
            let (Some(offset), None) = (self.positions[place], self.in_flight[place]) else {
                continue;
            };
            let Some(leader) = self.directory.leader(place) else {
                self.directory.refresh(io);
                continue;
            };
            self.in_flight[place] = Some(offset);
            let at = &self.directory.places()[place];
            let term = self.directory.term(place);
            let request = fetch_request(at, self.isolation, offset, term, MAX_WAIT_MS);
            io.request(leader, 12, request, Tag::Fetch(place as u32));
        }
    }

    fn fetched(
        &mut self,
        place: usize,
        from: Option<Offset>,
        response: Response,
        io: &mut Io<'_>,
    ) -> Read {
        let Response::Fetch(response) = response else { return Read::new() };
        let rows = response.topics.into_iter().flat_map(|topic| topic.partitions);
        let Some(row) = rows.into_iter().next() else { return Read::new() };
        match row.error_code {
            ErrorCode::None => {}
            error if is_retriable(error) => {
                self.directory.forget(place, io);
                return Read::new();
            }
            error => {
                io.history.complained(io.actor, format!("a fetch was refused: {error}"));
                self.positions[place] = None;
                return Read::new();
            }
        }
        let Some(position) = self.positions[place].filter(|position| Some(*position) == from)
        else {
            return Read::new();
        };
        let (records, next) = delivered(&row, position);
        self.positions[place] = Some(next);
        records.into_iter().map(|(offset, record)| (place, offset, record)).collect()
    }
}

/// A fetch of one partition, outside sessions. With the term of the leader that the client knows, a
/// broker that has meanwhile become a follower refuses it (FETCH-12).
pub(crate) fn fetch_request(
    place: &Place,
    isolation: i8,
    offset: Offset,
    term: LeaderEpoch,
    max_wait_ms: i32,
) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_partition(place.partition.0)
        .with_fetch_offset(offset.0)
        .with_current_leader_epoch(term.0)
        .with_last_fetched_epoch(-1)
        .with_partition_max_bytes(1 << 20);
    let topic =
        FetchTopic::default().with_topic(place.topic.to_wire()).with_partitions(vec![partition]);
    FetchRequest::default()
        .with_replica_id((-1).into())
        .with_isolation_level(isolation)
        .with_max_wait_ms(max_wait_ms)
        .with_min_bytes(1)
        .with_max_bytes(1 << 20)
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

/// What a client delivers of an answer, and where it reads on (LSO-14).
pub(crate) fn delivered(
    row: &FetchedPartition,
    position: Offset,
) -> (Vec<(Offset, RecordId)>, Offset) {
    let aborted = row.aborted_transactions.iter().flatten();
    let mut filter = DeliveryFilter::new(aborted.map(|one| (one.producer_id, one.first_offset)));
    let mut bytes = match row.records.as_slice() {
        [only] => only.clone(),
        chunks => {
            let mut whole = BytesMut::new();
            for chunk in chunks {
                whole.extend_from_slice(chunk);
            }
            whole.freeze()
        }
    };
    let mut records = Vec::new();
    let mut next = position;
    while let Some(batch) = StoredBatch::take(&mut bytes) {
        next = batch.last_offset().plus(1);
        if filter.judge(&batch) == Delivery::Deliver {
            read_batch(&batch, position, &mut records);
        }
    }
    (records, next)
}

fn read_batch(batch: &StoredBatch, position: Offset, records: &mut Vec<(Offset, RecordId)>) {
    let Ok(set) = batch.records() else { return };
    for record in set.iter().flatten() {
        let offset = record.offset(batch.base_offset());
        let value = record.value.and_then(|value| value.try_into().ok());
        if let Some(value) = value.filter(|_| offset >= position) {
            records.push((offset, RecordId(u64::from_be_bytes(value))));
        }
    }
}
