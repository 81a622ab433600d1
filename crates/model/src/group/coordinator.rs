//! The group coordinator of one broker.

use fencepost_ids::{BrokerId, Offset, PartitionIndex, TopicName};

use fencepost_log::Marker;

use crate::step::Step;
use crate::timers::Timer;

/// A broker's share of the groups: those whose partition of `__consumer_offsets` it leads.
#[derive(Clone, Default, Debug)]
pub(crate) struct GroupCoordinator {}

/// A broker starts: the coordinator sets its standing timers.
pub(crate) fn started(_step: &mut Step<'_>, _broker: BrokerId) {}

/// A broker became the leader of a partition of `__consumer_offsets`, in a new term: it loads it.
pub(crate) fn elected(_step: &mut Step<'_>, _broker: BrokerId, _partition: PartitionIndex) {}

/// A running broker no longer leads a partition of `__consumer_offsets`.
pub(crate) fn resigned(_step: &mut Step<'_>, _broker: BrokerId, _partition: PartitionIndex) {}

/// The log or the high watermark of a partition of `__consumer_offsets` moved.
pub(crate) fn replicated(
    _step: &mut Step<'_>,
    _broker: BrokerId,
    _partition: PartitionIndex,
    _high_watermark: Offset,
) {
}

/// A marker was appended to a partition of `__consumer_offsets`: the pending offsets of its
/// producer id are applied or dropped (MARKIN-07).
pub(crate) fn marker_appended(
    _step: &mut Step<'_>,
    _broker: BrokerId,
    _partition: PartitionIndex,
    _marker: &Marker,
    _offset: Offset,
) {
}

/// A timer of the group coordinator fires.
pub(crate) fn fire(_step: &mut Step<'_>, _timer: &Timer) {}

/// A topic was deleted: its offsets go (TXOFF-66).
pub(crate) fn topic_deleted(_step: &mut Step<'_>, _topic: &TopicName) {}

/// A topic was created, deleted or grew (G848-15).
pub(crate) fn topics_changed(_step: &mut Step<'_>) {}
