//! A whole cluster: requests, messages that arrive or are lost, timers, crashes and elections in
//! any order.

use bytes::Bytes;
use fencepost_ids::{BrokerId, PartitionIndex, TopicName};
use fencepost_model::Input;

use crate::world::World;

/// How many steps are taken of one input at most.
const STEPS_MAX: u32 = 200;

pub(crate) const DELIVER_ALL: u8 = 0x80;
const DELIVER_ONE: u8 = 0x81;
const LOSE_ONE: u8 = 0x82;
const FIRE: u8 = 0x83;
const PASS_TIME: u8 = 0x84;
const CRASH: u8 = 0x85;
const RESTART: u8 = 0x86;
const ELECT: u8 = 0x87;

/// A program of steps: a byte below 0x80 is a request to broker `byte % 3`, with a two-byte length
/// and a frame behind it; the others are what else can happen.
pub(crate) fn cluster(data: &[u8]) {
    let mut world = World::new();
    let mut rest = data;
    for _ in 0..STEPS_MAX {
        let Some((&op, tail)) = rest.split_first() else { break };
        rest = tail;
        match op {
            0..0x80 => {
                let Some((length, tail)) = rest.split_first_chunk() else { break };
                let length = usize::from(u16::from_be_bytes(*length)).min(tail.len());
                let (frame, tail) = tail.split_at(length);
                rest = tail;
                world.frame(i32::from(op % 3), Bytes::copy_from_slice(frame));
            }
            DELIVER_ALL => drop(world.run()),
            FIRE => world.fire_first(),
            _ => {
                let Some((&which, tail)) = rest.split_first() else { break };
                rest = tail;
                surroundings(&mut world, op, which);
            }
        }
    }
    world.run();
}

fn surroundings(world: &mut World, op: u8, which: u8) {
    let broker = BrokerId(i32::from(which % 3));
    let message =
        |world: &World| world.cluster.deliverable().nth(usize::from(which)).map(|it| it.id);
    match op {
        DELIVER_ONE => {
            if let Some(id) = message(world) {
                world.step(Input::Deliver(id));
            }
        }
        LOSE_ONE => {
            if let Some(id) = message(world) {
                world.step(Input::Lose(id));
            }
        }
        PASS_TIME => world.now = world.now.plus_millis(1 << (which % 40)),
        CRASH => drop(world.step(Input::Crash(broker))),
        RESTART => drop(world.step(Input::Restart(broker))),
        ELECT => {
            let topic = ["orders", "__transaction_state", "__consumer_offsets"];
            let topic = TopicName::from(topic[usize::from(which >> 4) % 3]);
            let partition = PartitionIndex(i32::from(which >> 3 & 1));
            world.step(Input::Elect { topic, partition, leader: broker });
        }
        _ => {}
    }
}
