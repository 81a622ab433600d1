//! Consume, transform, produce: the inputs' offsets are committed in the transaction of the
//! outputs (KIP-98, KIP-447).

use std::collections::{BTreeMap, VecDeque};

use fencepost_ids::{ErrorCode, GroupId, Offset};
use fencepost_oracle::{End, Place, RecordId};
use fencepost_wire::messages::OffsetFetchRequest;
use fencepost_wire::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use fencepost_wire::{Response, ToWire};

use super::consumer::Reader;
use super::coordinator::{Coordinator, Kind};
use super::transactional::WhenFenced;
use super::transactor::{Report, Transactor, Work};
use super::{BACKOFF_MS, Io, Part, Signal, Tag, Wait, error_of, is_retriable};

/// Inputs that go into one transaction, at most.
const INPUTS_MAX: usize = 3;

/// A pipeline over all partitions of one topic, with a fixed assignment: its transactional id is
/// what keeps a former instance from going on.
#[derive(Debug)]
pub(crate) struct Pipeline {
    transactor: Transactor,
    reader: Reader,
    offsets: Coordinator,
    group: GroupId,
    inputs: VecDeque<(usize, Offset, RecordId)>,
    /// Inputs of the transaction in progress.
    taken: Vec<(usize, Offset, RecordId)>,
    outputs: usize,
    start_after_ms: i64,
    when_fenced: WhenFenced,
    /// Whether its positions are those of the group.
    is_reading: bool,
    stopped: bool,
}

impl Pipeline {
    pub(crate) fn new(
        transactor: Transactor,
        inputs: Vec<Place>,
        group: GroupId,
        start_after_ms: i64,
        when_fenced: WhenFenced,
    ) -> Self {
        let outputs = transactor.directory.places().len();
        Self {
            transactor,
            reader: Reader::new(inputs, 1),
            offsets: Coordinator::new(Kind::Group(Part::Input), group.as_str()),
            group,
            inputs: VecDeque::new(),
            taken: Vec::new(),
            outputs,
            start_after_ms,
            when_fenced,
            is_reading: false,
            stopped: false,
        }
    }

    /// Whether it has nothing left to do with what it has read.
    pub(crate) fn is_done(&self) -> bool {
        self.stopped
            || (self.transactor.is_ready() && self.inputs.is_empty() && self.taken.is_empty())
    }

    pub(crate) fn handle(&mut self, signal: Signal, io: &mut Io<'_>) {
        if self.stopped {
            return;
        }
        match signal {
            Signal::Start => io.wait(self.start_after_ms, Wait::Start),
            Signal::Wake(Wait::Start) => self.transactor.start(io),
            Signal::Reply(Tag::OffsetFetch, response) => self.offsets_found(&response, io),
            Signal::Broken(Tag::OffsetFetch) => self.offsets.relocate(io),
            Signal::Reply(Tag::FindGroupCoordinator(Part::Input), response) => {
                self.offsets.found(response, io);
            }
            Signal::Broken(Tag::FindGroupCoordinator(Part::Input)) => self.offsets.find_broken(io),
            Signal::Wake(Wait::GroupCoordinator(Part::Input)) => self.offsets.wake(io),
            Signal::Reply(Tag::Metadata(Part::Input) | Tag::Fetch(_), _)
            | Signal::Broken(Tag::Metadata(Part::Input) | Tag::Fetch(_))
            | Signal::Wake(Wait::Metadata(Part::Input) | Wait::Fetch) => {
                let read = self.reader.handle(signal, io);
                self.inputs.extend(read);
                self.work(io);
            }
            Signal::Reply(..) | Signal::Unanswered(_) | Signal::Broken(_) | Signal::Wake(_) => {
                let report = self.transactor.handle(signal, io);
                self.reported(report, io);
            }
        }
    }

    fn reported(&mut self, report: Option<Report>, io: &mut Io<'_>) {
        match report {
            // A new identity has ended whatever an earlier one left open: only now are the
            // committed offsets final.
            Some(Report::Ready) if self.taken.is_empty() && !self.is_reading => self.rewind(io),
            Some(Report::Ready) => self.work(io),
            Some(Report::Ended(End::Committed)) => {
                self.taken.clear();
                self.work(io);
            }
            // The inputs of an aborted transaction are read again from the committed offsets.
            Some(Report::Ended(_)) => self.rewind(io),
            Some(Report::Dead) => {
                self.forget();
                match self.when_fenced {
                    WhenFenced::Restart => io.wait(BACKOFF_MS, Wait::Start),
                    WhenFenced::Stop => self.stopped = true,
                }
            }
            None => {}
        }
    }

    fn forget(&mut self) {
        self.inputs.clear();
        self.taken.clear();
        self.is_reading = false;
        self.offsets.settle();
        self.reader.pause();
    }

    /// Reads on from the group's committed offsets.
    fn rewind(&mut self, io: &mut Io<'_>) {
        self.forget();
        let topics = self
            .reader
            .directory
            .places()
            .iter()
            .map(|place| {
                OffsetFetchRequestTopics::default()
                    .with_name(place.topic.to_wire())
                    .with_partition_indexes(vec![place.partition.0])
            })
            .collect();
        let group = OffsetFetchRequestGroup::default()
            .with_group_id(self.group.to_wire())
            .with_member_id(None)
            .with_member_epoch(-1)
            .with_topics(Some(topics));
        let request =
            OffsetFetchRequest::default().with_groups(vec![group]).with_require_stable(true);
        self.offsets.send(Tag::OffsetFetch, 8, request, io);
    }

    fn offsets_found(&mut self, response: &Response, io: &mut Io<'_>) {
        let Response::OffsetFetch(response) = response else { return };
        let Some(group) = response.groups.first() else { return };
        let rows = || group.topics.iter().flat_map(|topic| &topic.partitions);
        let first_error = rows().map(|row| row.error_code).find(|code| *code != 0);
        let code = if group.error_code != 0 { group.error_code } else { first_error.unwrap_or(0) };
        match error_of(code) {
            ErrorCode::None => self.offsets.settle(),
            ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator => {
                return self.offsets.relocate(io);
            }
            error if is_retriable(error) => return self.offsets.repeat(io),
            error => {
                self.stopped = true;
                let what = format!("OffsetFetch was refused: {error}");
                return io.history.complained(io.actor, what);
            }
        }
        for (place, row) in rows().enumerate() {
            self.reader.seek(place, Offset(row.committed_offset.max(0)));
        }
        self.is_reading = true;
        self.reader.fetch(io);
    }

    /// Begins a transaction over what was read, if there is something.
    fn work(&mut self, io: &mut Io<'_>) {
        if !self.transactor.is_ready() || !self.is_reading || self.inputs.is_empty() {
            return;
        }
        let count = self.inputs.len().min(INPUTS_MAX);
        self.taken = self.inputs.drain(..count).collect();
        let batches = self
            .taken
            .iter()
            .map(|(place, _, input)| (place % self.outputs, vec![Some(*input)]))
            .collect();
        let mut offsets: BTreeMap<usize, Offset> = BTreeMap::new();
        for (place, offset, _) in &self.taken {
            offsets.insert(*place, offset.plus(1));
        }
        let offsets = offsets
            .into_iter()
            .map(|(place, offset)| (self.reader.directory.places()[place].clone(), offset))
            .collect();
        self.transactor.begin(Work { batches, offsets, commit: !io.chance.one_in(6) }, io);
    }
}
