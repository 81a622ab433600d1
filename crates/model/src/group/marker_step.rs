//! A shard at work on the markers of its partition: pending offsets become the groups' or go.

use fencepost_ids::{Offset, ProducerId, Rule};
use fencepost_log::MarkerType;

use super::ShardStep;
use crate::timers::Timer;

impl ShardStep<'_> {
    /// Settles what a transaction left pending, when its marker was appended (TXOFF-36 to TXOFF-40).
    pub(super) fn settle_transaction(
        &mut self,
        at: Offset,
        producer_id: ProducerId,
        marker: MarkerType,
    ) {
        if self.is_on(Rule::MarkerSettledBeforeAnswer) {
            return self.end_transaction(at, producer_id, marker);
        }
        self.shard.unsettled.push((at, producer_id, marker));
        let (broker, partition) = (self.host.broker, self.shard.key.partition);
        self.host.timers.set(Timer::GroupMarkers { broker, partition }, self.host.now);
    }

    /// Settles what was put off.
    pub(super) fn settle_late(&mut self) {
        for (at, producer_id, marker) in std::mem::take(&mut self.shard.unsettled) {
            self.end_transaction(at, producer_id, marker);
        }
    }

    fn end_transaction(&mut self, at: Offset, producer_id: ProducerId, marker: MarkerType) {
        let is_observed = self.host.observes();
        let settled =
            if is_observed { self.shard.offsets.settled_by(producer_id) } else { Vec::new() };
        self.shard.replay_marker(at, producer_id, marker);
        self.host.tell_settled(producer_id, marker, settled, &self.shard.offsets);
    }
}
