//! Snapshots, and going back to them.

use fencepost_engine::Input;
use fencepost_ids::Timestamp;

use super::{Commands, ControlError, SNAPSHOT_NAME_MAX, SNAPSHOTS_MAX, refused};

impl Commands {
    pub(crate) fn snapshots(&self) -> Result<Vec<(String, Timestamp)>, ControlError> {
        Ok(self.driver.snapshots()?)
    }

    pub(crate) fn take_snapshot(&self, name: &str) -> Result<Timestamp, ControlError> {
        if !(1..=SNAPSHOT_NAME_MAX).contains(&name.chars().count()) {
            return Err(ControlError::SnapshotName);
        }
        let taken = self.snapshots()?;
        if taken.len() >= SNAPSHOTS_MAX && !taken.iter().any(|(other, _)| other == name) {
            return Err(ControlError::Snapshots);
        }
        self.driver.inject(Input::Snapshot(name.into()))?;
        self.snapshot(name)
    }

    pub(crate) fn forget_snapshot(&self, name: &str) -> Result<Timestamp, ControlError> {
        let at = self.snapshot(name)?;
        self.driver.inject(Input::Forget(name.into()))?;
        Ok(at)
    }

    /// Ports open or close as the brokers ran at the snapshot; their numbers stay.
    pub(crate) async fn reset(&self, name: &str) -> Result<Timestamp, ControlError> {
        let moving = self.moving.lock().await;
        let mut ports = self.ports.lock().await;
        let at = self.snapshot(name)?;
        self.driver.reset(name, at)?;
        let mut result = Ok(at);
        for (broker, port) in ports.iter_mut() {
            let changed = if self.look(|cluster| cluster.is_running(*broker))? {
                port.open(&self.driver, *broker)
            } else {
                port.close().await
            };
            result = changed.map_err(|source| refused((port.address, source))).and(result);
        }
        drop(moving);
        result
    }

    fn snapshot(&self, name: &str) -> Result<Timestamp, ControlError> {
        let taken = self.snapshots()?.into_iter().find(|(other, _)| other == name);
        taken.map(|(_, at)| at).ok_or_else(|| ControlError::UnknownSnapshot(name.to_owned()))
    }
}
