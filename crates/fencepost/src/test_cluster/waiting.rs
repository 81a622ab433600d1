//! One transactional id, group or partition, and waiting until it is as wanted.

use fencepost_ids::PartitionIndex;
use fencepost_model::{GroupDescription, PartitionState, TransactionDescription};
use fencepost_server::ControlError;

use super::TestCluster;

/// Waiting for what clients bring about. Nothing is asked again and again, and nothing is missed that
/// lasts from one request to the next:
///
/// ```no_run
/// use fencepost::TestCluster;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cluster = TestCluster::builder().topic("orders", 1).start().await?;
/// // Start clients at `cluster.bootstrap_servers()`, and then:
/// cluster.group_until("readers", |group| group.state == "Stable" && group.members.len() == 2).await?;
/// cluster.transaction_until("orders-1", |txn| txn.state == "CompleteCommit").await?;
/// let reached = |offset| move |partition: &fencepost::PartitionState| {
///     partition.offsets.is_some_and(|offsets| offsets.last_stable.0 >= offset)
/// };
/// cluster.partition_until("orders", 0, reached(5)).await?;
/// # Ok(())
/// # }
/// ```
impl TestCluster {
    /// A transactional id as its coordinator knows it.
    ///
    /// # Errors
    /// No running coordinator knows it.
    pub fn transaction(&self, id: &str) -> Result<TransactionDescription, ControlError> {
        self.server.transaction(id)
    }

    /// Waits until a transactional id is as wanted, for as long as the caller lets it. It may be so
    /// already, and it need not be known yet. Every client waits while `is` looks.
    ///
    /// # Errors
    /// The cluster is broken.
    pub async fn transaction_until(
        &self,
        id: &str,
        is: impl FnMut(&TransactionDescription) -> bool + Send + 'static,
    ) -> Result<TransactionDescription, ControlError> {
        self.server.transaction_until(id, is).await
    }

    /// A group as its coordinator knows it.
    ///
    /// # Errors
    /// No running coordinator knows it.
    pub fn group(&self, id: &str) -> Result<GroupDescription, ControlError> {
        self.server.group(id)
    }

    /// As [`Self::transaction_until`], of a group.
    ///
    /// # Errors
    /// The cluster is broken.
    pub async fn group_until(
        &self,
        id: &str,
        is: impl FnMut(&GroupDescription) -> bool + Send + 'static,
    ) -> Result<GroupDescription, ControlError> {
        self.server.group_until(id, is).await
    }

    /// A partition.
    ///
    /// # Errors
    /// There is no such partition.
    pub fn partition(
        &self,
        topic: &str,
        partition: impl Into<PartitionIndex>,
    ) -> Result<PartitionState, ControlError> {
        self.server.partition(topic, partition.into())
    }

    /// As [`Self::transaction_until`], of a partition, which there need not be yet.
    ///
    /// # Errors
    /// The cluster is broken.
    pub async fn partition_until(
        &self,
        topic: &str,
        partition: impl Into<PartitionIndex>,
        is: impl FnMut(&PartitionState) -> bool + Send + 'static,
    ) -> Result<PartitionState, ControlError> {
        self.server.partition_until(topic, partition.into(), is).await
    }
}
