//! The APIs of transactions, answered as text.

use std::sync::LazyLock;

use bytes::Bytes;
use fencepost_wire::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use fencepost_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use fencepost_wire::messages::write_txn_markers_request::{
    WritableTxnMarker, WritableTxnMarkerTopic,
};
use fencepost_wire::messages::*;
use fencepost_wire::{StrBytes, WriteTxnMarkersRequest};

use super::{Producer, Sent, World, topic_name, transactional_id};
use crate::world::{plain, transactional};

impl World {
    pub(crate) fn send_init(&mut self, id: &str, version: i16, expected: Option<Producer>) -> Sent {
        self.send_initialising(id, version, 60_000, expected)
    }

    /// InitProducerId v5 with a timeout.
    pub(crate) fn send_init_as(
        &mut self,
        id: &str,
        timeout_ms: i32,
        expected: Option<Producer>,
    ) -> Sent {
        self.send_initialising(id, 5, timeout_ms, expected)
    }

    fn send_initialising(
        &mut self,
        id: &str,
        version: i16,
        timeout_ms: i32,
        expected: Option<Producer>,
    ) -> Sent {
        let broker = self.coordinator(id);
        let (producer_id, epoch) = expected.unwrap_or((-1, -1));
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(transactional_id(id)))
            .with_transaction_timeout_ms(timeout_ms)
            .with_producer_id(producer_id.into())
            .with_producer_epoch(epoch);
        self.send(broker, version, request)
    }

    pub(crate) fn init(&mut self, id: &str, expected: Option<Producer>) -> String {
        let sent = self.send_init(id, 5, expected);
        self.shown(sent)
    }

    pub(crate) fn add(&mut self, id: &str, producer: Producer, partitions: &[i32]) -> String {
        let sent = self.send_add(id, producer, partitions);
        self.shown(sent)
    }

    pub(crate) fn send_add(&mut self, id: &str, producer: Producer, partitions: &[i32]) -> Sent {
        self.send_adding(id, 3, producer, partitions, false)
    }

    /// AddPartitionsToTxn v5, as brokers send it, for partition 0 of `orders`.
    pub(crate) fn add_v5(&mut self, id: &str, producer: Producer, verify_only: bool) -> String {
        let sent = self.send_adding(id, 5, producer, &[0], verify_only);
        self.shown(sent)
    }

    /// AddPartitionsToTxn in a version, for partitions of `orders`.
    pub(crate) fn send_adding(
        &mut self,
        id: &str,
        version: i16,
        producer: Producer,
        partitions: &[i32],
        verify_only: bool,
    ) -> Sent {
        self.send_adding_of("orders", id, version, producer, partitions, verify_only)
    }

    /// AddPartitionsToTxn of partition 0 of a topic.
    pub(crate) fn add_topic(
        &mut self,
        id: &str,
        version: i16,
        producer: Producer,
        topic: &str,
    ) -> String {
        let sent = self.send_adding_of(topic, id, version, producer, &[0], false);
        self.shown(sent)
    }

    fn send_adding_of(
        &mut self,
        topic: &str,
        id: &str,
        version: i16,
        producer: Producer,
        partitions: &[i32],
        verify_only: bool,
    ) -> Sent {
        let broker = self.coordinator(id);
        let topics = vec![
            AddPartitionsToTxnTopic::default()
                .with_name(topic_name(topic))
                .with_partitions(partitions.to_vec()),
        ];
        let request = if version < 4 {
            AddPartitionsToTxnRequest::default()
                .with_v3_and_below_transactional_id(transactional_id(id))
                .with_v3_and_below_producer_id(producer.0.into())
                .with_v3_and_below_producer_epoch(producer.1)
                .with_v3_and_below_topics(topics)
        } else {
            let transaction = AddPartitionsToTxnTransaction::default()
                .with_transactional_id(transactional_id(id))
                .with_producer_id(producer.0.into())
                .with_producer_epoch(producer.1)
                .with_verify_only(verify_only)
                .with_topics(topics);
            AddPartitionsToTxnRequest::default().with_transactions(vec![transaction])
        };
        self.send(broker, version, request)
    }

    pub(crate) fn add_offsets(&mut self, id: &str, producer: Producer, group: &str) -> String {
        self.add_offsets_in(id, 3, producer, group)
    }

    pub(crate) fn add_offsets_in(
        &mut self,
        id: &str,
        version: i16,
        producer: Producer,
        group: &str,
    ) -> String {
        let broker = self.coordinator(id);
        let request = AddOffsetsToTxnRequest::default()
            .with_transactional_id(transactional_id(id))
            .with_producer_id(producer.0.into())
            .with_producer_epoch(producer.1)
            .with_group_id(StrBytes::from_string(group.to_owned()).into());
        let sent = self.send(broker, version, request);
        self.shown(sent)
    }

    pub(crate) fn end(
        &mut self,
        id: &str,
        version: i16,
        producer: Producer,
        commit: bool,
    ) -> String {
        let sent = self.send_end(id, version, producer, commit);
        self.shown(sent)
    }

    pub(crate) fn send_end(
        &mut self,
        id: &str,
        version: i16,
        producer: Producer,
        commit: bool,
    ) -> Sent {
        let broker = self.coordinator(id);
        self.send(broker, version, end_request(id, producer, commit))
    }

    /// A cluster of one broker at level 2 in which `t` is at (0, 32766) by empty aborts.
    pub(crate) fn exhausted() -> Self {
        static WORLD: LazyLock<World> = LazyLock::new(|| {
            let mut world = World::new(1, 2);
            world.exhaust();
            world
        });
        WORLD.clone()
    }

    /// Brings the new id `t` to (0, 32766) by empty aborts (END-08), in a cluster of one broker.
    pub(crate) fn exhaust(&mut self) {
        assert_eq!(self.init("t", None), "0,0");
        for epoch in 0..32_766 {
            let request = end_request("t", (0, epoch), false);
            let sent = self.send_quietly(0, 5, request);
            assert_eq!(self.shown(sent), format!("0,{}", epoch + 1));
        }
    }

    /// One transactional record to a partition of `orders`.
    pub(crate) fn send_produce(
        &mut self,
        id: &str,
        version: i16,
        producer: Producer,
        sequence: i32,
        partition: i32,
    ) -> Sent {
        let broker = self.leader("orders", partition);
        let records = transactional(producer, sequence, 1);
        let id = Some(transactional_id(id));
        self.send(broker, version, produce_request(id, partition, records))
    }

    /// One record outside transactions to a partition of `orders`.
    pub(crate) fn produce_plain(
        &mut self,
        producer: Producer,
        sequence: i32,
        partition: i32,
    ) -> String {
        let broker = self.leader("orders", partition);
        let request = produce_request(None, partition, plain(producer, sequence, 1));
        let sent = self.send(broker, 9, request);
        self.shown(sent)
    }

    pub(crate) fn produce(
        &mut self,
        id: &str,
        version: i16,
        producer: Producer,
        sequence: i32,
        partition: i32,
    ) -> String {
        let sent = self.send_produce(id, version, producer, sequence, partition);
        self.shown(sent)
    }

    /// WriteTxnMarkers v1 to the leader of a partition of `orders`.
    pub(crate) fn mark(
        &mut self,
        producer: Producer,
        commit: bool,
        coordinator_epoch: i32,
        partition: i32,
    ) -> String {
        let sent = self.send_mark(producer, commit, coordinator_epoch, partition);
        self.shown(sent)
    }

    pub(crate) fn send_mark(
        &mut self,
        producer: Producer,
        commit: bool,
        coordinator_epoch: i32,
        partition: i32,
    ) -> Sent {
        let broker = self.leader("orders", partition);
        let topic = WritableTxnMarkerTopic::default()
            .with_name(topic_name("orders"))
            .with_partition_indexes(vec![partition]);
        let marker = WritableTxnMarker::default()
            .with_producer_id(producer.0.into())
            .with_producer_epoch(producer.1)
            .with_transaction_result(commit)
            .with_coordinator_epoch(coordinator_epoch)
            .with_topics(vec![topic]);
        let request = WriteTxnMarkersRequest::default().with_markers(vec![marker]);
        self.send(broker, 1, request)
    }

    /// State, identity and partitions by DescribeTransactions.
    pub(crate) fn describe(&mut self, id: &str) -> String {
        let broker = self.coordinator(id);
        let request = DescribeTransactionsRequest::default()
            .with_transactional_ids(vec![transactional_id(id)]);
        let sent = self.send(broker, 0, request);
        self.shown(sent)
    }
}

pub(crate) fn end_request(id: &str, producer: Producer, commit: bool) -> EndTxnRequest {
    EndTxnRequest::default()
        .with_transactional_id(transactional_id(id))
        .with_producer_id(producer.0.into())
        .with_producer_epoch(producer.1)
        .with_committed(commit)
}

fn produce_request(id: Option<TransactionalId>, partition: i32, records: Bytes) -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(partition).with_records(Some(records));
    let topic =
        TopicProduceData::default().with_name(topic_name("orders")).with_partition_data(vec![data]);
    ProduceRequest::default()
        .with_transactional_id(id)
        .with_acks(-1)
        .with_timeout_ms(30_000)
        .with_topic_data(vec![topic])
}
