//! Random histories of replication against a naive reference: while elections are clean, what was
//! acknowledged stays where it was, and replicas agree below their high watermarks (RECOV-12,
//! RECOV-18 to RECOV-23).

use fencepost_model::Channel;
use proptest::prelude::*;

use super::{acknowledged, in_sync, leader, read, sequences, with};
use crate::world::{Pending, World};

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A record with acks=all or acks=1.
    Append {
        acks: i16,
    },
    /// Messages between brokers arrive, the oldest first.
    Deliver {
        count: usize,
    },
    /// The oldest message is lost.
    Lose,
    Crash {
        broker: i32,
    },
    Stop {
        broker: i32,
    },
    Restart {
        broker: i32,
    },
    Elect {
        broker: i32,
    },
    /// Long enough for a laggard to leave the in-sync set.
    Wait,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => prop_oneof![Just(-1i16), Just(1)].prop_map(|acks| Event::Append { acks }),
        8 => (1usize..6).prop_map(|count| Event::Deliver { count }),
        1 => Just(Event::Lose),
        1 => (0..3).prop_map(|broker| Event::Crash { broker }),
        1 => (0..3).prop_map(|broker| Event::Stop { broker }),
        3 => (0..3).prop_map(|broker| Event::Restart { broker }),
        2 => (0..3).prop_map(|broker| Event::Elect { broker }),
        1 => Just(Event::Wait),
    ]
}

/// The reference: what was acknowledged, by its offset. Nothing else is promised.
#[derive(Default)]
struct Acknowledged {
    records: Vec<(i64, i32)>,
    waiting: Vec<(Pending, i32)>,
}

impl Acknowledged {
    fn look(&mut self, world: &mut World) {
        let records = &mut self.records;
        self.waiting.retain(|(sent, sequence)| match acknowledged(world, *sent) {
            Some((0, offset)) => {
                records.push((offset, *sequence));
                false
            }
            Some(_) => false,
            None => true,
        });
    }

    fn check(&self, world: &mut World) {
        let Some(leader) = leader(world) else { return };
        let log = sequences(world, leader);
        for (offset, sequence) in &self.records {
            let at = usize::try_from(*offset).unwrap();
            // A new leader may not know yet how much is committed.
            if let Some(found) = log.get(at) {
                assert_eq!(found, sequence, "at {offset}");
            }
        }
        for follower in in_sync(world).into_iter().filter(|id| *id != leader) {
            if !world.cluster.is_running(fencepost_ids::BrokerId(follower)) {
                continue;
            }
            let known = read(world, follower, 0, 0).high_watermark.0;
            let shared = usize::try_from(known).unwrap().min(log.len());
            let own = sequences(world, follower);
            assert_eq!(own[..shared.min(own.len())], log[..shared.min(own.len())]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn recov_12_what_was_acknowledged_stays_while_elections_are_clean(
        events in proptest::collection::vec(event(), 1..60)
    ) {
        let settings = [("min.insync.replicas", "2"), ("replica.lag.time.max.ms", "500")];
        let mut world = with(3, &settings, None);
        world.hold(|channel| matches!(channel, Channel::Replication(_)));
        let mut reference = Acknowledged::default();
        let mut sequence = 0;
        for event in events {
            match event {
                Event::Append { acks } => {
                    if let Some(leader) = leader(&world) {
                        let sent = send_plain(&mut world, leader, acks, sequence);
                        if acks == -1 {
                            reference.waiting.push((sent, sequence));
                        }
                        sequence += 1;
                    }
                }
                Event::Deliver { count } => {
                    for _ in 0..count {
                        if world.cluster.deliverable().next().is_some() {
                            world.deliver_next();
                        }
                    }
                }
                Event::Lose => world.lose_next(),
                Event::Crash { broker } => world.crash(broker),
                Event::Stop { broker } => world.stop(broker),
                Event::Restart { broker } => world.restart(broker),
                Event::Elect { broker } => world.elect("a", 0, broker),
                Event::Wait => world.advance(600),
            }
            reference.look(&mut world);
            reference.check(&mut world);
        }
        (0..3).for_each(|broker| world.restart(broker));
        world.release();
        reference.look(&mut world);
        let log = leader(&world).map(|leader| sequences(&mut world, leader)).unwrap_or_default();
        for (offset, sequence) in &reference.records {
            prop_assert_eq!(log.get(usize::try_from(*offset).unwrap()), Some(sequence));
        }
        prop_assert_eq!(in_sync(&world).len(), 3, "all have caught up in the end");
        for broker in 0..3 {
            prop_assert_eq!(&sequences(&mut world, broker), &log, "and agree");
        }
    }
}

/// A record of a producer of its own, so that no sequence stands in its way.
fn send_plain(world: &mut World, broker: i32, acks: i16, sequence: i32) -> Pending {
    let client = world.connect(broker);
    let batch = crate::world::plain((1_000 + i64::from(sequence), 0), sequence, 1);
    world.send(client, 9, crate::produce::request(None, acks, &[("a", 0, batch)]))
}
