//! A scripted client at an engine.

use bytes::Bytes;
use fencepost_engine::record::{Recorder, recorded_config, recorded_input};
use fencepost_engine::{Engine, GateCommand, Input, Output, Replay};
use fencepost_faults::Plan;
use fencepost_ids::{BrokerId, ConnectionId, PartitionIndex, ProducerEpoch, Sequence, Timestamp};
use fencepost_log::{BatchBuilder, NewRecord, TransactionBit};
use fencepost_model::{ClusterConfig, NewTopic};
use fencepost_trace::{Clock, Header, Lines, Reader, Turn, Writer};
use fencepost_wire::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use fencepost_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use fencepost_wire::messages::{
    AddPartitionsToTxnRequest, EndTxnRequest, FindCoordinatorRequest, InitProducerIdRequest,
    ProduceRequest, ProducerId, TopicName, TransactionalId,
};
use fencepost_wire::{Request, RequestHeader, Response, StrBytes, decode_request, encode_request};

/// When every play begins.
pub(crate) const START: Timestamp = Timestamp(1_700_000_000_000);

/// The transactional id of every play.
pub(crate) const TX: &str = "tx";

const COORDINATOR_LOAD_IN_PROGRESS: i16 = 14;

/// An engine, and what it has told its driver to do.
#[derive(Clone)]
pub(crate) struct Play {
    pub(crate) engine: Engine,
    pub(crate) now: Timestamp,
    pub(crate) told: Vec<Output>,
    connections: u64,
    correlation_id: i32,
    recorder: Recorder,
    turns: Vec<Turn>,
}

/// A connection, and what its client calls itself.
#[derive(Clone, Copy)]
pub(crate) struct Client(pub(crate) ConnectionId, &'static str);

/// What InitProducerId gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Identity(pub(crate) i64, pub(crate) i16);

impl Play {
    /// One broker with the topic `orders` of one partition, and the faults of a plan.
    pub(crate) fn with(plan: &str) -> Self {
        let mut play = Self::new();
        play.add(plan);
        play
    }

    pub(crate) fn new() -> Self {
        Self::of_brokers(1)
    }

    /// So many brokers, of which each has a replica of `orders`-0, and 0 leads it.
    pub(crate) fn of_brokers(brokers: i32) -> Self {
        let mut config = ClusterConfig::new(brokers);
        config.topics.push(NewTopic {
            name: "orders".into(),
            partitions: Some(1),
            replication_factor: i16::try_from(brokers).ok(),
        });
        Self {
            engine: Engine::new(config, START),
            now: START,
            told: Vec::new(),
            connections: 0,
            correlation_id: 0,
            recorder: Recorder::default(),
            turns: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, plan: &str) {
        let plan = Plan::from_toml(plan).expect("the plan is one");
        self.engine.check_faults(&plan).expect("the plan can be added");
        self.gate(GateCommand::Add(plan));
    }

    pub(crate) fn gate(&mut self, command: GateCommand) {
        self.take(Input::Gate(command));
    }

    pub(crate) fn take(&mut self, input: Input) {
        self.turn(input);
        while self.engine.next_deadline() <= self.now {
            self.turn(Input::Tick);
        }
    }

    /// Moves the clock on, from deadline to deadline.
    pub(crate) fn wait(&mut self, ms: i64) {
        let end = self.now.plus_millis(ms);
        while self.engine.next_deadline() <= end {
            self.now = self.now.max(self.engine.next_deadline());
            self.turn(Input::Tick);
        }
        self.now = end;
    }

    fn turn(&mut self, input: Input) {
        let recorded = recorded_input(&input);
        let mut outputs = Vec::new();
        self.engine.handle(self.now, input, &mut outputs);
        self.turns.push(self.recorder.turn(self.now, recorded, &outputs));
        self.told.append(&mut outputs);
    }

    /// The trace of the play, as a file.
    pub(crate) fn trace(&self) -> Vec<u8> {
        let mut lines = Lines::default();
        self.turns.iter().for_each(|turn| lines.push(turn));
        let mut writer = Writer::new(Vec::new(), &self.header()).expect("memory takes it");
        writer.lines(&mut lines).expect("memory takes it");
        writer.into_inner().expect("memory takes it")
    }

    fn header(&self) -> Header {
        let config = recorded_config(self.engine.look().config());
        Header::new(config, START.0, Clock::Manual)
    }

    /// A client at broker 0.
    pub(crate) fn client(&mut self, name: &'static str) -> Client {
        self.client_at(BrokerId(0), name)
    }

    pub(crate) fn client_at(&mut self, broker: BrokerId, name: &'static str) -> Client {
        let connection = ConnectionId(self.connections);
        self.connections += 1;
        self.take(Input::Connect { connection, broker, host: "localhost".into() });
        Client(connection, name)
    }

    pub(crate) fn hang_up(&mut self, client: Client) {
        self.take(Input::Disconnect { connection: client.0 });
    }

    /// Sends a request; what comes of it is among what is told.
    pub(crate) fn ask(&mut self, client: Client, version: i16, request: impl Into<Request>) {
        let request = request.into();
        self.correlation_id += 1;
        let header = RequestHeader {
            api: request.api(),
            version,
            correlation_id: self.correlation_id,
            client_id: client.1.into(),
        };
        let frame = encode_request(&header, &request).expect("it can be written").into_payload();
        self.frame(client, frame);
    }

    fn frame(&mut self, client: Client, frame: Bytes) {
        let release = self.engine.look().config().release;
        let (header, request) = decode_request(frame.clone(), release).expect("it can be read");
        self.take(Input::Request { connection: client.0, frame: Some(frame), header, request });
    }

    /// What the driver was told to do on a connection since it was asked last.
    pub(crate) fn heard(&mut self, client: Client) -> Vec<Heard> {
        let mut heard = Vec::new();
        self.told.retain(|output| {
            let said = Heard::on(client.0, output);
            let is_for_others = said.is_none();
            heard.extend(said);
            is_for_others
        });
        heard
    }

    /// Sends a request and takes its answer, which is all that comes.
    pub(crate) fn call(
        &mut self,
        client: Client,
        version: i16,
        request: impl Into<Request>,
    ) -> Response {
        self.ask(client, version, request);
        match &mut *self.heard(client) {
            [Heard::Answer(response)] => Response::clone(response),
            other => panic!("not one answer but {other:?}"),
        }
    }

    /// Takes a producer id.
    pub(crate) fn init(&mut self, client: Client) -> Identity {
        let key = StrBytes::from_static_str(TX);
        let find = FindCoordinatorRequest::default()
            .with_key_type(1)
            .with_coordinator_keys(vec![key.clone()]);
        self.call(client, 4, find);
        loop {
            let init = InitProducerIdRequest::default()
                .with_transactional_id(Some(TransactionalId(key.clone())))
                .with_transaction_timeout_ms(60_000);
            let Response::InitProducerId(answer) = self.call(client, 4, init) else { panic!() };
            if answer.error_code != COORDINATOR_LOAD_IN_PROGRESS {
                assert_eq!(answer.error_code, 0);
                return Identity(answer.producer_id.0, answer.producer_epoch);
            }
            self.wait(100);
        }
    }

    /// A transaction with `orders`-0 in it.
    pub(crate) fn begin(&mut self, client: Client) -> Identity {
        let identity = self.init(client);
        let Response::AddPartitionsToTxn(answer) = self.call(client, 3, add(identity)) else {
            panic!()
        };
        let row = &answer.results_by_topic_v3_and_below[0].results_by_partition[0];
        assert_eq!(row.partition_error_code, 0);
        identity
    }

    /// A record of a transaction to `orders`-0.
    pub(crate) fn produce_in_transaction(&mut self, client: Client, identity: Identity) {
        self.produce_in_sequence(client, 9, identity, 0);
    }

    /// The same in a version and with a sequence.
    pub(crate) fn produce_in_sequence(
        &mut self,
        client: Client,
        version: i16,
        identity: Identity,
        sequence: i32,
    ) {
        let answer = self.call(client, version, produce_next(identity, sequence));
        assert_eq!(produce_code(&answer), 0);
    }

    pub(crate) fn state(&self) -> &'static str {
        self.engine.look().transaction_state(TX).expect("the transactional id is known")
    }

    /// How often a fault has fired.
    pub(crate) fn fired(&self, name: &str) -> u64 {
        let faults = self.engine.faults();
        faults.into_iter().find(|fault| fault.name == name).expect("there is this fault").fired
    }

    /// Where the next record of `orders`-0 goes.
    pub(crate) fn log_end(&self) -> i64 {
        let partitions = self.engine.look().topic_state("orders").expect("there is the topic");
        partitions[0].offsets.expect("it has a leader").log_end.0
    }
}

/// Every play is recorded, and goes the same way again.
impl Drop for Play {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let file = self.trace();
        let mut reader = Reader::new(&file[..]).expect("it was written");
        let mut replay = Replay::new(reader.header()).expect("the cluster was there");
        while let Some(turn) = reader.turn().expect("it was written") {
            replay.turn(&turn).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

/// What a connection is told.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Heard {
    Answer(Box<Response>),
    Bytes(Bytes),
    /// The request has ended without an answer.
    Done,
    Close,
}

impl Heard {
    fn on(connection: ConnectionId, output: &Output) -> Option<Self> {
        match output {
            Output::Respond { ticket, response } if ticket.connection == connection => {
                Some(Self::Answer(Box::new(response.clone())))
            }
            Output::RespondFrame { ticket, frame } if ticket.connection == connection => {
                Some(Self::Bytes(frame.clone().into_payload()))
            }
            Output::Done { ticket } if ticket.connection == connection => Some(Self::Done),
            Output::Close { connection: closed, .. } if *closed == connection => Some(Self::Close),
            _ => None,
        }
    }

    /// The code of an answer to EndTxn.
    pub(crate) fn end_code(&self) -> i16 {
        match self {
            Self::Answer(response) => end_code(response),
            other => panic!("not an answer but {other:?}"),
        }
    }
}

pub(crate) fn end_code(response: &Response) -> i16 {
    let Response::EndTxn(answer) = response else { panic!("not an answer to EndTxn") };
    answer.error_code
}

/// EndTxn, to commit.
pub(crate) fn commit(identity: Identity) -> EndTxnRequest {
    EndTxnRequest::default()
        .with_transactional_id(TransactionalId(StrBytes::from_static_str(TX)))
        .with_producer_id(ProducerId(identity.0))
        .with_producer_epoch(identity.1)
        .with_committed(true)
}

/// EndTxn, to abort.
pub(crate) fn abort(identity: Identity) -> EndTxnRequest {
    commit(identity).with_committed(false)
}

/// AddPartitionsToTxn with `orders`-0.
pub(crate) fn add(identity: Identity) -> AddPartitionsToTxnRequest {
    let topic = AddPartitionsToTxnTopic::default().with_name(orders()).with_partitions(vec![0]);
    AddPartitionsToTxnRequest::default()
        .with_v3_and_below_transactional_id(TransactionalId(StrBytes::from_static_str(TX)))
        .with_v3_and_below_producer_id(ProducerId(identity.0))
        .with_v3_and_below_producer_epoch(identity.1)
        .with_v3_and_below_topics(vec![topic])
}

/// Produce of one record to `orders`-0, without a producer id.
pub(crate) fn produce(acks: i16) -> ProduceRequest {
    append(acks, BatchBuilder::new())
}

/// Produce of one record of a transaction to `orders`-0.
pub(crate) fn produce_next(identity: Identity, sequence: i32) -> ProduceRequest {
    let (id, epoch) = (fencepost_ids::ProducerId(identity.0), ProducerEpoch(identity.1));
    let batch = BatchBuilder::new()
        .producer(id, epoch, Sequence(sequence))
        .transaction(TransactionBit::Transactional);
    let id = TransactionalId(StrBytes::from_static_str(TX));
    append(-1, batch).with_transactional_id(Some(id))
}

pub(crate) fn produce_code(response: &Response) -> i16 {
    let Response::Produce(answer) = response else { panic!("not an answer to Produce") };
    answer.responses[0].partition_responses[0].error_code
}

fn append(acks: i16, mut batch: BatchBuilder) -> ProduceRequest {
    batch.push(START, NewRecord { key: None, value: Some(b"v"), headers: &[] });
    let partition = PartitionProduceData::default()
        .with_index(PartitionIndex(0).0)
        .with_records(Some(batch.build().bytes().clone()));
    let topic =
        TopicProduceData::default().with_name(orders()).with_partition_data(vec![partition]);
    ProduceRequest::default().with_acks(acks).with_timeout_ms(1000).with_topic_data(vec![topic])
}

fn orders() -> TopicName {
    TopicName(StrBytes::from_static_str("orders"))
}
