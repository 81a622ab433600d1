//! A cluster whose messages are delivered at once, but for those that a test holds back, and
//! whose time moves when a test says so.

mod reading;
mod requests;
pub(crate) use requests::end_request;

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use fencepost_ids::{BrokerId, TopicName, partition_of};
use fencepost_model::{ClusterConfig, Input, Message, MessageBody, NewTopic, Timer, TopicIndex};
use fencepost_wire::messages::{
    DeleteTopicsRequest, FindCoordinatorRequest, MetadataRequest, TransactionalId, metadata_request,
};
use fencepost_wire::{Request, Response, StrBytes, ToWire};

/// A request that may not be answered yet.
pub(crate) use crate::world::Pending as Sent;
use crate::world::{self, Client};

/// Few, so that a world is small.
const TXN_PARTITIONS: i32 = 5;

pub(crate) const TXN_LOG: &str = "__transaction_state";

const ORDERS: TopicIndex = TopicIndex(0);

/// A producer id and an epoch, as a client holds them.
pub(crate) type Producer = (i64, i16);

/// The [`world::World`] of a producer: one connection to each broker, requests sent to whoever is
/// responsible, answers read as text, and single messages held back.
#[derive(Clone)]
pub(crate) struct World {
    base: world::World,
    /// Messages that stay in the network.
    pub(crate) held: fn(&Message) -> bool,
    /// Whether coordinators that load stay at it.
    pub(crate) loads_held: bool,
    connections: BTreeMap<i32, Client>,
}

impl Deref for World {
    type Target = world::World;

    fn deref(&self) -> &Self::Target {
        &self.base
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.base
    }
}

pub(crate) fn markers(message: &Message) -> bool {
    matches!(message.body, MessageBody::WriteMarkers(_))
}

pub(crate) fn replication(message: &Message) -> bool {
    matches!(message.body, MessageBody::Replicate { .. })
}

/// Replication of `orders`, the first topic of a cluster.
pub(crate) fn replication_of_orders(message: &Message) -> bool {
    matches!(message.body, MessageBody::Replicate { partition, .. } if partition.topic == ORDERS)
}

/// Replication of the coordinators' logs.
pub(crate) fn replication_of_internals(message: &Message) -> bool {
    replication(message) && !replication_of_orders(message)
}

pub(crate) fn nothing(_: &Message) -> bool {
    false
}

impl World {
    /// A cluster with the topic `orders` of three partitions and the coordinators' log.
    pub(crate) fn new(brokers: i32, transaction_version: i16) -> Self {
        Self::with(brokers, |config| config.transaction_version = transaction_version)
    }

    pub(crate) fn with(brokers: i32, change: impl FnOnce(&mut ClusterConfig)) -> Self {
        let mut base = world::World::with(brokers, &[], |config| {
            config.topics = vec![NewTopic {
                name: TopicName::from("orders"),
                partitions: Some(3),
                replication_factor: Some(i16::try_from(brokers).unwrap()),
            }];
            let partitions = TXN_PARTITIONS.to_string();
            config.settings.set("transaction.state.log.num.partitions", &partitions).unwrap();
            change(config);
        });
        // Every message passes through here, so that single ones can be held.
        base.hold(|_| true);
        let connections = BTreeMap::new();
        let mut world = Self { base, held: nothing, loads_held: false, connections };
        (0..brokers).for_each(|broker| world.connect(broker));
        world.run();
        for key_type in [0, 1] {
            world.find_coordinator("t", key_type);
        }
        world
    }

    /// Connects to a broker anew.
    pub(crate) fn connect(&mut self, broker: i32) {
        if let Some(old) = self.connections.remove(&broker) {
            self.base.disconnect(old);
        }
        let client = self.base.connect(broker);
        self.connections.insert(broker, client);
    }

    pub(crate) fn handle(&mut self, input: Input) {
        self.base.step(input);
    }

    /// Delivers all that is not held back.
    pub(crate) fn run(&mut self) {
        loop {
            let held = self.held;
            let next = self.cluster.deliverable().find(|it| !held(it)).map(|it| it.id);
            let load = self.load().filter(|_| !self.loads_held);
            match (next, load) {
                (Some(id), _) => self.handle(Input::Deliver(id)),
                (None, Some(timer)) => self.handle(Input::Fire(timer)),
                (None, None) => return,
            }
        }
    }

    /// A coordinator's load that has not ended.
    fn load(&self) -> Option<Timer> {
        let mut timers = self.cluster.deadlines().map(|it| it.timer.clone());
        timers.find(|timer| matches!(timer, Timer::TransactionLoad { .. }))
    }

    /// Loses every message of a kind.
    pub(crate) fn lose(&mut self, wanted: fn(&Message) -> bool) {
        let ids: Vec<_> =
            self.cluster.in_flight().filter(|it| wanted(it)).map(|it| it.id).collect();
        assert!(!ids.is_empty(), "something is there to be lost");
        ids.into_iter().for_each(|id| self.handle(Input::Lose(id)));
    }

    /// Lets time pass; timers fire when they are due.
    pub(crate) fn pass(&mut self, millis: i64) {
        let until = self.now.plus_millis(millis);
        loop {
            let next = self.cluster.deadlines().next().filter(|it| it.at <= until).cloned();
            let Some(next) = next else { break };
            self.now = self.now.max(next.at);
            self.handle(Input::Fire(next.timer));
            self.run();
        }
        self.now = until;
    }

    pub(crate) fn fire(&mut self, timer: Timer) {
        self.handle(Input::Fire(timer));
        self.run();
    }

    /// Sends a request; nothing is delivered and no load ends.
    pub(crate) fn send_quietly(
        &mut self,
        broker: i32,
        version: i16,
        request: impl Into<Request>,
    ) -> Sent {
        self.base.send(self.connections[&broker], version, request)
    }

    pub(crate) fn send(&mut self, broker: i32, version: i16, request: impl Into<Request>) -> Sent {
        let sent = self.send_quietly(broker, version, request);
        self.run();
        sent
    }

    pub(crate) fn call(
        &mut self,
        broker: i32,
        version: i16,
        request: impl Into<Request>,
    ) -> Response {
        let sent = self.send(broker, version, request);
        self.answer(sent).expect("answered at once")
    }

    pub(crate) fn leader(&mut self, topic: &str, partition: i32) -> i32 {
        self.try_leader(topic, partition).expect("the partition has a leader")
    }

    pub(crate) fn try_leader(&mut self, topic: &str, partition: i32) -> Option<i32> {
        let broker = self.any_broker();
        let name = StrBytes::from_string(topic.to_owned());
        let wanted = metadata_request::MetadataRequestTopic::default()
            .with_name(Some(messages_topic(&name)));
        let request = MetadataRequest::default().with_topics(Some(vec![wanted]));
        let Response::Metadata(response) = self.call(broker, 8, request) else { panic!() };
        response.topics[0]
            .partitions
            .iter()
            .find(|it| it.partition_index == partition)
            .map(|it| it.leader_id.0)
            .filter(|leader| *leader >= 0)
    }

    fn any_broker(&self) -> i32 {
        (0..9).find(|id| self.cluster.is_running(BrokerId(*id))).expect("some broker runs")
    }

    pub(crate) fn find_coordinator(&mut self, key: &str, key_type: i8) -> i32 {
        let request = FindCoordinatorRequest::default()
            .with_key(StrBytes::from_string(key.to_owned()))
            .with_key_type(key_type);
        let broker = self.any_broker();
        let _ = self.call(broker, 3, request.clone());
        self.run();
        let Response::FindCoordinator(found) = self.call(broker, 3, request) else { panic!() };
        assert_eq!(found.error_code, 0, "the coordinator's log exists by now");
        found.node_id.0
    }

    pub(crate) fn coordinator(&mut self, id: &str) -> i32 {
        self.find_coordinator(id, 1)
    }

    pub(crate) fn try_coordinator(&mut self, id: &str) -> Option<i32> {
        self.try_leader(TXN_LOG, Self::txn_partition(id))
    }

    pub(crate) fn txn_partition(id: &str) -> i32 {
        partition_of(id, TXN_PARTITIONS).0
    }

    /// The answer as text, or `...` if there is none yet.
    pub(crate) fn shown(&mut self, sent: Sent) -> String {
        self.answer(sent).map_or_else(|| "...".to_owned(), |response| reading::show(&response))
    }

    pub(crate) fn delete_topic(&mut self, name: &str) {
        let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name(name)]);
        let broker = self.any_broker();
        self.call(broker, 5, request);
    }

    pub(crate) fn elect(&mut self, topic: &str, partition: i32, leader: i32) {
        self.base.elect(topic, partition, leader);
        self.run();
    }

    pub(crate) fn crash(&mut self, broker: i32) {
        self.base.crash(broker);
        self.run();
    }

    pub(crate) fn restart_if_down(&mut self, broker: i32) {
        if !self.cluster.is_running(BrokerId(broker)) {
            self.restart(broker);
        }
    }

    pub(crate) fn restart(&mut self, broker: i32) {
        self.base.restart(broker);
        self.connect(broker);
        self.run();
    }
}

pub(crate) fn transactional_id(id: &str) -> TransactionalId {
    TransactionalId(StrBytes::from_string(id.to_owned()))
}

pub(crate) fn topic_name(name: &str) -> fencepost_wire::messages::TopicName {
    TopicName::from(name).to_wire()
}

fn messages_topic(name: &StrBytes) -> fencepost_wire::messages::TopicName {
    fencepost_wire::messages::TopicName(name.clone())
}
