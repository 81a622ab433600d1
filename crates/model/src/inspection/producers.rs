//! The producers that a replica remembers.

use fencepost_ids::{BrokerId, PartitionIndex};
use fencepost_log::{BatchMetadata, ProducerDescription};

use super::replicas::ReplicaUnknown;
use crate::cluster::Cluster;

/// The producers of a partition as one replica remembers them; if its broker is down, as its disk
/// says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartitionProducers {
    /// The broker of the replica.
    pub broker: BrokerId,
    /// The producers, by producer id, each with the batches by which a retry is known, oldest first
    /// (IDEM-09).
    pub producers: Vec<(ProducerDescription, Vec<BatchMetadata>)>,
}

impl Cluster {
    /// The producers of a partition, at its leader or at any replica.
    ///
    /// # Errors
    /// There is no such replica.
    pub fn producers(
        &self,
        topic: &str,
        partition: PartitionIndex,
        broker: Option<BrokerId>,
    ) -> Result<PartitionProducers, ReplicaUnknown> {
        let replica = self.replica(topic, partition, broker)?;
        let window = |id| replica.state.producer(id).map(|entry| entry.window().to_vec());
        let producers = replica.state.describe_producers().map(|producer| {
            let batches = window(producer.producer_id).unwrap_or_default();
            (producer, batches)
        });
        Ok(PartitionProducers { broker: replica.broker, producers: producers.collect() })
    }
}
