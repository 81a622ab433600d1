//! Members of both protocols come, go and lag in any order: no two of them ever have a partition, and
//! in the end every partition has an owner.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// What a client knows of itself.
struct Member {
    id: String,
    speaks: Speaks,
    /// What it reads from.
    owned: BTreeSet<i32>,
    /// Its member epoch, or its generation.
    epoch: i32,
    client: Client,
}

enum Speaks {
    Consumer,
    Classic(Round),
}

/// Where a classic member stands; it gives up all that it has before it joins, as eager ones do.
enum Round {
    Out,
    Joining(Pending),
    Syncing(Pending),
    In,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A member comes; whether it speaks the classic protocol.
    Come(bool),
    /// One of the members leaves.
    Go(usize),
    /// One of the members does what it has to do next.
    Act(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => any::<bool>().prop_map(Event::Come),
        1 => any::<usize>().prop_map(Event::Go),
        8 => any::<usize>().prop_map(Event::Act),
    ]
}

fn partitions_of(assignment: &[u8]) -> BTreeSet<i32> {
    // Behind the version, the count, the name `t` and the count of its partitions.
    let indexes = assignment.get(13..assignment.len() - 4).unwrap_or_default();
    indexes.chunks(4).map(|index| i32::from_be_bytes(index.try_into().unwrap())).collect()
}

impl Member {
    fn act(&mut self, world: &mut World) {
        match &self.speaks {
            Speaks::Consumer => self.beat(world),
            Speaks::Classic(_) => self.take_turn(world),
        }
    }

    fn beat(&mut self, world: &mut World) {
        let request = if self.epoch == 0 {
            joining(&self.id)
        } else {
            let owned: Vec<_> = self.owned.iter().copied().collect();
            let owned = if owned.is_empty() { vec![] } else { owning(world, self.client, &owned) };
            quiet(&self.id, self.epoch).with_topic_partitions(Some(owned))
        };
        match shown(&beat(world, self.client, request)) {
            Ok((epoch, assignment)) => {
                self.epoch = epoch;
                self.owned = assignment.map_or(self.owned.clone(), BTreeSet::from_iter);
            }
            Err(_) => {
                self.epoch = 0;
                self.owned.clear();
            }
        }
    }

    fn take_turn(&mut self, world: &mut World) {
        let Speaks::Classic(round) = &self.speaks else { return };
        let next = match round {
            Round::Out => {
                self.owned.clear();
                Round::Joining(world.send(self.client, 3, classic(&self.id)))
            }
            Round::Joining(pending) => match world.answer(*pending) {
                Some(Response::JoinGroup(response)) => self.joined(world, &response),
                _ => return,
            },
            Round::Syncing(pending) => match world.answer(*pending) {
                Some(Response::SyncGroup(response)) if response.error_code == 0 => {
                    self.owned = partitions_of(&response.assignment);
                    Round::In
                }
                Some(_) => Round::Out,
                None => return,
            },
            Round::In => match heartbeat(world, self.client, who(self.epoch, &self.id)) {
                0 => return,
                _ => Round::Out,
            },
        };
        self.speaks = Speaks::Classic(next);
        if let Speaks::Classic(Round::Out) = self.speaks {
            self.owned.clear();
        }
    }

    /// A leader gives the first member everything.
    fn joined(&mut self, world: &mut World, response: &JoinGroupResponse) -> Round {
        if response.error_code != 0 {
            self.id = String::new();
            return Round::Out;
        }
        self.id = response.member_id.to_string();
        self.epoch = response.generation_id;
        let given = response.members.iter().enumerate().map(|(place, member)| {
            let share: &[i32] = if place == 0 { &[0, 1, 2] } else { &[] };
            SyncGroupRequestAssignment::default()
                .with_member_id(member.member_id.clone())
                .with_assignment(assignment(3, share).into())
        });
        let request = sync_request(who(self.epoch, &self.id), &[]);
        let request = request.with_assignments(given.collect());
        Round::Syncing(world.send(self.client, 5, request))
    }

    /// A member of the classic protocol hears of a rebalance, if there is one, and gives up what it has.
    fn hear(&mut self, world: &mut World) {
        for _ in 0..3 {
            if matches!(self.speaks, Speaks::Classic(Round::Syncing(_) | Round::In)) {
                self.act(world);
            }
        }
    }

    fn leave(&self, world: &mut World) {
        match self.speaks {
            Speaks::Consumer if self.epoch > 0 => {
                beat(world, self.client, quiet(&self.id, -1));
            }
            Speaks::Classic(_) if !self.id.is_empty() => {
                let gone = world.connect(0);
                leave(world, gone, &[(&self.id, None)]);
            }
            Speaks::Consumer | Speaks::Classic(_) => {}
        }
        world.disconnect(self.client);
    }
}

fn owners(members: &[Member]) -> Vec<i32> {
    let mut owned: Vec<_> = members.iter().flat_map(|member| member.owned.clone()).collect();
    owned.sort_unstable();
    owned
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// GRP-49, GRP-54 to GRP-56, GRP-60, GRP-61: a partition has one owner at every step, whichever
    /// way the group goes, and all are owned once everybody has acted.
    #[test]
    fn grp_49_a_partition_never_has_two_owners(events in prop::collection::vec(event(), 1..60)) {
        let mut world = world(1);
        let mut members: Vec<Member> = Vec::new();
        let mut came = 0;
        for event in events {
            match event {
                Event::Come(classic) if members.len() < 4 => {
                    came += 1;
                    let speaks =
                        if classic { Speaks::Classic(Round::Out) } else { Speaks::Consumer };
                    let id = if classic { String::new() } else { format!("m{came}") };
                    let client = world.connect(0);
                    members.push(Member { id, speaks, owned: BTreeSet::new(), epoch: 0, client });
                }
                Event::Go(which) if !members.is_empty() => {
                    let gone = members.remove(which % members.len());
                    gone.leave(&mut world);
                    // GRP-61: the targets become the assignments, and whoever joins before the others
                    // heard of it may be given what they still have.
                    members.iter_mut().for_each(|member| member.hear(&mut world));
                }
                Event::Act(which) if !members.is_empty() => {
                    let which = which % members.len();
                    members[which].act(&mut world);
                }
                Event::Come(_) | Event::Go(_) | Event::Act(_) => {}
            }
            world.advance(0);
            let owned = owners(&members);
            prop_assert!(owned.windows(2).all(|pair| pair[0] != pair[1]), "{owned:?}");
        }
        for _ in 0..40 {
            for member in &mut members {
                member.act(&mut world);
                world.advance(0);
            }
            let owned = owners(&members);
            prop_assert!(owned.windows(2).all(|pair| pair[0] != pair[1]), "{owned:?}");
            // Those that left without a word are forgotten in time.
            world.advance(3_000);
            members.iter_mut().for_each(|member| member.hear(&mut world));
        }
        if !members.is_empty() {
            prop_assert_eq!(owners(&members), [0, 1, 2]);
        }
    }
}
