//! A story as it grows: each moment, with what it leaves behind in the logs.

use std::collections::BTreeMap;

use super::lanes::is_shown;
use super::logs::{Logs, Strip};
use super::transactions::Transactions;
use super::{Happening, Moment};
use crate::event::Event;

/// A moment, and the logs behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scene {
    pub(super) moment: Moment,
    /// The records that a marker ends, by the place of the marker among the happenings.
    pub(super) ended: BTreeMap<usize, Vec<(i64, i64)>>,
    /// Logs that have changed, by the place behind which that is shown.
    pub(super) strips: BTreeMap<usize, Vec<Strip>>,
}

/// A run, told up to some moment.
#[derive(Clone, Default, Debug)]
pub struct Story {
    /// What stands above it.
    pub title: String,
    /// What is to be shown of it.
    pub scenes: Vec<Scene>,
    /// The transactions of its clients, from its beginning on.
    pub transactions: Transactions,
    logs: Logs,
}

impl Story {
    /// A story without a moment.
    #[must_use]
    pub fn new(title: String) -> Self {
        Self { title, ..Self::default() }
    }

    /// Takes the next moment. It is not kept.
    pub fn take(&mut self, moment: Moment) -> Scene {
        self.transactions.take(&moment);
        let (mut ended, mut strips) = (BTreeMap::new(), BTreeMap::new());
        let mut changed: Vec<String> = Vec::new();
        for (place, happening) in moment.what.iter().enumerate() {
            let event = match happening {
                Happening::Event(event) => event,
                Happening::Reset { .. } => {
                    self.logs = Logs::default();
                    continue;
                }
                Happening::TopicDeleted { topic } => {
                    self.logs.delete(topic);
                    continue;
                }
                _ => continue,
            };
            if let Event::MarkerAppended { partition, producer_id, .. } = event {
                ended.insert(place, self.logs.open(partition, *producer_id));
            }
            if let Some(partition) = self.logs.take(event)
                && !changed.contains(&partition)
            {
                changed.push(partition);
            }
            let next = moment.what.get(place + 1);
            if !changed.is_empty() && !next.is_some_and(is_of_a_log) {
                let behind = changed.drain(..).filter_map(|partition| self.logs.strip(&partition));
                strips.insert(place, behind.collect());
            }
        }
        Scene { moment, ended, strips }
    }
}

impl Scene {
    /// How much of it a picture shows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shown().count()
    }

    /// Whether a picture shows nothing of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shown().next().is_none()
    }

    /// What a picture shows of it, with the places.
    pub(super) fn shown(&self) -> impl Iterator<Item = (usize, &Happening)> {
        let is_hit = self.moment.what.iter().any(|it| matches!(it, Happening::Hit { .. }));
        let happenings = self.moment.what.iter().enumerate();
        happenings.filter(move |(_, happening)| is_shown(happening, is_hit))
    }
}

/// Whether a happening is about a log, so that the next one may be about the same.
fn is_of_a_log(happening: &Happening) -> bool {
    use Event::{BatchAppended, HighWatermarkMoved, LastStableOffsetMoved, MarkerAppended};
    let Happening::Event(event) = happening else { return false };
    matches!(
        event,
        BatchAppended(_)
            | MarkerAppended { .. }
            | HighWatermarkMoved { .. }
            | LastStableOffsetMoved { .. }
    )
}
