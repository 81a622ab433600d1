//! Bytes that nobody has vouched for: nothing panics, and nothing is allocated by what they claim.

use bytes::Bytes;
use proptest::prelude::*;

use crate::guard::MAX_ELEMENTS;
use crate::sample::{self, Tags};
use crate::{
    ApiKey, CloseReason, Malformed, Problem, Refusal, Release, Request, RequestHeader, Side,
    decode_request, decode_response,
};

fn frame(api: ApiKey, version: i16, body: &[u8]) -> Bytes {
    let mut frame = Vec::new();
    frame.extend(api.code().to_be_bytes());
    frame.extend(version.to_be_bytes());
    frame.extend([0, 0, 0, 1, 0xff, 0xff]);
    if api.is_flexible(version) {
        frame.push(0);
    }
    frame.extend(body);
    frame.into()
}

fn decode(api: ApiKey, version: i16, body: &[u8]) -> Result<(RequestHeader, Request), Refusal> {
    decode_request(frame(api, version, body), Release::DEFAULT)
}

fn malformed(api: ApiKey, version: i16, body: &[u8]) -> Malformed {
    match decode(api, version, body) {
        Err(Refusal::Close(CloseReason::Malformed(malformed))) => malformed,
        other => panic!("not refused as malformed: {other:?}"),
    }
}

fn check_text(api: ApiKey, version: i16, body: &[u8], expected: &str) {
    assert_eq!(malformed(api, version, body).to_string(), expected);
}

fn served() -> Vec<(ApiKey, i16)> {
    sample::served().filter(|&(api, version)| Release::DEFAULT.serves(api, version)).collect()
}

#[test]
fn frame_11_a_bad_length_is_refused_and_its_field_named() {
    check_text(
        ApiKey::Produce,
        3,
        b"\xff\xff\0\x01\0\0\0\x09\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\0\0\0\x03\xe7abc",
        "malformed Produce v3 request: topic_data[0].partition_data[0].records at byte 33: \
         999 bytes needed, 3 left",
    );
    check_text(
        ApiKey::JoinGroup,
        5,
        b"\x7f\xffgroup",
        "malformed JoinGroup v5 request: group_id at byte 10: 32767 bytes needed, 5 left",
    );
    check_text(
        ApiKey::JoinGroup,
        5,
        b"\xff\xfegroup",
        "malformed JoinGroup v5 request: group_id at byte 10: negative length -2",
    );
    check_text(
        ApiKey::Heartbeat,
        4,
        b"\xff\xff\xff\xff\xff\xff",
        "malformed Heartbeat v4 request: group_id at byte 11: varint of more than 5 bytes",
    );
    check_text(
        ApiKey::Heartbeat,
        4,
        &[&b"\x81\x80\x02"[..], &[b'g'; 32_768]].concat(),
        "malformed Heartbeat v4 request: group_id at byte 11: text of 32768 bytes, 32767 at most",
    );
    check_text(
        ApiKey::Heartbeat,
        4,
        b"\x02\xff",
        "malformed Heartbeat v4 request: group_id at byte 11: not UTF-8",
    );
}

#[test]
fn frame_11_a_count_beyond_the_bytes_left_is_refused() {
    check_text(
        ApiKey::Metadata,
        1,
        b"\x7f\xff\xff\xff\0\x01t",
        "malformed Metadata v1 request: topics at byte 10: \
         2147483647 elements of at least 2 bytes, 3 bytes left",
    );
    check_text(
        ApiKey::Metadata,
        9,
        b"\xff\xff\xff\xff\x0f",
        "malformed Metadata v9 request: topics at byte 11: \
         4294967294 elements of at least 2 bytes, 0 bytes left",
    );
    check_text(
        ApiKey::Fetch,
        12,
        b"\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x02t\xff\x01",
        "malformed Fetch v12 request: topics[0].partitions at byte 39: \
         254 elements of at least 33 bytes, 0 bytes left",
    );
}

#[test]
fn frame_18_null_is_refused_where_the_schema_has_none() {
    check_text(
        ApiKey::TxnOffsetCommit,
        2,
        b"\0\x01t\xff\xff",
        "malformed TxnOffsetCommit v2 request: group_id at byte 13: \
         null in a field that cannot be null",
    );
    check_text(
        ApiKey::Metadata,
        0,
        b"\xff\xff\xff\xff",
        "malformed Metadata v0 request: topics at byte 10: null in a field that cannot be null",
    );
    assert!(decode(ApiKey::Metadata, 1, b"\xff\xff\xff\xff").is_ok());
}

#[test]
fn frame_17_a_tagged_field_fills_exactly_its_size() {
    let fetch = |tag: &[u8]| {
        let head: &[u8] = b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x01";
        [head, tag].concat()
    };
    assert!(decode(ApiKey::Fetch, 15, &fetch(b"\x01\x00\x02\x02c")).is_ok());
    check_text(
        ApiKey::Fetch,
        15,
        &fetch(b"\x01\x00\x03\x02cx"),
        "malformed Fetch v15 request: cluster_id at byte 40: 1 bytes left over in a tagged field",
    );
    check_text(
        ApiKey::Fetch,
        15,
        &fetch(b"\x01\x00\x01\x02c"),
        "malformed Fetch v15 request: cluster_id at byte 38: 1 bytes needed, 0 left",
    );
    check_text(
        ApiKey::Fetch,
        15,
        &fetch(b"\x01\x09\xff\x01c"),
        "malformed Fetch v15 request: tagged_fields at byte 39: 255 bytes needed, 1 left",
    );
    let head: &[u8] = b"\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x01";
    check_text(
        ApiKey::Fetch,
        14,
        &[head, b"\x01\x01\x01\0"].concat(),
        "malformed Fetch v14 request: replica_state at byte 42: tag 1 is not valid in this version",
    );
}

#[test]
fn frame_18_a_structure_that_may_be_null_has_a_marker_of_1_or_minus_1() {
    assert!(decode(ApiKey::DescribeTopicPartitions, 0, b"\x01\0\0\0\x0a\xff\0").is_ok());
    assert!(
        decode(ApiKey::DescribeTopicPartitions, 0, b"\x01\0\0\0\x0a\x01\x02t\0\0\0\0\0\0").is_ok()
    );
    check_text(
        ApiKey::DescribeTopicPartitions,
        0,
        b"\x01\0\0\0\x0a\x02\x02t\0\0\0\0\0\0",
        "malformed DescribeTopicPartitions v0 request: cursor at byte 16: \
         marker 2 is neither 1 nor -1",
    );
}

#[test]
fn frame_11_elements_and_unknown_tags_are_bounded_whatever_the_frame_holds() {
    let many = MAX_ELEMENTS as usize;
    let topics =
        |count: usize| [&(count as i32).to_be_bytes()[..], &b"\0\x01t".repeat(count)].concat();
    assert!(decode(ApiKey::Metadata, 0, &topics(many)).is_ok());
    let refused = malformed(ApiKey::Metadata, 0, &topics(many + 1));
    assert_eq!(refused.field, "topics");
    assert_eq!(refused.problem, Problem::TooManyElements { limit: MAX_ELEMENTS });

    let tags = [&b"\x81\x80\x08"[..], &b"\x09\0".repeat(many + 1)].concat();
    let heartbeat = [b"\x02g\0\0\0\0\x02m\0", &tags[..]].concat();
    assert_eq!(
        malformed(ApiKey::Heartbeat, 4, &heartbeat).problem,
        Problem::TooManyElements { limit: MAX_ELEMENTS }
    );
}

/// Each four bytes of a valid body in turn become a huge count: either the guard names a field, or
/// those bytes were a plain number and the message still reads.
#[test]
fn frame_11_no_huge_number_anywhere_passes_the_guard_as_a_length() {
    let mut refused = 0;
    for (api, version) in served() {
        let body = sample::body(Side::Request, api, version, Tags::KnownAndUnknown, 5);
        for position in 0..body.len().saturating_sub(4).min(400) {
            let mut body = body.clone();
            body[position..position + 4].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff]);
            if let Err(refusal) = decode(api, version, &body) {
                let Refusal::Close(CloseReason::Malformed(malformed)) = refusal else {
                    panic!("{api} v{version}: {refusal:?}");
                };
                assert!(!matches!(malformed.problem, Problem::Codec(_)), "{malformed}");
                refused += 1;
            }
        }
    }
    assert!(refused > 1000, "{refused} refused");
}

#[test]
fn frame_11_every_truncated_body_is_refused_by_the_guard() {
    for (api, version) in served() {
        let body = sample::body(Side::Request, api, version, Tags::Known, 9);
        for length in (0..body.len()).rev().take(300) {
            let malformed = malformed(api, version, &body[..length]);
            assert!(!matches!(malformed.problem, Problem::Codec(_)), "{malformed}");
        }
    }
}

proptest! {
    #[test]
    fn frame_11_no_body_panics_and_the_guard_leaves_nothing_to_refuse(
        choice in any::<prop::sample::Index>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let served = served();
        let (api, version) = served[choice.index(served.len())];
        if let Err(Refusal::Close(CloseReason::Malformed(malformed))) = decode(api, version, &body) {
            prop_assert!(!matches!(malformed.problem, Problem::Codec(_)), "{malformed}");
        }
        drop(decode_response(api, version, body.into()));
    }

    #[test]
    fn frame_11_no_frame_panics(
        key in -1i16..80,
        version in -1i16..20,
        rest in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let frame = [&key.to_be_bytes()[..], &version.to_be_bytes(), &rest].concat();
        drop(decode_request(frame.into(), Release::DEFAULT));
    }

    #[test]
    fn frame_11_a_damaged_body_never_reaches_the_decoder(
        choice in any::<prop::sample::Index>(),
        seed in any::<u64>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let served = served();
        let (api, version) = served[choice.index(served.len())];
        let mut body = sample::body(Side::Request, api, version, Tags::KnownAndUnknown, seed);
        for (position, byte) in damage {
            if !body.is_empty() {
                let position = position.index(body.len());
                body[position] = byte;
            }
        }
        if let Err(Refusal::Close(CloseReason::Malformed(malformed))) = decode(api, version, &body) {
            prop_assert!(!matches!(malformed.problem, Problem::Codec(_)), "{malformed}");
        }
    }
}

/// A tag above int32 is refused: kafka-protocol would count it and not write it.
#[test]
fn frame_11_a_tag_above_int32_is_refused() {
    let tagged = [0, 0, 0, 0, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];
    assert!(
        decode_request(frame(ApiKey::OffsetForLeaderEpoch, 4, &tagged), Release::DEFAULT).is_err()
    );
    let known = [0, 0, 0, 0, 1, 1, 0x7f, 0];
    assert!(
        decode_request(frame(ApiKey::OffsetForLeaderEpoch, 4, &known), Release::DEFAULT).is_ok()
    );
}
