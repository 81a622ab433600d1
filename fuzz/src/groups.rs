//! What members of groups say in bytes and texts that the coordinator reads: the metadata of a
//! classic subscription, and regular expressions.

use bytes::Bytes;
use fencepost_wire::{Request, Response, StrBytes};

use crate::seeds;
use crate::world::World;

/// The metadata that a classic member joins with, and the assignment that it syncs.
pub(crate) fn subscription(data: &[u8]) {
    let mut world = World::new();
    let metadata = Bytes::copy_from_slice(data);
    let mut member = StrBytes::default();
    let mut generation = -1;
    // The first join is told its member id; the second waits for the initial delay.
    for _ in 0..2 {
        let join = seeds::join_group(member.clone(), metadata.clone());
        let mut answers = everywhere(&mut world, &join);
        world.fire_first();
        answers.extend(world.run());
        for answer in answers {
            if let Response::JoinGroup(joined) = answer
                && !joined.member_id.is_empty()
            {
                member = joined.member_id;
                generation = joined.generation_id;
            }
        }
    }
    everywhere(&mut world, &seeds::sync_group(member, generation, metadata));
    for request in seeds::inspection() {
        everywhere(&mut world, &request);
    }
    everywhere(&mut world, &seeds::offset_delete());
    for broker in 0..3 {
        world.bounce(broker);
    }
    everywhere(&mut world, &seeds::offset_delete());
}

/// The expression of a KIP-848 member, compiled and matched with the names of the topics.
pub(crate) fn regex(data: &[u8]) {
    let Ok(pattern) = std::str::from_utf8(data) else { return };
    if pattern.len() > usize::from(u8::MAX) {
        return;
    }
    let mut world = World::new();
    everywhere(&mut world, &seeds::heartbeat_with_regex(pattern));
    for _ in 0..3 {
        world.fire_first();
        world.run();
    }
    for request in seeds::inspection() {
        everywhere(&mut world, &request);
    }
    for broker in 0..3 {
        world.bounce(broker);
    }
}

fn everywhere(world: &mut World, request: &Request) -> Vec<Response> {
    (0..3).filter_map(|broker| world.send(broker, "fuzz", request.clone())).collect()
}
