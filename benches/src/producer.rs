//! A transactional client of protocol TV2 (KIP-890): Produce v12, EndTxn v5.

use bytes::Bytes;
use fencepost_ids::{ProducerEpoch, ProducerId, Sequence, Timestamp, TopicName};
use fencepost_log::{BatchBuilder, NewRecord, TransactionBit};
use fencepost_model::Input;
use fencepost_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use fencepost_wire::messages::{
    EndTxnRequest, InitProducerIdRequest, ProduceRequest, TransactionalId,
};
use fencepost_wire::{Response, StrBytes, ToWire};

use crate::World;

/// A producer.
#[derive(Clone, Debug)]
pub struct Producer {
    id: Option<TransactionalId>,
    coordinator: i32,
    leader: i32,
    producer: (i64, i16),
    sequence: i32,
}

/// The requests of one transaction, ready to be handed over.
#[derive(Debug)]
pub struct Transaction {
    produce: Input,
    end: Input,
}

impl Producer {
    /// An idempotent producer, or a transactional one if it has an id.
    ///
    /// # Panics
    /// If the cluster refuses it.
    pub fn new(world: &mut World, id: Option<&str>) -> Self {
        let coordinator = id.map_or(0, |id| world.coordinator(id, 1));
        let id = id.map(|id| TransactionalId(StrBytes::from_string(id.to_owned())));
        let request = InitProducerIdRequest::default()
            .with_transactional_id(id.clone())
            .with_transaction_timeout_ms(60_000)
            .with_producer_id((-1).into())
            .with_producer_epoch(-1);
        let input = world.input(coordinator, 4, request);
        let Response::InitProducerId(given) = world.run(input) else { panic!("init") };
        assert_eq!(given.error_code, 0);
        let leader = world.leader(0);
        let producer = (given.producer_id.0, given.producer_epoch);
        Self { id, coordinator, leader, producer, sequence: 0 }
    }

    /// The next batch: `count` records of `size` bytes.
    pub fn batch(&mut self, count: i32, size: usize) -> Bytes {
        let mut batch = BatchBuilder::new().producer(
            ProducerId(self.producer.0),
            ProducerEpoch(self.producer.1),
            Sequence(self.sequence),
        );
        if self.id.is_some() {
            batch = batch.transaction(TransactionBit::Transactional);
        }
        let value = vec![b'v'; size];
        for _ in 0..count {
            let record = NewRecord { value: Some(&value), ..NewRecord::default() };
            batch.push(Timestamp(1_700_000_000_000), record);
        }
        self.sequence += count;
        batch.build().bytes().clone()
    }

    /// The request that brings a batch to partition 0.
    pub fn produce(&self, world: &World, records: Bytes) -> Input {
        let data = PartitionProduceData::default().with_index(0).with_records(Some(records));
        let topic = TopicProduceData::default()
            .with_name(TopicName::from("orders").to_wire())
            .with_partition_data(vec![data]);
        let request = ProduceRequest::default()
            .with_transactional_id(self.id.clone())
            .with_acks(-1)
            .with_timeout_ms(30_000)
            .with_topic_data(vec![topic]);
        world.input(self.leader, 12, request)
    }

    /// Sends a batch outside transactions.
    ///
    /// # Panics
    /// If it is refused.
    pub fn send(&mut self, world: &mut World, count: i32, size: usize) {
        let batch = self.batch(count, size);
        let input = self.produce(world, batch);
        check_produced(&world.run(input));
    }

    /// The requests of the next transaction, of one record.
    ///
    /// # Panics
    /// For a producer without a transactional id.
    pub fn transaction(&mut self, world: &World) -> Transaction {
        self.sequence = 0;
        let batch = self.batch(1, 100);
        let produce = self.produce(world, batch);
        let request = EndTxnRequest::default()
            .with_transactional_id(self.id.clone().expect("a transactional producer"))
            .with_producer_id(self.producer.0.into())
            .with_producer_epoch(self.producer.1)
            .with_committed(true);
        let end = world.input(self.coordinator, 5, request);
        Transaction { produce, end }
    }

    /// Takes the new epoch of an ended transaction.
    ///
    /// # Panics
    /// If it was not committed.
    pub fn ended(&mut self, answer: &Response) {
        let Response::EndTxn(ended) = answer else { panic!("not an answer to EndTxn: {answer:?}") };
        assert_eq!(ended.error_code, 0, "the transaction commits");
        self.producer = (ended.producer_id.0, ended.producer_epoch);
    }

    /// Runs one transaction of one record.
    pub fn commit(&mut self, world: &mut World) {
        let transaction = self.transaction(world);
        let answer = transaction.run(world);
        self.ended(&answer);
    }
}

impl Transaction {
    /// Takes the steps of the transaction, messages between brokers included.
    ///
    /// # Panics
    /// If the record is refused.
    pub fn run(self, world: &mut World) -> Response {
        check_produced(&world.run(self.produce));
        world.run(self.end)
    }
}

/// Checks that a batch was appended.
///
/// # Panics
/// If it was not.
pub fn check_produced(answer: &Response) {
    let Response::Produce(answer) = answer else { panic!("not an answer to Produce: {answer:?}") };
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 0, "appended");
}
