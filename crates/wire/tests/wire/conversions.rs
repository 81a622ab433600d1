//! Terms of the field and fields of messages stand for each other.

use fencepost_ids::{
    BrokerId, ErrorCode, GroupId, InstanceId, MemberId, ProducerEpoch, ProducerId, TopicId,
    TopicName, TransactionalId,
};
use fencepost_wire::messages::{self, InitProducerIdRequest, JoinGroupRequest, MetadataResponse};
use fencepost_wire::{FromWire, ToWire};

#[test]
fn terms_go_into_fields_and_come_back() {
    let id = TransactionalId::from("orders");
    let request = InitProducerIdRequest::default()
        .with_transactional_id(Some(id.to_wire()))
        .with_producer_id(ProducerId(4000).to_wire())
        .with_producer_epoch(ProducerEpoch(3).to_wire());
    assert_eq!(Option::<TransactionalId>::from_wire(&request.transactional_id), Some(id));
    assert_eq!(ProducerId::from_wire(&request.producer_id), ProducerId(4000));
    assert_eq!(ProducerEpoch::from_wire(&request.producer_epoch), ProducerEpoch(3));

    let join = JoinGroupRequest::default()
        .with_group_id(GroupId::from("g").to_wire())
        .with_member_id(MemberId::from("m").to_wire())
        .with_group_instance_id(Some(InstanceId::from("i")).to_wire());
    assert_eq!(GroupId::from_wire(&join.group_id), GroupId::from("g"));
    assert_eq!(MemberId::from_wire(&join.member_id), MemberId::from("m"));
    assert_eq!(
        Option::<InstanceId>::from_wire(&join.group_instance_id),
        Some(InstanceId::from("i"))
    );

    let metadata = MetadataResponse::default()
        .with_controller_id(BrokerId(2).to_wire())
        .with_error_code(ErrorCode::RebootstrapRequired.to_wire());
    assert_eq!(BrokerId::from_wire(&metadata.controller_id), BrokerId(2));
    assert_eq!(metadata.error_code, 129);
}

#[test]
fn topics_are_named_and_numbered() {
    let wire: messages::TopicName = TopicName::from("t").to_wire();
    assert_eq!(TopicName::from_wire(&wire), TopicName::from("t"));
    let id = TopicId([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    let topic =
        messages::metadata_request::MetadataRequestTopic::default().with_topic_id(id.to_wire());
    assert_eq!(topic.topic_id.to_string(), id.to_string());
    assert_eq!(TopicId::from_wire(&topic.topic_id), id);
}
