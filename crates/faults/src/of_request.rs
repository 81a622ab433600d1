//! What a request is about: its transactional ids, groups, topics and partitions.

mod fields;

use fencepost_ids::{BrokerId, GroupId, PartitionIndex, TopicId, TopicName, TransactionalId};
use fencepost_wire::{FromWire, Request, RequestHeader, StrBytes, messages};

use crate::{Origin, Subject};

/// Kafka's number for a topic among the resources with a configuration, and for a group.
const TOPIC: i8 = 2;
const GROUP: i8 = 32;

impl Subject {
    /// A request of a client. Topics that are named by id have the name that `topic_name` gives them;
    /// those of which it knows none are left out.
    #[must_use]
    pub fn of_request(
        header: &RequestHeader,
        request: &Request,
        broker: BrokerId,
        topic_name: impl Fn(TopicId) -> Option<TopicName>,
    ) -> Self {
        let RequestHeader { api, version, client_id, .. } = header.clone();
        let origin = Origin::Client { api, version, client_id };
        let (transactional_ids, groups, topics) = Default::default();
        let subject = Self { origin, broker, transactional_ids, groups, topics };
        let mut reader = Reader { subject, topic_name: &topic_name };
        reader.read(request);
        reader.subject
    }
}

struct Reader<'a> {
    subject: Subject,
    topic_name: &'a dyn Fn(TopicId) -> Option<TopicName>,
}

impl Reader<'_> {
    fn transaction(&mut self, id: &messages::TransactionalId) {
        self.subject.transactional_ids.push(TransactionalId::from_wire(id));
    }

    fn group(&mut self, id: &messages::GroupId) {
        self.subject.groups.push(GroupId::from_wire(id));
    }

    fn topic(&mut self, name: &messages::TopicName) {
        self.subject.topics.push((TopicName::from_wire(name), None));
    }

    /// A topic that goes by its name or, where that is empty, by its id.
    fn topic_or_id(&mut self, name: &messages::TopicName, id: TopicId) -> Option<TopicName> {
        if name.is_empty() { (self.topic_name)(id) } else { Some(TopicName::from_wire(name)) }
    }

    fn partitions(&mut self, topic: Option<TopicName>, indexes: impl Iterator<Item = i32>) {
        let Some(topic) = topic else { return };
        let pairs = indexes.map(|index| (topic.clone(), Some(PartitionIndex(index))));
        self.subject.topics.extend(pairs);
    }

    fn named(&mut self, topic: &messages::TopicName, indexes: impl Iterator<Item = i32>) {
        self.partitions(Some(TopicName::from_wire(topic)), indexes);
    }

    fn resource(&mut self, kind: i8, name: &StrBytes) {
        match kind {
            TOPIC => self.topic(&name.clone().into()),
            GROUP => self.group(&name.clone().into()),
            _ => (),
        }
    }

    fn key(&mut self, kind: i8, key: &StrBytes) {
        match kind {
            0 => self.group(&key.clone().into()),
            1 => self.transaction(&key.clone().into()),
            _ => (),
        }
    }

    fn read(&mut self, request: &Request) {
        self.read_records(request);
        self.read_transactions(request);
        self.read_groups(request);
        self.read_topics(request);
    }

    fn read_records(&mut self, request: &Request) {
        match request {
            Request::Produce(body) => {
                body.transactional_id.iter().for_each(|id| self.transaction(id));
                for topic in &body.topic_data {
                    let name = self.topic_or_id(&topic.name, TopicId::from_wire(&topic.topic_id));
                    self.partitions(name, topic.partition_data.iter().map(|it| it.index));
                }
            }
            Request::Fetch(body) => {
                for topic in &body.topics {
                    let name = self.topic_or_id(&topic.topic, TopicId::from_wire(&topic.topic_id));
                    self.partitions(name, topic.partitions.iter().map(|it| it.partition));
                }
            }
            Request::ListOffsets(body) => {
                for topic in &body.topics {
                    self.named(&topic.name, topic.partitions.iter().map(|it| it.partition_index));
                }
            }
            Request::DeleteRecords(body) => {
                for topic in &body.topics {
                    self.named(&topic.name, topic.partitions.iter().map(|it| it.partition_index));
                }
            }
            Request::OffsetForLeaderEpoch(body) => {
                for topic in &body.topics {
                    self.named(&topic.topic, topic.partitions.iter().map(|it| it.partition));
                }
            }
            Request::DescribeProducers(body) => {
                for topic in &body.topics {
                    self.named(&topic.name, topic.partition_indexes.iter().copied());
                }
            }
            _ => (),
        }
    }

    fn read_transactions(&mut self, request: &Request) {
        match request {
            Request::InitProducerId(body) => {
                body.transactional_id.iter().for_each(|id| self.transaction(id));
            }
            Request::AddPartitionsToTxn(body) => {
                for transaction in &body.transactions {
                    self.transaction(&transaction.transactional_id);
                    for topic in &transaction.topics {
                        self.named(&topic.name, topic.partitions.iter().copied());
                    }
                }
                if body.transactions.is_empty() {
                    self.transaction(&body.v3_and_below_transactional_id);
                }
                for topic in &body.v3_and_below_topics {
                    self.named(&topic.name, topic.partitions.iter().copied());
                }
            }
            Request::AddOffsetsToTxn(body) => {
                self.transaction(&body.transactional_id);
                self.group(&body.group_id);
            }
            Request::EndTxn(body) => self.transaction(&body.transactional_id),
            Request::WriteTxnMarkers(body) => {
                for topic in body.markers.iter().flat_map(|marker| &marker.marker.topics) {
                    self.named(&topic.name, topic.partition_indexes.iter().copied());
                }
            }
            Request::TxnOffsetCommit(body) => {
                self.transaction(&body.transactional_id);
                self.group(&body.group_id);
                for topic in &body.topics {
                    let name = self.topic_or_id(&topic.name, TopicId::from_wire(&topic.topic_id));
                    self.partitions(name, topic.partitions.iter().map(|it| it.partition_index));
                }
            }
            Request::DescribeTransactions(body) => {
                body.transactional_ids.iter().for_each(|id| self.transaction(id));
            }
            Request::FindCoordinator(body) => {
                let single = (body.coordinator_keys.is_empty()).then_some(&body.key);
                for key in body.coordinator_keys.iter().chain(single) {
                    self.key(body.key_type, key);
                }
            }
            _ => (),
        }
    }

    fn read_groups(&mut self, request: &Request) {
        match request {
            Request::OffsetCommit(body) => {
                self.group(&body.group_id);
                for topic in &body.topics {
                    let name = self.topic_or_id(&topic.name, TopicId::from_wire(&topic.topic_id));
                    self.partitions(name, topic.partitions.iter().map(|it| it.partition_index));
                }
            }
            Request::OffsetFetch(body) => {
                if body.groups.is_empty() {
                    self.group(&body.group_id);
                }
                for topic in body.topics.iter().flatten() {
                    self.named(&topic.name, topic.partition_indexes.iter().copied());
                }
                for group in &body.groups {
                    self.group(&group.group_id);
                    for topic in group.topics.iter().flatten() {
                        let id = TopicId::from_wire(&topic.topic_id);
                        let name = self.topic_or_id(&topic.name, id);
                        self.partitions(name, topic.partition_indexes.iter().copied());
                    }
                }
            }
            Request::OffsetDelete(body) => {
                self.group(&body.group_id);
                for topic in &body.topics {
                    self.named(&topic.name, topic.partitions.iter().map(|it| it.partition_index));
                }
            }
            Request::JoinGroup(body) => self.group(&body.group_id),
            Request::Heartbeat(body) => self.group(&body.group_id),
            Request::LeaveGroup(body) => self.group(&body.group_id),
            Request::SyncGroup(body) => self.group(&body.group_id),
            Request::ConsumerGroupHeartbeat(body) => self.group(&body.group_id),
            Request::DescribeGroups(body) => body.groups.iter().for_each(|it| self.group(it)),
            Request::DeleteGroups(body) => body.groups_names.iter().for_each(|it| self.group(it)),
            Request::ConsumerGroupDescribe(body) => {
                body.group_ids.iter().for_each(|it| self.group(it));
            }
            _ => (),
        }
    }

    fn read_topics(&mut self, request: &Request) {
        match request {
            Request::Metadata(body) => {
                for topic in body.topics.iter().flatten() {
                    let name = topic.name.clone().unwrap_or_default();
                    let name = self.topic_or_id(&name, TopicId::from_wire(&topic.topic_id));
                    self.subject.topics.extend(name.map(|name| (name, None)));
                }
            }
            Request::CreateTopics(body) => {
                body.topics.iter().for_each(|topic| self.topic(&topic.name));
            }
            Request::DeleteTopics(body) => {
                body.topic_names.iter().for_each(|name| self.topic(name));
                for topic in &body.topics {
                    let name = topic.name.clone().unwrap_or_default();
                    let name = self.topic_or_id(&name, TopicId::from_wire(&topic.topic_id));
                    self.subject.topics.extend(name.map(|name| (name, None)));
                }
            }
            Request::CreatePartitions(body) => {
                body.topics.iter().for_each(|topic| self.topic(&topic.name));
            }
            Request::ElectLeaders(body) => {
                for topic in body.topic_partitions.iter().flatten() {
                    self.named(&topic.topic, topic.partitions.iter().copied());
                }
            }
            Request::DescribeTopicPartitions(body) => {
                body.topics.iter().for_each(|topic| self.topic(&topic.name));
            }
            Request::DescribeConfigs(body) => {
                body.resources
                    .iter()
                    .for_each(|it| self.resource(it.resource_type, &it.resource_name));
            }
            Request::AlterConfigs(body) => {
                body.resources
                    .iter()
                    .for_each(|it| self.resource(it.resource_type, &it.resource_name));
            }
            Request::IncrementalAlterConfigs(body) => {
                body.resources
                    .iter()
                    .for_each(|it| self.resource(it.resource_type, &it.resource_name));
            }
            _ => (),
        }
    }
}
