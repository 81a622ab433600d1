//! Errors in answers about groups and their offsets.

use fencepost_ids::TopicId;
use kafka_protocol::messages;
use kafka_protocol::messages::BrokerId;
use kafka_protocol::messages::consumer_group_describe_response::DescribedGroup as Described;
use kafka_protocol::messages::describe_groups_response::DescribedGroup;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
};
use kafka_protocol::protocol::StrBytes;

use super::{Refuse, Refuser};
use crate::FromWire;
use crate::newest::{DeletableGroupResult, DeleteGroupsResponse};

/// The port of no broker.
const NO_PORT: i32 = -1;
/// The first version of `JoinGroup` whose answer may name no protocol.
const NO_PROTOCOL: i16 = 7;

impl Refuse for messages::FindCoordinatorResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        if refuser.at_top() {
            *self = Self::default()
                .with_error_code(refuser.code())
                .with_error_message(None)
                .with_node_id(BrokerId(-1))
                .with_port(NO_PORT);
        }
        for coordinator in &mut self.coordinators {
            if refuser.at_entry() {
                *coordinator = Coordinator::default()
                    .with_key(coordinator.key.clone())
                    .with_error_code(refuser.code())
                    .with_error_message(None)
                    .with_node_id(BrokerId(-1))
                    .with_port(NO_PORT);
            }
        }
    }
}

impl Refuse for messages::JoinGroupResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        if refuser.at_top() {
            let protocol = (refuser.version < NO_PROTOCOL).then(StrBytes::default);
            *self = Self::default()
                .with_error_code(refuser.code())
                .with_protocol_name(protocol)
                .with_member_id(self.member_id.clone());
        }
    }
}

impl Refuse for messages::LeaveGroupResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        if refuser.at_top() {
            *self = Self::default().with_error_code(refuser.code());
        }
        for member in &mut self.members {
            if refuser.at_entry() {
                member.error_code = refuser.code();
            }
        }
    }
}

impl Refuse for messages::DescribeGroupsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for group in &mut self.groups {
            if refuser.at_entry() {
                *group = DescribedGroup::default()
                    .with_group_id(group.group_id.clone())
                    .with_error_code(refuser.code());
            }
        }
    }
}

impl Refuse for messages::ConsumerGroupDescribeResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for group in &mut self.groups {
            if refuser.at_entry() {
                *group = Described::default()
                    .with_group_id(group.group_id.clone())
                    .with_error_code(refuser.code());
            }
        }
    }
}

impl Refuse for DeleteGroupsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for group in &mut self.results {
            if refuser.at_entry() {
                *group = DeletableGroupResult {
                    group_id: group.group_id.clone(),
                    error_code: refuser.code(),
                    error_message: None,
                };
            }
        }
    }
}

impl Refuse for messages::OffsetCommitResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for topic in &mut self.topics {
            let id = TopicId::from_wire(&topic.topic_id);
            for partition in &mut topic.partitions {
                if refuser.at_partition(&topic.name, id, partition.partition_index) {
                    partition.error_code = refuser.code();
                }
            }
        }
    }
}

impl Refuse for messages::OffsetDeleteResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        if refuser.at_top() {
            *self = Self::default().with_error_code(refuser.code());
        }
        for topic in &mut self.topics {
            for partition in &mut topic.partitions {
                if refuser.at_partition(&topic.name, TopicId::ZERO, partition.partition_index) {
                    partition.error_code = refuser.code();
                }
            }
        }
    }
}

impl Refuse for messages::OffsetFetchResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        if refuser.at_top() {
            *self = Self::default().with_error_code(refuser.code());
        }
        for topic in &mut self.topics {
            for partition in &mut topic.partitions {
                if refuser.at_partition(&topic.name, TopicId::ZERO, partition.partition_index) {
                    *partition = OffsetFetchResponsePartition::default()
                        .with_partition_index(partition.partition_index)
                        .with_committed_offset(-1)
                        .with_error_code(refuser.code());
                }
            }
        }
        for group in &mut self.groups {
            if refuser.at_entry() {
                *group = OffsetFetchResponseGroup::default()
                    .with_group_id(group.group_id.clone())
                    .with_error_code(refuser.code());
            }
            for topic in &mut group.topics {
                let id = TopicId::from_wire(&topic.topic_id);
                for partition in &mut topic.partitions {
                    if refuser.at_partition(&topic.name, id, partition.partition_index) {
                        *partition = OffsetFetchResponsePartitions::default()
                            .with_partition_index(partition.partition_index)
                            .with_committed_offset(-1)
                            .with_error_code(refuser.code());
                    }
                }
            }
        }
    }
}
