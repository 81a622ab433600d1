//! The fields of an answer by version and error: IDEM-25, IDEM-26.

use bytes::Bytes;
use fencepost_log::{BatchBuilder, Compression, NewRecord};
use fencepost_wire::messages::delete_records_request::{
    DeleteRecordsPartition, DeleteRecordsTopic,
};
use fencepost_wire::messages::{
    ApiVersionsRequest, DeleteRecordsRequest, MetadataRequest, TopicName,
};
use fencepost_wire::{
    ApiKey, CloseReason, Refusal, Release, Request, RequestHeader, Response, StrBytes,
    decode_request, decode_response, encode_request, encode_response,
};

use super::{first_row, request, rows};
use crate::txn::driver::World as Transactions;
use crate::world::{START, World, plain, transactional};

fn delete_records(world: &mut World, offset: i64) {
    let client = world.connect(0);
    let partition = DeleteRecordsPartition::default().with_offset(offset);
    let topic = DeleteRecordsTopic::default()
        .with_name(TopicName(StrBytes::from_static_str("a")))
        .with_partitions(vec![partition]);
    world.call(client, 2, DeleteRecordsRequest::default().with_topics(vec![topic]));
}

fn with(batch: &Bytes, at: usize, byte: u8) -> Bytes {
    let mut bytes = batch.to_vec();
    bytes[at] = byte;
    let crc = crc32c::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
    bytes.into()
}

/// IDEM-25: the log start offset is told with the errors that the log finds, the message with a list
/// of bad records only.
#[test]
fn idem_25_the_log_start_offset_comes_with_the_errors_of_the_log() {
    let mut world =
        World::with(2, &[("a", 2, 1), ("b", 1, 2), ("__consumer_offsets", 1, 1)], |config| {
            config.settings.set("transaction.partition.verification.enable", "false").unwrap();
            config.settings.set("message.max.bytes", "500").unwrap();
            config.settings.set("min.insync.replicas", "2").unwrap();
        });
    world.crash(1);
    let client = world.connect(0);
    let fill = [("a", 0, plain((7, 1), 0, 3))];
    assert_eq!(rows(world.call(client, 9, request(None, -1, &fill))), [(0, 0)]);
    let open = [("a", 0, transactional((8, 1), 0, 1))];
    assert_eq!(rows(world.call(client, 11, request(Some("t"), -1, &open))), [(0, 3)]);
    delete_records(&mut world, 3);
    let next = plain((7, 1), 3, 1);
    let wrong_crc = {
        let mut bytes = next.to_vec();
        bytes[17] ^= 1;
        Bytes::from(bytes)
    };
    let late = {
        let mut builder = BatchBuilder::new();
        builder.push(START.plus_millis(7_200_000), NewRecord::default());
        builder.build().bytes().clone()
    };
    let mut check = |id, acks, (topic, partition): (&str, i32), data: Bytes, wanted| {
        let answer = world.call(client, 9, request(id, acks, &[(topic, partition, data)]));
        let row = first_row(answer);
        assert_eq!((row.base_offset, row.log_append_time_ms), (-1, -1));
        assert_eq!(row.record_errors.is_empty(), row.error_message.is_none());
        assert_eq!((row.error_code, row.log_start_offset), wanted);
    };
    let a = ("a", 0);
    check(None, -1, a, wrong_crc, (2, -1));
    check(None, -1, ("nope", 0), next.clone(), (3, -1));
    check(None, -1, ("a", 1), next.clone(), (6, -1));
    check(None, -1, a, plain((7, 1), 3, 100), (10, -1));
    check(None, -1, ("__consumer_offsets", 0), next.clone(), (17, -1));
    check(None, 5, a, next.clone(), (21, -1));
    check(None, -1, a, Bytes::new(), (87, -1));
    check(None, -1, a, transactional((7, 1), 3, 1), (53, -1));
    check(None, -1, a, plain((7, 1), 9, 1), (45, 3));
    check(None, -1, a, plain((7, 0), 3, 1), (47, 3));
    check(None, -1, a, plain((8, 1), 1, 1), (48, 3));
    check(None, -1, ("b", 0), next.clone(), (19, 0));
    check(None, -1, a, late, (32, 3));
    check(None, -1, a, with(&next, 22, 0x20), (87, 3));
}

/// IDEM-25: a batch that is larger than a segment.
#[test]
fn idem_25_a_batch_larger_than_a_segment_answers_18_without_a_log_start() {
    let mut world = World::with(1, &[("a", 1, 1)], |config| {
        config.settings.set("log.segment.bytes", "1048576").unwrap();
    });
    let client = world.connect(0);
    let mut builder = BatchBuilder::new();
    let value = vec![7; 1_048_588 - 61 - 12];
    builder.push(START, NewRecord { value: Some(&value), ..NewRecord::default() });
    let data = [("a", 0, builder.build().bytes().clone())];
    let row = first_row(world.call(client, 9, request(None, -1, &data)));
    assert_eq!((row.error_code, row.log_start_offset), (18, -1));
}

/// The answer as it arrives: written in the version of the request, and read again.
fn arrived(version: i16, response: Response) -> Response {
    let frame = encode_response(1, version, &response).expect("it can be written");
    let bytes: Vec<u8> = frame.chunks().flatten().copied().skip(4).collect();
    let (_, read) =
        decode_response(ApiKey::Produce, version, bytes.into()).expect("it can be read");
    read
}

/// IDEM-26: what each version brings.
#[test]
fn idem_26_what_each_version_of_produce_brings() {
    for version in 3..=13 {
        let mut world = World::with(2, &[("a", 2, 1)], |config| {
            config.settings.set("log.cleanup.policy", "compact").unwrap();
        });
        let client = world.connect(0);
        let topic_id = {
            let request = MetadataRequest::default().with_topics(None);
            let answer = world.call(client, 12, request);
            let Response::Metadata(answer) = answer else { panic!() };
            answer.topics[0].topic_id
        };
        let mut sent = |partition, data: Bytes| {
            let mut request = request(None, -1, &[("a", partition, data)]);
            if version >= 13 {
                request.topic_data[0].topic_id = topic_id;
                request.topic_data[0].name = TopicName::default();
            }
            let Response::Produce(answer) = arrived(version, world.call(client, version, request))
            else {
                panic!("not a produce response")
            };
            let topic = &answer.responses[0];
            assert_eq!(topic.topic_id == topic_id, version >= 13, "v{version}: the id");
            assert_eq!(topic.name.is_empty(), version >= 13, "v{version}: the name");
            (topic.partition_responses[0].clone(), answer.node_endpoints.len())
        };
        let zstd = {
            let mut builder = BatchBuilder::new().compression(Compression::Zstd);
            builder.push(START, NewRecord { key: Some(b"k"), ..NewRecord::default() });
            builder.build().bytes().clone()
        };
        let (row, _) = sent(0, zstd);
        assert_eq!(row.error_code, if version >= 7 { 0 } else { 76 }, "v{version}: zstd");
        let (row, _) = sent(0, plain((7, 0), 0, 1));
        assert_eq!(row.log_start_offset, if version >= 5 { 0 } else { -1 }, "v{version}");
        let keyless = {
            let mut builder = BatchBuilder::new();
            builder.push(START, NewRecord::default());
            builder.build().bytes().clone()
        };
        let (row, _) = sent(0, keyless);
        assert_eq!(row.error_code, 87);
        assert_eq!(row.record_errors.len(), usize::from(version >= 8), "v{version}: BATCH-12");
        assert_eq!(row.error_message.is_some(), version >= 8, "v{version}");
        let (row, endpoints) = sent(1, plain((7, 0), 0, 1));
        let hint = i32::from(version >= 10);
        assert_eq!(
            (row.error_code, row.current_leader.leader_id.0),
            (6, 2 * hint - 1),
            "v{version}"
        );
        assert_eq!(endpoints, usize::from(version >= 10), "v{version}: where the leader listens");
    }
}

/// IDEM-26: from 11 on the client knows 120, from 12 on its batch adds the partition.
#[test]
fn idem_26_version_11_knows_120_and_version_12_adds_partitions() {
    let mut world = Transactions::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    let answers = (3..=12).map(|version| world.produce("t", version, (0, 0), 0, 0));
    let wanted = [["48"; 8].as_slice(), &["120", "0"]].concat();
    assert_eq!(answers.collect::<Vec<_>>(), wanted);
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
}

/// IDEM-26: what is advertised, and what is answered.
#[test]
fn idem_26_versions_0_to_2_are_advertised_and_refused() {
    for (release, last) in [(Release::V4_0, 12), (Release::V4_1, 13), (Release::V4_2, 13)] {
        let mut world = World::with(1, &[], |config| config.release = release);
        let client = world.connect(0);
        let request = ApiVersionsRequest::default()
            .with_client_software_name(StrBytes::from_static_str("test"))
            .with_client_software_version(StrBytes::from_static_str("1"));
        let Response::ApiVersions(answer) = world.call(client, 3, request) else { panic!() };
        let produce = answer.api_keys.iter().find(|row| row.api_key == 0).expect("Produce");
        assert_eq!((produce.min_version, produce.max_version), (0, last), "{release:?}");
        let header = |version| RequestHeader {
            api: ApiKey::Produce,
            version,
            correlation_id: 1,
            client_id: "test".into(),
        };
        let request = Request::from(super::request(None, 1, &[("a", 0, plain((7, 0), 0, 1))]));
        let frame = encode_request(&header(3), &request).expect("it can be written");
        let mut bytes: Vec<u8> = frame.chunks().flatten().copied().skip(4).collect();
        assert!(decode_request(bytes.clone().into(), release).is_ok());
        for old in 0..3u8 {
            bytes[3] = old;
            let refused = decode_request(bytes.clone().into(), release).expect_err("too old");
            let is_close =
                matches!(refused, Refusal::Close(CloseReason::UnsupportedVersion { .. }));
            assert!(is_close, "{refused:?}");
        }
    }
}
