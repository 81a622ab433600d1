//! A group as it will be when the records of a step are written.

use std::borrow::Cow;
use std::ops::Deref;

use super::{ConsumerGroup, Outcome, TimerChange};
use crate::group::records::ConsumerGroupRecord;

/// Each record is replayed as soon as it is drafted, so that what follows sees its effect; the
/// group itself stays as it is. A step without records copies nothing.
pub(super) struct Draft<'a> {
    group: Cow<'a, ConsumerGroup>,
    records: Vec<ConsumerGroupRecord>,
    timers: Vec<TimerChange>,
}

impl<'a> Draft<'a> {
    pub(super) const fn new(group: &'a ConsumerGroup) -> Self {
        Self { group: Cow::Borrowed(group), records: Vec::new(), timers: Vec::new() }
    }

    pub(super) fn write(&mut self, record: ConsumerGroupRecord) {
        self.group.to_mut().replay(record.clone());
        self.records.push(record);
    }

    pub(super) fn change(&mut self, timer: TimerChange) {
        self.timers.push(timer);
    }

    pub(super) fn outcome<R>(self, reply: R) -> Outcome<R> {
        Outcome { records: self.records, timers: self.timers, downgrade: None, reply }
    }
}

impl Deref for Draft<'_> {
    type Target = ConsumerGroup;

    fn deref(&self) -> &ConsumerGroup {
        &self.group
    }
}
