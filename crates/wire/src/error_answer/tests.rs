//! Every answer with a code can be written, and says the code where it was asked for.

use bytes::Bytes;
use fencepost_ids::{ClientId, ErrorCode};

use super::*;
use crate::sample::{self, Tags};
use crate::schema::{Fields, Kind};
use crate::{Side, decode_response, encode_response};

const CODE: ErrorCode = ErrorCode::NotCoordinator;

fn header(api: ApiKey, version: i16) -> RequestHeader {
    RequestHeader { api, version, correlation_id: 7, client_id: ClientId::from("c") }
}

fn drawn(side: Side, api: ApiKey, version: i16, seed: u64) -> Bytes {
    sample::body(side, api, version, Tags::None, seed).into()
}

/// Writes an answer, reads it, and writes what was read.
fn round_trip(api: ApiKey, version: i16, response: &Response) -> Bytes {
    let encode = |response: &Response| {
        encode_response(7, version, response)
            .unwrap_or_else(|error| panic!("{api} v{version}: {error}"))
            .into_payload()
    };
    let frame = encode(response);
    let (_, read) = decode_response(api, version, frame.clone()).unwrap();
    assert_eq!(encode(&read), frame, "{api} v{version}");
    frame
}

/// All numbers of a message that are codes, by their depth.
fn codes(
    bytes: &mut Bytes,
    fields: Fields,
    api: ApiKey,
    version: i16,
    depth: usize,
) -> Vec<(usize, i16)> {
    let mut found = Vec::new();
    let mut walk = Walk { bytes, api, version, found: &mut found };
    walk.structure(fields, depth);
    found
}

/// Reads a body without known tagged fields by its schema.
struct Walk<'a> {
    bytes: &'a mut Bytes,
    api: ApiKey,
    version: i16,
    found: &'a mut Vec<(usize, i16)>,
}

impl Walk<'_> {
    fn take(&mut self, count: usize) -> Bytes {
        self.bytes.split_to(count)
    }

    fn varint(&mut self) -> usize {
        let mut value = 0;
        for shift in 0..5 {
            let byte = self.take(1)[0];
            value |= usize::from(byte & 0x7f) << (7 * shift);
            if byte < 0x80 {
                break;
            }
        }
        value
    }

    /// A length or count; nothing for null.
    fn length(&mut self, width: usize) -> usize {
        if self.api.is_flexible(self.version) {
            return self.varint().saturating_sub(1);
        }
        let bytes = self.take(width);
        let value = bytes.iter().fold(0i64, |value, byte| value << 8 | i64::from(*byte));
        usize::try_from(value).ok().filter(|_| bytes[0] < 0x80).unwrap_or_default()
    }

    fn structure(&mut self, fields: Fields, depth: usize) {
        let version = self.version;
        for field in fields.iter().filter(|it| it.tag.is_none() && it.is_in(version)) {
            if field.name == "error_code" || field.name == "partition_error_code" {
                let bytes = self.take(2);
                self.found.push((depth, i16::from_be_bytes([bytes[0], bytes[1]])));
                continue;
            }
            let nullable = field.is_nullable_in(version);
            if let Kind::Struct(inner) = field.kind
                && nullable
            {
                if self.take(1)[0] == 1 {
                    self.structure(inner, depth + 1);
                }
                continue;
            }
            self.value(field.kind, depth);
        }
        if self.api.is_flexible(self.version) {
            for _ in 0..self.varint() {
                self.varint();
                let size = self.varint();
                self.take(size);
            }
        }
    }

    fn value(&mut self, kind: Kind, depth: usize) {
        let width = match kind {
            Kind::Bool | Kind::Int8 => 1,
            Kind::Int16 => 2,
            Kind::Int32 => 4,
            Kind::Int64 => 8,
            Kind::Uuid => 16,
            Kind::Text => self.length(2),
            Kind::Bytes => self.length(4),
            Kind::Array(element) => {
                (0..self.length(4)).for_each(|_| self.value(*element, depth));
                0
            }
            Kind::Structs(fields) => {
                (0..self.length(4)).for_each(|_| self.structure(fields, depth + 1));
                0
            }
            Kind::Struct(fields) => {
                self.structure(fields, depth + 1);
                0
            }
        };
        self.take(width);
    }
}

/// The codes of an answer as they stand on the wire.
fn codes_of(api: ApiKey, version: i16, frame: &Bytes) -> Vec<(usize, i16)> {
    let header = if api.has_flexible_response_header(version) { 5 } else { 4 };
    codes(&mut frame.slice(header..), api.schema().response, api, version, 0)
}

#[test]
fn every_request_is_answered_with_a_code_at_every_level_of_its_answer() {
    let mut answers = 0;
    for (api, version) in sample::served() {
        for seed in 0..8 {
            let mut bytes = drawn(Side::Request, api, version, seed);
            let request = Request::decode(api, &mut bytes, version).unwrap();
            for &level in Level::of(api, version) {
                let answer = error_response(&header(api, version), &request, CODE, Some(level));
                let frame = round_trip(api, version, &answer.unwrap());
                let codes = codes_of(api, version, &frame);
                let told: Vec<_> = codes.iter().filter(|(_, code)| *code == CODE.code()).collect();
                assert!(told.windows(2).all(|pair| pair[0].0 == pair[1].0), "{api} v{version}");
                assert_eq!(level == Level::Top, told.iter().any(|(depth, _)| *depth == 0));
                assert!(codes.iter().all(|(_, code)| [0, CODE.code()].contains(code)));
                answers += told.len();
            }
        }
    }
    assert!(answers > 2000, "{answers} codes");
}

#[test]
fn a_code_replaces_what_an_answer_says_at_its_level_alone() {
    for (api, version) in sample::served() {
        for seed in 0..8 {
            let mut bytes = drawn(Side::Response, api, version, seed);
            let response = Response::decode(api, &mut bytes, version).unwrap();
            for &level in Level::of(api, version) {
                let mut changed = response.clone();
                let part = Part::default();
                let places =
                    replace_errors(&mut changed, version, CODE, Some(level), &part).unwrap();
                let frame = round_trip(api, version, &changed);
                let codes = codes_of(api, version, &frame);
                let told = codes.iter().filter(|(_, code)| *code == CODE.code()).count();
                assert!(told >= places as usize, "{api} v{version} {level} seed {seed}");
                assert!(places > 0 || level != Level::Top, "{api} v{version} {level} seed {seed}");
            }
        }
    }
}

#[test]
fn a_level_that_the_answer_has_not_is_refused() {
    let request = Request::empty(ApiKey::Produce);
    let header = header(ApiKey::Produce, 9);
    let refused = error_response(&header, &request, CODE, Some(Level::Top)).unwrap_err();
    assert_eq!(refused.to_string(), "the answer of Produce v9 has no error code at the level top");
}

#[test]
fn one_partition_of_an_answer_can_fail_alone() {
    use kafka_protocol::messages::produce_response::{
        PartitionProduceResponse, TopicProduceResponse,
    };
    let topic = |name: &'static str| {
        let partition = |index| PartitionProduceResponse::default().with_index(index);
        TopicProduceResponse::default()
            .with_name(crate::StrBytes::from_static_str(name).into())
            .with_partition_responses(vec![partition(0), partition(1)])
    };
    let answer = messages::ProduceResponse::default().with_responses(vec![topic("a"), topic("b")]);
    let mut response = Response::Produce(answer);
    let part =
        Part { topic: Some(("b".into(), TopicId::ZERO)), partition: Some(PartitionIndex(1)) };
    assert_eq!(replace_errors(&mut response, 9, CODE, None, &part), Ok(1));
    let frame = round_trip(ApiKey::Produce, 9, &response);
    let codes: Vec<_> =
        codes_of(ApiKey::Produce, 9, &frame).into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, [0, 0, 0, CODE.code()]);
}

#[test]
fn beside_an_error_stands_what_kafka_writes_there() {
    let answer = |api: ApiKey, version| {
        error_response(&header(api, version), &Request::empty(api), CODE, None).unwrap()
    };
    let Response::InitProducerId(body) = answer(ApiKey::InitProducerId, 4) else { panic!() };
    assert_eq!((body.producer_id.0, body.producer_epoch), (-1, -1));
    let Response::FindCoordinator(body) = answer(ApiKey::FindCoordinator, 3) else { panic!() };
    assert_eq!((body.node_id.0, body.port), (-1, -1));
    let Response::JoinGroup(body) = answer(ApiKey::JoinGroup, 5) else { panic!() };
    assert_eq!((body.generation_id, body.protocol_name), (-1, Some(crate::StrBytes::default())));
    let Response::JoinGroup(body) = answer(ApiKey::JoinGroup, 7) else { panic!() };
    assert_eq!(body.protocol_name, None);
}
