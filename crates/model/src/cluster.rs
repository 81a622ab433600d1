//! The cluster: what there is, and how a step goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_ids::{BrokerId, ClientId, ConnectionId, PartitionIndex, Timestamp, TopicName};
use fencepost_log::LogRules;

use crate::api;
use crate::append::log_rules;
use crate::broker::Broker;
use crate::config::ClusterConfig;
use crate::disk::Disk;
use crate::input::{Input, Output};
use crate::inspection::ClientSoftware;
use crate::metadata::{Metadata, Partition, PartitionKey};
use crate::network::{Message, Network};
use crate::observing::Observer;
use crate::random::Random;
use crate::replication::has_more;
use crate::step::Step;
use crate::timers::{Deadline, Timers};

/// A client's connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) broker: BrokerId,
    pub(crate) host: Arc<str>,
    /// What the client called itself in its last request; none before the first.
    pub(crate) client_id: Option<ClientId>,
    /// What it said of itself in ApiVersions (KIP-511).
    pub(crate) software: Option<ClientSoftware>,
}

impl Connection {
    /// What the client calls itself in a request.
    pub(crate) fn note_client_id(&mut self, client_id: &ClientId) {
        if self.client_id.as_ref() != Some(client_id) {
            self.client_id = Some(client_id.clone());
        }
    }
}

/// A Kafka cluster as a value. A clone is a fork of the world.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub(crate) config: Arc<ClusterConfig>,
    /// What the configuration means for logs.
    pub(crate) rules: LogRules,
    pub(crate) metadata: Metadata,
    pub(crate) disk: Disk,
    /// The running brokers; one that crashed is not here.
    pub(crate) brokers: BTreeMap<BrokerId, Arc<Broker>>,
    pub(crate) network: Network,
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    pub(crate) timers: Timers,
    pub(crate) random: Random,
    /// Partitions whose marks moved in this step and whose watchers have not looked yet; empty
    /// between steps.
    pub(crate) moved: Vec<(BrokerId, PartitionKey)>,
    /// How many tickets were issued.
    pub(crate) serials: u64,
    /// Set while events are told.
    pub(crate) observer: Option<Box<Observer>>,
}

/// The brokers that may lead a partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidates {
    /// The topic.
    pub topic: TopicName,
    /// The partition.
    pub partition: PartitionIndex,
    /// Who leads it.
    pub leader: Option<BrokerId>,
    /// Its live in-sync replicas.
    pub in_sync: Vec<BrokerId>,
    /// Its live replicas that are not in sync and may be elected all the same.
    pub unclean: Vec<BrokerId>,
    /// Whether the leader has records from before its term that are not known to be committed.
    pub inherits_uncommitted: bool,
    /// Whether a live replica in sync has records that the leader does not have. Elected, it knows
    /// nothing of what the leader did meanwhile without writing, or could not get committed
    /// (FAILOVER-02).
    pub is_outrun: bool,
}

impl Cluster {
    /// A cluster whose brokers have just started at `now`, with the topics of its configuration.
    #[must_use]
    pub fn new(mut config: ClusterConfig, now: Timestamp) -> Self {
        config.settings.adopt(config.release);
        let mut random = Random::from_seed(config.seed);
        let cluster_id = random.uuid_base64();
        let metadata = Metadata::new(&config, cluster_id);
        let ids: Vec<_> = config.brokers.iter().map(|broker| broker.id).collect();
        let mut cluster = Self {
            rules: log_rules(&config),
            config: Arc::new(config),
            metadata,
            disk: Disk::default(),
            brokers: BTreeMap::new(),
            network: Network::default(),
            connections: BTreeMap::new(),
            timers: Timers::default(),
            random,
            moved: Vec::new(),
            serials: 0,
            observer: None,
        };
        let mut out = Vec::new();
        let mut step = Step { cluster: &mut cluster, now, out: &mut out };
        for id in ids {
            step.start_broker(id);
        }
        step.create_configured_topics();
        step.settle();
        cluster
    }

    /// Takes one input in one atomic step and pushes its effects, in order.
    pub fn handle(&mut self, now: Timestamp, input: Input, out: &mut Vec<Output>) {
        let mut step = Step { cluster: self, now, out };
        match input {
            Input::Connect { connection, broker, host } => step.connect(connection, broker, host),
            Input::Disconnect { connection } => {
                step.cluster.connections.remove(&connection);
            }
            Input::Request { connection, header, request } => {
                api::dispatch(&mut step, connection, header, request);
            }
            Input::Deliver(id) => {
                if let Some(message) = step.cluster.network.take(id) {
                    step.deliver(message);
                }
            }
            Input::Lose(id) => {
                if let Some(message) = step.cluster.network.take(id) {
                    step.lost(message);
                }
            }
            Input::Refuse { message, code } => step.refuse(message, code),
            Input::Fire(timer) => step.fire(&timer),
            Input::Crash(broker) => step.crash(broker),
            Input::Stop(broker) => step.stop(broker),
            Input::Restart(broker) => step.restart(broker),
            Input::CreateInternalTopic(topic) => step.create_internal_topic(topic),
            Input::Elect { topic, partition, leader } => step.elect(&topic, partition, leader),
        }
        step.settle();
        step.tell_groups();
    }

    /// Running timers in the order in which they come due. A timer that is due has not fired: the
    /// driver decides when, by [`Input::Fire`].
    pub fn deadlines(&self) -> impl Iterator<Item = &Deadline> {
        self.timers.iter()
    }

    /// Messages between brokers on their way, in the order in which they were sent.
    pub fn in_flight(&self) -> impl Iterator<Item = &Message> {
        self.network.iter()
    }

    /// Messages that may be delivered or lost now: the first of each channel between two brokers.
    pub fn deliverable(&self) -> impl Iterator<Item = &Message> {
        self.in_flight().filter(|message| !self.network.is_blocked(message))
    }

    /// The configuration that the cluster started with.
    #[must_use]
    pub fn config(&self) -> &ClusterConfig {
        &self.config
    }

    /// The leader of a partition, if it has one.
    #[must_use]
    pub fn leader_of(&self, topic: &str, partition: PartitionIndex) -> Option<BrokerId> {
        self.metadata.leader(self.metadata.key(topic, partition)?)
    }

    /// Every partition with the brokers that may lead it.
    #[must_use]
    pub fn partitions(&self) -> Vec<Candidates> {
        let live = |id: &BrokerId| self.is_running(*id);
        let rules = self.config.rules;
        self.metadata
            .topics()
            .flat_map(|topic| {
                topic.keys().zip(&topic.partitions).map(|(key, partition)| Candidates {
                    topic: topic.name.clone(),
                    partition: key.partition,
                    leader: partition.leader,
                    in_sync: partition.in_sync.iter().copied().filter(live).collect(),
                    unclean: partition
                        .replicas
                        .iter()
                        .copied()
                        .filter(|id| live(id) && !partition.in_sync.contains(id))
                        .filter(|_| self.metadata.allows_unclean(key, rules))
                        .collect(),
                    inherits_uncommitted: self.inherits_uncommitted(key, partition),
                    is_outrun: self.is_outrun(key, partition),
                })
            })
            .collect()
    }

    /// Whether the leader has not seen yet that what it had at the start of its term is committed.
    fn inherits_uncommitted(&self, key: PartitionKey, partition: &Partition) -> bool {
        partition
            .leader
            .and_then(|id| self.brokers.get(&id)?.leaders.get(&key))
            .is_some_and(|leader| leader.replica.high_watermark() < leader.epoch_start)
    }

    /// Whether a live replica in sync is not a part of the leader's log.
    fn is_outrun(&self, key: PartitionKey, partition: &Partition) -> bool {
        let Some(leader) = partition.leader.and_then(|id| self.disk.get(id, key)) else {
            return false;
        };
        let others = partition.in_sync.iter().filter(|id| self.is_running(**id));
        others
            .filter_map(|id| self.disk.get(*id, key))
            .any(|other| has_more(&other.log, &leader.log, self.config.rules))
    }

    /// Whether a broker is running.
    #[must_use]
    pub fn is_running(&self, broker: BrokerId) -> bool {
        self.brokers.contains_key(&broker)
    }
}

impl Step<'_> {
    fn connect(&mut self, connection: ConnectionId, broker: BrokerId, host: Arc<str>) {
        if self.cluster.is_running(broker) {
            let open = Connection { broker, host, client_id: None, software: None };
            self.cluster.connections.insert(connection, open);
        } else {
            let reason = format!("broker {broker} is down");
            self.out.push(Output::Close { connection, reason });
        }
    }
}
