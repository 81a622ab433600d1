//! A transactional producer that does in every window what the catalogue says.

use bytes::Bytes;
use fencepost_ids::{ProducerEpoch, ProducerId, Sequence, Timestamp};
use fencepost_log::{BatchBuilder, NewRecord, TransactionBit};
use fencepost_wire::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use fencepost_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use fencepost_wire::messages::txn_offset_commit_request as offsets;
use fencepost_wire::messages::{
    self, AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, EndTxnRequest, InitProducerIdRequest,
    ProduceRequest, TxnOffsetCommitRequest,
};
use fencepost_wire::{Request, Response, StrBytes};

use crate::world::{GROUP, Role, Said, TX, World};

/// How often a request is sent before its client gives up.
const ATTEMPTS_MAX: u32 = 8;
/// How long it rests before it tries again.
const BACKOFF_MS: i64 = 100;

/// Why a client does not go on with its transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stop {
    /// The process was killed.
    Killed,
    /// The transaction can only be aborted.
    Abortable,
    /// The identity is lost: the transaction is aborted by whoever took it.
    Fenced,
    /// No attempt had an answer.
    Exhausted,
}

/// What a client knows of a transaction of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    Committed,
    Aborted,
    Unknown,
}

pub(crate) struct Client<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) name: &'static str,
    transaction_version: i16,
    producer_id: i64,
    epoch: i16,
    sequence: i32,
    has_added: bool,
}

impl<'a> Client<'a> {
    pub(crate) fn new(world: &'a mut World, name: &'static str, transaction_version: i16) -> Self {
        Self {
            world,
            name,
            transaction_version,
            producer_id: -1,
            epoch: -1,
            sequence: 0,
            has_added: false,
        }
    }

    fn at(&self, before: i16, since: i16) -> i16 {
        if self.transaction_version >= 2 { since } else { before }
    }

    /// Sends a request until it has a definite code.
    fn settle(
        &mut self,
        role: Role,
        version: i16,
        request: impl Into<Request>,
        code: impl Fn(&Response) -> i16,
    ) -> Result<Response, Stop> {
        let request = request.into();
        for _ in 0..ATTEMPTS_MAX {
            let said = match self.world.broker(role) {
                Some(broker) => self.world.ask(self.name, broker, version, request.clone()),
                None => Said::Closed,
            };
            if self.world.is_killed {
                return Err(Stop::Killed);
            }
            match said {
                Said::Answer(response) => match code(&response) {
                    0 | 46 => return Ok(*response),
                    47 | 90 => return Err(Stop::Fenced),
                    29 | 30 | 45 | 48 | 120 => return Err(Stop::Abortable),
                    _ => (),
                },
                Said::Closed | Said::Nothing => (),
            }
            self.world.wait(BACKOFF_MS);
        }
        Err(Stop::Exhausted)
    }

    pub(crate) fn init(&mut self) -> Result<(), Stop> {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(text(TX).into()))
            .with_transaction_timeout_ms(600_000);
        let mut result = Err(Stop::Exhausted);
        for _ in 0..4 {
            result = self.settle(Role::TransactionCoordinator, 4, request.clone(), |response| {
                let Response::InitProducerId(answer) = response else { panic!() };
                answer.error_code
            });
            if result.is_ok() || result == Err(Stop::Killed) {
                break;
            }
        }
        let Response::InitProducerId(answer) = result? else { panic!() };
        (self.producer_id, self.epoch) = (answer.producer_id.0, answer.producer_epoch);
        self.sequence = 0;
        Ok(())
    }

    fn add_partition(&mut self) -> Result<(), Stop> {
        let topic = AddPartitionsToTxnTopic::default()
            .with_name(text("orders").into())
            .with_partitions(vec![0]);
        let request = AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(text(TX).into())
            .with_v3_and_below_producer_id(self.producer_id.into())
            .with_v3_and_below_producer_epoch(self.epoch)
            .with_v3_and_below_topics(vec![topic]);
        self.settle(Role::TransactionCoordinator, 3, request, |response| {
            let Response::AddPartitionsToTxn(answer) = response else { panic!() };
            answer.results_by_topic_v3_and_below[0].results_by_partition[0].partition_error_code
        })
        .map(|_| ())
    }

    fn produce(&mut self, value: &str) -> Result<(), Stop> {
        if self.transaction_version < 2 && !self.has_added {
            self.add_partition()?;
            self.has_added = true;
        }
        let records = self.batch(value);
        let data = PartitionProduceData::default().with_index(0).with_records(Some(records));
        let topic = TopicProduceData::default()
            .with_name(text("orders").into())
            .with_partition_data(vec![data]);
        let request = ProduceRequest::default()
            .with_transactional_id(Some(text(TX).into()))
            .with_acks(-1)
            .with_timeout_ms(5_000)
            .with_topic_data(vec![topic]);
        let version = self.at(11, 12);
        let sent = self.settle(Role::Leader, version, request, |response| {
            let Response::Produce(answer) = response else { panic!() };
            answer.responses[0].partition_responses[0].error_code
        });
        match sent {
            Ok(_) => {
                self.sequence += 1;
                Ok(())
            }
            // What became of the batch is not known: the transaction cannot be committed.
            Err(Stop::Exhausted) => Err(Stop::Abortable),
            Err(stop) => Err(stop),
        }
    }

    fn batch(&self, value: &str) -> Bytes {
        let mut batch = BatchBuilder::new().transaction(TransactionBit::Transactional).producer(
            ProducerId(self.producer_id),
            ProducerEpoch(self.epoch),
            Sequence(self.sequence),
        );
        let record = NewRecord { key: None, value: Some(value.as_bytes()), headers: &[] };
        batch.push(Timestamp(1_700_000_000_000), record);
        batch.build().bytes().clone()
    }

    fn commit_offset(&mut self, offset: i64) -> Result<(), Stop> {
        if self.transaction_version < 2 {
            let request = AddOffsetsToTxnRequest::default()
                .with_transactional_id(text(TX).into())
                .with_producer_id(self.producer_id.into())
                .with_producer_epoch(self.epoch)
                .with_group_id(text(GROUP).into());
            self.settle(Role::TransactionCoordinator, 3, request, |response| {
                let Response::AddOffsetsToTxn(answer) = response else { panic!() };
                answer.error_code
            })?;
        }
        let partition = offsets::TxnOffsetCommitRequestPartition::default()
            .with_partition_index(0)
            .with_committed_offset(offset);
        let topic = offsets::TxnOffsetCommitRequestTopic::default()
            .with_name(text("orders").into())
            .with_partitions(vec![partition]);
        let request = TxnOffsetCommitRequest::default()
            .with_transactional_id(text(TX).into())
            .with_group_id(text(GROUP).into())
            .with_producer_id(self.producer_id.into())
            .with_producer_epoch(self.epoch)
            .with_topics(vec![topic]);
        let version = self.at(3, 5);
        let sent = self.settle(Role::GroupCoordinator, version, request, |response| {
            let Response::TxnOffsetCommit(answer) = response else { panic!() };
            answer.topics[0].partitions[0].error_code
        });
        match sent {
            Err(Stop::Exhausted) => Err(Stop::Abortable),
            other => other.map(|_| ()),
        }
    }

    fn end(&mut self, committed: bool) -> Result<(), Stop> {
        let request = EndTxnRequest::default()
            .with_transactional_id(text(TX).into())
            .with_producer_id(self.producer_id.into())
            .with_producer_epoch(self.epoch)
            .with_committed(committed);
        let version = self.at(4, 5);
        let answer = self.settle(Role::TransactionCoordinator, version, request, |response| {
            let Response::EndTxn(answer) = response else { panic!() };
            answer.error_code
        })?;
        let Response::EndTxn(answer) = answer else { panic!() };
        if self.transaction_version >= 2 {
            (self.producer_id, self.epoch) = (answer.producer_id.0, answer.producer_epoch);
            self.sequence = 0;
        }
        Ok(())
    }

    /// A transaction of two records and an offset.
    pub(crate) fn transaction(&mut self, number: i64) -> Known {
        self.has_added = false;
        let mut work = || {
            self.produce(&format!("{number}a"))?;
            self.produce(&format!("{number}b"))?;
            self.commit_offset(number)
        };
        match work() {
            Ok(()) => match self.end(true) {
                Ok(()) => Known::Committed,
                Err(stop) => self.recover(stop, Known::Unknown),
            },
            Err(Stop::Abortable) => match self.end(false) {
                Ok(()) => Known::Aborted,
                Err(stop) => self.recover(stop, Known::Aborted),
            },
            Err(stop) => self.recover(stop, Known::Aborted),
        }
    }

    /// Takes a new identity, as the next incarnation if this one was killed.
    fn recover(&mut self, stop: Stop, known: Known) -> Known {
        if stop == Stop::Killed {
            self.world.bury(self.name);
        }
        if self.init() == Err(Stop::Killed) {
            self.world.bury(self.name);
            self.init().expect("a process is killed once");
        }
        known
    }
}

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

/// Another process asks for something.
pub(crate) fn other(world: &mut World, role: Role, request: impl Into<Request>, version: i16) {
    if let Some(broker) = world.broker(role) {
        world.ask("other", broker, version, request.into());
    }
}

/// A member that joins the group.
pub(crate) fn join() -> messages::JoinGroupRequest {
    let protocol = messages::join_group_request::JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(Bytes::from_static(b"\0\0\0\0\0\0\0\0\0\0"));
    messages::JoinGroupRequest::default()
        .with_group_id(text(GROUP).into())
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(10_000)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol])
}

/// A plain commit of an offset.
pub(crate) fn plain_commit(offset: i64) -> messages::OffsetCommitRequest {
    use fencepost_wire::messages::offset_commit_request as plain;
    let partition = plain::OffsetCommitRequestPartition::default()
        .with_partition_index(0)
        .with_committed_offset(offset);
    let topic = plain::OffsetCommitRequestTopic::default()
        .with_name(text("orders").into())
        .with_partitions(vec![partition]);
    messages::OffsetCommitRequest::default()
        .with_group_id(text(GROUP).into())
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic])
}

/// A successor that takes the transactional id.
pub(crate) fn takeover() -> Request {
    InitProducerIdRequest::default()
        .with_transactional_id(Some(text(TX).into()))
        .with_transaction_timeout_ms(600_000)
        .into()
}

/// The end of the topic.
pub(crate) fn deletion() -> messages::DeleteTopicsRequest {
    messages::DeleteTopicsRequest::default()
        .with_topic_names(vec![text("orders").into()])
        .with_timeout_ms(1_000)
}
