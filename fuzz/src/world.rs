//! A small cluster with clients: three brokers, the topic `orders` and both internal topics.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use fencepost_ids::{BrokerId, ClientId, ConnectionId, Timestamp, TopicName};
use fencepost_model::{Cluster, ClusterConfig, Input, NewTopic, Output, Timer};
use fencepost_wire::{Release, Request, RequestHeader, Response, decode_request, encode_response};

use crate::seeds;

/// How many messages are delivered for one request at most.
const DELIVERIES_MAX: u32 = 10_000;

pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) now: Timestamp,
    next_connection: u64,
}

static BASE: LazyLock<Cluster> = LazyLock::new(|| {
    let mut config = ClusterConfig::new(3);
    config.topics = vec![NewTopic {
        name: TopicName::from("orders"),
        partitions: Some(2),
        replication_factor: Some(3),
    }];
    for name in ["transaction.state.log.num.partitions", "offsets.topic.num.partitions"] {
        config.settings.set(name, "1").expect("a known setting");
    }
    let mut world = World { cluster: Cluster::new(config, START), now: START, next_connection: 0 };
    world.run();
    for request in seeds::coordinators() {
        world.send(0, "fuzz", request);
    }
    world.cluster
});

const START: Timestamp = Timestamp(1_700_000_000_000);

impl World {
    pub(crate) fn new() -> Self {
        Self { cluster: BASE.clone(), now: START, next_connection: 1_000 }
    }

    /// A frame without its length arrives at a broker on a connection of its own.
    pub(crate) fn frame(&mut self, broker: i32, frame: Bytes) -> Option<Response> {
        let (header, request) = decode_request(frame, Release::DEFAULT).ok()?;
        self.request(broker, header, request)
    }

    /// A request in its newest version; all messages that follow are delivered.
    pub(crate) fn send(&mut self, broker: i32, client: &str, request: Request) -> Option<Response> {
        let header = RequestHeader {
            api: request.api(),
            version: seeds::newest(request.api()),
            correlation_id: 1,
            client_id: ClientId::from(client),
        };
        let answer = self.request(broker, header, request);
        let late = self.run();
        answer.or(late)
    }

    fn request(
        &mut self,
        broker: i32,
        header: RequestHeader,
        request: Request,
    ) -> Option<Response> {
        let connection = ConnectionId(self.next_connection);
        self.next_connection += 1;
        let broker = BrokerId(broker);
        self.step(Input::Connect { connection, broker, host: Arc::from("client") });
        self.step(Input::Request { connection, header, request })
    }

    /// One step; every answer must be writable in the version of its request.
    pub(crate) fn step(&mut self, input: Input) -> Option<Response> {
        let mut out = Vec::new();
        self.cluster.handle(self.now, input, &mut out);
        let mut last = None;
        for output in out {
            if let Output::Respond { ticket, response } = output {
                let frame = encode_response(ticket.correlation_id, ticket.version, &response);
                assert!(frame.is_ok(), "an answer can be written: {frame:?} {response:?}");
                last = Some(response);
            }
        }
        last
    }

    /// Delivers what is in flight and lets coordinators finish their loading.
    pub(crate) fn run(&mut self) -> Option<Response> {
        let mut last = None;
        for _ in 0..DELIVERIES_MAX {
            let next = self.cluster.deliverable().next().map(|message| Input::Deliver(message.id));
            let load = || {
                let mut timers = self.cluster.deadlines().map(|due| &due.timer);
                timers
                    .find(|timer| {
                        matches!(timer, Timer::TransactionLoad { .. } | Timer::GroupLoad { .. })
                    })
                    .cloned()
            };
            let Some(input) = next.or_else(|| load().map(Input::Fire)) else { break };
            last = self.step(input).or(last);
        }
        last
    }

    /// Fires the first timer at its moment.
    pub(crate) fn fire_first(&mut self) {
        let first = self.cluster.deadlines().next().cloned();
        if let Some(due) = first {
            self.now = self.now.max(due.at);
            self.step(Input::Fire(due.timer));
        }
    }

    /// A broker dies and comes back: it reads its logs again.
    pub(crate) fn bounce(&mut self, broker: i32) {
        self.step(Input::Crash(BrokerId(broker)));
        self.run();
        self.step(Input::Restart(BrokerId(broker)));
        self.run();
    }
}
