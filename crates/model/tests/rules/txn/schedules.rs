//! Seeded schedules: clients that retry, messages that are delayed and lost, brokers that crash and
//! leaders that move. When all is quiet, every transaction has ended, and in one way everywhere.

use fencepost_ids::BrokerId;
use fencepost_model::Input;

use crate::txn::driver::{Producer, Sent, TXN_LOG, World, nothing};

const BROKERS: i32 = 3;
const PARTITIONS: usize = 3;

/// Chance with a fixed meaning for ever: splitmix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}

/// A record that a client sent: who, which sequence, where.
type Sending = (Producer, i32, usize);

#[derive(Clone, Copy, PartialEq, Debug)]
enum Ending {
    Open,
    Committed,
    Aborted,
    Unknown,
}

#[derive(Clone, Debug)]
struct Txn {
    sent: Vec<Sending>,
    acknowledged: Vec<Sending>,
    ending: Ending,
}

#[derive(Clone, Copy, Debug)]
enum Task {
    Init,
    Add,
    Produce,
    End,
}

struct Client {
    id: &'static str,
    producer: Producer,
    sequences: [i32; PARTITIONS],
    task: Task,
    waiting: Option<(Sent, i32)>,
    /// Where the records of this transaction still go.
    plan: Vec<usize>,
    commit: bool,
    broken: bool,
    txns: Vec<Txn>,
}

impl Client {
    fn new(id: &'static str) -> Self {
        Self {
            id,
            producer: (-1, -1),
            sequences: [0; PARTITIONS],
            task: Task::Init,
            waiting: None,
            plan: Vec::new(),
            commit: true,
            broken: false,
            txns: Vec::new(),
        }
    }

    fn begin(&mut self, chance: &mut Chance, level: i16) {
        let count = 1 + chance.below(3);
        self.plan = (0..count).map(|_| chance.below(PARTITIONS)).collect();
        self.commit = chance.below(4) > 0;
        self.broken = false;
        self.task = if level == 2 { Task::Produce } else { Task::Add };
        let txn = Txn { sent: vec![], acknowledged: vec![], ending: Ending::Open };
        self.txns.push(txn);
    }

    fn txn(&mut self) -> &mut Txn {
        self.txns.last_mut().expect("begun")
    }

    fn act(&mut self, world: &mut World, chance: &mut Chance, level: i16) {
        match self.waiting.take() {
            None => self.send(world, level),
            Some((sent, broker)) => match world.shown(sent).as_str() {
                "..." if world.cluster.is_running(BrokerId(broker)) => {
                    self.waiting = Some((sent, broker));
                }
                "..." => {}
                answer => self.hear(answer, chance, level),
            },
        }
    }

    fn send(&mut self, world: &mut World, level: i16) {
        let (sent, broker) = match self.task {
            Task::Init => {
                (world.try_coordinator(self.id)).map(|it| (world.send_init(self.id, 5, None), it))
            }
            Task::Add => world.try_coordinator(self.id).map(|it| {
                let partitions: Vec<i32> = self.plan.iter().map(|it| *it as i32).collect();
                (world.send_add(self.id, self.producer, &partitions), it)
            }),
            Task::Produce => {
                let place = self.plan[0];
                let sequence = self.sequences[place];
                let sending = (self.producer, sequence, place);
                let partition = place as i32;
                let leader = world.try_leader("orders", partition);
                leader.map(|leader| {
                    self.txn().sent.push(sending);
                    let version = if level == 2 { 12 } else { 11 };
                    let (id, producer) = (self.id, self.producer);
                    (world.send_produce(id, version, producer, sequence, partition), leader)
                })
            }
            Task::End => world.try_coordinator(self.id).map(|it| {
                let version = if level == 2 { 5 } else { 4 };
                let commit = self.commit && !self.broken;
                (world.send_end(self.id, version, self.producer, commit), it)
            }),
        }
        .map_or((None, -1), |(sent, broker)| (Some(sent), broker));
        self.waiting = sent.map(|sent| (sent, broker));
    }

    fn hear(&mut self, answer: &str, chance: &mut Chance, level: i16) {
        let retriable = ["3", "6", "7", "14", "15", "16", "19", "20", "51"].contains(&answer);
        let identity =
            answer.split_once(',').map(|(id, epoch)| (id.parse().unwrap(), epoch.parse().unwrap()));
        match (self.task, identity) {
            (_, None) if retriable || answer.contains("51") || answer.contains("15") => {}
            (Task::Init, Some(producer)) => {
                self.producer = producer;
                self.sequences = [0; PARTITIONS];
                self.begin(chance, level);
            }
            (Task::Add, None) if answer.starts_with('0') => self.task = Task::Produce,
            (Task::Produce, None) if answer == "0" => {
                let place = self.plan.remove(0);
                let sending = (self.producer, self.sequences[place], place);
                self.txn().acknowledged.push(sending);
                self.sequences[place] += 1;
                if self.plan.is_empty() {
                    self.task = Task::End;
                }
            }
            (Task::Produce | Task::Add, None) => {
                self.broken = true;
                self.task = Task::End;
            }
            (Task::End, Some(producer)) => {
                let commit = self.commit && !self.broken;
                self.txn().ending = if commit { Ending::Committed } else { Ending::Aborted };
                if level == 2 {
                    self.producer = producer;
                    self.sequences = [0; PARTITIONS];
                }
                if level < 2 && self.broken {
                    self.task = Task::Init;
                } else {
                    self.begin(chance, level);
                }
            }
            (Task::Init | Task::End, _) => {
                if let Some(txn) = self.txns.last_mut().filter(|it| it.ending == Ending::Open) {
                    txn.ending = Ending::Unknown;
                }
                self.task = Task::Init;
            }
            (task, answer) => panic!("{task:?} reads {answer:?}"),
        }
    }
}

/// What became of a record: how often it is there, and how each copy ended.
fn fates(logs: &[Vec<String>], (producer, sequence, place): Sending) -> Vec<&'static str> {
    let wanted = format!("p{}e{} #{sequence}", producer.0, producer.1);
    let marker = format!(" p{}e", producer.0);
    let log = &logs[place];
    let copies = log.iter().enumerate().filter(|(_, batch)| **batch == wanted);
    copies
        .map(|(at, _)| {
            let end = log[at..].iter().find(|batch| batch.contains(&marker));
            match end {
                Some(batch) if batch.starts_with("COMMIT") => "committed",
                Some(_) => "aborted",
                None => "open",
            }
        })
        .collect()
}

fn disturb(world: &mut World, chance: &mut Chance) {
    match chance.below(40) {
        0..=21 => {
            let ids: Vec<_> = world.cluster.deliverable().map(|it| it.id).collect();
            if !ids.is_empty() {
                world.handle(Input::Deliver(ids[chance.below(ids.len())]));
            }
        }
        22..=23 => {
            let ids: Vec<_> = world.cluster.deliverable().map(|it| it.id).collect();
            if !ids.is_empty() {
                world.handle(Input::Lose(ids[chance.below(ids.len())]));
            }
        }
        24 => {
            let partition = chance.below(PARTITIONS) as i32;
            world.elect("orders", partition, chance.below(BROKERS as usize) as i32);
        }
        25 => {
            let id = ["t", "u"][chance.below(2)];
            let leader = chance.below(BROKERS as usize) as i32;
            // Two replicas, and never the present leader: an owner that loads its own record before
            // it is replicated, acts on it and then fails leaves markers without a decision. That is
            // the hole of FAILOVER-02, and these schedules find it when it is let in: a later marker
            // of a lower epoch reads 47, and the transaction never completes.
            if world.try_coordinator(id).is_some_and(|present| present != leader) {
                world.elect(TXN_LOG, World::txn_partition(id), leader);
            }
        }
        26 => {
            let running = (0..BROKERS).filter(|it| world.cluster.is_running(BrokerId(*it)));
            let running: Vec<_> = running.collect();
            if running.len() > 1 {
                world.crash(running[chance.below(running.len())]);
            }
        }
        27..=29 => {
            let down = (0..BROKERS).find(|it| !world.cluster.is_running(BrokerId(*it)));
            if let Some(down) = down {
                world.restart(down);
            }
        }
        _ => world.pass(1 + chance.below(60) as i64),
    }
}

fn run(seed: u64, level: i16) -> (usize, usize) {
    let mut world = World::with(BROKERS, |config| {
        config.transaction_version = level;
        config.settings.set("transaction.state.log.replication.factor", "2").unwrap();
        config.settings.set("transaction.state.log.min.isr", "1").unwrap();
        config.settings.set("offsets.topic.num.partitions", "1").unwrap();
    });
    let mut chance = Chance(seed);
    let mut clients = [Client::new("t"), Client::new("u"), Client::new("t")];
    world.held = |_| true;
    world.loads_held = true;
    for _ in 0..600 {
        if chance.below(2) == 0 {
            // The third is a successor that comes late.
            let awake = if world.now.0 % 7 == 0 { 3 } else { 2 };
            let index = chance.below(awake);
            clients[index].act(&mut world, &mut chance, level);
        } else {
            disturb(&mut world, &mut chance);
        }
    }
    world.held = nothing;
    world.loads_held = false;
    (0..BROKERS).for_each(|broker| world.restart_if_down(broker));
    world.run();
    world.pass(90_000);

    for id in ["t", "u"] {
        let state = world.describe(id);
        let ended = state.starts_with("Empty") || state.starts_with("Complete") || state == "105";
        assert!(ended, "seed {seed}, level {level}: {id} is {state}");
    }
    let logs: Vec<_> = (0..PARTITIONS as i32).map(|index| world.log("orders", index)).collect();
    for index in 0..PARTITIONS as i32 {
        let (lso, hw) = world.lso_and_hw(index);
        assert_eq!(lso, hw, "seed {seed}, level {level}: nothing holds readers back");
    }
    let (mut committed, mut aborted) = (0, 0);
    for client in &clients {
        for txn in &client.txns {
            let context = format!("seed {seed}, level {level}: {txn:?}\n{logs:#?}");
            let all: Vec<_> = txn.sent.iter().flat_map(|it| fates(&logs, *it)).collect();
            let all_are = |fate| all.iter().all(|it| *it == fate);
            match txn.ending {
                Ending::Committed => assert!(all_are("committed"), "{context}"),
                Ending::Aborted => assert!(all_are("aborted"), "{context}"),
                Ending::Unknown | Ending::Open => {
                    assert!(all_are("committed") || all_are("aborted"), "{context}");
                }
            }
            if txn.ending == Ending::Committed {
                for sending in &txn.acknowledged {
                    assert_eq!(fates(&logs, *sending).len(), 1, "{context}");
                }
                committed += 1;
            }
            aborted += usize::from(txn.ending == Ending::Aborted);
        }
    }
    (committed, aborted)
}

#[test]
fn transactions_end_in_one_way_whatever_the_schedule() {
    for level in [1, 2] {
        let ends = (0..100).map(|seed| run(seed, level));
        let (committed, aborted) = ends.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        assert!(committed > 40, "level {level}: only {committed} were committed");
        assert!(aborted > 10, "level {level}: only {aborted} were aborted");
    }
}
