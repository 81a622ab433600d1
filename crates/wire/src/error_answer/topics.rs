//! Errors in answers about topics.

use fencepost_ids::TopicId;
use kafka_protocol::messages;
use kafka_protocol::messages::BrokerId;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponseTopic;
use kafka_protocol::messages::elect_leaders_response::PartitionResult;
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;

use super::{Refuse, Refuser};
use crate::FromWire;

impl Refuse for messages::MetadataResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        if refuser.at_top() {
            *self = Self::default().with_error_code(refuser.code());
        }
        for topic in &mut self.topics {
            let name = topic.name.clone().unwrap_or_default();
            let id = TopicId::from_wire(&topic.topic_id);
            if refuser.at_topic(&name, id) {
                *topic = MetadataResponseTopic::default()
                    .with_name(topic.name.clone())
                    .with_topic_id(topic.topic_id)
                    .with_is_internal(topic.is_internal)
                    .with_error_code(refuser.code());
            }
            for partition in &mut topic.partitions {
                if refuser.at_partition(&name, id, partition.partition_index) {
                    partition.error_code = refuser.code();
                    partition.leader_id = BrokerId(-1);
                }
            }
        }
    }
}

impl Refuse for messages::DescribeTopicPartitionsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in &mut self.topics {
            let name = topic.name.clone().unwrap_or_default();
            let id = TopicId::from_wire(&topic.topic_id);
            if refuser.at_topic(&name, id) {
                *topic = DescribeTopicPartitionsResponseTopic::default()
                    .with_name(topic.name.clone())
                    .with_topic_id(topic.topic_id)
                    .with_is_internal(topic.is_internal)
                    .with_error_code(refuser.code());
            }
            for partition in &mut topic.partitions {
                if refuser.at_partition(&name, id, partition.partition_index) {
                    partition.error_code = refuser.code();
                    partition.leader_id = BrokerId(-1);
                }
            }
        }
    }
}

impl Refuse for messages::CreateTopicsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in &mut self.topics {
            if refuser.at_topic(&topic.name, TopicId::ZERO) {
                *topic = CreatableTopicResult::default()
                    .with_name(topic.name.clone())
                    .with_error_code(refuser.code())
                    .with_error_message(None);
            }
        }
    }
}

impl Refuse for messages::DeleteTopicsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in &mut self.responses {
            let name = topic.name.clone().unwrap_or_default();
            if refuser.at_topic(&name, TopicId::from_wire(&topic.topic_id)) {
                *topic = DeletableTopicResult::default()
                    .with_name(topic.name.clone())
                    .with_topic_id(topic.topic_id)
                    .with_error_code(refuser.code())
                    .with_error_message(None);
            }
        }
    }
}

impl Refuse for messages::CreatePartitionsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in &mut self.results {
            if refuser.at_topic(&topic.name, TopicId::ZERO) {
                *topic = CreatePartitionsTopicResult::default()
                    .with_name(topic.name.clone())
                    .with_error_code(refuser.code())
                    .with_error_message(None);
            }
        }
    }
}

impl Refuse for messages::ElectLeadersResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        if refuser.at_top() {
            *self = Self::default().with_error_code(refuser.code());
        }
        for topic in &mut self.replica_election_results {
            for partition in &mut topic.partition_result {
                if refuser.at_partition(&topic.topic, TopicId::ZERO, partition.partition_id) {
                    *partition = PartitionResult::default()
                        .with_partition_id(partition.partition_id)
                        .with_error_code(refuser.code())
                        .with_error_message(None);
                }
            }
        }
    }
}
