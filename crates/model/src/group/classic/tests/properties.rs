//! What holds in every history of a group.

use fencepost_ids::ErrorCode;
use proptest::prelude::*;

use super::super::*;
use super::driver::{Driver, Join};

/// One thing that happens to a group of a few possible members.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// A new member joins, on a seat or on none.
    JoinNew {
        seat: Option<u8>,
        is_sent_back: bool,
    },
    /// A member that joined before, or was only given an id, joins again.
    Rejoin {
        member: usize,
        has_news: bool,
    },
    Sync {
        member: usize,
    },
    Heartbeat {
        member: usize,
    },
    Leave {
        member: usize,
    },
    /// The earliest timers fire.
    Advance {
        millis: i64,
    },
    Replicate,
    FailToWrite,
}

fn event() -> impl Strategy<Value = Event> {
    let member = 0..8_usize;
    prop_oneof![
        (proptest::option::of(0..2_u8), any::<bool>())
            .prop_map(|(seat, is_sent_back)| Event::JoinNew { seat, is_sent_back }),
        (member.clone(), any::<bool>())
            .prop_map(|(member, has_news)| Event::Rejoin { member, has_news }),
        member.clone().prop_map(|member| Event::Sync { member }),
        member.clone().prop_map(|member| Event::Heartbeat { member }),
        member.prop_map(|member| Event::Leave { member }),
        (1..20_000_i64).prop_map(|millis| Event::Advance { millis }),
        Just(Event::Replicate),
        Just(Event::FailToWrite),
    ]
}

/// A group with every id that it gave out.
struct History {
    driver: Driver,
    ids: Vec<(String, Option<u8>)>,
}

impl History {
    fn id(&self, member: usize) -> Option<(String, Option<u8>)> {
        let count = self.ids.len();
        (count > 0).then(|| self.ids[count - 1 - member % count].clone())
    }

    fn join(&self, (id, seat): &(String, Option<u8>)) -> Join {
        let join = Join::of(id).offering(&["range", "sticky"]);
        match seat {
            Some(seat) => join.instance(&format!("seat{seat}")),
            None => join,
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::JoinNew { seat, is_sent_back } => {
                let new = (format!("m{}", self.ids.len()), seat);
                let join = self.join(&new);
                self.ids.push(new);
                let join = if is_sent_back { join.requires_known_member() } else { join };
                self.driver.join(join);
            }
            Event::Rejoin { member, has_news } => {
                let Some(known) = self.id(member) else { return };
                let join = self.join(&known).known();
                self.driver.join(if has_news { join.offering(&["sticky"]) } else { join });
            }
            Event::Sync { member } => {
                let Some((id, seat)) = self.id(member) else { return };
                let generation = self.driver.group.generation().0;
                self.driver.sync_with(&id, generation, |request| {
                    request.instance = seat.map(|seat| format!("seat{seat}").into());
                });
            }
            Event::Heartbeat { member } => {
                let Some((id, _)) = self.id(member) else { return };
                let generation = self.driver.group.generation().0;
                self.driver.heartbeat(&id, generation);
            }
            Event::Leave { member } => {
                let Some((id, _)) = self.id(member) else { return };
                self.driver.leave(&[(&id, None)]);
            }
            Event::Advance { millis } => self.pass(millis),
            Event::Replicate => self.driver.replicate(),
            Event::FailToWrite => self.driver.end_writes(Err(ErrorCode::CoordinatorNotAvailable)),
        }
    }

    /// Time passes; what was written is replicated within `offsets.commit.timeout.ms`, or has failed.
    fn pass(&mut self, millis: i64) {
        const WRITE_TIMEOUT_MS: i64 = 5000;
        let until = self.driver.now.0 + millis;
        while self.driver.now.0 + WRITE_TIMEOUT_MS < until {
            self.driver.run_until(self.driver.now.0 + WRITE_TIMEOUT_MS);
            self.driver.end_writes(Err(ErrorCode::CoordinatorNotAvailable));
        }
        self.driver.run_until(until);
    }

    fn check(&self) {
        let group = &self.driver.group;
        let has_members = group.members().len() > 0;
        match group.state() {
            State::Empty => assert!(!has_members),
            State::CompletingRebalance | State::Stable => assert!(has_members),
            State::PreparingRebalance(_) => {}
        }
        assert_eq!(group.leader().is_some(), has_members, "whoever is there has a leader");
        if let Some(leader) = group.leader() {
            assert!(group.members().any(|member| member.id == *leader), "the leader is there");
        }
        if group.state() == State::Stable {
            let value = group.value(None);
            let replayed = ClassicGroup::replayed(value.clone());
            assert_eq!(replayed.value(None), value, "a load gives the group back (TXOFF-75)");
        }
    }
}

proptest! {
    /// No request is answered twice (the driver checks that), and when clients fall silent, every
    /// request that waits is answered and the group ends empty.
    #[test]
    fn grp_01_every_request_is_answered_once_and_silence_empties_the_group(
        events in proptest::collection::vec(event(), 0..60),
    ) {
        let mut history = History { driver: Driver::new(), ids: Vec::new() };
        for event in events {
            history.happen(event);
            history.check();
        }
        for _ in 0..400 {
            history.driver.replicate();
            let Some(at) = history.driver.timers.values().min().copied() else { break };
            history.driver.run_until(at.0.max(history.driver.now.0));
            history.check();
        }
        prop_assert_eq!(&history.driver.open, &std::collections::BTreeSet::new());
        prop_assert_eq!(history.driver.group.members().len(), 0);
    }
}
