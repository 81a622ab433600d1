//! A cluster that clients can reach.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use fencepost_ids::{BrokerId, PartitionIndex, TopicName};
use fencepost_model::{BrokerConfig, ClusterConfig, Input};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, watch};

use crate::connection;
use crate::engine::{Broken, Engine};
use crate::listener::Port;
use crate::timers;

/// Where brokers listen and what clients are told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Addresses {
    /// The address to listen on; loopback unless told otherwise.
    pub bind: IpAddr,
    /// The port of the first broker; the following brokers take the next ones. 0 gives each
    /// broker any free port.
    pub first_port: u16,
    /// The host that clients are told; the bound address if not given.
    pub advertise: Option<Arc<str>>,
}

impl Default for Addresses {
    /// Free ports on loopback.
    fn default() -> Self {
        Self { bind: Ipv4Addr::LOCALHOST.into(), first_port: 0, advertise: None }
    }
}

/// A port could not be taken or opened.
#[derive(Debug, Error)]
pub enum ListenError {
    /// The ports of all brokers do not fit below 65536.
    #[error("{brokers} brokers from port {first_port} on do not fit below 65536")]
    PortRange {
        /// How many brokers.
        brokers: usize,
        /// The first port.
        first_port: u16,
    },
    /// The operating system refuses.
    #[error("cannot listen on {address}: {source}")]
    Refused {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// Why a broker could not be crashed, restarted or elected.
#[derive(Debug, Error)]
pub enum ControlError {
    /// No broker has this id.
    #[error("there is no broker {0}")]
    UnknownBroker(BrokerId),
    /// Its port could not be opened or closed.
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

/// A running cluster and its ports. Dropped, it closes all connections without waiting for them.
#[derive(Debug)]
pub struct Server {
    engine: Arc<Engine>,
    brokers: Vec<BrokerConfig>,
    ports: Mutex<BTreeMap<BrokerId, Port>>,
    timers_ended: watch::Receiver<()>,
}

impl Server {
    /// Starts a cluster whose brokers listen. The hosts and ports in `config` are replaced by the
    /// real ones. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// A port is taken, or the address is not this machine's.
    pub fn listen(mut config: ClusterConfig, addresses: &Addresses) -> Result<Self, ListenError> {
        let Addresses { bind, first_port, advertise } = addresses;
        let count = config.brokers.len();
        let mut next_port = Some(*first_port);
        let mut ports = BTreeMap::new();
        for broker in &mut config.brokers {
            let range = ListenError::PortRange { brokers: count, first_port: *first_port };
            let number = next_port.ok_or(range)?;
            next_port = if number == 0 { Some(0) } else { number.checked_add(1) };
            let address = SocketAddr::new(*bind, number);
            let refused = |source| ListenError::Refused { address, source };
            let port = Port::hold(address).map_err(refused)?;
            broker.port = port.address.port();
            broker.host = advertise.clone().unwrap_or_else(|| Arc::from(bind.to_string()));
            ports.insert(broker.id, port);
        }
        let mut server = Self::without_ports(config);
        for (broker, port) in &mut ports {
            let address = port.address;
            port.open(&server.engine, *broker)
                .map_err(|source| ListenError::Refused { address, source })?;
        }
        *server.ports.get_mut() = ports;
        Ok(server)
    }

    /// Starts a cluster that is reached by [`Self::serve_connection`] alone. Must be called inside
    /// a tokio runtime.
    #[must_use]
    pub fn without_ports(config: ClusterConfig) -> Self {
        let brokers = config.brokers.clone();
        let engine = Arc::new(Engine::new(config));
        let (ended, timers_ended) = watch::channel(());
        tokio::spawn(timers::run(Arc::clone(&engine), ended));
        Self { engine, brokers, ports: Mutex::default(), timers_ended }
    }

    /// The advertised addresses of all brokers, as clients want them in `bootstrap.servers`.
    #[must_use]
    pub fn bootstrap_servers(&self) -> String {
        let mut list = String::new();
        for BrokerConfig { host, port, .. } in &self.brokers {
            let comma = if list.is_empty() { "" } else { "," };
            let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
            _ = write!(list, "{comma}{open}{host}{close}:{port}");
        }
        list
    }

    /// Serves a client of a broker on a stream of any kind until either side closes. `host` is
    /// where the client is, as group descriptions show it (GRP-05).
    pub fn serve_connection<S>(
        &self,
        broker: BrokerId,
        stream: S,
        host: &str,
    ) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let engine = Arc::clone(&self.engine);
        let host = Arc::from(host);
        async move { connection::serve(&engine, broker, stream, host).await }
    }

    /// Crashes a broker: its memory, its connections and its port are gone, its disk stays.
    /// Crashing one that is down changes nothing.
    ///
    /// # Errors
    /// There is no such broker, or its port was lost to another process.
    pub async fn crash(&self, broker: BrokerId) -> Result<(), ControlError> {
        self.known(broker)?;
        let mut ports = self.ports.lock().await;
        let held = match ports.get_mut(&broker) {
            Some(port) => port.close().await.map_err(|source| (port.address, source)),
            None => Ok(()),
        };
        self.engine.inject(Input::Crash(broker))?;
        held.map_err(refused)
    }

    /// Restarts a broker that crashed: it reads its disk and listens again.
    ///
    /// # Errors
    /// There is no such broker, or its port was lost to another process.
    pub async fn restart(&self, broker: BrokerId) -> Result<(), ControlError> {
        self.known(broker)?;
        let mut ports = self.ports.lock().await;
        self.engine.inject(Input::Restart(broker))?;
        let Some(port) = ports.get_mut(&broker) else { return Ok(()) };
        port.open(&self.engine, broker).map_err(|source| refused((port.address, source)))
    }

    /// Makes an in-sync replica the leader of a partition in a new term; one of an internal topic
    /// moves its coordinator. A broker that is not in sync is not elected.
    ///
    /// # Errors
    /// There is no such broker.
    pub fn elect(
        &self,
        topic: TopicName,
        partition: PartitionIndex,
        leader: BrokerId,
    ) -> Result<(), ControlError> {
        self.known(leader)?;
        Ok(self.engine.inject(Input::Elect { topic, partition, leader })?)
    }

    /// Waits until the cluster can no longer be trusted, because a step of it panicked.
    pub async fn broken(&self) {
        let mut ended = self.timers_ended.clone();
        // The task of the timers sends nothing; its end is the news.
        while ended.changed().await.is_ok() {}
    }

    /// Closes all ports and connections, and returns when every task has ended.
    pub async fn stop(self) {
        for port in self.ports.lock().await.values_mut() {
            // The port is let go of, so it does not matter whether it could be held.
            _ = port.close().await;
        }
        self.engine.stop();
        self.engine.drained().await;
        self.broken().await;
    }

    fn known(&self, broker: BrokerId) -> Result<(), ControlError> {
        if self.brokers.iter().any(|known| known.id == broker) {
            Ok(())
        } else {
            Err(ControlError::UnknownBroker(broker))
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ports.get_mut().values().for_each(Port::abandon);
        self.engine.stop();
    }
}

fn refused((address, source): (SocketAddr, io::Error)) -> ControlError {
    ListenError::Refused { address, source }.into()
}
