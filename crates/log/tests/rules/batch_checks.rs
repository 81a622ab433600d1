//! What the leader checks in a batch, and what it changes.

use bytes::Bytes;
use fencepost_ids::{Offset, ProducerEpoch, ProducerId, Sequence, Timestamp};
use fencepost_log::{
    AppendError, BatchBuilder, BatchHeader, Compression, FramedBatch, NewRecord, StoredBatch,
    TimestampType,
};

use crate::batch::{crc, patched};
use crate::partition::{NOW, Partition, batch};

const HOUR_MS: i64 = 3_600_000;

fn code(p: &mut Partition, batch: FramedBatch) -> i16 {
    match p.append(batch, None) {
        Ok(_) => 0,
        Err(error) => error.error_code().code(),
    }
}

fn stored(p: &Partition) -> StoredBatch {
    p.log.batches_from(Offset(0)).next().expect("stored").clone()
}

fn at(times: &[Timestamp]) -> FramedBatch {
    let mut builder = BatchBuilder::new();
    for time in times {
        builder.push(*time, NewRecord { key: Some(b"k"), ..NewRecord::default() });
    }
    builder.build()
}

#[test]
fn batch_07_base_offset_then_size_then_crc() {
    let mut p = Partition::new();
    let good = batch("-", "*", "0..0", NOW);
    let size = good.bytes().len() as u64;
    let mut bytes = good.bytes().to_vec();
    bytes[60] ^= 1;
    let wrong_crc = FramedBatch::parse(&Bytes::from(bytes.clone()), 9).expect("one batch");
    assert_eq!(code(&mut p, wrong_crc.clone()), 2);
    p.config.max_message_bytes = size - 1;
    assert_eq!(code(&mut p, wrong_crc), 10);
    bytes[7] = 1;
    let shifted = FramedBatch::parse(&Bytes::from(bytes), 9).expect("one batch");
    assert_eq!(code(&mut p, shifted), 87);
}

#[test]
fn batch_07_a_batch_shorter_than_a_header_is_corrupt() {
    let mut bytes = vec![0; 30];
    bytes[11] = 18;
    bytes[16] = 2;
    let short = FramedBatch::parse(&Bytes::from(bytes), 9).expect("framed");
    assert_eq!((short.header(), short.producer()), (None, None));
    assert_eq!(code(&mut Partition::new(), short), 2);
}

#[test]
fn batch_08_counts_control_bit_and_sequence() {
    let mut p = Partition::new();
    let two = batch("-", "7.0", "0..1", NOW);
    assert_eq!(code(&mut p, patched(&two, 23, &2i32.to_be_bytes())), 87);
    assert_eq!(code(&mut p, patched(&two, 23, &(-1i32).to_be_bytes())), 87);
    assert_eq!(code(&mut p, patched(&two, 23, &i32::MAX.to_be_bytes())), 87);
    assert_eq!(code(&mut p, patched(&two, 57, &0i32.to_be_bytes())), 87);
    assert_eq!(code(&mut p, patched(&two, 57, &(-2i32).to_be_bytes())), 87);
    assert_eq!(code(&mut p, patched(&two, 53, &(-1i32).to_be_bytes())), 87);
    let control = p.append(patched(&two, 21, &[0, 0x20]), None);
    assert_eq!(control, Err(AppendError::ControlFromClient));
    assert_eq!(code(&mut p, two), 0);
}

#[test]
fn batch_09_records_must_be_as_many_as_promised() {
    let mut p = Partition::new();
    let two = batch("-", "7.0", "0..1", NOW);
    let promising = |count: i32| {
        let counted = patched(&two, 57, &count.to_be_bytes());
        patched(&counted, 23, &(count - 1).to_be_bytes())
    };
    assert_eq!(code(&mut p, promising(3)), 87);
    assert_eq!(code(&mut p, promising(1)), 87);
    assert_eq!(code(&mut p, patched(&two, 61, &[0x7f])), 87);
    assert_eq!(code(&mut p, patched(&two, 61, &[0x01])), 87);
}

#[test]
fn batch_09_a_broken_stream_is_an_unknown_error_and_a_bomb_is_too_large() {
    let mut p = Partition::new();
    for codec in [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd] {
        let plain = batch("-", "*", "0..0", NOW);
        let broken = patched(&plain, 21, &codec.codec().to_be_bytes());
        let refused = p.append(broken, None).expect_err("no such stream");
        assert!(matches!(refused, AppendError::Compression(_)), "{codec:?}: {refused}");
        assert_eq!(refused.error_code().code(), -1, "{codec:?}");
    }
    let plain = batch("-", "*", "0..0", NOW);
    let claims_65_mib = patched(&plain, 61, &[0x80, 0x80, 0xc0, 0x20]);
    assert_eq!(code(&mut p, patched(&claims_65_mib, 21, &[0, 2])), 10);
}

#[test]
fn batch_09_offset_deltas_are_put_right_where_the_codec_changes() {
    let wrong_delta = |codec: Compression| {
        let mut records = Vec::new();
        for delta in [0u8, 0] {
            records.extend_from_slice(&[12, 0, 0, delta << 1, 1, 1, 0]);
        }
        let mut builder = BatchBuilder::new();
        builder.push(NOW, NewRecord::default());
        builder.push(NOW, NewRecord::default());
        let plain = builder.build();
        assert_eq!(plain.bytes().len(), 61 + records.len());
        let plain = patched(&plain, 61, &records);
        match codec {
            Compression::Gzip => {
                let mut bytes = plain.bytes()[..61].to_vec();
                bytes.extend_from_slice(&stored_gzip(&records));
                let length = (bytes.len() - 12) as i32;
                bytes[8..12].copy_from_slice(&length.to_be_bytes());
                let framed = FramedBatch::parse(&Bytes::from(bytes), 9).expect("one batch");
                patched(&framed, 21, &[0, 1])
            }
            _ => plain,
        }
    };
    let deltas = |p: &Partition| -> Vec<_> {
        let set = stored(p).records().expect("readable");
        set.iter().map(|record| record.expect("well formed").offset_delta).collect()
    };
    let mut p = Partition::new();
    assert_eq!(code(&mut p, wrong_delta(Compression::Gzip)), -1, "the codec is kept");
    p.config.compression = Some(Compression::Lz4);
    assert_eq!(code(&mut p, wrong_delta(Compression::Gzip)), 0);
    assert_eq!(deltas(&p), [0, 1]);
    assert_eq!(stored(&p).header().attributes.codec(), 3);
    let mut p = Partition::new();
    assert_eq!(code(&mut p, wrong_delta(Compression::None)), 0);
    assert_eq!(deltas(&p), [0, 0]);
}

#[test]
fn batch_09_bytes_behind_a_gzip_stream_are_passed_over() {
    let mut p = Partition::new();
    let mut builder = BatchBuilder::new().compression(Compression::Gzip);
    builder.push(NOW, NewRecord::default());
    let mut bytes = builder.build().bytes().to_vec();
    bytes.extend_from_slice(b"xx");
    let length = (bytes.len() - 12) as i32;
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    let framed = FramedBatch::parse(&Bytes::from(bytes), 9).expect("one batch");
    assert_eq!(code(&mut p, patched(&framed, 21, &[0, 1])), 0);
}

/// gzip of one stored block; its checksum is that of CRC-32.
fn stored_gzip(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len() as u16;
    let sum = !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    });
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(!length).to_le_bytes());
    out.extend_from_slice(bytes);
    out.extend_from_slice(&sum.to_le_bytes());
    out.extend_from_slice(&u32::from(length).to_le_bytes());
    out
}

#[test]
fn batch_10_create_time_is_bounded_and_the_maximum_put_right() {
    let mut p = Partition::new();
    assert_eq!(code(&mut p, at(&[NOW.plus_millis(2 * HOUR_MS)])), 32);
    assert_eq!(code(&mut p, at(&[NOW.plus_millis(HOUR_MS)])), 0);
    assert_eq!(code(&mut p, at(&[Timestamp::NONE])), 0);
    p.config.timestamp_before_max_ms = 1000;
    assert_eq!(code(&mut p, at(&[NOW.plus_millis(-1001)])), 32);
    assert_eq!(code(&mut p, at(&[NOW.plus_millis(-1000)])), 0);

    let mut p = Partition::new();
    let times = [NOW, NOW.plus_millis(5), NOW.plus_millis(3)];
    let lying = patched(&at(&times), 35, &0i64.to_be_bytes());
    assert_eq!(code(&mut p, lying), 0);
    let header = stored(&p).header();
    assert_eq!(header.max_timestamp, times[1]);
    assert_eq!(header.crc, crc(&stored(&p).tail()[5..]));
}

#[test]
fn batch_10_log_append_time_is_the_leaders_clock_for_every_record() {
    let mut p = Partition::new();
    p.config.timestamp_type = TimestampType::LogAppendTime;
    let old = at(&[Timestamp(5), Timestamp(6)]);
    let claiming = patched(&old, 21, &[0, 0x08]);
    assert_eq!(code(&mut p, claiming.clone()), 32);
    let appended = p.append(old, None).expect("no range check");
    assert_eq!(appended.log_append_time(), NOW);
    let header = stored(&p).header();
    assert_eq!((header.max_timestamp, header.base_timestamp), (NOW, Timestamp(5)));
    assert_eq!(header.crc, crc(&stored(&p).tail()[5..]));
    let set = stored(&p).records().expect("readable");
    assert!(set.iter().all(|record| record.expect("well formed").timestamp == NOW));

    let mut p = Partition::new();
    assert_eq!(code(&mut p, claiming), 0, "its records all carry the batch's max timestamp");
    assert_eq!(stored(&p).header().attributes.timestamp_type(), TimestampType::CreateTime);
}

/// BATCH-11, BATCH-12.
#[test]
fn batch_11_and_batch_12_all_faulty_records_are_named() {
    let mut p = Partition::new();
    p.config.compacted = true;
    let mut builder = BatchBuilder::new();
    builder.push(NOW, NewRecord { key: Some(b"k"), ..NewRecord::default() });
    builder.push(NOW, NewRecord::default());
    let keyless = builder.clone().build();
    let refused = p.append(keyless, None).expect_err("no key");
    assert_eq!(refused.error_code().code(), 87);
    let indices =
        |error: &AppendError| error.record_faults().iter().map(|f| f.index).collect::<Vec<_>>();
    assert_eq!(indices(&refused), [1]);
    builder
        .push(NOW.plus_millis(2 * HOUR_MS), NewRecord { key: Some(b"k"), ..NewRecord::default() });
    let refused = p.append(builder.build(), None).expect_err("no key, and a bad timestamp");
    assert_eq!(refused.error_code().code(), 32);
    assert_eq!(indices(&refused), [1, 2]);
    assert_eq!(p.log.end_offset(), Offset(0));
}

#[test]
fn batch_13_the_limit_is_on_the_whole_batch() {
    let mut p = Partition::new();
    let good = batch("-", "*", "0..9", NOW);
    p.config.max_message_bytes = good.bytes().len() as u64;
    assert_eq!(code(&mut p, good.clone()), 0);
    p.config.max_message_bytes -= 1;
    assert_eq!(code(&mut p, good.clone()), 10);
    p.config.max_message_bytes += 1;
    p.config.segment_bytes = p.config.max_message_bytes - 1;
    assert_eq!(code(&mut p, good), 18);
}

#[test]
fn batch_13_the_size_is_checked_again_after_recompression() {
    let mut builder = BatchBuilder::new().compression(Compression::Gzip);
    builder.push(NOW, NewRecord { value: Some(&[7; 5000]), ..NewRecord::default() });
    let mut p = Partition::new();
    p.config.max_message_bytes = 1000;
    p.config.compression = Some(Compression::None);
    assert_eq!(code(&mut p, builder.build()), 10);
}

#[test]
fn batch_14_the_topics_codec_replaces_the_producers() {
    for target in [Compression::None, Compression::Lz4, Compression::Snappy, Compression::Zstd] {
        let mut p = Partition::new();
        p.config.compression = Some(target);
        let producer = (ProducerId(7), ProducerEpoch(2), Sequence(40));
        let mut builder = BatchBuilder::new()
            .producer(producer.0, producer.1, producer.2)
            .compression(Compression::Gzip);
        for value in [&b"one"[..], b"two"] {
            builder.push(NOW, NewRecord { value: Some(value), ..NewRecord::default() });
        }
        assert_eq!(code(&mut p, builder.build()), 0);
        let header: BatchHeader = stored(&p).header();
        assert_eq!(header.attributes.codec(), target.codec());
        assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence), producer);
        assert_eq!((header.record_count, header.last_offset()), (2, Offset(1)));
        let set = stored(&p).records().expect("readable");
        let values: Vec<_> = set
            .iter()
            .map(|record| record.expect("well formed").value.map(<[u8]>::to_vec))
            .collect();
        assert_eq!(values, [Some(b"one".to_vec()), Some(b"two".to_vec())]);
        p.play("W(7.2,C,ce0) -> NONE@2");
        let marker = p.log.batches_from(Offset(2)).next().expect("the marker");
        assert_eq!(marker.header().attributes.codec(), 0, "control batches stay as they are");
    }
}

#[test]
fn batch_15_record_checks_come_before_producer_checks() {
    let mut p = Partition::new();
    let mut builder = BatchBuilder::new().producer(ProducerId(7), ProducerEpoch(0), Sequence(0));
    builder.push(NOW, NewRecord::default());
    let keyless = builder.build();
    assert_eq!(code(&mut p, keyless.clone()), 0);
    p.config.compacted = true;
    assert_eq!(code(&mut p, keyless), 87, "although it is a duplicate");
}
