//! What clients and logs show, as text.

use bytes::Bytes;
use fencepost_ids::ErrorCode;
use fencepost_log::BatchHeader;
use fencepost_wire::messages::fetch_request::{FetchPartition, FetchTopic};
use fencepost_wire::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use fencepost_wire::messages::{DescribeTransactionsRequest, FetchRequest, ListOffsetsRequest};
use fencepost_wire::{ApiKey, Response};

use super::{TXN_LOG, World, topic_name, transactional_id};
use crate::txn::tables::STATES;

impl World {
    /// Every batch of a partition: data as `p0e0 #0`, markers as `COMMIT p0e0 c0`.
    pub(crate) fn log(&mut self, topic: &str, partition: i32) -> Vec<String> {
        self.fetch(topic, partition, 0).0.iter().map(show_batch).collect()
    }

    /// Every record of a transactional id in the coordinators' log, as `Empty p0e0`.
    pub(crate) fn txn_log(&mut self, id: &str) -> Vec<String> {
        let (batches, ..) = self.fetch(TXN_LOG, Self::txn_partition(id), 0);
        batches.iter().filter_map(|batch| show_txn_record(batch, id)).collect()
    }

    /// The high watermark of the coordinators' log where a transactional id is.
    pub(crate) fn txn_log_end(&mut self, id: &str) -> i64 {
        let partition = Self::txn_partition(id);
        let broker = self.leader(TXN_LOG, partition);
        let wanted = ListOffsetsPartition::default()
            .with_partition_index(partition)
            .with_current_leader_epoch(-1)
            .with_timestamp(-1);
        let topic = ListOffsetsTopic::default()
            .with_name(topic_name(TXN_LOG))
            .with_partitions(vec![wanted]);
        let request = ListOffsetsRequest::default().with_topics(vec![topic]);
        let Response::ListOffsets(response) = self.call(broker, 5, request) else { panic!() };
        response.topics[0].partitions[0].offset
    }

    /// Last stable offset and high watermark.
    pub(crate) fn lso_and_hw(&mut self, partition: i32) -> (i64, i64) {
        let (_, lso, hw) = self.fetch("orders", partition, 0);
        (lso, hw)
    }

    /// How many records a read_committed or read_uncommitted consumer is given, markers and
    /// aborted records left out as clients do.
    pub(crate) fn visible(&mut self, partition: i32, isolation: i8) -> i32 {
        let (batches, aborted) = self.fetch_isolated("orders", partition, isolation);
        let mut open: Vec<i64> = Vec::new();
        let mut count = 0;
        for batch in &batches {
            let header = BatchHeader::read(batch).expect("a whole batch");
            let producer = header.producer_id.0;
            for (id, first) in &aborted {
                if *first == header.base_offset.0 && *id == producer {
                    open.push(*id);
                }
            }
            if header.attributes.is_control() {
                open.retain(|id| *id != producer);
            } else if !open.contains(&producer) {
                count += header.record_count;
            }
        }
        count
    }

    fn fetch(&mut self, topic: &str, partition: i32, isolation: i8) -> (Vec<Bytes>, i64, i64) {
        let (response, batches) = self.fetch_partition(topic, partition, isolation);
        (batches, response.last_stable_offset.0, response.high_watermark.0)
    }

    fn fetch_isolated(
        &mut self,
        topic: &str,
        partition: i32,
        isolation: i8,
    ) -> (Vec<Bytes>, Vec<(i64, i64)>) {
        let (response, batches) = self.fetch_partition(topic, partition, isolation);
        let aborted = response.aborted_transactions.unwrap_or_default();
        let pair = |it: &fencepost_wire::AbortedTransaction| (it.producer_id.0, it.first_offset.0);
        (batches, aborted.iter().map(pair).collect())
    }

    fn fetch_partition(
        &mut self,
        topic: &str,
        partition: i32,
        isolation: i8,
    ) -> (fencepost_wire::FetchedPartition, Vec<Bytes>) {
        let broker = self.leader(topic, partition);
        let (mut batches, mut aborted) = (Vec::new(), Vec::new());
        let mut position = 0;
        loop {
            let wanted = FetchPartition::default()
                .with_partition(partition)
                .with_fetch_offset(position)
                .with_partition_max_bytes(1 << 20)
                .with_current_leader_epoch(-1);
            let wanted =
                FetchTopic::default().with_topic(topic_name(topic)).with_partitions(vec![wanted]);
            let request = FetchRequest::default()
                .with_max_bytes(1 << 20)
                .with_isolation_level(isolation)
                .with_topics(vec![wanted]);
            let Response::Fetch(mut response) = self.call(broker, 4, request) else { panic!() };
            let mut fetched = response.topics.remove(0).partitions.remove(0);
            assert_eq!(fetched.error_code, ErrorCode::None);
            aborted.extend(fetched.aborted_transactions.take().unwrap_or_default());
            let mut bytes = Bytes::from(fetched.records.concat());
            if bytes.is_empty() {
                fetched.aborted_transactions = Some(aborted);
                return (fetched, batches);
            }
            // One segment a read (FETCH-34).
            while let Some(header) = BatchHeader::read(&bytes) {
                position = header.last_offset().0 + 1;
                batches.push(bytes.split_to(usize::try_from(header.batch_length).unwrap() + 12));
            }
        }
    }
}

fn code(code: i16) -> String {
    code.to_string()
}

pub(super) fn show(response: &Response) -> String {
    let identity = |error: i16, id: i64, epoch: i16| {
        if error == 0 { format!("{id},{epoch}") } else { code(error) }
    };
    match response {
        Response::InitProducerId(it) => {
            identity(it.error_code, it.producer_id.0, it.producer_epoch)
        }
        Response::EndTxn(it) => identity(it.error_code, it.producer_id.0, it.producer_epoch),
        Response::AddOffsetsToTxn(it) => code(it.error_code),
        Response::AddPartitionsToTxn(it) => it
            .results_by_topic_v3_and_below
            .iter()
            .chain(it.results_by_transaction.iter().flat_map(|txn| &txn.topic_results))
            .flat_map(|topic| &topic.results_by_partition)
            .map(|partition| code(partition.partition_error_code))
            .collect::<Vec<_>>()
            .join(" "),
        Response::Produce(it) => code(it.responses[0].partition_responses[0].error_code),
        Response::WriteTxnMarkers(it) => code(it.markers[0].topics[0].partitions[0].error_code),
        Response::DescribeTransactions(it) => {
            let state = &it.transaction_states[0];
            if state.error_code != 0 {
                return code(state.error_code);
            }
            let partitions: Vec<_> = state
                .topics
                .iter()
                .flat_map(|topic| {
                    topic.partitions.iter().map(|index| format!(" {}-{index}", topic.topic.0))
                })
                .collect();
            format!(
                "{} {},{}{}",
                state.transaction_state,
                state.producer_id.0,
                state.producer_epoch,
                partitions.concat()
            )
        }
        other => panic!("not shown: {:?}", ApiKey::name(other.api())),
    }
}

fn show_batch(batch: &Bytes) -> String {
    let header = BatchHeader::read(batch).expect("a whole batch");
    let producer = format!("p{}e{}", header.producer_id, header.producer_epoch);
    if header.attributes.is_control() {
        // MARK-01: the record begins at byte 61; its key is `int16 0, int16 type` at 66, its value
        // `int16 0, int32 coordinator epoch` at 71.
        let kind = if batch[69] == 1 { "COMMIT" } else { "ABORT" };
        let epoch = i32::from_be_bytes(batch[73..77].try_into().unwrap());
        format!("{kind} {producer} c{epoch}")
    } else {
        format!("{producer} #{}", header.base_sequence)
    }
}

/// Status and identity of the one record of a coordinator's batch, if it is about `id`.
fn show_txn_record(batch: &Bytes, id: &str) -> Option<String> {
    let Some(value) = value_of(batch, id)? else { return Some("tombstone".to_owned()) };
    let value = read_value(value);
    Some(format!("{} {},{}", value.state, value.producer.0, value.producer.1))
}

/// The value of the one record of a coordinator's batch, if it is about `id`; null for a tombstone.
fn value_of<'a>(batch: &'a Bytes, id: &str) -> Option<Option<&'a [u8]>> {
    let mut rest = &batch[61..];
    varint(&mut rest);
    rest = &rest[1..];
    varint(&mut rest);
    varint(&mut rest);
    let key_length = varint(&mut rest);
    let (key, after) = rest.split_at(usize::try_from(key_length).unwrap());
    rest = after;
    if key[4..] != *id.as_bytes() {
        return None;
    }
    Some(usize::try_from(varint(&mut rest)).ok().map(|length| &rest[..length]))
}

/// A value of `__transaction_state` (TLOG-06).
#[derive(Debug)]
pub(crate) struct TxnValue {
    pub(crate) version: i16,
    pub(crate) state: &'static str,
    pub(crate) producer: (i64, i16),
    pub(crate) timeout_ms: i32,
    /// None is null.
    pub(crate) partitions: Option<Vec<String>>,
    pub(crate) update: i64,
    pub(crate) start: i64,
    /// Tag 2.
    pub(crate) client_level: i16,
}

impl World {
    /// When the transaction of an id began, by DescribeTransactions.
    pub(crate) fn started(&mut self, id: &str) -> i64 {
        let broker = self.coordinator(id);
        let request = DescribeTransactionsRequest::default()
            .with_transactional_ids(vec![transactional_id(id)]);
        let Response::DescribeTransactions(answer) = self.call(broker, 0, request) else {
            panic!()
        };
        answer.transaction_states[0].transaction_start_time_ms
    }

    /// The batches of a transactional id in the coordinators' log.
    pub(crate) fn txn_batches(&mut self, id: &str) -> Vec<Bytes> {
        let (batches, ..) = self.fetch(TXN_LOG, Self::txn_partition(id), 0);
        batches.into_iter().filter(|batch| value_of(batch, id).is_some()).collect()
    }

    /// Their values; a tombstone has none.
    pub(crate) fn txn_values(&mut self, id: &str) -> Vec<TxnValue> {
        let batches = self.txn_batches(id);
        batches.iter().filter_map(|batch| value_of(batch, id)?.map(read_value)).collect()
    }
}

/// Reads a value; every length in it is below 128 and so one byte in version 1.
fn read_value(mut rest: &[u8]) -> TxnValue {
    fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
        let (taken, after) = rest.split_at(N);
        *rest = after;
        taken.try_into().unwrap()
    }
    let version = i16::from_be_bytes(take(&mut rest));
    let producer_id = i64::from_be_bytes(take(&mut rest));
    let epoch = i16::from_be_bytes(take(&mut rest));
    let timeout_ms = i32::from_be_bytes(take(&mut rest));
    let [status] = take(&mut rest);
    let count = |rest: &mut &[u8]| match version {
        0 => i32::from_be_bytes(take(rest)),
        _ => i32::from(take::<1>(rest)[0]) - 1,
    };
    let topics = count(&mut rest);
    let mut partitions = Vec::new();
    for _ in 0..topics {
        let length = match version {
            0 => i16::from_be_bytes(take(&mut rest)),
            _ => i16::from(take::<1>(&mut rest)[0]) - 1,
        };
        let (name, after) = rest.split_at(usize::try_from(length).unwrap());
        rest = after;
        for _ in 0..count(&mut rest) {
            let index = i32::from_be_bytes(take(&mut rest));
            partitions.push(format!("{}-{index}", String::from_utf8_lossy(name)));
        }
        if version > 0 {
            assert_eq!(take::<1>(&mut rest), [0], "no tags");
        }
    }
    let update = i64::from_be_bytes(take(&mut rest));
    let start = i64::from_be_bytes(take(&mut rest));
    let client_level = match rest {
        [] | [0] => 0,
        [1, 2, 2, high, low] => i16::from_be_bytes([*high, *low]),
        other => panic!("tags: {other:?}"),
    };
    TxnValue {
        version,
        state: STATES[usize::from(status)],
        producer: (producer_id, epoch),
        timeout_ms,
        partitions: (topics >= 0).then_some(partitions),
        update,
        start,
        client_level,
    }
}

fn varint(bytes: &mut &[u8]) -> i64 {
    let (mut value, mut shift) = (0u64, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return (value >> 1) as i64 ^ -((value & 1) as i64);
        }
    }
}
