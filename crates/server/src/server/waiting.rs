//! One transactional id, group or partition, and waiting until it is as wanted.

use fencepost_ids::PartitionIndex;
use fencepost_model::{Cluster, GroupDescription, PartitionState, TransactionDescription};

use super::Server;
use crate::commands::ControlError;

impl Server {
    /// Waits until a look at the cluster finds something, for as long as the caller lets it: it looks
    /// now, and after every turn, so that nothing is missed that lasts from one to the next. Every
    /// client waits while it looks.
    ///
    /// # Errors
    /// The cluster is broken.
    pub async fn until<T: Send + 'static>(
        &self,
        look: impl FnMut(&Cluster) -> Option<T> + Send + 'static,
    ) -> Result<T, ControlError> {
        self.unless_broken(self.commands.until(look)).await
    }

    /// What the coordinator of a transactional id knows of it.
    ///
    /// # Errors
    /// No running coordinator knows it.
    pub fn transaction(&self, id: &str) -> Result<TransactionDescription, ControlError> {
        self.commands.transaction(id)
    }

    /// Waits as [`Self::until`] does; the transactional id need not be known yet.
    ///
    /// # Errors
    /// The cluster is broken.
    pub async fn transaction_until(
        &self,
        id: &str,
        is: impl FnMut(&TransactionDescription) -> bool + Send + 'static,
    ) -> Result<TransactionDescription, ControlError> {
        self.unless_broken(self.commands.transaction_until(id, is)).await
    }

    /// What the coordinator of a group knows of it.
    ///
    /// # Errors
    /// No running coordinator knows it.
    pub fn group(&self, id: &str) -> Result<GroupDescription, ControlError> {
        self.commands.group(id)
    }

    /// Waits as [`Self::until`] does; the group need not be known yet.
    ///
    /// # Errors
    /// The cluster is broken.
    pub async fn group_until(
        &self,
        id: &str,
        is: impl FnMut(&GroupDescription) -> bool + Send + 'static,
    ) -> Result<GroupDescription, ControlError> {
        self.unless_broken(self.commands.group_until(id, is)).await
    }

    /// A partition of a topic.
    ///
    /// # Errors
    /// There is no such partition.
    pub fn partition(
        &self,
        topic: &str,
        partition: PartitionIndex,
    ) -> Result<PartitionState, ControlError> {
        self.commands.partition(topic, partition)
    }

    /// Waits as [`Self::until`] does; there need be no such partition yet.
    ///
    /// # Errors
    /// The cluster is broken.
    pub async fn partition_until(
        &self,
        topic: &str,
        partition: PartitionIndex,
        is: impl FnMut(&PartitionState) -> bool + Send + 'static,
    ) -> Result<PartitionState, ControlError> {
        self.unless_broken(self.commands.partition_until(topic, partition, is)).await
    }

    /// No turn follows one that panicked.
    async fn unless_broken<T>(
        &self,
        wait: impl Future<Output = Result<T, ControlError>>,
    ) -> Result<T, ControlError> {
        tokio::select! {
            found = wait => found,
            () = self.broken() => Err(ControlError::Broken),
        }
    }
}
