//! Which broker leads which partition, as far as a client knows.

use fencepost_ids::{BrokerId, LeaderEpoch};
use fencepost_oracle::Place;
use fencepost_wire::messages::metadata_request::MetadataRequestTopic;
use fencepost_wire::messages::{MetadataRequest, MetadataResponse};
use fencepost_wire::{Response, ToWire};

use super::{BACKOFF_MS, Io, Part, Tag, Wait};

/// A client's metadata.
#[derive(Debug)]
pub(crate) struct Directory {
    part: Part,
    places: Vec<Place>,
    leaders: Vec<Option<(BrokerId, LeaderEpoch)>>,
    /// Whether a question is on its way or about to be.
    asking: bool,
    /// The broker to ask next.
    next: i32,
}

impl Directory {
    pub(crate) fn new(part: Part, places: Vec<Place>) -> Self {
        let leaders = vec![None; places.len()];
        Self { part, places, leaders, asking: false, next: 0 }
    }

    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    /// The leader of a place, if it is known.
    pub(crate) fn leader(&self, place: usize) -> Option<BrokerId> {
        self.leaders.get(place).copied().flatten().map(|(leader, _)| leader)
    }

    /// The term of that leader, or -1.
    pub(crate) fn term(&self, place: usize) -> LeaderEpoch {
        self.leaders.get(place).copied().flatten().map_or(LeaderEpoch::NONE, |(_, term)| term)
    }

    /// What was known of a place is wrong.
    pub(crate) fn forget(&mut self, place: usize, io: &mut Io<'_>) {
        if let Some(leader) = self.leaders.get_mut(place) {
            *leader = None;
        }
        self.refresh(io);
    }

    /// Asks again after a while, unless a question is on its way.
    pub(crate) fn refresh(&mut self, io: &mut Io<'_>) {
        if !self.asking {
            self.asking = true;
            io.wait(BACKOFF_MS, Wait::Metadata(self.part));
        }
    }

    /// Asks now.
    pub(crate) fn ask(&mut self, io: &mut Io<'_>) {
        self.asking = true;
        let broker = BrokerId(self.next % io.brokers);
        self.next += 1;
        let mut names: Vec<_> = self.places.iter().map(|place| place.topic.clone()).collect();
        names.dedup();
        let topics = names
            .iter()
            .map(|name| MetadataRequestTopic::default().with_name(Some(name.to_wire())))
            .collect();
        let request = MetadataRequest::default()
            .with_topics(Some(topics))
            .with_allow_auto_topic_creation(false);
        io.request(broker, 12, request, Tag::Metadata(self.part));
    }

    /// The question was lost with its connection.
    pub(crate) fn broken(&mut self, io: &mut Io<'_>) {
        self.asking = false;
        self.refresh(io);
    }

    /// The answer came.
    pub(crate) fn learn(&mut self, response: Response, io: &mut Io<'_>) {
        self.asking = false;
        if let Response::Metadata(response) = response {
            for (place, leader) in self.places.iter().zip(&mut self.leaders) {
                *leader = find(&response, place);
            }
        }
        if self.leaders.iter().any(Option::is_none) {
            self.refresh(io);
        }
    }
}

fn find(response: &MetadataResponse, place: &Place) -> Option<(BrokerId, LeaderEpoch)> {
    let topic = response
        .topics
        .iter()
        .find(|topic| topic.name.as_ref().is_some_and(|name| *name.0 == *place.topic))?;
    let partition = topic.partitions.iter().find(|row| row.partition_index == place.partition.0)?;
    let term = LeaderEpoch(partition.leader_epoch);
    (partition.leader_id.0 >= 0).then_some((BrokerId(partition.leader_id.0), term))
}
