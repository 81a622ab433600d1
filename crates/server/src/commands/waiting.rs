//! One transactional id, group or partition, and waiting until it is as wanted.

use fencepost_ids::{GroupId, PartitionIndex, TopicName, TransactionalId};
use fencepost_model::{
    Cluster, ElectionRefused, GroupDescription, PartitionState, TransactionDescription,
};

use super::{Commands, ControlError};

impl Commands {
    /// Waits until a look at the cluster finds something: now, or after a turn.
    pub(crate) async fn until<T: Send + 'static>(
        &self,
        look: impl FnMut(&Cluster) -> Option<T> + Send + 'static,
    ) -> Result<T, ControlError> {
        Ok(self.driver.until(look).await?)
    }

    pub(crate) fn transaction(&self, id: &str) -> Result<TransactionDescription, ControlError> {
        let id = TransactionalId::from(id);
        let found = self.look(|cluster| cluster.transaction(&id))?;
        found.ok_or(ControlError::UnknownTransaction(id))
    }

    /// It need not be known yet.
    pub(crate) async fn transaction_until(
        &self,
        id: &str,
        mut is: impl FnMut(&TransactionDescription) -> bool + Send + 'static,
    ) -> Result<TransactionDescription, ControlError> {
        let id = TransactionalId::from(id);
        self.until(move |cluster| cluster.transaction(&id).filter(&mut is)).await
    }

    pub(crate) fn group(&self, id: &str) -> Result<GroupDescription, ControlError> {
        let id = GroupId::from(id);
        let found = self.look(|cluster| cluster.group(&id))?;
        found.ok_or(ControlError::UnknownGroup(id))
    }

    /// It need not be known yet.
    pub(crate) async fn group_until(
        &self,
        id: &str,
        mut is: impl FnMut(&GroupDescription) -> bool + Send + 'static,
    ) -> Result<GroupDescription, ControlError> {
        let id = GroupId::from(id);
        self.until(move |cluster| cluster.group(&id).filter(&mut is)).await
    }

    pub(crate) fn partition(
        &self,
        topic: &str,
        partition: PartitionIndex,
    ) -> Result<PartitionState, ControlError> {
        let found = self.look(|cluster| cluster.partition(topic, partition))?;
        let unknown = || ElectionRefused::UnknownPartition { topic: topic.into(), partition };
        Ok(found.ok_or_else(unknown)?)
    }

    /// There need be no such partition yet.
    pub(crate) async fn partition_until(
        &self,
        topic: &str,
        partition: PartitionIndex,
        mut is: impl FnMut(&PartitionState) -> bool + Send + 'static,
    ) -> Result<PartitionState, ControlError> {
        let topic = TopicName::from(topic);
        self.until(move |cluster| cluster.partition(&topic, partition).filter(&mut is)).await
    }
}
