//! Random runs of members that behave, forget answers, restart and time out.

use std::collections::BTreeMap;

use fencepost_ids::{MemberId, PartitionIndex, TopicId};
use fencepost_wire::Release;
use proptest::prelude::*;

use super::driver::{Driver, join, quiet};
use crate::group::assign::Partitions;
use crate::group::consumer::{Heartbeat, HeartbeatReply};
use crate::timers::GroupTimer;

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    Join {
        member: u8,
        topics: Vec<&'static str>,
    },
    /// A heartbeat with or without owned partitions, whose answer may be lost.
    Beat {
        member: u8,
        owned: bool,
        lost: bool,
    },
    /// The client gives up what its last answer did not hold, and reports that.
    Revoke {
        member: u8,
    },
    Leave {
        member: u8,
    },
    Session {
        member: u8,
    },
    Rebalance {
        member: u8,
    },
    Grow {
        partitions: i32,
    },
}

fn event() -> impl Strategy<Value = Event> {
    let member = 0..4u8;
    let topics = proptest::sample::subsequence(vec!["t", "u"], 0..=2);
    prop_oneof![
        3 => (member.clone(), topics).prop_map(|(member, topics)| Event::Join { member, topics }),
        6 => (member.clone(), any::<bool>(), proptest::bool::weighted(0.2))
            .prop_map(|(member, owned, lost)| Event::Beat { member, owned, lost }),
        6 => member.clone().prop_map(|member| Event::Revoke { member }),
        1 => member.clone().prop_map(|member| Event::Leave { member }),
        1 => member.clone().prop_map(|member| Event::Session { member }),
        1 => member.prop_map(|member| Event::Rebalance { member }),
        1 => (1..6i32).prop_map(|partitions| Event::Grow { partitions }),
    ]
}

/// A client: its epoch and what it owns, as far as it knows.
#[derive(Clone, Default)]
struct Client {
    epoch: i32,
    owned: Partitions,
    told: Partitions,
    topics: Vec<&'static str>,
    /// An answer was lost: the next request says everything, as clients do.
    full: bool,
}

impl Client {
    fn request(&self, member: u8, owned: bool) -> Heartbeat {
        let quiet = quiet(&id(member), self.epoch);
        if self.full {
            let owned = Some(self.owned.clone());
            return Heartbeat { epoch: quiet.epoch, owned, ..join(&id(member), &self.topics) };
        }
        Heartbeat { owned: owned.then(|| self.owned.clone()), ..quiet }
    }
}

struct Run {
    driver: Driver,
    clients: BTreeMap<u8, Client>,
}

fn id(member: u8) -> String {
    format!("m{member}")
}

impl Run {
    fn new(release: Release) -> Self {
        let mut driver = Driver::new(3);
        driver.settings.release = release;
        driver.create("u", 2);
        Self { driver, clients: BTreeMap::new() }
    }

    fn send(&mut self, member: u8, request: &Heartbeat, lost: bool) {
        let answer = self.driver.answer(request);
        let Some(client) = self.clients.get_mut(&member) else { return };
        match answer {
            Ok(_) if lost => client.full = true,
            Ok(HeartbeatReply { epoch, assignment, .. }) => {
                client.epoch = epoch.0;
                client.full = false;
                if let Some(assignment) = assignment {
                    // New partitions are owned at once, old ones given up by `Revoke`.
                    client.owned.extend(assignment.iter());
                    client.told = assignment;
                }
            }
            // It gives up everything and may join again.
            Err(_) => {
                self.clients.remove(&member);
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Join { member, topics } => {
                let client = Client { topics: topics.clone(), ..Client::default() };
                self.clients.insert(member, client);
                self.send(member, &join(&id(member), &topics), false);
            }
            Event::Beat { member, owned, lost } => {
                let Some(client) = self.clients.get(&member) else { return };
                let request = client.request(member, owned);
                self.send(member, &request, lost);
            }
            Event::Revoke { member } => {
                let Some(client) = self.clients.get_mut(&member) else { return };
                client.owned = client.told.clone();
                let request = client.request(member, true);
                self.send(member, &request, false);
            }
            Event::Leave { member } => {
                if self.clients.remove(&member).is_some() {
                    let _ = self.driver.answer(&quiet(&id(member), -1));
                }
            }
            Event::Session { member } => self.expire(member, GroupTimer::Session),
            Event::Rebalance { member } => self.expire(member, GroupTimer::Rebalance),
            Event::Grow { partitions } => self.driver.grow("t", partitions),
        }
    }

    /// A client whose membership ends is assumed to know: that it may not is what fencing of its
    /// commits is for (G848-29).
    fn expire(&mut self, member: u8, timer: impl Fn(MemberId) -> GroupTimer) {
        if self.driver.fire(&timer(id(member).into())) {
            self.clients.remove(&member);
        }
    }

    fn check_holders(&self) {
        let mut seen: BTreeMap<(TopicId, PartitionIndex), &MemberId> = BTreeMap::new();
        for member in self.driver.group.members() {
            for partition in member.assigned.iter().chain(member.pending_revocation.iter()) {
                let other = seen.insert(partition, &member.id);
                assert_eq!(other, None, "{partition:?} is also held by {}", member.id);
            }
        }
        let mut owned = BTreeMap::new();
        for (member, client) in &self.clients {
            for partition in client.owned.iter() {
                let other = owned.insert(partition, *member);
                assert_eq!(other, None, "client m{member} also owns {partition:?}");
            }
        }
    }

    /// Everyone heartbeats and gives up what it must, until nothing moves. Members whose clients
    /// are gone time out: one that lost two answers in a row is fenced only now.
    fn quiesce(&mut self) -> bool {
        (0..40).any(|_| {
            for member in 0..4 {
                if self.clients.contains_key(&member) {
                    self.happen(Event::Revoke { member });
                } else {
                    self.expire(member, GroupTimer::Session);
                }
                self.check_holders();
            }
            self.driver.group.members().all(|member| {
                member.pending_revocation.is_empty() && member.epoch == self.driver.group.epoch
            })
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn g848_19_no_partition_has_two_holders_and_all_come_to_rest_at_the_target(
        events in proptest::collection::vec(event(), 1..60),
        release in proptest::sample::select(Release::ALL),
    ) {
        let mut run = Run::new(release);
        for event in events {
            run.happen(event);
            run.check_holders();
        }
        prop_assert!(run.quiesce(), "{}", run.driver.states());
    }
}
