//! Where the corpus begins: well-formed requests, logs and histories. `fuzz/run seeds` writes them
//! into the corpus.

mod plans;
mod requests;
pub(crate) use requests::{
    coordinators, heartbeat_with_regex, inspection, join_group, offset_delete, produce, sync_group,
};

use bytes::{BufMut, Bytes};
use fencepost_ids::{
    ClientId, LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence, Timestamp,
};
use fencepost_log::{
    BatchBuilder, Compression, Header, LeaderContext, Log, LogConfig, LogRules, NewRecord,
    ReplicaState, TransactionBit,
};
use fencepost_wire::{ApiKey, Release, Request, RequestHeader, encode_request};

use crate::cluster::DELIVER_ALL;

/// A file of the corpus.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seed {
    /// The target that it is for.
    pub target: &'static str,
    /// Its name.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// All files that the corpus begins with.
#[must_use]
pub fn all() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add = |target, name: String, bytes| seeds.push(Seed { target, name, bytes });
    let mut history = Vec::new();
    for request in requests::samples() {
        let name = request.api().name().to_owned();
        let frame = frame(&request);
        for broker in 0..3 {
            put_step(&mut history, broker, &frame);
        }
        let mut alone = Vec::new();
        put_step(&mut alone, 0, &frame);
        add("request", name.clone(), frame.to_vec());
        add("cluster", name, alone);
    }
    add("cluster", "all_in_turn".to_owned(), history);
    add("cluster", "transaction".to_owned(), transaction());
    for codec in CODECS {
        let name = format!("{codec:?}").to_lowercase();
        let batch = batch(codec, TransactionBit::Plain);
        add("produced", name.clone(), [&[9, 0], &batch[..]].concat());
        add("fetched", name, stored(batch));
    }
    add(
        "produced",
        "transactional".to_owned(),
        [&[9, 3], &batch(Compression::None, TransactionBit::Transactional)[..]].concat(),
    );
    for pattern in ["orders", "o.*|[a-z]+", "(a{9}|\\w*)+$", "^\\p{L}{1,3}(?:x)?"] {
        add("regex", format!("{}", pattern.len()), pattern.into());
    }
    let subscription = b"\0\x01\0\0\0\x01\0\x06orders\0\0\0\x02hi\0\0\0\0";
    add("subscription", "version_1".to_owned(), subscription.to_vec());
    add("transaction_state", "prepare_commit".to_owned(), record(TXN_KEY, TXN_VALUE));
    add(
        "transaction_state",
        "tombstone".to_owned(),
        [&record(TXN_KEY, TXN_VALUE)[..], &TOMBSTONE].concat(),
    );
    for (name, key, value) in GROUP_RECORDS {
        add("consumer_offsets", (*name).to_owned(), record(key, value));
    }
    for (api, version) in [(3, 9), (18, 3), (10, 4), (0, 9), (22, 4)] {
        add("response", format!("{api}"), [&[api, version][..], &[0; 40]].concat());
    }
    for (name, text) in plans::PLANS {
        add("plan", (*name).to_owned(), text.as_bytes().to_vec());
    }
    add("trace", "whole".to_owned(), TRACE.concat().into_bytes());
    add("trace", "cut_short".to_owned(), TRACE[..5].concat().into_bytes());
    seeds
}

/// A line of each kind.
const TRACE: &[&str] = &[
    concat!(
        r#"{"format":"fencepost-trace","version":1,"fencepost":"0.1.0","start":1,"clock":"real","#,
        r#""config":{"release":"4.2","transaction_version":2,"seed":0,"#,
        r#""brokers":[{"id":0,"host":"::1","port":9092}],"settings":{"num.partitions":"3"},"#,
        r#""topics":[{"name":"t","partitions":1}],"without":["IDEM-12"],"#,
        r#""producer_id_blocks":"at_hand"}}"#,
        "\n"
    ),
    concat!(r#"{"n":1,"t":2,"in":{"connect":{"connection":0,"broker":0,"host":"::1"}}}"#, "\n"),
    concat!(
        r#"{"n":2,"t":3,"in":{"request":{"connection":0}},"out":[{"answer":{"connection":0,"#,
        r#""correlation_id":1,"api":"ApiVersions","version":0,"length":9,"#,
        r#""digest":"00000000000000ab"}},{"hit":{"fault":"f","matched":1}}],"#,
        r#""frame":"ABIAAAAAAAE="}"#,
        "\n"
    ),
    concat!(
        r#"{"n":3,"t":3,"in":"tick","out":[{"done":{"connection":0,"correlation_id":2}}]}"#,
        "\n"
    ),
    concat!(r#"{"n":4,"t":9,"in":{"elect":{"topic":"t","partition":0,"leader":0}}}"#, "\n"),
    concat!(
        r#"{"n":5,"t":9,"in":{"crash":{"broker":0}},"out":[{"close":{"connection":0,"reason":"x"}}]}"#,
        "\n"
    ),
    concat!(
        r#"{"n":6,"t":9,"in":{"gate":{"add":[{"on":"EndTxn"}]}},"out":[{"signal":{"process":"x","signal":"STOP"}}]}"#,
        "\n"
    ),
];

const CODECS: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];

const TXN_KEY: &[u8] = b"\0\0\0\x05txn-1";
const TXN_VALUE: &[u8] = b"\0\x01\0\0\0\0\0\0\x0f\xa0\0\x01\0\0\xea\x60\x02\x02\x07orders\x03\
    \0\0\0\0\0\0\0\x01\0\0\0\x01\x8b\xcf\xe5\x69\xf4\0\0\x01\x8b\xcf\xe5\x68\x64\x01\x02\x02\0\x02";
const TOMBSTONE: [u8; 13] = *b"\0\x09\0\0\0\x05txn-1\xff\xff";

/// Records of `__consumer_offsets`: name, key, value.
const GROUP_RECORDS: &[(&str, &[u8], &[u8])] = &[
    (
        "offset_v3",
        b"\0\x01\0\x05group\0\x06orders\0\0\0\0",
        b"\0\x03\0\0\0\0\0\0\0\x07\0\0\0\x01\0\x02hi\0\0\x01\x8b\xcf\xe5\x68\x64",
    ),
    (
        "classic_group",
        b"\0\x02\0\x05group",
        b"\0\x03\0\x08consumer\0\0\0\x01\0\x05range\0\x02m1\0\0\x01\x8b\xcf\xe5\x68\x64\0\0\0\x01\
          \0\x02m1\xff\xff\0\x01c\0\x02/h\0\0\x75\x30\0\0\x27\x10\
          \0\0\0\x14\0\x01\0\0\0\x01\0\x06orders\0\0\0\0\0\0\0\0\0\0\0\0",
    ),
    ("consumer_group", b"\0\x03\0\x05group", b"\0\0\0\0\0\x02\0"),
    (
        "member",
        b"\0\x05\0\x05group\0\x02m1",
        b"\0\0\0\0\x02c\x03/h\x02\x07orders\0\0\0\x75\x30\0\0\0",
    ),
    ("target", b"\0\x06\0\x05group", b"\0\0\0\0\0\x02\0"),
    ("current", b"\0\x08\0\x05group\0\x02m1", b"\0\0\0\0\0\x02\0\0\0\x01\0\x01\x01\0"),
];

/// The newest version of a request, but the last that names topics where newer ones give ids.
pub(crate) fn newest(api: ApiKey) -> i16 {
    match api {
        ApiKey::Produce | ApiKey::Fetch => 12,
        ApiKey::DeleteTopics => 5,
        _ => *Release::DEFAULT.served_versions(api).end(),
    }
}

fn frame(request: &Request) -> Bytes {
    let header = RequestHeader {
        api: request.api(),
        version: newest(request.api()),
        correlation_id: 1,
        client_id: ClientId::from("fuzz"),
    };
    encode_request(&header, request).expect("a well-formed request").into_payload()
}

fn put_step(program: &mut Vec<u8>, broker: u8, frame: &[u8]) {
    program.put_u8(broker);
    program.put_u16(u16::try_from(frame.len()).expect("a small frame"));
    program.put_slice(frame);
    program.put_u8(DELIVER_ALL);
}

/// A transaction of one record, asked of every broker since one of them is the right one.
fn transaction() -> Vec<u8> {
    let mut program = Vec::new();
    let batch = batch(Compression::None, TransactionBit::Transactional);
    let requests = [requests::init_producer_id(), produce("orders", 0, batch), requests::end_txn()];
    for request in requests {
        let frame = frame(&request);
        for broker in 0..3 {
            put_step(&mut program, broker, &frame);
        }
    }
    program
}

/// Two records, of the first producer that a cluster names.
fn batch(codec: Compression, bit: TransactionBit) -> Bytes {
    let producer = (ProducerId(0), ProducerEpoch(0), Sequence(0));
    let mut batch = BatchBuilder::new()
        .compression(codec)
        .transaction(bit)
        .producer(producer.0, producer.1, producer.2);
    let headers = [Header { key: b"h", value: Some(b"1") }, Header { key: b"", value: None }];
    for value in [Some(&b"value value value value value"[..]), None] {
        let record = NewRecord { key: Some(b"key"), value, headers: &headers };
        batch.push(Timestamp(1_700_000_000_000), record);
    }
    batch.build().bytes().clone()
}

/// The same, as a log gives it to a consumer.
fn stored(batch: Bytes) -> Vec<u8> {
    let batch = fencepost_log::FramedBatch::parse(&batch, 9).expect("a whole batch");
    let mut log = Log::new();
    let leader = LeaderContext {
        now: Timestamp(1_700_000_000_000),
        leader_epoch: LeaderEpoch(3),
        config: &LogConfig::default(),
        rules: &LogRules::default(),
    };
    let mut replica = ReplicaState::default();
    replica.append_client(&mut log, batch, None, &leader).expect("a well-formed batch");
    let mut out = Vec::new();
    log.batches_from(Offset::ZERO).for_each(|batch| batch.write_to(&mut out));
    out
}

fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for field in [key, value] {
        out.put_u16(u16::try_from(field.len()).expect("a small record"));
        out.put_slice(field);
    }
    out
}
