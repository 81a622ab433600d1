//! The records of `__transaction_state` (TLOG-04 to TLOG-09).

mod reader;

use std::collections::BTreeSet;

use bytes::{BufMut, Bytes, BytesMut};
use fencepost_ids::{ProducerEpoch, ProducerId, Timestamp, TopicPartition, TransactionalId};
use thiserror::Error;

use self::reader::{
    Reader, TAG_CLIENT_TRANSACTION_VERSION, TAG_NEXT_PRODUCER_ID, TAG_PREVIOUS_PRODUCER_ID, Tags,
};
use super::state::{TxnFields, TxnPath, TxnState};

/// How a value is written (TLOG-05, TLOG-08).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum ValueFormat {
    /// Version 0, at `transaction.version` 0.
    V0,
    /// Version 1.
    V1,
    /// Version 1 with the neighbouring producer ids, from Kafka 4.3 on.
    V1WithNeighbourIds,
}

/// The value cannot be written: version 0 has no place for a TV2 transaction (TLOG-09).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("TLOG-09: value version 0 cannot hold a transaction of a TV2 client")]
pub(crate) struct PathNotRepresentable;

/// Why a record could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum RecordError {
    /// The key is of a kind that this reader does not know; such records are skipped.
    #[error("FAILOVER-03: unknown key version {0}")]
    UnknownKeyVersion(i16),
    /// The value is of a later format.
    #[error("FAILOVER-03: unknown value version {0}")]
    UnknownValueVersion(i16),
    /// The status is not one of those in the log.
    #[error("FAILOVER-03: unknown status {0}")]
    UnknownStatus(i8),
    /// The bytes end early or contradict themselves.
    #[error("FAILOVER-03: malformed record: {0}")]
    Malformed(&'static str),
}

/// The key of a transactional id's records (TLOG-04).
pub(crate) fn encode_key(id: &TransactionalId) -> Bytes {
    let mut key = BytesMut::with_capacity(4 + id.len());
    key.put_i16(0);
    put_short_string(&mut key, id);
    key.freeze()
}

/// The transactional id that a key names.
///
/// # Errors
/// If the key is not one of ours.
pub(crate) fn decode_key(key: &[u8]) -> Result<TransactionalId, RecordError> {
    let mut reader = Reader(key);
    match reader.int16()? {
        0 => Ok(TransactionalId::from(reader.short_string()?)),
        version => Err(RecordError::UnknownKeyVersion(version)),
    }
}

/// The value that describes a transactional id (TLOG-06, TLOG-07); `last_epoch` is never written.
///
/// # Errors
/// If version 0 is asked for and the transaction follows TV2.
pub(crate) fn encode_value(
    fields: &TxnFields,
    format: ValueFormat,
) -> Result<Bytes, PathNotRepresentable> {
    if format == ValueFormat::V0 && fields.path != TxnPath::Tv1 {
        return Err(PathNotRepresentable);
    }
    let flexible = format != ValueFormat::V0;
    let mut value = BytesMut::with_capacity(64);
    value.put_i16(i16::from(flexible));
    value.put_i64(fields.producer_id.0);
    value.put_i16(fields.epoch.0);
    value.put_i32(fields.timeout_ms);
    value.put_i8(fields.state.id());
    put_partitions(&mut value, fields, flexible);
    value.put_i64(fields.last_update.0);
    // No release writes what 4.0 keeps in memory of the last transaction (D13).
    let start = match fields.state {
        TxnState::Empty => Timestamp::NONE,
        TxnState::Ongoing
        | TxnState::PrepareCommit
        | TxnState::PrepareAbort
        | TxnState::CompleteCommit
        | TxnState::CompleteAbort => fields.start,
    };
    value.put_i64(start.0);
    if flexible {
        put_tags(&mut value, fields, format == ValueFormat::V1WithNeighbourIds);
    }
    Ok(value.freeze())
}

/// The fields that a value describes.
///
/// # Errors
/// If the value is of an unknown version or malformed.
pub(crate) fn decode_value(value: &[u8]) -> Result<TxnFields, RecordError> {
    let mut reader = Reader(value);
    let flexible = match reader.int16()? {
        0 => false,
        1 => true,
        version => return Err(RecordError::UnknownValueVersion(version)),
    };
    let producer_id = ProducerId(reader.int64()?);
    let epoch = ProducerEpoch(reader.int16()?);
    let timeout_ms = reader.int32()?;
    let status = reader.int8()?;
    let state = TxnState::from_id(status).ok_or(RecordError::UnknownStatus(status))?;
    let partitions = match (reader.partitions(flexible)?, state) {
        (_, TxnState::Empty) => BTreeSet::new(),
        (Some(partitions), _) => partitions,
        (None, _) => return Err(RecordError::Malformed("null partitions")),
    };
    let last_update = Timestamp(reader.int64()?);
    let start = Timestamp(reader.int64()?);
    let tags = if flexible { reader.tags()? } else { Tags::default() };
    Ok(TxnFields {
        producer_id,
        previous_producer_id: tags.previous_producer_id,
        next_producer_id: tags.next_producer_id,
        epoch,
        last_epoch: ProducerEpoch::NONE,
        timeout_ms,
        state,
        partitions,
        start,
        last_update,
        path: tags.path,
    })
}

/// Null for Empty, otherwise the partitions by topic, perhaps none (TLOG-07).
fn put_partitions(value: &mut BytesMut, fields: &TxnFields, flexible: bool) {
    if fields.state == TxnState::Empty {
        if flexible {
            put_uvarint(value, 0)
        } else {
            value.put_i32(-1)
        }
        return;
    }
    let all: Vec<&TopicPartition> = fields.partitions.iter().collect();
    let topics: Vec<&[&TopicPartition]> = all.chunk_by(|a, b| a.topic == b.topic).collect();
    put_count(value, topics.len(), flexible);
    for partitions in topics {
        let topic = &partitions[0].topic;
        if flexible {
            put_count(value, topic.len(), true);
            value.put_slice(topic.as_bytes());
        } else {
            put_short_string(value, topic);
        }
        put_count(value, partitions.len(), flexible);
        for partition in partitions {
            value.put_i32(partition.partition.0);
        }
        if flexible {
            put_uvarint(value, 0);
        }
    }
}

/// Tags at their defaults are left out; the others ascend (TLOG-06).
fn put_tags(value: &mut BytesMut, fields: &TxnFields, with_neighbour_ids: bool) {
    let previous = with_neighbour_ids && fields.previous_producer_id.is_some();
    let next = with_neighbour_ids && fields.next_producer_id.is_some();
    let path = fields.path != TxnPath::Tv1;
    put_uvarint(value, u32::from(previous) + u32::from(next) + u32::from(path));
    if previous {
        put_uvarint(value, TAG_PREVIOUS_PRODUCER_ID);
        put_uvarint(value, 8);
        value.put_i64(fields.previous_producer_id.0);
    }
    if next {
        put_uvarint(value, TAG_NEXT_PRODUCER_ID);
        put_uvarint(value, 8);
        value.put_i64(fields.next_producer_id.0);
    }
    if path {
        put_uvarint(value, TAG_CLIENT_TRANSACTION_VERSION);
        put_uvarint(value, 2);
        value.put_i16(fields.path.level());
    }
}

fn put_short_string(out: &mut BytesMut, text: &str) {
    out.put_i16(i16::try_from(text.len()).expect("the wire bounds names to an int16 length"));
    out.put_slice(text.as_bytes());
}

fn put_count(out: &mut BytesMut, count: usize, flexible: bool) {
    let count = i32::try_from(count).expect("a record holds fewer entries than an int32 counts");
    if flexible { put_uvarint(out, count.unsigned_abs() + 1) } else { out.put_i32(count) }
}

fn put_uvarint(out: &mut BytesMut, mut value: u32) {
    while value >= 0x80 {
        out.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

#[cfg(test)]
mod tests {
    use fencepost_ids::PartitionIndex;

    use super::super::state::tests::partition;
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
    }

    fn fields(state: TxnState, epoch: i16, update: i64, start: i64, path: TxnPath) -> TxnFields {
        TxnFields {
            producer_id: ProducerId(4000),
            previous_producer_id: ProducerId::NONE,
            next_producer_id: ProducerId::NONE,
            epoch: ProducerEpoch(epoch),
            last_epoch: ProducerEpoch::NONE,
            timeout_ms: 60_000,
            state,
            partitions: BTreeSet::new(),
            start: Timestamp(start),
            last_update: Timestamp(update),
            path,
        }
    }

    fn prepare_commit() -> TxnFields {
        TxnFields {
            partitions: [partition(0), partition(1)].into(),
            ..fields(TxnState::PrepareCommit, 1, 1_700_000_000_500, 1_700_000_000_100, TxnPath::Tv2)
        }
    }

    fn check(fields: &TxnFields, format: ValueFormat, bytes: &str) {
        let value = encode_value(fields, format).expect("representable");
        assert_eq!(value, hex(bytes));
        assert_eq!(decode_value(&value).as_ref(), Ok(fields));
        for end in 0..value.len() {
            assert!(decode_value(&value[..end]).is_err(), "a value cut at {end} is refused");
        }
    }

    #[test]
    fn tlog_04_the_key_of_a_transactional_id() {
        let key = encode_key(&TransactionalId::from("txn-1"));
        assert_eq!(key, hex("00 00 00 05 74 78 6e 2d 31"));
        assert_eq!(decode_key(&key), Ok(TransactionalId::from("txn-1")));
        assert_eq!(decode_key(&hex("00 07 00 00")), Err(RecordError::UnknownKeyVersion(7)));
        assert!(decode_key(&key[..8]).is_err());
        assert!(decode_key(&hex("00 00 ff ff")).is_err());
    }

    #[test]
    fn tlog_06_version_0_of_an_empty_id() {
        check(
            &fields(TxnState::Empty, 0, 1_700_000_000_000, -1, TxnPath::Tv1),
            ValueFormat::V0,
            "00 00 00 00 00 00 00 00 0f a0 00 00 00 00 ea 60 00 ff ff ff ff 00 00 01 8b cf e5 68 00
             ff ff ff ff ff ff ff ff",
        );
    }

    #[test]
    fn tlog_06_version_1_of_a_prepared_commit() {
        check(
            &prepare_commit(),
            ValueFormat::V1,
            "00 01 00 00 00 00 00 00 0f a0 00 01 00 00 ea 60 02 02 07 6f 72 64 65 72 73 03 00 00 00 00
             00 00 00 01 00 00 00 01 8b cf e5 69 f4 00 00 01 8b cf e5 68 64 01 02 02 00 02",
        );
    }

    #[test]
    fn tlog_08_from_4_3_on_the_previous_producer_id_is_a_tag() {
        let with_previous =
            TxnFields { previous_producer_id: ProducerId(4000), ..prepare_commit() };
        check(
            &with_previous,
            ValueFormat::V1WithNeighbourIds,
            "00 01 00 00 00 00 00 00 0f a0 00 01 00 00 ea 60 02 02 07 6f 72 64 65 72 73 03 00 00 00 00
             00 00 00 01 00 00 00 01 8b cf e5 69 f4 00 00 01 8b cf e5 68 64 02 00 08 00 00 00 00 00 00
             0f a0 02 02 00 02",
        );
        let plain = encode_value(&with_previous, ValueFormat::V1).expect("representable");
        let read = decode_value(&plain).expect("well-formed");
        assert_eq!(read.previous_producer_id, ProducerId::NONE);
        let with_next = TxnFields { next_producer_id: ProducerId(7), ..with_previous };
        let value = encode_value(&with_next, ValueFormat::V1WithNeighbourIds).expect("fits");
        assert_eq!(decode_value(&value), Ok(with_next));
    }

    #[test]
    fn tlog_07_a_completed_transaction_has_an_array_and_an_empty_id_has_null() {
        check(
            &fields(
                TxnState::CompleteCommit,
                1,
                1_700_000_000_700,
                1_700_000_000_100,
                TxnPath::Tv2,
            ),
            ValueFormat::V1,
            "00 01 00 00 00 00 00 00 0f a0 00 01 00 00 ea 60 04 01 00 00 01 8b cf e5 6a bc 00 00 01 8b
             cf e5 68 64 01 02 02 00 02",
        );
        let empty = fields(TxnState::Empty, 0, 0, -1, TxnPath::Tv1);
        let value = encode_value(&empty, ValueFormat::V1).expect("representable");
        assert_eq!(value[17], 0);
    }

    #[test]
    fn tlog_06_version_0_holds_partitions_of_several_topics() {
        let mut several = fields(TxnState::Ongoing, 1, 5, 4, TxnPath::Tv1);
        several.partitions = [
            partition(3),
            TopicPartition::new("a", PartitionIndex(0)),
            TopicPartition::new("z", PartitionIndex(9)),
        ]
        .into();
        for format in [ValueFormat::V0, ValueFormat::V1] {
            let value = encode_value(&several, format).expect("representable");
            assert_eq!(decode_value(&value).as_ref(), Ok(&several));
        }
    }

    #[test]
    fn tlog_09_version_0_has_no_place_for_a_tv2_transaction() {
        assert_eq!(encode_value(&prepare_commit(), ValueFormat::V0), Err(PathNotRepresentable));
    }

    #[test]
    fn failover_03_what_cannot_be_read_is_named() {
        assert_eq!(decode_value(&hex("00 02")), Err(RecordError::UnknownValueVersion(2)));
        let mut value = encode_value(&prepare_commit(), ValueFormat::V1).expect("fits").to_vec();
        value[16] = 6;
        assert_eq!(decode_value(&value), Err(RecordError::UnknownStatus(6)));
    }

    #[test]
    fn a_huge_count_is_refused_without_allocating() {
        let huge = "00 01 00 00 00 00 00 00 0f a0 00 01 00 00 ea 60 02 ff ff ff ff 0f 07 6f 72 64";
        assert!(decode_value(&hex(huge)).is_err());
        let negative = "00 00 00 00 00 00 00 00 0f a0 00 00 00 00 ea 60 01 ff ff ff fe";
        assert_eq!(decode_value(&hex(negative)), Err(RecordError::Malformed("a negative count")));
    }
}
