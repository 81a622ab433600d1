//! The APIs of transactions, answered as text.

use fencepost_ids::{ProducerEpoch, ProducerId, Sequence};
use fencepost_log::{BatchBuilder, NewRecord, TransactionBit};
use fencepost_wire::StrBytes;
use fencepost_wire::messages::add_partitions_to_txn_request::{
    AddPartitionsToTxnTopic, AddPartitionsToTxnTransaction,
};
use fencepost_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use fencepost_wire::messages::write_txn_markers_request::{
    WritableTxnMarker, WritableTxnMarkerTopic,
};
use fencepost_wire::messages::*;

use super::{Producer, Sent, World, topic_name, transactional_id};

impl World {
    pub(crate) fn send_init(&mut self, id: &str, version: i16, expected: Option<Producer>) -> Sent {
        let broker = self.coordinator(id);
        let (producer_id, epoch) = expected.unwrap_or((-1, -1));
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(transactional_id(id)))
            .with_transaction_timeout_ms(60_000)
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
        let broker = self.coordinator(id);
        let topic = AddPartitionsToTxnTopic::default()
            .with_name(topic_name("orders"))
            .with_partitions(partitions.to_vec());
        let request = AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(transactional_id(id))
            .with_v3_and_below_producer_id(producer.0.into())
            .with_v3_and_below_producer_epoch(producer.1)
            .with_v3_and_below_topics(vec![topic]);
        self.send(broker, 3, request)
    }

    /// AddPartitionsToTxn v5, as brokers send it, for partition 0 of `orders`.
    pub(crate) fn add_v5(&mut self, id: &str, producer: Producer, verify_only: bool) -> String {
        let broker = self.coordinator(id);
        let topic = AddPartitionsToTxnTopic::default()
            .with_name(topic_name("orders"))
            .with_partitions(vec![0]);
        let transaction = AddPartitionsToTxnTransaction::default()
            .with_transactional_id(transactional_id(id))
            .with_producer_id(producer.0.into())
            .with_producer_epoch(producer.1)
            .with_verify_only(verify_only)
            .with_topics(vec![topic]);
        let request = AddPartitionsToTxnRequest::default().with_transactions(vec![transaction]);
        let sent = self.send(broker, 5, request);
        self.shown(sent)
    }

    pub(crate) fn add_offsets(&mut self, id: &str, producer: Producer, group: &str) -> String {
        let broker = self.coordinator(id);
        let request = AddOffsetsToTxnRequest::default()
            .with_transactional_id(transactional_id(id))
            .with_producer_id(producer.0.into())
            .with_producer_epoch(producer.1)
            .with_group_id(StrBytes::from_string(group.to_owned()).into());
        let sent = self.send(broker, 3, request);
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
        let request = EndTxnRequest::default()
            .with_transactional_id(transactional_id(id))
            .with_producer_id(producer.0.into())
            .with_producer_epoch(producer.1)
            .with_committed(commit);
        self.send(broker, version, request)
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
        let mut batch = BatchBuilder::new()
            .producer(ProducerId(producer.0), ProducerEpoch(producer.1), Sequence(sequence))
            .transaction(TransactionBit::Transactional);
        batch.push(self.now, NewRecord { value: Some(b"v"), ..NewRecord::default() });
        let data = PartitionProduceData::default()
            .with_index(partition)
            .with_records(Some(batch.build().bytes().clone()));
        let topic = TopicProduceData::default()
            .with_name(topic_name("orders"))
            .with_partition_data(vec![data]);
        let request = ProduceRequest::default()
            .with_transactional_id(Some(transactional_id(id)))
            .with_acks(-1)
            .with_timeout_ms(30_000)
            .with_topic_data(vec![topic]);
        self.send(broker, version, request)
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
