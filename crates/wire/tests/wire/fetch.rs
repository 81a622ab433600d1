//! Record batches go through uncopied, in requests and in responses.

use bytes::Bytes;
use fencepost_ids::{
    BrokerId, ErrorCode, LeaderEpoch, Offset, PartitionIndex, ProducerId, TopicId, TopicName,
};
use fencepost_wire::{
    AbortedTransaction, ApiKey, DivergingEpoch, FetchResponse, FetchedPartition, FetchedTopic,
    LeaderIdAndEpoch, NodeEndpoint, Release, Request, Response, StrBytes, decode_request,
    decode_response, encode_response,
};

fn partition(records: Vec<Bytes>) -> FetchedPartition {
    FetchedPartition {
        high_watermark: Offset(9),
        last_stable_offset: Offset(5),
        log_start_offset: Offset(1),
        aborted_transactions: Some(vec![AbortedTransaction {
            producer_id: ProducerId(4000),
            first_offset: Offset(2),
        }]),
        records,
        ..FetchedPartition::failed(PartitionIndex(3), ErrorCode::None)
    }
}

fn response(partitions: Vec<FetchedPartition>) -> FetchResponse {
    let topic =
        FetchedTopic { topic: TopicName::from("t"), topic_id: TopicId([7; 16]), partitions };
    FetchResponse { topics: vec![topic], ..FetchResponse::default() }
}

#[test]
fn frame_01_large_record_chunks_stand_in_the_frame_uncopied() {
    let (large, other) = (Bytes::from(vec![1; 2048]), Bytes::from(vec![2; 5000]));
    let small = Bytes::from(vec![3; 2047]);
    let answer = response(vec![
        partition(vec![large.clone(), small.clone(), other.clone()]),
        partition(vec![small.clone()]),
        partition(vec![other.clone(), large.clone()]),
    ]);
    let frame = encode_response(1, 13, &Response::Fetch(answer)).unwrap();
    let shared =
        |chunk: &Bytes| [&large, &other].into_iter().any(|given| given.as_ptr() == chunk.as_ptr());
    let layout: Vec<bool> = frame.chunks().map(shared).collect();
    assert_eq!(layout, [false, true, false, true, false, true, true, false]);
    assert!(frame.chunks().all(|chunk| !chunk.is_empty()));
    let prefix: Vec<u8> = frame.chunks().flat_map(|chunk| chunk.to_vec()).take(4).collect();
    assert_eq!(prefix, (frame.byte_len() as u32 - 4).to_be_bytes());
}

#[test]
fn api_01_a_fetch_response_keeps_in_each_version_what_the_version_has() {
    for version in 4..=18 {
        let records = vec![Bytes::from(vec![1; 3000]), Bytes::from_static(b"tail")];
        let mut sent = response(vec![partition(records)]);
        let first = &mut sent.topics[0].partitions[0];
        first.current_leader =
            Some(LeaderIdAndEpoch { leader_id: BrokerId(2), leader_epoch: LeaderEpoch(6) });
        if version >= 11 {
            first.preferred_read_replica = BrokerId(1);
        }
        if version >= 12 {
            first.diverging_epoch =
                Some(DivergingEpoch { epoch: LeaderEpoch(5), end_offset: Offset(4) });
        }
        if version >= 7 {
            sent.error_code = ErrorCode::FetchSessionIdNotFound;
            sent.session_id = 77;
        }
        sent.node_endpoints = vec![NodeEndpoint {
            node_id: BrokerId(2),
            host: StrBytes::from_static_str("localhost"),
            port: 9093,
            rack: None,
        }];
        let payload =
            encode_response(1, version, &Response::Fetch(sent.clone())).unwrap().into_payload();

        let mut seen = sent;
        let first = &mut seen.topics[0].partitions[0];
        first.records = vec![Bytes::from(first.records.concat())];
        if version < 5 {
            first.log_start_offset = Offset::NONE;
        }
        if version < 12 {
            first.current_leader = None;
        }
        if version < 16 {
            seen.node_endpoints.clear();
        }
        if version < 13 {
            seen.topics[0].topic_id = TopicId::ZERO;
        } else {
            seen.topics[0].topic = TopicName::from("");
        }
        assert_eq!(
            decode_response(ApiKey::Fetch, version, payload),
            Ok((1, Response::Fetch(seen))),
            "version {version}"
        );
    }
}

#[test]
fn api_01_a_fetch_field_that_the_version_lacks_is_an_error() {
    let text = |version, answer: FetchResponse| {
        encode_response(1, version, &answer.into()).unwrap_err().to_string()
    };
    let session = FetchResponse { session_id: 1, ..FetchResponse::default() };
    assert_eq!(
        text(6, session),
        "cannot encode Fetch v6 response: session_id is set, which begins with version 7"
    );
    let mut replica = response(vec![partition(Vec::new())]);
    replica.topics[0].partitions[0].preferred_read_replica = BrokerId(1);
    assert_eq!(
        text(10, replica),
        "cannot encode Fetch v10 response: \
         preferred_read_replica is set, which begins with version 11"
    );
    let mut diverging = response(vec![partition(Vec::new())]);
    diverging.topics[0].partitions[0].diverging_epoch =
        Some(DivergingEpoch { epoch: LeaderEpoch(1), end_offset: Offset(2) });
    assert_eq!(
        text(11, diverging),
        "cannot encode Fetch v11 response: diverging_epoch is set, which begins with version 12"
    );
    assert_eq!(
        text(19, FetchResponse::default()),
        "cannot encode Fetch v19 response: the version is not known"
    );
}

#[test]
fn api_37_produced_records_are_slices_of_the_frame() {
    let frame = Bytes::from(
        [
            &b"\0\0\0\x03\0\0\0\x01\xff\xff"[..],
            b"\xff\xff\0\x01\0\0\0\x09\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\0\0\0\x03\xe7",
            &[5; 999],
        ]
        .concat(),
    );
    let within = frame.as_ptr_range();
    let (_, request) = decode_request(frame, Release::V4_1).unwrap();
    let Request::Produce(produce) = request else { panic!("not Produce: {request:?}") };
    let records = produce.topic_data[0].partition_data[0].records.as_ref().unwrap();
    assert_eq!(records.len(), 999);
    assert!(within.contains(&records.as_ptr()));
}
