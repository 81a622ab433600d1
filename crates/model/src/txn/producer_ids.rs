//! The producer ids that a broker has at hand (PID-01 to PID-03).

use fencepost_ids::ProducerId;

use crate::config::ProducerIdBlocks;
use crate::host::Host;
use crate::metadata::PRODUCER_ID_BLOCK;
use crate::timers::Timer;

/// What is left of the blocks that the controller gave out; a crash loses it.
#[derive(Clone, Debug)]
pub(crate) struct ProducerIds {
    next: ProducerId,
    left: i64,
    /// The first id of the block that was fetched ahead.
    following: Option<ProducerId>,
}

impl Default for ProducerIds {
    fn default() -> Self {
        Self { next: ProducerId::NONE, left: 0, following: None }
    }
}

impl ProducerIds {
    /// A producer id that was never given out before; none if the broker has to wait for a block
    /// first, which it asks for by then.
    pub(crate) fn take(&mut self, host: &mut Host<'_>) -> Option<ProducerId> {
        if self.left == 0 {
            self.next = match (self.following.take(), host.config.producer_id_blocks) {
                (Some(first), _) => first,
                (None, ProducerIdBlocks::AtHand) => allocate(host),
                (None, ProducerIdBlocks::AskedFor) => {
                    ask(host);
                    return None;
                }
            };
            self.left = PRODUCER_ID_BLOCK;
        }
        let id = self.next;
        self.next = ProducerId(id.0 + 1);
        self.left -= 1;
        if self.left == PRODUCER_ID_BLOCK - FETCH_AHEAD_AT
            && host.config.producer_id_blocks == ProducerIdBlocks::AskedFor
        {
            ask(host);
        }
        Some(id)
    }

    /// The controller's block arrives.
    pub(crate) fn block_arrived(&mut self, host: &mut Host<'_>) {
        self.following = Some(allocate(host));
    }
}

/// The id of a block with which the next block is asked for (PID-02).
const FETCH_AHEAD_AT: i64 = 901;

fn allocate(host: &mut Host<'_>) -> ProducerId {
    host.metadata.allocate_producer_ids(host.config.rules)
}

/// Asks the controller, unless the broker waits for it already.
fn ask(host: &mut Host<'_>) {
    host.timers.set(Timer::ProducerIdBlock { broker: host.broker }, host.now);
}
