//! The decision tables at `Cluster::handle`: real requests bring a coordinator into each state, and
//! every cell of that state is asked for. A Prepare state without a pending transition is reached by
//! no request; its cells, and those of a previous producer id beside an open transaction, are those
//! of the state machine's own test.

use fencepost_wire::messages::InitProducerIdRequest;

use crate::txn::driver::{
    Producer, World, markers, nothing, replication_of_internals, transactional_id,
};
use crate::txn::tables::{self, STATES, Stored, Whose};

/// A coordinator in a state, and what it knows of `t`.
#[derive(Clone)]
struct Scene {
    world: World,
    stored: Stored,
    producer_id: i64,
    /// The producer id before a rotation.
    previous: Option<i64>,
}

impl Scene {
    fn new(mut world: World, pending: bool, last_epoch: i16, previous: Option<i64>) -> Self {
        let shown = world.describe("t");
        let mut words = shown.split(' ');
        let state = words.next().and_then(|word| STATES.into_iter().find(|it| *it == word));
        let state = state.unwrap_or_else(|| panic!("{shown}"));
        let (producer_id, epoch) = words.next().unwrap().split_once(',').unwrap();
        let stored = Stored { state, pending, epoch: epoch.parse().unwrap(), last_epoch };
        Self { world, stored, producer_id: producer_id.parse().unwrap(), previous }
    }

    fn whose(&self) -> Vec<(Whose, i64)> {
        let known = [(Whose::Same, self.producer_id), (Whose::Other, 77)];
        let previous = self.previous.map(|it| (Whose::Previous, it));
        known.into_iter().chain(previous).collect()
    }

    /// Equal, one below (the last one before an overflow), above, far below.
    fn epochs(&self) -> [i16; 4] {
        let epoch = self.stored.epoch;
        let below = if epoch == 0 { 32_766 } else { epoch - 1 };
        [epoch, below, epoch.wrapping_add(1), if epoch == 0 { 32_765 } else { epoch - 3 }]
    }

    fn records(&mut self) -> i64 {
        self.world.txn_log_end("t")
    }

    fn settle(&mut self) {
        self.world.held = nothing;
        self.world.run();
    }
}

/// An id at epoch 5 by a retried InitProducerId, so that epoch 4 is known as the last one.
fn prepared(level: i16) -> World {
    let mut world = World::new(2, level);
    for epoch in 0..5 {
        assert_eq!(world.init("t", None), format!("0,{epoch}"));
    }
    assert_eq!(world.init("t", Some((0, 4))), "0,5");
    world
}

/// Every state that requests reach at a level, with a pending transition and without.
fn scenes(level: i16) -> Vec<Scene> {
    let version = if level == 2 { 5 } else { 4 };
    let mut scenes = Vec::new();
    let mut scene = |world: &World, pending, last| {
        scenes.push(Scene::new(world.clone(), pending, last, None));
    };
    let empty = prepared(level);
    let mut open = empty.clone();
    assert_eq!(open.add("t", (0, 5), &[0]), "0");
    scene(&empty, false, 4);
    scene(&open, false, 4);
    let mut quiet = vec![(empty, 4), (open.clone(), 4)];
    for commit in [true, false] {
        let mut prepared = open.clone();
        prepared.held = markers;
        prepared.end("t", version, (0, 5), commit);
        let last = if level == 2 { 5 } else { 4 };
        scene(&prepared, true, last);
        prepared.held = nothing;
        prepared.run();
        scene(&prepared, false, last);
        quiet.push((prepared, last));
    }
    for (world, last) in quiet {
        let mut adding = world.clone();
        adding.held = replication_of_internals;
        let epoch = if adding.describe("t").contains(",6") { 6 } else { 5 };
        let sent = adding.send_add("t", (0, epoch), &[1]);
        assert_eq!(adding.shown(sent), "...");
        scene(&adding, true, last);
    }
    scenes
}

/// States right after the producer id was replaced, by each way.
fn rotated() -> Vec<Scene> {
    let mut scenes = Vec::new();
    let mut empty = World::exhausted();
    assert_eq!(empty.init("t", None), "1,0");
    scenes.push(Scene::new(empty, false, -1, Some(0)));
    for commit in [true, false] {
        let mut world = World::exhausted();
        assert_eq!(world.add_v5("t", (0, 32_766), false), "0");
        assert_eq!(world.end("t", 5, (0, 32_766), commit), "1,0");
        scenes.push(Scene::new(world, false, 32_766, Some(0)));
    }
    scenes
}

/// Every reachable state but the unlogged ones.
fn all_scenes() -> Vec<Scene> {
    [scenes(1), scenes(2), rotated()].concat()
}

fn check_end(scene: &Scene, version: i16, who: (Whose, i64), epoch: i16, commit: bool) {
    let context = format!("{:?} v{version} {who:?} {epoch} commit {commit}", scene.stored);
    let mut scene = scene.clone();
    let wanted = if version == 5 {
        tables::end_tv2(scene.stored, who.0, epoch, commit)
    } else {
        tables::end_tv1(scene.stored, who.0, epoch, commit)
    };
    let (before, known) = (scene.world.describe("t"), scene.records());
    let answer = scene.world.end("t", version, (who.1, epoch), commit);
    let (id, now) = (scene.producer_id, scene.stored.epoch);
    match wanted {
        "write" | "empty abort" => {
            let wanted = if version == 5 { format!("{id},{}", now + 1) } else { "-1,-1".into() };
            assert_eq!(answer, wanted, "{context}");
            assert!(scene.records() > known, "{context}");
            let state = if commit { "CompleteCommit" } else { "CompleteAbort" };
            let epoch = if version == 5 { now + 1 } else { now };
            assert_eq!(scene.world.describe("t"), format!("{state} {id},{epoch}"), "{context}");
        }
        "done" => {
            let wanted = if version == 5 { format!("{id},{now}") } else { "-1,-1".into() };
            assert_eq!(answer, wanted, "{context}");
            assert_eq!(scene.records(), known, "nothing is written: {context}");
        }
        code => {
            // INIT-17: versions 0 and 1 do not know 90.
            let code = if code == "90" && version < 2 { "47" } else { code };
            assert_eq!(answer, code, "{context}");
            assert_eq!(scene.records(), known, "nothing is written: {context}");
            assert_eq!(scene.world.describe("t"), before, "{context}");
        }
    }
}

/// END-01, END-03, END-04, END-08, INIT-17: the version of the request decides, at either level.
#[test]
fn end_03_and_end_04_every_cell_that_requests_reach() {
    let mut reached = Vec::new();
    for scene in all_scenes() {
        reached.push((scene.stored.state, scene.stored.pending));
        for version in [0, 1, 4, 5] {
            for who in scene.whose() {
                for epoch in scene.epochs() {
                    for commit in [true, false] {
                        check_end(&scene, version, who, epoch, commit);
                    }
                }
            }
        }
    }
    let cells = STATES.into_iter().flat_map(|state| [(state, false), (state, true)]);
    let missing: Vec<_> = cells.filter(|cell| !reached.contains(cell)).collect();
    assert_eq!(missing, [("PrepareCommit", false), ("PrepareAbort", false)], "MARKOUT-11 alone");
}

fn send_init(world: &mut World, version: i16, expected: Option<Producer>) -> String {
    let (id, epoch) = expected.unwrap_or((-1, -1));
    let broker = world.coordinator("t");
    let mut request = InitProducerIdRequest::default()
        .with_transactional_id(Some(transactional_id("t")))
        .with_transaction_timeout_ms(45_000);
    if version >= 3 {
        request = request.with_producer_id(id.into()).with_producer_epoch(epoch);
    }
    let sent = world.send(broker, version, request);
    world.shown(sent)
}

fn check_init(scene: &Scene, version: i16, expected: Option<(Whose, i64, i16)>) {
    let context = format!("{:?} v{version} {expected:?}", scene.stored);
    let mut scene = scene.clone();
    let wanted = tables::init(scene.stored, expected.map(|(whose, _, epoch)| (whose, epoch)));
    let known = scene.records();
    let before = scene.world.describe("t");
    let (id, epoch) = (scene.producer_id, scene.stored.epoch);
    let answer = send_init(&mut scene.world, version, expected.map(|it| (it.1, it.2)));
    let mut retry = |who: Producer| send_init(&mut scene.world, 5, Some(who));
    match wanted {
        "bump, last none" | "bump, last old" => {
            assert_eq!(answer, format!("{id},{}", epoch + 1), "{context}");
            if epoch >= 0 {
                let known = if wanted == "bump, last old" { answer } else { "90".into() };
                assert_eq!(retry((id, epoch)), known, "the last epoch: {context}");
            }
        }
        "retry" => {
            assert_eq!(answer, format!("{id},{epoch}"), "{context}");
            assert_eq!(retry((id, scene.stored.last_epoch)), answer, "again: {context}");
        }
        "rotate, last none" | "rotate, last old" => {
            let (new, zero) = answer.split_once(',').expect(&context);
            assert!(new.parse::<i64>().unwrap() > id && zero == "0", "{context}");
            let known = if wanted == "rotate, last old" { answer } else { "90".into() };
            assert_eq!(retry((id, epoch)), known, "the last epoch: {context}");
        }
        "abort, 51" => {
            assert_eq!(answer, "51", "{context}");
            let aborted = format!("CompleteAbort {id},{}", epoch + 1);
            assert_eq!(scene.world.describe("t"), aborted, "{context}");
        }
        code => {
            // INIT-17: versions up to 3 do not know 90.
            let code = if code == "90" && version < 4 { "47" } else { code };
            assert_eq!(answer, code, "{context}");
            assert_eq!(scene.records(), known, "nothing is written: {context}");
            assert_eq!(scene.world.describe("t"), before, "{context}");
        }
    }
}

/// An id without a written epoch (INIT-08), one at epoch 32766, and the states of 32767 (D03).
fn at_the_ends() -> Vec<Scene> {
    let mut unwritten = World::new(2, 2);
    unwritten.held = replication_of_internals;
    let sent = unwritten.send_init("t", 5, None);
    unwritten.pass(60_000);
    assert_eq!(unwritten.shown(sent), "15");
    unwritten.held = nothing;
    unwritten.run();
    let exhausted = World::exhausted();
    let mut open = exhausted.clone();
    assert_eq!(open.add_v5("t", (0, 32_766), false), "0");
    let mut last = open.clone();
    assert_eq!(last.init("t", None), "51");
    let mut ended = World::exhausted();
    assert_eq!(ended.init("t", Some((0, 32_766))), "1,0");
    vec![
        Scene::new(unwritten, false, -1, None),
        Scene::new(exhausted, false, 32_765, None),
        Scene::new(open, false, 32_765, None),
        Scene::new(last, false, 32_766, None),
        Scene::new(ended, false, 32_766, Some(0)),
    ]
}

/// INIT-09 to INIT-13, INIT-15 and INIT-17: versions 2 to 5, every state, no identity and every
/// relation of one.
#[test]
fn init_09_every_cell_that_requests_reach() {
    for scene in all_scenes().into_iter().chain(at_the_ends()) {
        check_init(&scene, 2, None);
        for version in [3, 4, 5] {
            check_init(&scene, version, None);
            for (whose, id) in scene.whose() {
                for epoch in scene.epochs().into_iter().chain([32_766, 32_767]) {
                    // Half an identity is no identity (INIT-02).
                    if epoch >= 0 {
                        check_init(&scene, version, Some((whose, id, epoch)));
                    }
                }
            }
        }
    }
}

/// ADDP-03 and ADDP-06: every version, to add and to verify, a partition that is in the
/// transaction and one that is not.
#[test]
fn addp_03_and_addp_06_every_cell_that_requests_reach() {
    for scene in all_scenes() {
        for (version, verify) in [(0, false), (1, false), (3, false), (5, false), (5, true)] {
            for (whose, id) in scene.whose() {
                for epoch in scene.epochs() {
                    for partition in [0, 2] {
                        let context = format!(
                            "{:?} v{version} verify {verify} {whose:?} {epoch} {partition}",
                            scene.stored
                        );
                        let mut scene = scene.clone();
                        let is_new = partition == 2;
                        let wanted = tables::add(scene.stored, whose, epoch, verify, is_new);
                        let known = scene.records();
                        let world = &mut scene.world;
                        let sent =
                            world.send_adding("t", version, (id, epoch), &[partition], verify);
                        let answer = world.shown(sent);
                        let code = match wanted {
                            "write" | "done" => "0",
                            // INIT-17: versions 0 and 1 do not know 90.
                            "90" if version < 2 => "47",
                            code => code,
                        };
                        assert_eq!(answer, code, "{context}");
                        assert_eq!(scene.records() > known, wanted == "write", "{context}");
                        if wanted == "write" {
                            let shown = scene.world.describe("t");
                            assert!(shown.starts_with("Ongoing"), "{context}: {shown}");
                            assert!(shown.contains(&format!("orders-{partition}")), "{context}");
                        }
                    }
                }
            }
        }
    }
}

/// What was pending is not lost by all the questions: it ends as it would have.
#[test]
fn state_01_a_pending_transition_ends_as_it_began_whatever_is_asked_meanwhile() {
    for mut scene in scenes(2).into_iter().filter(|scene| scene.stored.pending) {
        let (id, epoch) = (scene.producer_id, scene.stored.epoch);
        for version in [4, 5] {
            scene.world.end("t", version, (id, epoch), true);
        }
        send_init(&mut scene.world, 5, None);
        scene.settle();
        let after = scene.world.describe("t");
        let wanted = match scene.stored.state {
            "PrepareCommit" => format!("CompleteCommit {id},{epoch}"),
            "PrepareAbort" => format!("CompleteAbort {id},{epoch}"),
            "Ongoing" => format!("Ongoing {id},{epoch} orders-0 orders-1"),
            _ => format!("Ongoing {id},{epoch} orders-1"),
        };
        assert_eq!(after, wanted, "{:?}", scene.stored);
    }
}
