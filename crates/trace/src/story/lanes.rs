//! Which columns a picture has, and what it leaves out.

use std::collections::BTreeMap;

use super::words::{is_first_of_internal, is_internal, lane_of, moves_coordinators};
use super::{Happening, Lane, Scene};
use crate::event::Event;

/// The columns of a picture, in order: clients, transactional ids, groups, partitions, brokers.
pub(super) struct Lanes(BTreeMap<Lane, usize>);

impl Lanes {
    pub(super) fn of(scenes: &[Scene]) -> Self {
        let mut lanes = BTreeMap::new();
        for (_, happening) in scenes.iter().flat_map(Scene::shown) {
            let mut add = |lane: Lane| _ = lanes.insert(lane, 0);
            match happening {
                Happening::Asked { client, to: lane, .. }
                | Happening::Arrived { client, to: lane, .. }
                | Happening::Answered { client, from: lane, .. } => {
                    add(Lane::Client(client.clone()));
                    add(lane.clone());
                }
                Happening::Said { from, to, .. } => {
                    add(from.clone());
                    add(to.clone());
                }
                Happening::Closed { client, .. } => add(Lane::Client(client.clone())),
                Happening::Command { .. }
                | Happening::Reset { .. }
                | Happening::TopicDeleted { .. }
                | Happening::Hit { .. } => {}
                Happening::Event(event) if moves_coordinators(event) => {}
                Happening::Event(event) => add(lane_of(event)),
            }
        }
        lanes.values_mut().enumerate().for_each(|(place, lane)| *lane = place);
        Self(lanes)
    }

    pub(super) fn place(&self, lane: &Lane) -> usize {
        self.0.get(lane).copied().unwrap_or(0)
    }

    pub(super) fn client(&self, name: &str) -> usize {
        self.place(&Lane::Client(name.to_owned()))
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Lane> {
        self.0.keys()
    }
}

/// Whether a picture shows a happening: routine only where a fault fired, and not what goes on in the
/// logs of coordinators.
pub(super) fn is_shown(happening: &Happening, is_hit: bool) -> bool {
    match happening {
        Happening::Asked { is_routine, .. } | Happening::Answered { is_routine, .. } => {
            !is_routine || is_hit
        }
        // That all went well is seen by what comes of it.
        Happening::Said { is_answer, failed, .. } => !is_answer || failed.is_some(),
        Happening::Arrived { .. }
        | Happening::Closed { .. }
        | Happening::Command { .. }
        | Happening::Reset { .. }
        | Happening::TopicDeleted { .. }
        | Happening::Hit { .. } => true,
        Happening::Event(event) => !is_internal(event) && !is_first_of_internal(event),
    }
}

/// Whether an event only moves a mark of a log.
pub(super) const fn is_mark(event: &Event) -> bool {
    matches!(event, Event::HighWatermarkMoved { .. } | Event::LastStableOffsetMoved { .. })
}

/// The lane of a happening's first end.
pub(super) fn anchor(happening: &Happening) -> Option<Lane> {
    match happening {
        Happening::Asked { client, .. }
        | Happening::Arrived { client, .. }
        | Happening::Answered { client, .. }
        | Happening::Closed { client, .. } => Some(Lane::Client(client.clone())),
        Happening::Said { from, .. } => Some(from.clone()),
        Happening::Command { .. }
        | Happening::Reset { .. }
        | Happening::TopicDeleted { .. }
        | Happening::Hit { .. } => None,
        Happening::Event(event) if moves_coordinators(event) => None,
        Happening::Event(event) => Some(lane_of(event)),
    }
}
