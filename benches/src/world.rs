//! A cluster, one connection to each broker, and every message between brokers delivered at once.

use std::sync::Arc;

use fencepost_ids::{BrokerId, ClientId, ConnectionId, Timestamp, TopicName};
use fencepost_model::{Cluster, ClusterConfig, Input, NewTopic, Output, Timer};
use fencepost_wire::messages::metadata_request::MetadataRequestTopic;
use fencepost_wire::messages::{FindCoordinatorRequest, MetadataRequest};
use fencepost_wire::{Request, RequestHeader, Response, StrBytes, ToWire};

/// A cluster and its surroundings. A clone is a fork.
#[derive(Clone)]
pub struct World {
    /// The cluster.
    pub cluster: Cluster,
    now: Timestamp,
    outputs: Vec<Output>,
}

impl World {
    /// `brokers` brokers and the topic `orders`, replicated to all of them.
    #[must_use]
    pub fn new(brokers: i32, partitions: i32) -> Self {
        let mut config = ClusterConfig::new(brokers);
        config.topics = vec![NewTopic {
            name: TopicName::from("orders"),
            partitions: Some(partitions),
            replication_factor: Some(brokers as i16),
        }];
        let now = Timestamp(1_700_000_000_000);
        let cluster = Cluster::new(config, now);
        let mut world = Self { cluster, now, outputs: Vec::new() };
        for broker in 0..brokers {
            let connection = ConnectionId(u64::from(broker.unsigned_abs()));
            let host = Arc::from("127.0.0.1");
            world.step(Input::Connect { connection, broker: BrokerId(broker), host });
        }
        world.deliver();
        for key_type in [0, 1] {
            world.coordinator("first", key_type);
        }
        world
    }

    /// The input that brings a request to a broker.
    #[must_use]
    pub fn input(&self, broker: i32, version: i16, request: impl Into<Request>) -> Input {
        let request = request.into();
        let header = RequestHeader {
            api: request.api(),
            version,
            correlation_id: 1,
            client_id: ClientId::from("bench"),
        };
        Input::Request {
            connection: ConnectionId(u64::from(broker.unsigned_abs())),
            header,
            request,
        }
    }

    /// Takes one step, and gives its answer if there is one.
    pub fn step(&mut self, input: Input) -> Option<Response> {
        self.cluster.handle(self.now, input, &mut self.outputs);
        let mut answer = None;
        for output in self.outputs.drain(..) {
            if let Output::Respond { response, .. } = output {
                answer = Some(response);
            }
        }
        answer
    }

    /// Delivers every message in flight, and gives the last answer that came of it.
    pub fn deliver(&mut self) -> Option<Response> {
        let mut answer = None;
        loop {
            let next = self.cluster.deliverable().next().map(|message| message.id);
            let Some(id) = next else { return answer };
            answer = self.step(Input::Deliver(id)).or(answer);
        }
    }

    /// Takes a request's step and all that follow from it.
    ///
    /// # Panics
    /// If nobody answers.
    pub fn run(&mut self, input: Input) -> Response {
        let at_once = self.step(input);
        let later = self.deliver();
        at_once.or(later).expect("answered without a timer")
    }

    /// The broker that coordinates a group (0) or a transactional id (1).
    ///
    /// # Panics
    /// If there is none.
    pub fn coordinator(&mut self, key: &str, key_type: i8) -> i32 {
        let request = FindCoordinatorRequest::default()
            .with_key(StrBytes::from_string(key.to_owned()))
            .with_key_type(key_type);
        for _ in 0..2 {
            let input = self.input(0, 3, request.clone());
            let Response::FindCoordinator(found) = self.run(input) else { break };
            self.finish_loading();
            if found.error_code == 0 {
                return found.node_id.0;
            }
        }
        panic!("no coordinator of {key}")
    }

    fn finish_loading(&mut self) {
        loop {
            let mut timers = self.cluster.deadlines().map(|due| &due.timer);
            let load = timers
                .find(|it| matches!(it, Timer::TransactionLoad { .. } | Timer::GroupLoad { .. }))
                .cloned();
            drop(timers);
            let Some(load) = load else { return };
            self.step(Input::Fire(load));
            self.deliver();
        }
    }

    /// The broker that leads a partition of `orders`.
    ///
    /// # Panics
    /// If there is none.
    pub fn leader(&mut self, partition: i32) -> i32 {
        let topic =
            MetadataRequestTopic::default().with_name(Some(TopicName::from("orders").to_wire()));
        let input = self.input(0, 8, MetadataRequest::default().with_topics(Some(vec![topic])));
        let Response::Metadata(response) = self.run(input) else { panic!("metadata") };
        let partitions = &response.topics[0].partitions;
        let found = partitions.iter().find(|it| it.partition_index == partition);
        found.expect("the partition exists").leader_id.0
    }
}
