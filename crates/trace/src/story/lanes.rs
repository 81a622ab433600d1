//! Which columns a picture has, and what it leaves out.

use std::collections::BTreeMap;

use super::words::{is_first_of_internal, is_internal, lane_of};
use super::{Happening, Lane, Moment};

/// The columns of a picture, in order: clients, transactional ids, groups, partitions, brokers.
pub(super) struct Lanes(BTreeMap<Lane, usize>);

impl Lanes {
    pub(super) fn of(moments: &[Moment]) -> Self {
        let mut lanes = BTreeMap::new();
        for happening in moments.iter().flat_map(shown) {
            let mut add = |lane: Lane| _ = lanes.insert(lane, 0);
            match happening {
                Happening::Asked { client, to: lane, .. }
                | Happening::Answered { client, from: lane, .. } => {
                    add(Lane::Client(client.clone()));
                    add(lane.clone());
                }
                Happening::Closed { client, .. } => add(Lane::Client(client.clone())),
                Happening::Command { .. } | Happening::Hit { .. } => {}
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

/// What a picture shows of a moment: routine only where a fault fired, and not what goes on in the
/// logs of coordinators.
pub(super) fn shown(moment: &Moment) -> impl Iterator<Item = &Happening> {
    let is_hit = moment.what.iter().any(|it| matches!(it, Happening::Hit { .. }));
    moment.what.iter().filter(move |happening| match happening {
        Happening::Asked { is_routine, .. } | Happening::Answered { is_routine, .. } => {
            !is_routine || is_hit
        }
        Happening::Closed { .. } | Happening::Command { .. } | Happening::Hit { .. } => true,
        Happening::Event(event) => !is_internal(event) && !is_first_of_internal(event),
    })
}

/// The lane of a happening's first end.
pub(super) fn anchor(happening: &Happening) -> Option<Lane> {
    match happening {
        Happening::Asked { client, .. }
        | Happening::Answered { client, .. }
        | Happening::Closed { client, .. } => Some(Lane::Client(client.clone())),
        Happening::Command { .. } | Happening::Hit { .. } => None,
        Happening::Event(event) => Some(lane_of(event)),
    }
}
