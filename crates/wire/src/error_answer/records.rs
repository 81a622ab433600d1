//! Errors in answers about records.

use fencepost_ids::{PartitionIndex, TopicId};
use kafka_protocol::messages;
use kafka_protocol::messages::delete_records_response::DeleteRecordsPartitionResult;
use kafka_protocol::messages::describe_producers_response::PartitionResponse;
use kafka_protocol::messages::list_offsets_response::ListOffsetsPartitionResponse;
use kafka_protocol::messages::offset_for_leader_epoch_response::EpochEndOffset;
use kafka_protocol::messages::produce_response::PartitionProduceResponse;

use super::{Refuse, Refuser};
use crate::{FetchResponse, FetchedPartition, FromWire, ToWire};

impl Refuse for messages::ProduceResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in &mut self.responses {
            let id = TopicId::from_wire(&topic.topic_id);
            for partition in &mut topic.partition_responses {
                if refuser.at_partition(&topic.name, id, partition.index) {
                    *partition = PartitionProduceResponse::default()
                        .with_index(partition.index)
                        .with_error_code(refuser.code())
                        .with_base_offset(-1);
                }
            }
        }
    }
}

impl Refuse for FetchResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        if refuser.at_top() {
            *self = Self { error_code: refuser.code, ..Self::default() };
        }
        for topic in &mut self.topics {
            let name = topic.topic.to_wire();
            for partition in &mut topic.partitions {
                let PartitionIndex(index) = partition.partition_index;
                if refuser.at_partition(&name, topic.topic_id, index) {
                    *partition = FetchedPartition::failed(partition.partition_index, refuser.code);
                }
            }
        }
    }
}

impl Refuse for messages::ListOffsetsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in &mut self.topics {
            for partition in &mut topic.partitions {
                if refuser.at_partition(&topic.name, TopicId::ZERO, partition.partition_index) {
                    *partition = ListOffsetsPartitionResponse::default()
                        .with_partition_index(partition.partition_index)
                        .with_error_code(refuser.code())
                        .with_timestamp(-1)
                        .with_offset(-1);
                }
            }
        }
    }
}

impl Refuse for messages::DeleteRecordsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in &mut self.topics {
            for partition in &mut topic.partitions {
                if refuser.at_partition(&topic.name, TopicId::ZERO, partition.partition_index) {
                    *partition = DeleteRecordsPartitionResult::default()
                        .with_partition_index(partition.partition_index)
                        .with_error_code(refuser.code())
                        .with_low_watermark(-1);
                }
            }
        }
    }
}

impl Refuse for messages::OffsetForLeaderEpochResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in &mut self.topics {
            for partition in &mut topic.partitions {
                if refuser.at_partition(&topic.topic, TopicId::ZERO, partition.partition) {
                    *partition = EpochEndOffset::default()
                        .with_partition(partition.partition)
                        .with_error_code(refuser.code())
                        .with_leader_epoch(-1)
                        .with_end_offset(-1);
                }
            }
        }
    }
}

impl Refuse for messages::DescribeProducersResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in &mut self.topics {
            for partition in &mut topic.partitions {
                if refuser.at_partition(&topic.name, TopicId::ZERO, partition.partition_index) {
                    *partition = PartitionResponse::default()
                        .with_partition_index(partition.partition_index)
                        .with_error_code(refuser.code())
                        .with_error_message(None);
                }
            }
        }
    }
}
