//! What requests are about.

use fencepost_ids::{BrokerId, PartitionIndex, TopicId, TopicName};
use fencepost_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use fencepost_wire::messages::{EndTxnRequest, FindCoordinatorRequest, ProduceRequest};
use fencepost_wire::{ApiKey, Request, RequestHeader, StrBytes, ToWire};

use crate::Subject;

const ID: TopicId = TopicId([7; 16]);

fn subject(version: i16, request: impl Into<Request>) -> Subject {
    let request = request.into();
    let header =
        RequestHeader { api: request.api(), version, correlation_id: 1, client_id: "c".into() };
    let name = |id| (id == ID).then(|| TopicName::from("orders"));
    Subject::of_request(&header, &request, BrokerId(0), name)
}

#[test]
fn a_topic_goes_by_its_name_or_by_its_id() {
    let topic = |topic: TopicProduceData| {
        let data = vec![PartitionProduceData::default().with_index(4)];
        subject(
            13,
            ProduceRequest::default().with_topic_data(vec![topic.with_partition_data(data)]),
        )
    };
    let named = topic(TopicProduceData::default().with_name(TopicName::from("orders").to_wire()));
    let by_id = topic(TopicProduceData::default().with_topic_id(ID.to_wire()));
    let unknown = topic(TopicProduceData::default().with_topic_id(TopicId([8; 16]).to_wire()));
    assert_eq!(named.topics, [("orders".into(), Some(PartitionIndex(4)))]);
    assert_eq!(by_id.topics, named.topics);
    assert_eq!(unknown.topics, []);
}

#[test]
fn a_coordinator_is_looked_for_by_transactional_id_or_by_group() {
    let key = StrBytes::from_static_str("k");
    let by = |kind| FindCoordinatorRequest::default().with_key_type(kind);
    assert_eq!(subject(1, by(1).with_key(key.clone())).transactional_ids, ["k".into()]);
    assert_eq!(subject(4, by(0).with_coordinator_keys(vec![key])).groups, ["k".into()]);
}

#[test]
fn the_end_of_a_transaction_is_about_its_transactional_id() {
    let request =
        EndTxnRequest::default().with_transactional_id(StrBytes::from_static_str("t").into());
    let subject = subject(4, request);
    assert_eq!(subject.transactional_ids, ["t".into()]);
    assert_eq!(crate::Field::of_request(ApiKey::EndTxn), [crate::Field::TransactionalId]);
}
