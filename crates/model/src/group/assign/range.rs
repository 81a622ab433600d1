//! The `range` assignor (G848-26): each topic is cut into contiguous ranges, one for each of its
//! subscribers, so that topics with the same subscribers and partition count are co-partitioned.

use std::collections::BTreeMap;

use fencepost_ids::{MemberId, PartitionIndex};

use super::{Assignable, Partitions, Subscriber};

pub(super) fn assign(input: &Assignable<'_>) -> BTreeMap<MemberId, Partitions> {
    let mut members: Vec<(&MemberId, &Subscriber)> = input.subscribers.iter().collect();
    // Static members first, by their seat, so that a restart under a new member id moves nothing.
    members.sort_by_key(|(id, member)| (member.instance.is_none(), &member.instance, *id));
    let mut target: BTreeMap<_, _> =
        input.subscribers.keys().map(|id| (id.clone(), Partitions::default())).collect();
    for (topic, count) in input.topics {
        let subscribers: Vec<_> =
            members.iter().filter(|(_, member)| member.topics.contains(topic)).collect();
        let Ok(number) = i32::try_from(subscribers.len()) else { continue };
        let mut next = 0;
        for (place, (id, _)) in (0..number).zip(subscribers) {
            let length = count / number + i32::from(place < count % number);
            if let Some(partitions) = target.get_mut(*id) {
                let range = next..next + length;
                partitions.extend(range.map(|partition| (*topic, PartitionIndex(partition))));
            }
            next += length;
        }
    }
    target
}
