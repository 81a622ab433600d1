//! Moments of a cluster to go back to.

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_ids::Timestamp;
use fencepost_model::{Cluster, Input as Step};

use crate::gatehouse::Gatehouse;
use crate::{Engine, Output};

/// A cluster at one moment.
#[derive(Debug)]
struct Snapshot {
    at: Timestamp,
    cluster: Cluster,
    /// The faults, with what they have counted, and what waits.
    house: Option<Box<Gatehouse>>,
    throttle_ms: i32,
}

/// The snapshots by name. A clone of an engine shares them.
#[derive(Clone, Default, Debug)]
pub(crate) struct Snapshots(BTreeMap<Arc<str>, Arc<Snapshot>>);

impl Engine {
    /// The snapshots by name, with the moments at which they were taken.
    pub fn snapshots(&self) -> impl Iterator<Item = (&Arc<str>, Timestamp)> {
        self.snapshots.0.iter().map(|(name, snapshot)| (name, snapshot.at))
    }

    pub(crate) fn take_snapshot(&mut self, now: Timestamp, name: Arc<str>) {
        let Self { cluster, house, throttle_ms, .. } = &*self;
        let (cluster, house) = (cluster.clone(), house.clone());
        let snapshot = Snapshot { at: now, cluster, house, throttle_ms: *throttle_ms };
        self.snapshots.0.insert(name, Arc::new(snapshot));
    }

    pub(crate) fn forget_snapshot(&mut self, name: &str) {
        self.snapshots.0.remove(name);
    }

    /// All connections are closed: those of now, and with the cluster of then the ones that it had.
    pub(crate) fn reset(&mut self, now: Timestamp, name: &str, out: &mut Vec<Output>) {
        let Some(snapshot) = self.snapshots.0.get(name).map(Arc::clone) else { return };
        out.extend(self.cluster.connections().map(|connection| Output::Close {
            connection: connection.id,
            reason: "the cluster is reset to a snapshot".to_owned(),
            fault: None,
        }));
        self.cluster = snapshot.cluster.clone();
        self.cluster.observe(self.observes);
        self.throttle_ms = snapshot.throttle_ms;
        self.house.clone_from(&snapshot.house);
        if let Some(house) = &mut self.house {
            house.drop_connections();
        }
        let connections: Vec<_> = self.cluster.connections().map(|open| open.id).collect();
        for connection in connections {
            self.step(now, Step::Disconnect { connection }, out);
        }
    }
}
