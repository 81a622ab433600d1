//! The transaction coordinator of one broker.

use fencepost_ids::{BrokerId, CoordinatorEpoch, Offset, PartitionIndex, TopicName};

use crate::step::Step;
use crate::timers::Timer;

/// A broker's share of the transactional ids: those whose partition of `__transaction_state` it
/// leads.
#[derive(Clone, Default, Debug)]
pub(crate) struct TxnCoordinator {}

/// The producer ids that a broker has at hand (PID-01).
#[derive(Clone, Default, Debug)]
pub(crate) struct ProducerIds {}

/// A broker starts: the coordinator sets its standing timers.
pub(crate) fn started(_step: &mut Step<'_>, _broker: BrokerId) {}

/// A broker became the leader of a partition of `__transaction_state`, in a new term: it loads it.
pub(crate) fn elected(
    _step: &mut Step<'_>,
    _broker: BrokerId,
    _partition: PartitionIndex,
    _epoch: CoordinatorEpoch,
) {
}

/// A running broker no longer leads a partition of `__transaction_state`.
pub(crate) fn resigned(_step: &mut Step<'_>, _broker: BrokerId, _partition: PartitionIndex) {}

/// The log or the high watermark of a partition of `__transaction_state` moved.
pub(crate) fn replicated(
    _step: &mut Step<'_>,
    _broker: BrokerId,
    _partition: PartitionIndex,
    _high_watermark: Offset,
) {
}

/// A timer of the transaction coordinator fires.
pub(crate) fn fire(_step: &mut Step<'_>, _timer: &Timer) {}

/// A topic was deleted: its partitions need no markers any more (MARKOUT-04).
pub(crate) fn topic_deleted(_step: &mut Step<'_>, _topic: &TopicName) {}

/// A message on the channel of markers or of verification arrived at a broker.
pub(crate) fn delivered(_step: &mut Step<'_>, _message: crate::network::Message) {}

/// A message on the channel of markers or of verification was lost: its sender sees a broken
/// connection.
pub(crate) fn lost(_step: &mut Step<'_>, _message: crate::network::Message) {}
