//! What a cluster holds and knows, at one moment.

use fencepost_ids::{BrokerId, Offset, PartitionIndex};
use fencepost_model::{
    Cluster, ClusterDescription, ConnectionDescription, Deadline, GroupDescription, LogPage,
    LogRange, MessageDescription, PartitionProducers, TopicDescription, TransactionDescription,
};
use fencepost_server::{ControlError, Watcher};

use super::TestCluster;

/// The most that [`TestCluster::log`] shows of a log.
const WHOLE: LogRange = LogRange { from: Offset::ZERO, records_max: u32::MAX, bytes_max: 1 << 30 };

impl TestCluster {
    /// The cluster as a whole.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn describe(&self) -> Result<ClusterDescription, ControlError> {
        self.server.look(Cluster::describe)
    }

    /// All topics, by name.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn topics(&self) -> Result<Vec<TopicDescription>, ControlError> {
        self.server.look(Cluster::topics)
    }

    /// The log of a partition as its leader has it, with what became of the transaction of each batch;
    /// [`Self::log_page`] shows a part of it, or another replica's. What a record of an internal topic
    /// says is read by [`InternalRecord::read`](crate::InternalRecord::read).
    ///
    /// # Errors
    /// There is no such partition, or it has no leader.
    pub fn log(
        &self,
        topic: &str,
        partition: impl Into<PartitionIndex>,
    ) -> Result<LogPage, ControlError> {
        self.log_page(topic, partition, None, WHOLE)
    }

    /// A page of the log of a partition, at its leader or at any replica, be its broker up or down.
    ///
    /// # Errors
    /// There is no such replica.
    pub fn log_page(
        &self,
        topic: &str,
        partition: impl Into<PartitionIndex>,
        replica: Option<BrokerId>,
        range: LogRange,
    ) -> Result<LogPage, ControlError> {
        let partition = partition.into();
        Ok(self.server.look(|cluster| cluster.log_page(topic, partition, replica, range))??)
    }

    /// The producers that a partition remembers, at its leader or at any replica.
    ///
    /// # Errors
    /// There is no such replica.
    pub fn producers(
        &self,
        topic: &str,
        partition: impl Into<PartitionIndex>,
        replica: Option<BrokerId>,
    ) -> Result<PartitionProducers, ControlError> {
        let partition = partition.into();
        Ok(self.server.look(|cluster| cluster.producers(topic, partition, replica))??)
    }

    /// The transactional ids that the running coordinators know, in order.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn transactions(&self) -> Result<Vec<TransactionDescription>, ControlError> {
        Ok(self.server.look(Cluster::transactions)?.transactions)
    }

    /// The groups that the running coordinators know, by id.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn groups(&self) -> Result<Vec<GroupDescription>, ControlError> {
        Ok(self.server.look(Cluster::groups)?.groups)
    }

    /// The open connections of clients.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn connections(&self) -> Result<Vec<ConnectionDescription>, ControlError> {
        self.server.look(|cluster| cluster.connections().collect())
    }

    /// The messages between brokers that are on their way.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn messages(&self) -> Result<Vec<MessageDescription>, ControlError> {
        self.server.look(|cluster| cluster.messages().collect())
    }

    /// Watches what happens from now on: requests, answers, connections, commands and faults that
    /// fire, in the order in which they happen. One who reads too slowly misses some.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn watch(&self) -> Result<Watcher, ControlError> {
        self.server.watch()
    }

    /// The timers that run inside the brokers, in the order in which they come due.
    ///
    /// # Errors
    /// The cluster is broken.
    pub fn timers(&self) -> Result<Vec<Deadline>, ControlError> {
        self.server.look(|cluster| cluster.deadlines().cloned().collect())
    }
}
