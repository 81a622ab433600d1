//! What one who stands between the cluster and its network may know and do: see what is in flight,
//! and answer in the place of a broker.

use fencepost_ids::{
    BrokerId, ConnectionId, ErrorCode, GroupId, PartitionIndex, TopicId, TopicName, TransactionalId,
};
use fencepost_wire::RequestHeader;

use crate::cluster::Cluster;
use crate::inspection::{CoordinatorKey, CoordinatorState};
use crate::metadata::PartitionKey;
use crate::network::{MarkerResult, Message, MessageBody, MessageId, TransactionAnswer};
use crate::step::Step;
use crate::ticket::Ticket;

impl Cluster {
    /// The broker at the other end of a connection, while it is open.
    #[must_use]
    pub fn broker_of(&self, connection: ConnectionId) -> Option<BrokerId> {
        self.connections.get(&connection).map(|open| open.broker)
    }

    /// The serial number that the ticket of the next request will have.
    #[must_use]
    pub const fn next_serial(&self) -> u64 {
        self.serials
    }

    /// A ticket for a request that is answered in the place of a broker, which never sees it.
    pub fn issue_ticket(&mut self, connection: ConnectionId, header: &RequestHeader) -> Ticket {
        let serial = self.serials;
        self.serials += 1;
        if let Some(open) = self.connections.get_mut(&connection) {
            open.note_client_id(&header.client_id);
        }
        Ticket {
            serial,
            connection,
            api: header.api,
            version: header.version,
            correlation_id: header.correlation_id,
        }
    }

    /// A message between brokers that is in flight.
    #[must_use]
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        self.network.get(id)
    }

    /// The name of the topic of a partition.
    #[must_use]
    pub fn topic_of(&self, key: PartitionKey) -> Option<&TopicName> {
        self.metadata.topic_at(key.topic).map(|topic| &topic.name)
    }

    /// The name of the topic with an id.
    #[must_use]
    pub fn topic_name(&self, id: TopicId) -> Option<&TopicName> {
        self.metadata.topic_by_id(id).map(|topic| &topic.name)
    }

    /// The id of the topic with a name.
    #[must_use]
    pub fn topic_id(&self, name: &str) -> Option<TopicId> {
        self.metadata.topic(name).map(|topic| topic.id)
    }

    /// The running in-sync replicas of a partition, the preferred leader first.
    #[must_use]
    pub fn running_in_sync(&self, topic: &str, partition: PartitionIndex) -> Vec<BrokerId> {
        let key = self.metadata.key(topic, partition);
        let Some(found) = key.and_then(|key| self.metadata.partition(key)) else {
            return Vec::new();
        };
        let may_lead = |id: &BrokerId| found.in_sync.contains(id) && self.is_running(*id);
        found.replicas.iter().copied().filter(may_lead).collect()
    }

    /// The state of a transactional id by Kafka's name for it, if its coordinator knows the id.
    #[must_use]
    pub fn transaction_state(&self, id: &str) -> Option<&'static str> {
        let id = TransactionalId::from(id);
        let key = CoordinatorKey::Transaction(id.clone());
        let CoordinatorState { partition, broker, .. } = self.coordinator(&key)?;
        self.brokers.get(&broker?)?.txn.state_of(partition, &id)
    }

    /// The state of a group by Kafka's name for it, if its coordinator knows the group.
    #[must_use]
    pub fn group_state(&self, group: &str) -> Option<&'static str> {
        let group = GroupId::from(group);
        let key = CoordinatorKey::Group(group.clone());
        let CoordinatorState { partition, broker, .. } = self.coordinator(&key)?;
        self.brokers.get(&broker?)?.group.state_of(partition, &group)
    }
}

impl Step<'_> {
    /// A request of another broker is answered with an error and has no effect; an answer on its
    /// way says this error instead. A fetch of a follower has no such answer, and is lost.
    pub(crate) fn refuse(&mut self, id: MessageId, code: ErrorCode) {
        let Some(Message { id: request, from, to, body }) = self.cluster.network.take(id) else {
            return;
        };
        match body {
            MessageBody::WriteMarkers(entries) => {
                let refused = entries.into_iter().map(|entry| MarkerResult {
                    producer_id: entry.producer_id,
                    partitions: with_code(entry.partitions, code),
                });
                let results = refused.collect();
                self.send(to, from, MessageBody::MarkersWritten { request, results });
            }
            MessageBody::AskAboutTransactions(questions) => {
                let refused = questions.into_iter().map(|question| TransactionAnswer {
                    transactional_id: question.transactional_id,
                    partitions: with_code(question.partitions, code),
                });
                let answers = refused.collect();
                let answer = MessageBody::TransactionsAnswered { question: request, answers };
                self.send(to, from, answer);
            }
            MessageBody::MarkersWritten { request: answered, mut results } => {
                let partitions = results.iter_mut().flat_map(|result| &mut result.partitions);
                partitions.for_each(|partition| partition.2 = code);
                let body = MessageBody::MarkersWritten { request: answered, results };
                self.cluster.network.put_back(Message { id, from, to, body });
            }
            MessageBody::TransactionsAnswered { question, mut answers } => {
                let partitions = answers.iter_mut().flat_map(|answer| &mut answer.partitions);
                partitions.for_each(|partition| partition.2 = code);
                let body = MessageBody::TransactionsAnswered { question, answers };
                self.cluster.network.put_back(Message { id, from, to, body });
            }
            body @ (MessageBody::Replicate { .. } | MessageBody::Replicated { .. }) => {
                self.lost(Message { id, from, to, body });
            }
        }
    }

    fn send(&mut self, from: BrokerId, to: BrokerId, body: MessageBody) {
        if let Some(mut parts) = self.parts(from) {
            parts.host.send(to, body);
        }
    }
}

fn with_code(
    partitions: Vec<(TopicName, PartitionIndex)>,
    code: ErrorCode,
) -> Vec<(TopicName, PartitionIndex, ErrorCode)> {
    partitions.into_iter().map(|(topic, partition)| (topic, partition, code)).collect()
}
