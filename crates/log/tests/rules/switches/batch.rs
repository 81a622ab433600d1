//! The checks of batches.

use bytes::Bytes;
use fencepost_ids::{Offset, ProducerEpoch, ProducerId, Rule, Sequence};
use fencepost_log::{BatchBuilder, FramedBatch, FramingError, NewRecord, TransactionBit};

use super::without;
use crate::batch::patched;
use crate::partition::{NOW, Partition, batch, text};
use crate::read::delivered;

/// The answers to one batch with the rule and without it, and the log that it is in without it.
fn shown(rule: Rule, batch: &FramedBatch) -> (String, String, Partition) {
    let mut off = without(rule);
    let on = text(&Partition::new().append(batch.clone(), None));
    let answer = text(&off.append(batch.clone(), None));
    (on, answer, off)
}

#[test]
fn batch_06_the_first_of_two_batches_is_all_that_is_left() {
    let (one, two) = (batch("-", "7.0", "0..0", NOW), batch("-", "7.0", "1..1", NOW));
    let both = Bytes::from([&one.bytes()[..], &two.bytes()[..]].concat());
    assert_eq!(FramedBatch::parse(&both, 9), Err(FramingError::SecondBatch));
    assert_eq!(FramedBatch::first(&both, 9), Ok(one));
}

#[test]
fn batch_07_off_damaged_bytes_are_stored_and_delivered() {
    let good = batch("-", "*", "0..0", NOW);
    let mut bytes = good.bytes().to_vec();
    let at = bytes.len() - 2;
    assert_eq!(bytes[at], b'v');
    bytes[at] = b'X';
    let damaged = FramedBatch::parse(&Bytes::from(bytes), 9).expect("framed");
    let (on, off, p) = shown(Rule::BatchChecksum, &damaged);
    assert_eq!((on.as_str(), off.as_str()), ("2", "NONE@0"));
    let set = p.log.batches_from(Offset(0)).next().expect("stored").records().expect("plain");
    let value = set.iter().next().expect("one").expect("well formed").value;
    assert_eq!(value, Some(&b"X"[..]));
}

#[test]
fn batch_08_off_a_count_that_is_wrong_leaves_empty_offsets() {
    let sparse = patched(&batch("-", "*", "0..0", NOW), 23, &4i32.to_be_bytes());
    let (on, off, p) = shown(Rule::BatchHeader, &sparse);
    assert_eq!((on.as_str(), off.as_str(), p.log.end_offset()), ("87", "NONE@0", Offset(5)));
}

/// The reader takes the control record for the end of the aborted transaction, and what follows for
/// committed.
#[test]
fn batch_08_off_a_client_ends_an_aborted_transaction_for_the_readers() {
    let control = {
        let mut builder = BatchBuilder::new()
            .producer(ProducerId(7), ProducerEpoch(0), Sequence(1))
            .transaction(TransactionBit::Transactional);
        let (key, value) = ([0, 0, 0, 0], [0; 6]);
        builder.push(NOW, NewRecord { key: Some(&key), value: Some(&value), headers: &[] });
        patched(&builder.build(), 21, &[0, 0x30])
    };
    let (mut on, mut off) = (Partition::new(), without(Rule::BatchHeader));
    for (p, answer, next) in [(&mut on, "87", "1..1"), (&mut off, "NONE@1", "2..2")] {
        p.play("P11(t,7.0,0..0) -> NONE@0");
        assert_eq!(text(&p.append(control.clone(), None)), answer);
        p.play(&format!(
            "P11(t,7.0,{next}) -> NONE
             W(7.0,A,ce0) -> NONE",
        ));
    }
    assert_eq!((delivered(&on, 0), delivered(&off, 0)), (vec![], vec![2]));
}

#[test]
fn batch_09_off_readers_meet_records_that_they_cannot_read() {
    let two = batch("-", "*", "0..1", NOW);
    let three = patched(&two, 57, &3i32.to_be_bytes());
    let three = patched(&three, 23, &2i32.to_be_bytes());
    let (on, off, p) = shown(Rule::RecordWalk, &three);
    assert_eq!((on.as_str(), off.as_str()), ("87", "NONE@0"));
    let set = p.log.batches_from(Offset(0)).next().expect("stored").records().expect("plain");
    assert!(set.iter().last().expect("three").is_err());
}

#[test]
fn batch_11_off_a_record_without_a_key_is_acknowledged_on_a_compacted_topic() {
    let mut builder = BatchBuilder::new();
    builder.push(NOW, NewRecord { value: Some(b"v"), ..NewRecord::default() });
    let keyless = builder.build();
    let (mut on, mut off) = (Partition::new(), without(Rule::CompactedTopicKey));
    (on.config.compacted, off.config.compacted) = (true, true);
    assert_eq!(text(&on.append(keyless.clone(), None)), "87");
    assert_eq!(text(&off.append(keyless, None)), "NONE@0");
}
