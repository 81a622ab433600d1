//! The format of batches: headers, records, framing, codecs.

use bytes::Bytes;
use fencepost_ids::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence, Timestamp};
use fencepost_log::{
    BatchBuilder, BatchHeader, Compression, FramedBatch, FramingError, Header, NewRecord,
    StoredBatch, TransactionBit,
};

use crate::partition::{NOW, Partition, batch};

const VECTOR: &str = "
    0000000000000000 00000042 ffffffff 02 d229e7ff 0010 00000001 00000000000003e8 00000000000003e9
    0000000000000009 0003 00000007 00000002 10 00 00 00 02 6b 02 76 00 0e 00 02 02 01 02 77 00";

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// CRC-32C bit by bit.
pub(crate) fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    })
}

/// The same bytes with others at `at`, and the right CRC.
pub(crate) fn patched(batch: &FramedBatch, at: usize, with: &[u8]) -> FramedBatch {
    let mut bytes = batch.bytes().to_vec();
    bytes[at..at + with.len()].copy_from_slice(with);
    let sum = crc(&bytes[21..]);
    bytes[17..21].copy_from_slice(&sum.to_be_bytes());
    FramedBatch::parse(&Bytes::from(bytes), 12).expect("still one batch")
}

fn vector() -> FramedBatch {
    let mut builder = BatchBuilder::new()
        .producer(ProducerId(9), ProducerEpoch(3), Sequence(7))
        .transaction(TransactionBit::Transactional);
    builder.push(Timestamp(1000), NewRecord { key: Some(b"k"), value: Some(b"v"), headers: &[] });
    builder.push(Timestamp(1001), NewRecord { value: Some(b"w"), ..NewRecord::default() });
    builder.build()
}

/// BATCH-01, BATCH-04.
#[test]
fn batch_01_and_batch_04_the_test_vector_is_written_byte_for_byte() {
    assert_eq!(&vector().bytes()[..], hex(VECTOR));
}

#[test]
fn batch_01_and_batch_04_the_test_vector_is_read() {
    let framed = FramedBatch::parse(&Bytes::from(hex(VECTOR)), 12).expect("one batch");
    assert_eq!(framed.transaction_bit(), TransactionBit::Transactional);
    assert_eq!(framed.producer(), Some((ProducerId(9), ProducerEpoch(3), Sequence(7))));
    let stored = StoredBatch::take(&mut framed.bytes().clone()).expect("whole");
    let header = stored.header();
    assert_eq!(header.batch_length as usize + 12, framed.bytes().len());
    assert_eq!((header.last_offset(), header.last_sequence()), (Offset(1), Sequence(8)));
    let set = stored.records().expect("not compressed");
    let records: Vec<_> = set.iter().map(|record| record.expect("well formed")).collect();
    assert_eq!((records[0].key, records[0].value), (Some(&b"k"[..]), Some(&b"v"[..])));
    assert_eq!((records[1].key, records[1].timestamp), (None, Timestamp(1001)));
    assert_eq!(records[1].offset(Offset(40)), Offset(41));
}

#[test]
fn batch_02_attributes_name_codec_and_flags() {
    for (code, codec) in [
        (0, Some(Compression::None)),
        (1, Some(Compression::Gzip)),
        (2, Some(Compression::Snappy)),
        (3, Some(Compression::Lz4)),
        (4, Some(Compression::Zstd)),
        (5, None),
        (6, None),
        (7, None),
    ] {
        assert_eq!(Compression::from_codec(code), codec);
    }
    let unknown = patched(&vector(), 21, &[0x00, 0x05]);
    let mut p = Partition::new();
    let refused = p.append(unknown.clone(), None).expect_err("codec 5");
    assert_eq!(refused.error_code().code(), -1);
    assert_eq!(FramedBatch::parse(unknown.bytes(), 6), Err(FramingError::UnknownCodec));
    assert!(FramingError::UnknownCodec.fails_whole_request());
}

#[test]
fn batch_03_and_batch_05_only_the_leaders_fields_are_patched() {
    assert_eq!(crc(b"123456789"), 0xe306_9283);
    let mut p = Partition::new();
    p.leader_epoch = LeaderEpoch(5);
    p.play("P9(-,*,0..41) -> NONE@0");
    let sent = batch("-", "7.0", "0..999", NOW);
    p.append(sent.clone(), None).expect("a good batch");
    let stored = p.log.batches_from(Offset(42)).next().expect("stored").clone();
    assert_eq!(&stored.tail()[..], &sent.bytes()[16..]);
    assert_eq!(stored.tail().as_ptr(), sent.bytes()[16..].as_ptr(), "shared, not copied");
    let mut fetched = Vec::new();
    stored.write_to(&mut fetched);
    assert_eq!(fetched[..8], 42i64.to_be_bytes());
    assert_eq!(fetched[8..12], sent.bytes()[8..12]);
    assert_eq!(fetched[12..16], 5i32.to_be_bytes());
    assert_eq!(BatchHeader::read(&fetched), Some(stored.header()));
}

#[test]
fn batch_04_headers_are_kept_in_order_with_duplicates() {
    let headers = [
        Header { key: b"a", value: Some(b"1") },
        Header { key: b"a", value: None },
        Header { key: b"", value: Some(b"") },
    ];
    let mut builder = BatchBuilder::new();
    builder.push(NOW, NewRecord { headers: &headers, ..NewRecord::default() });
    let stored = StoredBatch::take(&mut builder.build().bytes().clone()).expect("whole");
    let set = stored.records().expect("not compressed");
    let record = set.iter().next().expect("one record").expect("well formed");
    assert_eq!(record.headers.count(), 3);
    assert_eq!(record.headers.collect::<Vec<_>>(), headers);
}

#[test]
fn batch_06_exactly_one_batch_of_format_2() {
    let one = vector().bytes().to_vec();
    let parse = |bytes: &[u8]| FramedBatch::parse(&Bytes::copy_from_slice(bytes), 12);
    let refused = |bytes: &[u8]| parse(bytes).expect_err("refused");
    assert_eq!(refused(&[]), FramingError::NoBatch);
    assert_eq!(refused(&one[..one.len() - 1]), FramingError::NoBatch);
    assert_eq!(refused(&one[..16]), FramingError::NoBatch);
    assert_eq!(refused(&[&one[..], &one[..]].concat()), FramingError::SecondBatch);
    assert!(parse(&[&one[..], &one[..30]].concat()).is_ok(), "a cut second batch is dropped");
    let with = |at: usize, byte: u8| {
        let mut bytes = one.clone();
        bytes[at] = byte;
        bytes
    };
    assert_eq!(refused(&with(16, 1)), FramingError::OldFormat);
    assert_eq!(refused(&with(16, 0)), FramingError::OldFormat);
    assert_eq!(refused(&with(16, 3)), FramingError::Corrupt);
    assert_eq!(refused(&with(11, 13)), FramingError::Corrupt);
    assert_eq!(refused(&with(8, 0x80)), FramingError::Corrupt);
    assert_eq!(refused(&[&one[..], &with(16, 9)[..]].concat()), FramingError::CorruptTail);
    let codes: Vec<_> = [
        FramingError::NoBatch,
        FramingError::OldFormat,
        FramingError::SecondBatch,
        FramingError::ZstdTooEarly,
        FramingError::Corrupt,
        FramingError::CorruptTail,
    ]
    .iter()
    .map(|error| (error.error_code().code(), error.fails_whole_request()))
    .collect();
    assert_eq!(codes, [(87, false), (87, false), (87, false), (76, false), (2, true), (2, false)]);
}

#[test]
fn batch_06_zstd_needs_produce_7() {
    let mut builder = BatchBuilder::new().compression(Compression::Zstd);
    builder.push(NOW, NewRecord::default());
    let zstd = builder.build();
    assert_eq!(FramedBatch::parse(zstd.bytes(), 6), Err(FramingError::ZstdTooEarly));
    assert!(FramedBatch::parse(zstd.bytes(), 7).is_ok());
}

#[test]
fn batch_09_every_codec_comes_back() {
    for codec in [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ] {
        let mut builder = BatchBuilder::new().compression(codec);
        let values: Vec<Vec<u8>> = (0..50u8).map(|byte| vec![byte; 3000]).collect();
        for value in &values {
            builder.push(NOW, NewRecord { value: Some(value), ..NewRecord::default() });
        }
        let mut p = Partition::new();
        p.append(builder.build(), None).expect("a good batch");
        let stored = p.log.batches_from(Offset(0)).next().expect("stored").clone();
        assert_eq!(stored.header().attributes.codec(), codec.codec());
        assert_eq!(stored.size_bytes() < 100_000, codec != Compression::None, "{codec:?}");
        let set = stored.records().expect("decompresses");
        let read: Vec<_> = set
            .iter()
            .map(|record| record.expect("well formed").value.map(<[u8]>::to_vec))
            .collect();
        assert_eq!(read, values.into_iter().map(Some).collect::<Vec<_>>(), "{codec:?}");
    }
}

#[test]
fn batch_09_raw_snappy_is_read_too() {
    let plain = vector();
    let records = &plain.bytes()[61..];
    let raw = snap_literal(records);
    let mut bytes = plain.bytes()[..61].to_vec();
    bytes.extend_from_slice(&raw);
    let length = (bytes.len() - 12) as i32;
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    let framed = FramedBatch::parse(&Bytes::from(bytes), 12).expect("one batch");
    let snappy = patched(&framed, 21, &[0x00, 0x02]);
    let mut p = Partition::new();
    p.config.timestamp_before_max_ms = i64::MAX;
    p.append(snappy, None).expect("raw snappy");
    let stored = p.log.batches_from(Offset(0)).next().expect("stored").clone();
    assert_eq!(stored.records().expect("decompresses").iter().count(), 2);
}

/// A raw snappy block of one literal.
fn snap_literal(bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).expect("short");
    assert!(length <= 60, "one tag byte");
    [&[length, (length - 1) << 2], bytes].concat()
}
