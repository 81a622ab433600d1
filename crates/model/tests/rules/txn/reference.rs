//! The coordinator against a naive reading of the specification: any sequence of requests, timeouts,
//! late markers, reloads and elections gives the same answers, the same description and markers.

use fencepost_wire::Release;
use proptest::prelude::*;

use crate::txn::driver::{Producer, TXN_LOG, World, markers, nothing};

#[derive(Clone, Copy, Debug)]
enum Step {
    Init(Option<Who>),
    Add {
        version: i16,
        who: Who,
        partitions: u8,
    },
    Verify {
        who: Who,
        partition: i32,
    },
    End {
        version: i16,
        who: Who,
        commit: bool,
    },
    HoldMarkers,
    ReleaseMarkers,
    /// Time passes, in seconds.
    Pass(i64),
    /// The owner is elected again.
    Reload,
    /// Another broker is elected.
    Move,
}

/// An identity by what it has to do with the present one.
#[derive(Clone, Copy, Debug)]
struct Who {
    id: Whose,
    /// What is added to the present epoch.
    epoch: i16,
}

#[derive(Clone, Copy, Debug)]
enum Whose {
    Same,
    /// The producer id before a rotation, at the last epoch but one.
    Replaced,
    Other,
}

/// An id as the specification's section 1.1 describes it; only ids after their first answer.
#[derive(Clone, PartialEq, Debug)]
struct Id {
    producer_id: i64,
    previous: i64,
    next: Option<i64>,
    epoch: i32,
    last: i32,
    state: &'static str,
    partitions: Vec<i32>,
    started: i64,
    tv2: bool,
}

struct Reference {
    level: i16,
    id: Option<Id>,
    /// What the log has: all that a reload knows.
    new_producer_id: i64,
    /// Seconds.
    now: i64,
    markers_held: bool,
    /// Markers that must be there: partition, text.
    owed: Vec<(i32, String)>,
}

const TIMEOUT_S: i64 = 60;
const SCAN_S: i64 = 10;
const REPLACED: i64 = 0;

impl Reference {
    /// The identity that a step carries.
    fn identity(&self, who: Who) -> Producer {
        let (id, epoch) = self.id.as_ref().map_or((0, 0), |id| (id.producer_id, id.epoch));
        let epoch = (epoch + i32::from(who.epoch)).clamp(0, 32_767) as i16;
        match who.id {
            Whose::Same => (id, epoch),
            Whose::Replaced => (REPLACED, 32_766),
            Whose::Other => (77, epoch),
        }
    }

    fn take_id(&mut self) -> i64 {
        self.new_producer_id += 1;
        self.new_producer_id - 1
    }

    /// STATE-04 (4.1 and later): every applied transition remembers the producer id before it.
    fn apply(&mut self, mut id: Id) {
        if let Some(before) = &self.id {
            id.previous = before.producer_id;
        }
        self.id = Some(id);
    }

    /// INIT-08, INIT-09 and its table.
    fn init(&mut self, expected: Option<Producer>) -> String {
        let Some(id) = self.id.clone() else {
            let producer_id = self.take_id();
            let id = Id {
                producer_id,
                previous: producer_id,
                next: None,
                epoch: 0,
                last: -1,
                state: "Empty",
                partitions: vec![],
                started: -1,
                tv2: false,
            };
            self.id = Some(id);
            return format!("{producer_id},0");
        };
        if id.state.starts_with("Prepare") {
            return "51".into();
        }
        if let Some((rp, re)) = expected
            && rp != id.producer_id
            && !(rp == id.previous && re >= 32_766)
        {
            return "90".into();
        }
        if id.state == "Ongoing" {
            return if self.fence() { "51".into() } else { "-1".into() };
        }
        let re = expected.map(|(_, epoch)| i32::from(epoch));
        let (producer_id, epoch, last) = match re {
            None if id.epoch >= 32_766 => (self.take_id(), 0, -1),
            None => (id.producer_id, id.epoch + 1, -1),
            Some(re) if id.epoch >= 32_766 && re == id.epoch => (self.take_id(), 0, id.epoch),
            Some(_) if id.epoch >= 32_766 => return "-1".into(),
            Some(re) if re == id.epoch => (id.producer_id, id.epoch + 1, id.epoch),
            Some(re) if re == id.last => (id.producer_id, id.epoch, id.last),
            Some(_) => return "90".into(),
        };
        let state = "Empty";
        let partitions = vec![];
        self.apply(Id { producer_id, epoch, last, state, partitions, next: None, ..id });
        format!("{producer_id},{epoch}")
    }

    /// INIT-13 and END-10 as 4.2 has them; false where it fails inside (D04).
    fn fence(&mut self) -> bool {
        let Some(id) = self.id.clone() else { return false };
        if id.epoch == 32_767 {
            return false;
        }
        let tv2 = self.level == 2;
        let last = if tv2 { id.epoch } else { -1 };
        self.prepare(Id { epoch: id.epoch + 1, last, tv2, state: "PrepareAbort", ..id });
        true
    }

    fn prepare(&mut self, id: Id) {
        self.apply(id);
        if !self.markers_held || self.id.as_ref().is_some_and(|id| id.partitions.is_empty()) {
            self.complete();
        }
    }

    /// END-10: what the Complete record says; STATE-07, MARKOUT-09.
    fn complete(&mut self) {
        let Some(id) = self.id.clone().filter(|id| id.state.starts_with("Prepare")) else { return };
        let (state, word) = match id.state {
            "PrepareCommit" => ("CompleteCommit", "COMMIT"),
            _ => ("CompleteAbort", "ABORT"),
        };
        let marker = format!("{word} p{}e{} ", id.producer_id, id.epoch);
        self.owed.extend(id.partitions.iter().map(|index| (*index, marker.clone())));
        let (producer_id, epoch) = id.next.map_or((id.producer_id, id.epoch), |next| (next, 0));
        self.apply(Id { producer_id, epoch, next: None, state, partitions: vec![], ..id });
    }

    /// ADDP-03, or ADDP-06 to verify.
    fn add(&mut self, who: Producer, tv2: bool, wanted: &[i32]) -> String {
        let Some(id) = self.id.clone() else { return "49".into() };
        if id.state.starts_with("Prepare") {
            return "51".into();
        }
        if let Some(code) = stranger(&id, who) {
            return code;
        }
        let mut partitions = if id.state == "Ongoing" { id.partitions.clone() } else { vec![] };
        if id.state == "Ongoing" && wanted.iter().all(|it| partitions.contains(it)) {
            return "0".into();
        }
        partitions.extend(wanted);
        partitions.sort();
        partitions.dedup();
        let started = if id.state == "Ongoing" { id.started } else { self.now };
        self.apply(Id { state: "Ongoing", partitions, started, tv2, ..id });
        "0".into()
    }

    fn verify(&self, who: Producer, partition: i32) -> String {
        let Some(id) = &self.id else { return "49".into() };
        match stranger(id, who) {
            Some(code) => code,
            None if id.state.starts_with("Prepare") => "51".into(),
            None if id.state == "Ongoing" && id.partitions.contains(&partition) => "0".into(),
            None => "120".into(),
        }
    }

    /// END-03.
    fn end_tv1(&mut self, who: Producer, commit: bool) -> String {
        let Some(id) = self.id.clone() else { return "49".into() };
        if let Some(code) = stranger(&id, who) {
            return code;
        }
        match (id.state, commit) {
            ("PrepareCommit" | "PrepareAbort", _) => "51".into(),
            ("Ongoing", _) => {
                let state = if commit { "PrepareCommit" } else { "PrepareAbort" };
                self.prepare(Id { state, tv2: false, ..id });
                "-1,-1".into()
            }
            ("CompleteCommit", true) | ("CompleteAbort", false) => "-1,-1".into(),
            _ => "48".into(),
        }
    }

    /// END-04 and END-10.
    fn end_tv2(&mut self, (rp, re): Producer, commit: bool) -> String {
        let Some(id) = self.id.clone() else { return "49".into() };
        let re = i32::from(re);
        if id.state.starts_with("Prepare") {
            return "51".into();
        }
        let overflow = rp == id.previous && re == 32_766 && id.epoch == 0;
        if rp != id.producer_id && !overflow {
            return "49".into();
        }
        let complete = id.state.starts_with("Complete");
        let retried = complete && (overflow || re + 1 == id.epoch);
        match (id.state, commit) {
            ("CompleteCommit", true) | ("CompleteAbort", false) if retried => {
                format!("{},{}", id.producer_id, id.epoch)
            }
            _ if retried => "48".into(),
            _ if re != id.epoch => "90".into(),
            ("Empty" | "CompleteCommit" | "CompleteAbort", true) => "48".into(),
            _ if id.epoch == 32_767 => "-1".into(),
            _ => {
                let next = (id.epoch == 32_766).then(|| self.take_id());
                let (pid, epoch) = (id.producer_id, id.epoch + 1);
                let state = if commit { "PrepareCommit" } else { "PrepareAbort" };
                self.prepare(Id { state, epoch, last: id.epoch, next, tv2: true, ..id });
                let (pid, epoch) = next.map_or((pid, epoch), |next| (next, 0));
                format!("{pid},{epoch}")
            }
        }
    }

    /// TIMEOUT-01 to TIMEOUT-03: scans every ten seconds, strictly later than the timeout.
    fn pass(&mut self, seconds: i64) {
        let until = self.now + seconds;
        let scans = (self.now / SCAN_S + 1..).map(|it| it * SCAN_S).take_while(|it| *it <= until);
        for scan in scans {
            let late = |id: &Id| id.state == "Ongoing" && id.started + TIMEOUT_S < scan;
            if self.id.as_ref().is_some_and(late) {
                self.fence();
            }
        }
        self.now = until;
    }

    /// FAILOVER-04, FAILOVER-09: all markers anew; retries and rotations are forgotten.
    fn load(&mut self) {
        if let Some(id) = &mut self.id {
            (id.last, id.previous, id.next) = (-1, -1, None);
        }
    }

    fn describe(&self) -> String {
        let Some(id) = &self.id else { return "105".into() };
        let partitions = id.partitions.iter().map(|index| format!(" orders-{index}"));
        let partitions: String = partitions.collect();
        format!("{} {},{}{partitions}", id.state, id.producer_id, id.epoch)
    }
}

fn stranger(id: &Id, (rp, re): Producer) -> Option<String> {
    match () {
        () if rp != id.producer_id => Some("49".into()),
        () if i32::from(re) != id.epoch => Some("90".into()),
        () => None,
    }
}

/// Takes a step in both, and compares what is read.
fn take(world: &mut World, reference: &mut Reference, step: Step) -> Result<(), TestCaseError> {
    let (answer, wanted) = match step {
        Step::Init(who) => {
            let expected = who.map(|who| reference.identity(who));
            (world.init("t", expected), reference.init(expected))
        }
        Step::Add { version, who, partitions } => {
            let who = reference.identity(who);
            let wanted: Vec<i32> = (0..3).filter(|bit| partitions & (1 << bit) != 0).collect();
            let sent = world.send_adding("t", version, who, &wanted, false);
            let code = reference.add(who, version > 3, &wanted);
            (world.shown(sent), vec![code; wanted.len()].join(" "))
        }
        Step::Verify { who, partition } => {
            let who = reference.identity(who);
            let sent = world.send_adding("t", 5, who, &[partition], true);
            (world.shown(sent), reference.verify(who, partition))
        }
        Step::End { version, who, commit } => {
            let who = reference.identity(who);
            let answer = world.end("t", version, who, commit);
            let path = if version == 5 { Reference::end_tv2 } else { Reference::end_tv1 };
            (answer, path(reference, who, commit))
        }
        Step::HoldMarkers => {
            (world.held, reference.markers_held) = (markers, true);
            Default::default()
        }
        Step::ReleaseMarkers => {
            (world.held, reference.markers_held) = (nothing, false);
            world.run();
            reference.complete();
            Default::default()
        }
        Step::Pass(seconds) => {
            world.pass(seconds * 1000);
            reference.pass(seconds);
            Default::default()
        }
        Step::Reload | Step::Move => {
            let owner = world.coordinator("t");
            let brokers = world.cluster.config().brokers.len() as i32;
            let next = if matches!(step, Step::Move) { (owner + 1) % brokers } else { owner };
            world.elect(TXN_LOG, World::txn_partition("t"), next);
            reference.load();
            Default::default()
        }
    };
    prop_assert_eq!(answer, wanted, "{:?}", step);
    prop_assert_eq!(world.describe("t"), reference.describe(), "after {:?}", step);
    Ok(())
}

fn check(mut world: World, mut reference: Reference, steps: &[Step]) -> Result<(), TestCaseError> {
    for step in steps {
        take(&mut world, &mut reference, *step)?;
    }
    take(&mut world, &mut reference, Step::ReleaseMarkers)?;
    for partition in 0..3 {
        let log = world.log("orders", partition);
        let owed = reference.owed.iter().filter(|(index, _)| *index == partition);
        for (_, marker) in owed {
            prop_assert!(log.iter().any(|it| it.starts_with(marker)), "{} in {:?}", marker, log);
        }
    }
    Ok(())
}

fn any_who() -> impl Strategy<Value = Who> {
    let id =
        prop_oneof![8 => Just(Whose::Same), 1 => Just(Whose::Replaced), 1 => Just(Whose::Other)];
    let epoch = prop_oneof![6 => Just(0), 3 => Just(-1), 1 => Just(1), 1 => Just(-2)];
    (id, epoch).prop_map(|(id, epoch)| Who { id, epoch })
}

fn any_step() -> impl Strategy<Value = Step> {
    let add_version = prop_oneof![Just(3), Just(5)];
    let end_version = prop_oneof![Just(4), Just(5), Just(5)];
    prop_oneof![
        3 => proptest::option::of(any_who()).prop_map(Step::Init),
        6 => (add_version, any_who(), 1u8..8)
            .prop_map(|(version, who, partitions)| Step::Add { version, who, partitions }),
        1 => (any_who(), 0..3).prop_map(|(who, partition)| Step::Verify { who, partition }),
        6 => (end_version, any_who(), any::<bool>())
            .prop_map(|(version, who, commit)| Step::End { version, who, commit }),
        1 => Just(Step::HoldMarkers),
        2 => Just(Step::ReleaseMarkers),
        1 => (1i64..80).prop_map(Step::Pass),
        1 => Just(Step::Reload),
        1 => Just(Step::Move),
    ]
}

fn reference(level: i16, world: &World) -> Reference {
    let now = world.now.millis_since(crate::world::START) / 1000;
    Reference { level, id: None, new_producer_id: 0, now, markers_held: false, owed: vec![] }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// STATE-01, STATE-04, INIT-08 to INIT-13, INIT-16, ADDP-03 to ADDP-06, END-01 to END-14,
    /// MARKOUT-09, FAILOVER-04, FAILOVER-09, TIMEOUT-01 to TIMEOUT-04 in any order.
    #[test]
    fn end_04_and_the_other_rules_of_a_coordinator_in_any_order(
        level in 1i16..=2,
        steps in proptest::collection::vec(any_step(), 1..40),
    ) {
        let world = World::with(2, |config| {
            config.release = Release::V4_2;
            config.transaction_version = level;
        });
        let reference = reference(level, &world);
        check(world, reference, &steps)?;
    }

}

proptest! {
    // A reload of 65,000 records takes its time.
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// END-10, END-11, INIT-15 and section 14's D03 and D04 around the last epoch.
    #[test]
    fn end_11_and_the_other_rules_of_the_last_epochs_in_any_order(
        steps in proptest::collection::vec(any_step(), 1..25),
    ) {
        let world = World::exhausted();
        let mut reference = reference(2, &world);
        reference.new_producer_id = 1;
        reference.id = Some(Id {
            producer_id: 0,
            previous: 0,
            next: None,
            epoch: 32_766,
            last: 32_765,
            state: "CompleteAbort",
            partitions: vec![],
            started: -1,
            tv2: true,
        });
        check(world, reference, &steps)?;
    }
}
