//! What refuses a request, or a partition of it, before its batches are appended: IDEM-01 to IDEM-05,
//! IDEM-24, BATCH-06, BATCH-16; and what goes wrong without it.

use bytes::Bytes;
use fencepost_ids::{Rule, TopicId};
use fencepost_wire::messages::create_topics_request::CreatableTopic;
use fencepost_wire::messages::{
    CreateTopicsRequest, DeleteTopicsRequest, ProduceRequest, TopicName,
};
use fencepost_wire::{FromWire, Response, StrBytes, ToWire};

use super::{request, rows};
use crate::fetch;
use crate::txn::driver::World as Transactions;
use crate::world::{Client, World, plain, transactional};

fn with_rules(topics: &[(&str, i32, i16)], off: &[Rule]) -> World {
    World::with(1, topics, |config| {
        config.settings.set("transaction.partition.verification.enable", "false").unwrap();
        off.iter().for_each(|rule| config.rules.without(*rule));
    })
}

fn end_of(world: &mut World, client: Client, topic: &str, partition: i32) -> (i64, i64) {
    let fetched = world.call(client, 12, fetch::request(0, 0, &[(topic, partition, 0)]));
    let row = &fetch::partitions(fetched)[0];
    (row.last_stable_offset.0, row.high_watermark.0)
}

fn with_wrong_crc(batch: &Bytes) -> Bytes {
    let mut bytes = batch.to_vec();
    bytes[17] ^= 1;
    bytes.into()
}

/// IDEM-01, IDEM-04, IDEM-24, BATCH-06, BATCH-15: of two faults the first in order is answered.
#[test]
fn idem_01_the_first_fault_in_order_is_answered() {
    let mut world = World::with(2, &[("a", 2, 1), ("b", 1, 2)], |config| {
        config.settings.set("min.insync.replicas", "2").unwrap();
    });
    world.crash(1);
    let client = world.connect(0);
    let good = plain((7, 0), 0, 1);
    let broken = with_wrong_crc(&good);
    let mut sent = |version, id, acks, topic, partition, data: &Bytes| {
        let data = [(topic, partition, data.clone())];
        rows(world.call(client, version, request(id, acks, &data)))[0]
    };
    let open = transactional((7, 0), 0, 1);
    assert_eq!(sent(9, None, -1, "nope", 0, &open), (53, -1), "IDEM-02, then the topic");
    assert_eq!(sent(9, None, 2, "nope", 0, &good), (3, -1), "the topic, then acks");
    assert_eq!(sent(9, None, 2, "nope", 0, &Bytes::new()), (3, -1), "the topic, then framing");
    assert_eq!(sent(9, None, 2, "a", 0, &Bytes::new()), (87, -1), "framing, then acks");
    assert_eq!(sent(11, Some("t"), 2, "a", 0, &open), (19, -1), "verification, then acks");
    assert_eq!(sent(9, None, 2, "a", 1, &good), (21, -1), "acks, then the leader");
    assert_eq!(sent(9, None, -1, "a", 1, &broken), (6, -1), "the leader, then the replicas");
    assert_eq!(sent(9, None, -1, "b", 0, &broken), (19, -1), "the replicas, then the records");
    assert_eq!(sent(9, None, 1, "b", 0, &broken), (2, -1), "the records");
    assert_eq!(sent(9, None, 1, "b", 0, &good), (0, 0));
    assert_eq!(sent(9, None, -1, "b", 0, &good), (19, -1), "IDEM-07: also before a duplicate");
    assert_eq!(sent(9, None, 1, "b", 0, &with_wrong_crc(&good)), (2, -1), "and the records too");
}

/// IDEM-02: nothing is appended; an id that no batch needs is ignored.
#[test]
fn idem_02_a_refused_request_appends_nothing_and_an_idle_id_is_ignored() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    let mixed = [("a", 0, transactional((7, 0), 0, 1)), ("a", 1, plain((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 12, request(None, -1, &mixed))), [(53, -1), (53, -1)]);
    assert_eq!([0, 1].map(|index| end_of(&mut world, client, "a", index)), [(0, 0), (0, 0)]);
    let all_plain = [("a", 0, plain((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 12, request(Some("t"), -1, &all_plain))), [(0, 0)]);
}

#[test]
fn idem_02_off_a_transaction_without_an_id_stays_open() {
    let data = [("a", 0, transactional((7, 0), 0, 1))];
    for (off, answer, marks) in
        [(&[][..], (53, -1), (0, 0)), (&[Rule::TransactionalIdGate], (0, 0), (0, 1))]
    {
        let mut world = with_rules(&[("a", 1, 1)], off);
        let client = world.connect(0);
        assert_eq!(rows(world.call(client, 11, request(None, -1, &data))), [answer]);
        assert_eq!(end_of(&mut world, client, "a", 0), marks, "LSO and HW");
    }
}

/// The coordinator hears of the second producer alone, and marks both partitions for it alone.
#[test]
fn idem_03_off_a_batch_is_appended_on_the_word_about_another_producer() {
    for (off, answers, marks) in [
        (&[][..], [(49, -1), (49, -1)], (0, 0)),
        (&[Rule::OneProducerGate], [(0, 0), (0, 0)], (0, 2)),
    ] {
        let mut world = Transactions::with(1, |config| {
            config.transaction_version = 2;
            off.iter().for_each(|rule| config.rules.without(*rule));
        });
        assert_eq!([world.init("t", None), world.init("u", None)], ["0,0", "1,0"]);
        let data = [
            ("orders", 0, transactional((1, 0), 0, 1)),
            ("orders", 1, transactional((0, 0), 0, 1)),
        ];
        assert_eq!(rows(world.call(0, 12, request(Some("t"), -1, &data))), answers);
        world.end("t", 5, (0, 0), false);
        assert_eq!(world.lso_and_hw(0), marks, "LSO and HW");
    }
}

/// IDEM-03: batches without a producer id do not count.
#[test]
fn idem_03_a_transactional_batch_without_a_producer_is_of_nobody() {
    let mut world = with_rules(&[("a", 2, 1)], &[]);
    let client = world.connect(0);
    let nobody = {
        let mut batch = fencepost_log::BatchBuilder::new()
            .transaction(fencepost_log::TransactionBit::Transactional);
        batch.push(crate::world::START, fencepost_log::NewRecord::default());
        batch.build().bytes().clone()
    };
    let data = [("a", 0, nobody), ("a", 1, transactional((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 11, request(Some("t"), -1, &data))), [(0, 0), (0, 0)]);
    assert_eq!(end_of(&mut world, client, "a", 0), (1, 1), "IDEM-22: it opens nothing");
}

/// IDEM-04: nothing is appended, partitions that have failed before keep their error, and acks are
/// the client's choice also for idempotent batches.
#[test]
fn idem_04_acks_are_minus_1_0_or_1() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let data = [("a", 0, plain((7, 0), 0, 1)), ("nope", 0, plain((7, 0), 0, 1))];
    for acks in [2, -2, i16::MAX] {
        let answer = rows(world.call(client, 9, request(None, acks, &data)));
        assert_eq!(answer, [(21, -1), (3, -1)], "acks {acks}");
    }
    assert_eq!(end_of(&mut world, client, "a", 0), (0, 0));
    assert_eq!(rows(world.call(client, 9, request(None, 1, &data))), [(0, 0), (3, -1)]);
}

#[test]
fn idem_04_off_the_leader_alone_answers_for_two() {
    let mut world = with_rules(&[("a", 1, 1)], &[Rule::AcksGate]);
    let client = world.connect(0);
    let data = [("a", 0, plain((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, 2, &data))), [(0, 0)]);
}

/// IDEM-05: also a refusal of the whole request closes the connection.
#[test]
fn idem_05_off_the_producer_never_learns_of_a_loss() {
    for (data, id) in [
        ([("nope", 0, plain((7, 0), 0, 1))], None),
        ([("a", 0, plain((7, 0), 5, 0x7f).slice(..40))], None),
        ([("a", 0, transactional((7, 0), 0, 1))], None),
    ] {
        for (off, is_closed) in [(&[][..], true), (&[Rule::UnansweredFailure], false)] {
            let mut world = with_rules(&[("a", 1, 1)], off);
            let client = world.connect(0);
            world.send(client, 9, request(id, 0, &data));
            assert_eq!(world.is_closed(client), is_closed);
            let client = world.connect(0);
            assert_eq!(end_of(&mut world, client, "a", 0), (0, 0));
        }
    }
}

/// IDEM-24: each internal topic, but for the one client id.
#[test]
fn idem_24_only_the_admin_client_writes_to_internal_topics() {
    let topics =
        ["__consumer_offsets", "__transaction_state", "__share_group_state"].map(|it| (it, 1, 1));
    let mut world = World::new(1, &topics);
    let client = world.connect(0);
    for (topic, ..) in topics {
        let data = [(topic, 0, plain((-1, -1), -1, 1))];
        let mut sent = |client_id| {
            let pending = world.send_as(client, client_id, 9, request(None, 1, &data));
            rows(world.answer(pending).unwrap())[0].0
        };
        assert_eq!(sent("test"), 17);
        assert_eq!(sent("__admin_client2"), 17);
        assert_eq!(sent("__admin_client"), 0);
    }
}

#[test]
fn idem_24_off_a_client_writes_among_the_coordinators_records() {
    let mut world = with_rules(&[("__consumer_offsets", 1, 1)], &[Rule::InternalTopicGate]);
    let client = world.connect(0);
    let data = [("__consumer_offsets", 0, plain((7, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 9, request(None, -1, &data))), [(0, 0)]);
}

/// BATCH-06: what is wrong with one partition, and what is wrong with all.
#[test]
fn batch_06_framing_of_each_partition_and_of_the_whole() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    let one = plain((7, 0), 0, 1);
    let with = |at: usize, byte: u8| {
        let mut bytes = one.to_vec();
        bytes[at] = byte;
        Bytes::from(bytes)
    };
    let twice = Bytes::from([&one[..], &one[..]].concat());
    let alone = [(Bytes::new(), 87), (one.slice(..30), 87), (with(16, 1), 87), (twice, 87)];
    for (at, (bytes, code)) in alone.into_iter().enumerate() {
        let next = i64::try_from(at).unwrap();
        let good = plain((8, 0), i32::try_from(at).unwrap(), 1);
        let data = [("a", 0, bytes), ("a", 1, good)];
        let answer = rows(world.call(client, 9, request(None, -1, &data)));
        assert_eq!(answer, [(code, -1), (0, next)]);
    }
    for bytes in [with(16, 3), with(11, 13)] {
        let data = [("a", 0, bytes), ("a", 1, plain((8, 0), 4, 1))];
        let answer = rows(world.call(client, 9, request(None, -1, &data)));
        assert_eq!(answer, [(2, -1), (2, -1)], "every partition");
    }
    let mut null = request(None, -1, &[("a", 0, one.clone()), ("a", 1, one.clone())]);
    null.topic_data[0].partition_data[0].records = None;
    assert_eq!(rows(world.call(client, 9, null)), [(-1, -1), (-1, -1)]);
    let tail = Bytes::from([&one[..], &one[..30]].concat());
    assert_eq!(rows(world.call(client, 9, request(None, -1, &[("a", 0, tail)]))), [(0, 0)]);
}

#[test]
fn batch_06_off_the_second_batch_is_acknowledged_and_lost() {
    let two = Bytes::from([&plain((7, 0), 0, 1)[..], &plain((7, 0), 1, 1)[..]].concat());
    for (off, answer, end) in [(&[][..], (87, -1), 0), (&[Rule::OneBatch], (0, 0), 1)] {
        let mut world = with_rules(&[("a", 1, 1)], off);
        let client = world.connect(0);
        let data = [("a", 0, two.clone())];
        assert_eq!(rows(world.call(client, 9, request(None, -1, &data))), [answer]);
        assert_eq!(end_of(&mut world, client, "a", 0), (end, end));
    }
}

fn create(world: &mut World, client: Client, topic: &str) -> TopicId {
    let name = TopicName(StrBytes::from_string(topic.to_owned()));
    let topic =
        CreatableTopic::default().with_name(name).with_num_partitions(2).with_replication_factor(1);
    match world.call(client, 7, CreateTopicsRequest::default().with_topics(vec![topic])) {
        Response::CreateTopics(response) => TopicId::from_wire(&response.topics[0].topic_id),
        _ => panic!("not a CreateTopics response"),
    }
}

fn by_id(id: TopicId, data: &[(i32, Bytes)]) -> ProduceRequest {
    let data: Vec<_> = data.iter().map(|(index, bytes)| ("", *index, bytes.clone())).collect();
    let mut by_id = request(None, -1, &data);
    by_id.topic_data.iter_mut().for_each(|topic| topic.topic_id = id.to_wire());
    by_id
}

/// BATCH-16: ids that are unknown and ids of a topic that was created again, the id in the answer,
/// and a partition that is named twice.
#[test]
fn batch_16_topics_by_id() {
    let mut world = World::new(1, &[]);
    let client = world.connect(0);
    let first = create(&mut world, client, "a");
    let batch = plain((7, 0), 0, 1);
    let sent = |world: &mut World, request| {
        let Response::Produce(response) = world.call(client, 13, request) else {
            panic!("not a produce response")
        };
        let rows = response.responses.into_iter().flat_map(|topic| {
            let id = TopicId::from_wire(&topic.topic_id);
            topic.partition_responses.into_iter().map(move |row| (id, row))
        });
        let rows = rows.inspect(|(_, row)| {
            let log_start = if row.error_code == 0 { 0 } else { -1 };
            assert_eq!(row.log_start_offset, log_start, "IDEM-25");
        });
        rows.map(|(id, row)| (id, row.error_code, row.base_offset)).collect::<Vec<_>>()
    };
    let unknown = TopicId([9; 16]);
    let one = [(0, batch.clone())];
    assert_eq!(sent(&mut world, by_id(first, &one)), [(first, 0, 0)]);
    let both = [(0, batch.clone()), (1, batch.clone())];
    assert_eq!(sent(&mut world, by_id(unknown, &both)), [(unknown, 100, -1), (unknown, 100, -1)]);
    let twice = [(1, batch.clone()), (1, plain((8, 0), 0, 3))];
    assert_eq!(sent(&mut world, by_id(first, &twice)), [(first, 0, 0)], "one row");
    assert_eq!(end_of(&mut world, client, "a", 1), (3, 3), "the last one counts");
    let name = TopicName(StrBytes::from_static_str("a"));
    world.call(client, 5, DeleteTopicsRequest::default().with_topic_names(vec![name]));
    assert_eq!(sent(&mut world, by_id(first, &one)), [(first, 100, -1)], "deleted");
    let second = create(&mut world, client, "a");
    assert_ne!(first, second);
    assert_eq!(sent(&mut world, by_id(first, &one)), [(first, 100, -1)], "created again");
    assert_eq!(end_of(&mut world, client, "a", 0), (0, 0));
    assert_eq!(sent(&mut world, by_id(second, &one)), [(second, 0, 0)]);
}
