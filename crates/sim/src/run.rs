//! One run: a world is drawn from a seed, worked through, healed, and checked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use fencepost_ids::{
    BrokerId, ConnectionId, GroupId, LeaderEpoch, Offset, PartitionIndex, Rule, TransactionalId,
};
use fencepost_model::{Cluster, ClusterConfig, Input, NewTopic, Output};
use fencepost_oracle::{Allowance, FinalState, Place, Violation, check};
use fencepost_wire::messages::OffsetFetchRequest;
use fencepost_wire::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use fencepost_wire::{Request, RequestHeader, Response, ToWire};

use crate::chance::Chance;
use crate::client::{
    Client, Consumer, Idempotent, Pipeline, Protocol, Transactional, Transactor, WhenFenced, Work,
    delivered, fetch_request,
};
use crate::options::{Fixed, Options};
use crate::trace::{Trace, TraceHash};
use crate::world::{START, World};

/// The most steps of a run before it heals; a bound that is hit is part of the options' luck, not
/// an error.
const STEPS_MAX: u64 = 6_000;
/// The most steps after healing: whoever is not done by then is stuck.
const HEALING_STEPS_MAX: u64 = 60_000;
/// How long after healing the world goes on, so that every timeout can pass.
const HEALING_MS: i64 = 120_000;

/// What is switched off.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Switches {
    /// Safety rules of the broker that are not in force.
    pub rules_off: Vec<Rule>,
}

/// What to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setup {
    /// The seed of everything.
    pub seed: u64,
    /// What is switched off.
    pub switches: Switches,
    /// What is not left to chance.
    pub fixed: Fixed,
    /// Whether the report holds the steps as text.
    pub with_steps: bool,
}

/// What came of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// What the seed decided.
    pub options: Options,
    /// The hash of everything that happened.
    pub trace: TraceHash,
    /// How many steps were taken.
    pub steps: u64,
    /// Records sent and transactions begun.
    pub counts: (usize, usize),
    /// Broken promises; none is what a run should find.
    pub violations: Vec<Violation>,
    /// What the configuration and what happened allowed to be lost.
    pub allowances: Vec<Allowance>,
    /// What was lost, and why that was allowed.
    pub allowed: Vec<(Allowance, Violation)>,
    /// The steps, if asked for.
    pub lines: Vec<String>,
}

/// Runs one seed.
#[must_use]
pub fn run(setup: &Setup) -> Report {
    let seed = setup.seed;
    let options = Options::draw(&mut Chance::stream(seed, 0), setup.fixed);
    let cluster = cluster(&options, seed, &setup.switches);
    let clients = clients(&options, &mut Chance::stream(seed, 3));
    let mut world =
        World::new(cluster, clients, options.clone(), seed, Trace::new(setup.with_steps));
    world.start();
    while !world.unfinished().is_empty() && world.trace.steps() < STEPS_MAX {
        world.step();
    }
    world.heal();
    let heal_by = world.trace.steps() + HEALING_STEPS_MAX;
    let until = world.now.plus_millis(HEALING_MS);
    while world.trace.steps() < heal_by && world.now < until {
        world.step();
    }
    let mut state = read_everything(&mut world, &options);
    state.unfinished = world.unfinished();
    let circumstances = world.circumstances();
    let mut violations = Vec::new();
    let mut allowed = Vec::new();
    for violation in check(&world.history, &state) {
        match circumstances.allowance(&violation, &world.history) {
            Some(allowance) => allowed.push((allowance, violation)),
            None => violations.push(violation),
        }
    }
    let allowances = circumstances.allowances();
    let counts = world.history.counts();
    let (trace, steps, lines) = world.trace.finish();
    Report { seed, options, trace, steps, counts, violations, allowances, allowed, lines }
}

fn cluster(options: &Options, seed: u64, switches: &Switches) -> Cluster {
    let mut config = ClusterConfig::new(options.brokers);
    config.transaction_version = options.transaction_version;
    config.seed = seed;
    for rule in &switches.rules_off {
        config.rules.without(*rule);
    }
    let replicas = i32::from(options.replicas).to_string();
    let min_in_sync = options.min_in_sync.to_string();
    let lag_max_ms = options.lag_max_ms.to_string();
    for (name, value) in [
        ("transaction.state.log.num.partitions", "2"),
        ("offsets.topic.num.partitions", "2"),
        ("transaction.state.log.replication.factor", &replicas),
        ("offsets.topic.replication.factor", &replicas),
        ("transaction.state.log.min.isr", &min_in_sync),
        ("min.insync.replicas", &min_in_sync),
        ("unclean.leader.election.enable", if options.unclean { "true" } else { "false" }),
        ("replica.lag.time.max.ms", &lag_max_ms),
        ("transaction.abort.timed.out.transaction.cleanup.interval.ms", "500"),
    ] {
        config.settings.set(name, value).expect("these are Kafka's names, and whole numbers");
    }
    config.topics = TOPICS
        .iter()
        .map(|name| NewTopic {
            name: (*name).into(),
            partitions: Some(options.partitions),
            replication_factor: Some(options.replicas),
        })
        .collect();
    Cluster::new(config, START)
}

/// What idempotent producers write, and pipelines read.
const INPUT: &str = "input";
/// What transactional producers write.
const ORDERS: &str = "orders";
/// What pipelines write.
const OUTPUT: &str = "output";
pub(crate) const TOPICS: [&str; 3] = [INPUT, ORDERS, OUTPUT];

fn places(topic: &str, options: &Options) -> Vec<Place> {
    let partitions = (0..options.partitions).map(PartitionIndex);
    partitions.map(|partition| Place { topic: topic.into(), partition }).collect()
}

fn group() -> GroupId {
    GroupId::from("pipeline")
}

fn clients(options: &Options, chance: &mut Chance) -> Vec<Client> {
    let protocol = options.protocol();
    let mut clients = vec![Client::Consumer(Consumer::new(
        TOPICS.iter().flat_map(|topic| places(topic, options)).collect(),
    ))];
    // A pipeline needs something to read.
    let idempotent = options.idempotent.max(options.pipelines);
    for _ in 0..idempotent {
        let plan = (0..chance.between(4, 16))
            .map(|_| {
                (chance.below(options.partitions as usize), chance.between(1, options.records))
            })
            .collect();
        clients.push(Client::Idempotent(Idempotent::new(
            places(INPUT, options),
            plan,
            options.acks,
        )));
    }
    for number in 0..options.transactional {
        let id = TransactionalId::from(format!("orders-{number}"));
        let rival = number == 0 && options.zombie;
        let when_fenced = if rival { WhenFenced::Stop } else { WhenFenced::Restart };
        clients.push(producer(options, protocol, &id, chance, 0, when_fenced));
        if rival {
            let later = chance.between(50, 2_000) as i64;
            clients.push(producer(options, protocol, &id, chance, later, WhenFenced::Restart));
        }
    }
    for number in 0..options.pipelines {
        let id = TransactionalId::from(format!("pipeline-{number}"));
        let when_fenced = if options.successor { WhenFenced::Stop } else { WhenFenced::Restart };
        clients.push(pipeline(options, protocol, &id, 0, when_fenced));
        if options.successor {
            let later = chance.between(50, 2_000) as i64;
            clients.push(pipeline(options, protocol, &id, later, WhenFenced::Restart));
        }
    }
    clients
}

fn producer(
    options: &Options,
    protocol: Protocol,
    id: &TransactionalId,
    chance: &mut Chance,
    start_after_ms: i64,
    when_fenced: WhenFenced,
) -> Client {
    let lanes = options.partitions as usize;
    let mut plan = VecDeque::new();
    for _ in 0..options.transactions {
        let batches = (0..chance.between(1, 4))
            .map(|_| (chance.below(lanes), vec![None; chance.between(1, options.records)]))
            .collect();
        plan.push_back(Work { batches, offsets: Vec::new(), commit: !chance.one_in(3) });
    }
    let places = places(ORDERS, options);
    let transactor = Transactor::new(protocol, id, options.timeout_ms, None, places);
    let producer = Transactional::new(transactor, plan, start_after_ms, when_fenced);
    Client::Transactional(Box::new(producer))
}

fn pipeline(
    options: &Options,
    protocol: Protocol,
    id: &TransactionalId,
    start_after_ms: i64,
    when_fenced: WhenFenced,
) -> Client {
    let outputs = places(OUTPUT, options);
    let transactor = Transactor::new(protocol, id, options.timeout_ms, Some(group()), outputs);
    let inputs = places(INPUT, options);
    let pipeline = Pipeline::new(transactor, inputs, group(), start_after_ms, when_fenced);
    Client::Pipeline(Box::new(pipeline))
}

/// Reads what a client would find in the end, by requests like anybody's.
fn read_everything(world: &mut World, options: &Options) -> FinalState {
    let mut reader = FinalReader { connections: BTreeMap::new() };
    let mut state = FinalState::default();
    for place in TOPICS.iter().flat_map(|topic| places(topic, options)) {
        let (committed, stable, _) = reader.read(world, &place, 1);
        let (all, _, high_watermark) = reader.read(world, &place, 0);
        if stable < high_watermark {
            state.open.push((place.clone(), stable));
        }
        state.read_committed.insert(place.clone(), committed);
        state.read_uncommitted.insert(place, all);
    }
    if options.pipelines > 0 {
        for place in places(INPUT, options) {
            if let Some(offset) = reader.committed_offset(world, &place) {
                state.committed_offsets.insert(place, offset);
            }
        }
    }
    state
}

/// A client that asks one thing at a time.
struct FinalReader {
    connections: BTreeMap<BrokerId, ConnectionId>,
}

/// Far from the connections of model clients.
const FIRST_CONNECTION: u64 = 1 << 32;

impl FinalReader {
    fn ask(
        &mut self,
        world: &mut World,
        broker: BrokerId,
        version: i16,
        request: Request,
    ) -> Option<Response> {
        let made = self.connections.len() as u64;
        let mut out = Vec::new();
        let connection = *self.connections.entry(broker).or_insert_with(|| {
            let connection = ConnectionId(FIRST_CONNECTION + made);
            let host = Arc::from("127.0.0.1");
            world.cluster.handle(world.now, Input::Connect { connection, broker, host }, &mut out);
            connection
        });
        let header =
            RequestHeader { api: request.api(), version, correlation_id: 0, client_id: "".into() };
        world.cluster.handle(world.now, Input::Request { connection, header, request }, &mut out);
        out.into_iter().find_map(|output| match output {
            Output::Respond { ticket, response } if ticket.connection == connection => {
                Some(response)
            }
            _ => None,
        })
    }

    /// All records of a place at an isolation level, its last stable offset and high watermark.
    fn read(
        &mut self,
        world: &mut World,
        place: &Place,
        isolation: i8,
    ) -> (Vec<(Offset, fencepost_oracle::RecordId)>, Offset, Offset) {
        let mut records = Vec::new();
        let mut position = Offset::ZERO;
        loop {
            let leader = world.cluster.leader_of(&place.topic, place.partition);
            let request = fetch_request(place, isolation, position, LeaderEpoch::NONE, 0).into();
            let answer = leader.and_then(|leader| self.ask(world, leader, 12, request));
            let Some(Response::Fetch(response)) = answer else {
                return (records, Offset::NONE, Offset::NONE);
            };
            let Some(row) = response.topics.into_iter().flat_map(|topic| topic.partitions).next()
            else {
                return (records, Offset::NONE, Offset::NONE);
            };
            let (read, next) = delivered(&row, position);
            records.extend(read);
            if next == position {
                return (records, row.last_stable_offset, row.high_watermark);
            }
            position = next;
        }
    }

    fn committed_offset(&mut self, world: &mut World, place: &Place) -> Option<Offset> {
        let topic = OffsetFetchRequestTopics::default()
            .with_name(place.topic.to_wire())
            .with_partition_indexes(vec![place.partition.0]);
        let asked = OffsetFetchRequestGroup::default()
            .with_group_id(group().to_wire())
            .with_member_epoch(-1)
            .with_topics(Some(vec![topic]));
        let request = OffsetFetchRequest::default().with_groups(vec![asked]);
        for broker in 0..world.cluster.config().brokers.len() {
            let broker = BrokerId(broker as i32);
            let answer = self.ask(world, broker, 8, request.clone().into());
            let Some(Response::OffsetFetch(response)) = answer else { continue };
            let Some(found) = response.groups.first().filter(|found| found.error_code == 0) else {
                continue;
            };
            let row = found.topics.first()?.partitions.first()?;
            return Some(Offset(row.committed_offset));
        }
        None
    }
}
