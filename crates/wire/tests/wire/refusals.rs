//! Requests that are not taken: what closes the connection and what is answered.

use bytes::Bytes;
use fencepost_wire::{
    ApiKey, CloseReason, Problem, Refusal, Release, decode_request, encode_unsupported_api_versions,
};

fn refusal(frame: &'static [u8]) -> Refusal {
    match decode_request(Bytes::from_static(frame), Release::V4_1) {
        Err(refusal) => refusal,
        Ok((header, _)) => panic!("taken: {header:?}"),
    }
}

fn check_closed(frame: &'static [u8], expected: &str) {
    match refusal(frame) {
        Refusal::Close(reason) => assert_eq!(reason.to_string(), expected),
        other => panic!("not closed: {other:?}"),
    }
}

#[test]
fn api_02_produce_0_to_2_closes_the_connection_though_advertised() {
    for version in 0..=2 {
        let frame = [0, 0, 0, version, 0, 0, 0, 1, 0xff, 0xff, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let refused = decode_request(Bytes::copy_from_slice(&frame), Release::V4_1);
        let reason = CloseReason::UnsupportedVersion {
            api: ApiKey::Produce,
            version: version.into(),
            served: 3..=13,
        };
        assert_eq!(refused, Err(Refusal::Close(reason)));
    }
}

#[test]
fn api_09_an_unknown_version_of_api_versions_is_answered_with_version_0() {
    for version in [b"\0\x05", b"\0\x63", b"\x7f\xff"] {
        let frame = [b"\0\x12", &version[..], b"\0\0\0\x2a\0\x01c\0junk"].concat();
        assert_eq!(
            decode_request(frame.into(), Release::V4_1),
            Err(Refusal::UnsupportedApiVersions { correlation_id: 42 })
        );
    }
    assert_eq!(
        refusal(b"\0\x12\xff\xff\0\0\0\x07\xff\xff"),
        Refusal::UnsupportedApiVersions { correlation_id: 7 }
    );
    let answer = encode_unsupported_api_versions(42, Release::V4_1).unwrap().into_payload();
    assert_eq!(&answer[..], b"\0\0\0\x2a\0\x23\0\0\0\x01\0\x12\0\0\0\x04");
}

#[test]
fn api_10_the_header_of_an_unknown_api_versions_is_flexible() {
    check_closed(
        b"\0\x12\0\x05\0\0\0\x2a\0\x01c",
        "malformed ApiVersions v5 request header: tagged_fields at byte 11: 1 bytes needed, 0 left",
    );
}

#[test]
fn frame_09_an_unknown_key_closes_the_connection() {
    check_closed(b"\x03\xe7\0\0\0\0\0\x01\xff\xff", "unknown API key 999 (version 0)");
    check_closed(b"\xff\xff\0\0", "unknown API key -1 (version 0)");
}

#[test]
fn frame_10_an_unsupported_version_closes_the_connection() {
    check_closed(b"\0\x03\0\x63\0\0\0\x01\xff\xff\0", "Metadata v99 is not served: 0 to 13 are");
    check_closed(b"\0\x01\0\x03\0\0\0\x01\xff\xff", "Fetch v3 is not served: 4 to 18 are");
    check_closed(b"\0\x0c\xff\xff\0\0\0\x01\xff\xff", "Heartbeat v-1 is not served: 0 to 4 are");
}

#[test]
fn api_16_the_release_decides_what_is_served() {
    let heartbeat = b"\0\x44\0\x01\0\0\0\x01\xff\xff\0\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    let refused = decode_request(Bytes::from_static(heartbeat), Release::V3_9);
    let reason = CloseReason::UnsupportedVersion {
        api: ApiKey::ConsumerGroupHeartbeat,
        version: 1,
        served: 0..=0,
    };
    assert_eq!(refused, Err(Refusal::Close(reason)));
    assert!(decode_request(Bytes::from_static(heartbeat), Release::V4_0).is_ok());
}

#[test]
fn frame_02_a_frame_too_short_for_its_header_closes_the_connection() {
    let frame = b"\0\x03\0\x09\0\0\0\x01\0\x02cc\0";
    for length in 0..frame.len() {
        match refusal(&frame[..length]) {
            Refusal::Close(CloseReason::Malformed(malformed)) => {
                assert!(matches!(malformed.problem, Problem::Short { .. }), "{malformed}");
                assert!(malformed.message.ends_with("request header"), "{malformed}");
            }
            other => panic!("{length} bytes: {other:?}"),
        }
    }
}

#[test]
fn frame_03_a_null_client_id_counts_as_empty_and_one_of_minus_2_is_malformed() {
    let frame = b"\0\x0c\0\0\0\0\0\x01\xff\xff\0\x01g\0\0\0\0\0\x01m";
    let (header, _) = decode_request(Bytes::from_static(frame), Release::V4_1).unwrap();
    assert_eq!(&*header.client_id, "");
    check_closed(
        b"\0\x0c\0\0\0\0\0\x01\xff\xfe\0\x01g",
        "malformed Heartbeat v0 request header: client_id at byte 8: negative length -2",
    );
}

/// INIT-05: version 6, which carries Enable2Pc and KeepPreparedTxn, is unstable, and a broker without
/// unstable APIs treats it as a version that it does not know (FRAME-10). The codes that two-phase commit
/// answers are out of scope.
#[test]
fn init_05_no_release_serves_the_version_of_two_phase_commit() {
    let body = b"\0\0\0\x01\xff\xff\0\x02t\0\0\x03\xe8\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
    for &release in Release::ALL {
        let served = release.served_versions(ApiKey::InitProducerId);
        assert!(!release.versions(ApiKey::InitProducerId).contains(&6), "{release} advertises it");
        for (enable_2_pc, keep_prepared) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let frame = [b"\0\x16\0\x06", &body[..], &[enable_2_pc, keep_prepared, 0]].concat();
            let reason = CloseReason::UnsupportedVersion {
                api: ApiKey::InitProducerId,
                version: 6,
                served: served.clone(),
            };
            assert_eq!(decode_request(frame.into(), release), Err(Refusal::Close(reason)));
        }
        let last = u8::try_from(*served.end()).unwrap();
        let frame = [b"\0\x16\0", &[last][..], &body[..], b"\0"].concat();
        let (header, _) = decode_request(frame.into(), release).unwrap();
        assert_eq!(header.version, i16::from(last), "the same without the two fields is taken");
    }
}
