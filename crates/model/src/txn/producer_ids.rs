//! The producer ids that a broker has at hand (PID-01 to PID-03).

use fencepost_ids::ProducerId;

use crate::metadata::{Metadata, PRODUCER_ID_BLOCK};

/// What is left of the block that the controller gave out last; a crash loses it.
///
/// A broker of Kafka answers COORDINATOR_LOAD_IN_PROGRESS while it waits for its first block
/// (PID-02). Here the controller answers within the step, as if the block had been fetched ahead.
#[derive(Clone, Debug)]
pub(crate) struct ProducerIds {
    next: ProducerId,
    left: i64,
}

impl Default for ProducerIds {
    fn default() -> Self {
        Self { next: ProducerId::NONE, left: 0 }
    }
}

impl ProducerIds {
    /// A producer id that was never given out before.
    pub(crate) fn take(&mut self, controller: &mut Metadata) -> ProducerId {
        if self.left == 0 {
            self.next = controller.allocate_producer_ids();
            self.left = PRODUCER_ID_BLOCK;
        }
        let id = self.next;
        self.next = ProducerId(id.0 + 1);
        self.left -= 1;
        id
    }
}
