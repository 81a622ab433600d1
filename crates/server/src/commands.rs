//! What a running cluster can be told and asked, by its owner and over HTTP alike.

mod clock;
pub(crate) use clock::ADVANCE_MS_MAX;
mod snapshots;
mod waiting;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use fencepost_engine::Input;
use fencepost_faults::{PlanError, WindowError};
use fencepost_ids::{BrokerId, GroupId, PartitionIndex, Timestamp, TopicName, TransactionalId};
use fencepost_model::{
    BrokerConfig, Cluster, CoordinatorKey, CoordinatorState, ElectionRefused, InternalTopic,
    PartitionState, ReplicaUnknown,
};
use thiserror::Error;
use tokio::sync::Mutex;
use tokio::sync::broadcast::Receiver;

use crate::driver::{Broken, Driver, Happening};
use crate::listener::Port;
use crate::recording::RecordedFile;
use crate::server::ListenError;

/// Why a command was not carried out, or a question has no answer.
#[derive(Debug, Error)]
pub enum ControlError {
    /// No broker has this id.
    #[error("there is no broker {0}")]
    UnknownBroker(BrokerId),
    /// No topic has this name.
    #[error("there is no topic `{0}`")]
    UnknownTopic(TopicName),
    /// Its internal topic is created when the first client asks for a coordinator (API-28), or when one
    /// is moved.
    #[error("there are no coordinators yet")]
    NoCoordinators,
    /// Their internal topic wants more replicas than there are brokers running (CONF-53).
    #[error("`{}` cannot be created: it wants more replicas than there are brokers running", .0.name())]
    TooFewBrokers(InternalTopic),
    /// No running coordinator knows this transactional id.
    #[error("no running coordinator knows the transactional id `{0}`")]
    UnknownTransaction(TransactionalId),
    /// No running coordinator knows this group.
    #[error("no running coordinator knows the group `{0}`")]
    UnknownGroup(GroupId),
    /// The real clock goes its own way.
    #[error("the clock is real: it cannot be moved")]
    RealClock,
    /// No timer of that name runs.
    #[error("no such timer runs")]
    NoTimer,
    /// There is no snapshot of this name.
    #[error("there is no snapshot `{0}`")]
    UnknownSnapshot(String),
    /// The name of a snapshot is empty or too long.
    #[error("a snapshot's name has 1 to 100 characters")]
    SnapshotName,
    /// Snapshots take memory.
    #[error("there are {SNAPSHOTS_MAX} snapshots already")]
    Snapshots,
    /// The run is not recorded.
    #[error("the run is not recorded")]
    NotRecorded,
    /// There is no such replica to look at.
    #[error(transparent)]
    Replica(#[from] ReplicaUnknown),
    /// The broker may not lead the partition.
    #[error(transparent)]
    Election(#[from] ElectionRefused),
    /// The faults could never match, or contradict themselves or others.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// There is no such crash window, or no plan for it.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// No fault has this name.
    #[error("there is no fault `{0}`")]
    UnknownFault(String),
    /// Nothing waits under this number.
    #[error("nothing is held under the number {0}")]
    NotHeld(u64),
    /// A broker's port could not be opened or closed.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// A step of the cluster panicked: its state can no longer be trusted.
    #[error("the cluster is broken: a step of it panicked")]
    Broken,
}

impl From<Broken> for ControlError {
    fn from(_: Broken) -> Self {
        Self::Broken
    }
}

/// The most snapshots at once.
const SNAPSHOTS_MAX: usize = 100;

/// The longest name of a snapshot, in characters.
const SNAPSHOT_NAME_MAX: usize = 100;

/// A broker and whether it runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BrokerState {
    /// Its id.
    pub id: BrokerId,
    /// The host and port that clients are told.
    pub address: String,
    /// Whether it runs.
    pub is_up: bool,
}

/// A running cluster as one that commands it sees it.
#[derive(Debug)]
pub(crate) struct Commands {
    pub(crate) driver: Arc<Driver>,
    brokers: Vec<BrokerConfig>,
    pub(crate) ports: Mutex<BTreeMap<BrokerId, Port>>,
    /// Held by whoever moves the clock, forwards or back.
    moving: Mutex<()>,
}

impl Commands {
    pub(crate) fn new(
        driver: Arc<Driver>,
        brokers: Vec<BrokerConfig>,
        ports: BTreeMap<BrokerId, Port>,
    ) -> Self {
        Self { driver, brokers, ports: Mutex::new(ports), moving: Mutex::new(()) }
    }

    /// The advertised address of each broker, by rising id.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (BrokerId, String)> {
        self.brokers.iter().map(|BrokerConfig { id, host, port, .. }| {
            let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
            (*id, format!("{open}{host}{close}:{port}"))
        })
    }

    pub(crate) fn brokers(&self) -> Result<Vec<BrokerState>, ControlError> {
        let states = self.driver.look(|cluster| {
            self.addresses()
                .map(|(id, address)| BrokerState { id, address, is_up: cluster.is_running(id) })
                .collect()
        });
        Ok(states?)
    }

    pub(crate) fn broker(&self, id: BrokerId) -> Result<BrokerState, ControlError> {
        let found = self.brokers()?.into_iter().find(|broker| broker.id == id);
        found.ok_or(ControlError::UnknownBroker(id))
    }

    pub(crate) async fn crash(&self, broker: BrokerId) -> Result<(), ControlError> {
        self.take_down(broker, Input::Crash(broker)).await
    }

    pub(crate) async fn stop(&self, broker: BrokerId) -> Result<(), ControlError> {
        self.take_down(broker, Input::Stop(broker)).await
    }

    async fn take_down(&self, broker: BrokerId, how: Input) -> Result<(), ControlError> {
        self.known(broker)?;
        let mut ports = self.ports.lock().await;
        let held = match ports.get_mut(&broker) {
            Some(port) => port.close().await.map_err(|source| (port.address, source)),
            None => Ok(()),
        };
        self.driver.inject(how)?;
        held.map_err(refused)
    }

    pub(crate) async fn restart(&self, broker: BrokerId) -> Result<(), ControlError> {
        self.known(broker)?;
        let mut ports = self.ports.lock().await;
        self.driver.inject(Input::Restart(broker))?;
        let Some(port) = ports.get_mut(&broker) else { return Ok(()) };
        port.open(&self.driver, broker).map_err(|source| refused((port.address, source)))
    }

    pub(crate) fn elect(
        &self,
        topic: TopicName,
        partition: PartitionIndex,
        leader: BrokerId,
    ) -> Result<(), ControlError> {
        self.known(leader)?;
        Ok(self.driver.elect(topic, partition, leader)??)
    }

    /// The brokers' present moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.driver.now()
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&Cluster) -> T) -> Result<T, ControlError> {
        Ok(self.driver.look(look)?)
    }

    pub(crate) fn watch(&self) -> Result<Receiver<Happening>, ControlError> {
        Ok(self.driver.watch()?)
    }

    pub(crate) fn recorded_file(&self) -> Result<RecordedFile, ControlError> {
        self.driver.recorded_file()?.ok_or(ControlError::NotRecorded)
    }

    pub(crate) fn throttle(&self, time_ms: i32) -> Result<(), ControlError> {
        Ok(self.driver.inject(Input::Throttle(time_ms))?)
    }

    pub(crate) fn topic_state(&self, topic: &str) -> Result<Vec<PartitionState>, ControlError> {
        let state = self.driver.look(|cluster| cluster.topic_state(topic))?;
        state.ok_or_else(|| ControlError::UnknownTopic(topic.into()))
    }

    pub(crate) fn coordinator(
        &self,
        key: &CoordinatorKey,
    ) -> Result<CoordinatorState, ControlError> {
        let state = self.driver.look(|cluster| cluster.coordinator(key))?;
        state.ok_or(ControlError::NoCoordinators)
    }

    pub(crate) fn move_coordinator(
        &self,
        key: &CoordinatorKey,
        broker: BrokerId,
    ) -> Result<(), ControlError> {
        self.known(broker)?;
        if self.driver.look(|cluster| cluster.coordinator(key))?.is_none() {
            self.driver.inject(Input::CreateInternalTopic(key.topic()))?;
        }
        let found = self.driver.look(|cluster| cluster.coordinator(key))?;
        let CoordinatorState { topic, partition, .. } =
            found.ok_or_else(|| ControlError::TooFewBrokers(key.topic()))?;
        self.elect(topic, partition, broker)
    }

    fn known(&self, broker: BrokerId) -> Result<(), ControlError> {
        if self.brokers.iter().any(|known| known.id == broker) {
            Ok(())
        } else {
            Err(ControlError::UnknownBroker(broker))
        }
    }
}

fn refused((address, source): (SocketAddr, io::Error)) -> ControlError {
    ListenError::Refused { address, source }.into()
}
