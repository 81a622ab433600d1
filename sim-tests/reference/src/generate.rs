//! Scenarios by chance: producers that share transactional ids or not, old and new versions mixed,
//! stale epochs and sequences, retries, offsets, reads at both isolation levels.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use fencepost_wire::ApiKey;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

use crate::parse::step;
use crate::scenario::Scenario;
use crate::target::Target;

/// How many requests a scenario has, beside those that begin it.
const REQUESTS: RangeInclusive<u32> = 20..=40;

/// The scenario of a seed. The same seed gives the same scenario at the same target.
#[must_use]
pub fn generated(seed: u64, target: Target) -> Scenario {
    let mut writer = Writer {
        chance: Pcg64Mcg::seed_from_u64(seed),
        target,
        lines: Vec::new(),
        producers: Vec::new(),
        sequences: BTreeMap::new(),
    };
    writer.begin();
    for _ in 0..writer.between(REQUESTS) {
        writer.request();
    }
    let steps = writer.lines.iter().map(|line| step(line).expect("a line of the right form"));
    Scenario { title: format!("generated {seed}"), targets: vec![target], steps: steps.collect() }
}

struct Writer {
    chance: Pcg64Mcg,
    target: Target,
    lines: Vec<String>,
    /// The transactional id of each producer, none for one that is only idempotent.
    producers: Vec<Option<&'static str>>,
    /// The next sequence of a producer in a partition, if all went well.
    sequences: BTreeMap<(usize, &'static str, u32), u32>,
}

/// The topics and how many partitions each has.
const TOPICS: [(&str, u32); 2] = [("@a", 2), ("@b", 1)];

impl Writer {
    fn below(&mut self, bound: u32) -> u32 {
        self.chance.next_u32() % bound
    }

    fn between(&mut self, range: RangeInclusive<u32>) -> u32 {
        range.start() + self.below(range.end() - range.start() + 1)
    }

    fn one_in(&mut self, odds: u32) -> bool {
        self.below(odds) == 0
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        let index = self.below(among.len() as u32);
        among[index as usize]
    }

    /// A version that the target serves: mostly a newer one of those given.
    fn version(&mut self, api: ApiKey, range: RangeInclusive<i16>) -> i16 {
        let served = self.target.release.served_versions(api);
        let (first, last) = (*range.start().max(served.start()), *range.end().min(served.end()));
        let span = u32::try_from(last - first).unwrap_or(0) + 1;
        match self.below(3) {
            0 => first + self.below(span) as i16,
            _ => last - self.below(span.min(2)) as i16,
        }
    }

    fn begin(&mut self) {
        for (name, partitions) in TOPICS {
            self.lines.push(format!("topic {name} {partitions}"));
        }
        let ids = self.pick(&[
            &[Some("@t"), Some("@t")][..],
            &[Some("@t"), Some("@u")],
            &[Some("@t"), Some("@u"), Some("@t")],
            &[Some("@t"), None],
            &[Some("@t"), Some("@t"), None],
        ]);
        self.producers = ids.to_vec();
        for producer in 0..ids.len() {
            self.initialise(producer);
        }
    }

    fn request(&mut self) {
        let count = self.producers.len() as u32;
        let producer = self.below(count) as usize;
        match self.below(40) {
            0..=2 => self.initialise(producer),
            3..=6 => self.add_partitions(producer),
            7..=16 => self.produce(producer),
            17..=18 => self.add_offsets(producer),
            19..=21 => self.commit_offsets_in_transaction(producer),
            22..=26 => self.end(producer),
            27..=29 => self.fetch(),
            30 => self.list_offsets(),
            31..=32 => self.describe_transactions(),
            33 => self.describe_producers(),
            34 => self.list_transactions(),
            35..=36 => self.fetch_offsets(),
            37 => self.commit_offsets(),
            38 => self.delete_records(),
            _ => self.repeat(),
        }
    }

    fn ask(&mut self, api: ApiKey, version: i16, body: &str, name: Option<usize>) {
        let name = name.map_or_else(String::new, |producer| format!(" as p{producer}"));
        self.lines.push(format!("a {}/{version} {{{body}}}{name}", api.name()));
    }

    /// A request once more: a retry whose first answer was lost.
    fn repeat(&mut self) {
        let asked: Vec<_> = self.lines.iter().filter(|line| line.starts_with("a ")).collect();
        let back = asked.len().min(4) as u32;
        if back > 0 {
            let line = asked[asked.len() - 1 - (self.chance.next_u32() % back) as usize].clone();
            self.lines.push(line);
        }
    }

    /// The producer as it was told, or with an epoch that is stale or from the future.
    fn identity(&mut self, producer: usize) -> String {
        let offset = match self.below(14) {
            0 => "-1",
            1 => "+1",
            _ => "",
        };
        format!(
            "producer_id: $p{producer}.producer_id, producer_epoch: $p{producer}.producer_epoch{offset}"
        )
    }

    fn initialise(&mut self, producer: usize) {
        let is_known = self.lines.iter().any(|line| line.ends_with(&format!(" as p{producer}")));
        let version = self.version(ApiKey::InitProducerId, 0..=5);
        let id = match self.producers[producer] {
            Some(id) => format!("transactional_id: '{id}'"),
            None => "transactional_id: null".to_owned(),
        };
        let body = if is_known && version >= 3 && self.one_in(2) {
            format!("{id}, {}", self.identity(producer))
        } else {
            id
        };
        self.sequences.retain(|(of, ..), _| *of != producer);
        self.ask(ApiKey::InitProducerId, version, &body, Some(producer));
    }

    fn transactional_id(&mut self, producer: usize) -> &'static str {
        let is_its_own = !self.one_in(30);
        match self.producers[producer] {
            Some(id) if is_its_own => id,
            _ => self.pick(&["@t", "@u", "@nobody"]),
        }
    }

    fn add_partitions(&mut self, producer: usize) {
        let version = self.version(ApiKey::AddPartitionsToTxn, 0..=3);
        let id = self.transactional_id(producer);
        let identity = self.identity(producer);
        let (topic, partitions) = self.pick(&TOPICS);
        let topic = if self.one_in(12) { "@missing" } else { topic };
        let partitions = match self.below(3) {
            0 => "0, 1".to_owned(),
            _ => self.below(partitions).to_string(),
        };
        let body = format!(
            "v3_and_below_transactional_id: '{id}', {}, v3_and_below_topics: \
             [{{name: '{topic}', partitions: [{partitions}]}}]",
            identity
                .replace("producer_id:", "v3_and_below_producer_id:")
                .replace("producer_epoch:", "v3_and_below_producer_epoch:"),
        );
        self.ask(ApiKey::AddPartitionsToTxn, version, &body, None);
    }

    fn produce(&mut self, producer: usize) {
        let version = self.version(ApiKey::Produce, 3..=12);
        let (topic, partitions) = self.pick(&TOPICS);
        let partition = self.below(partitions);
        let is_transactional = self.producers[producer].is_some() && !self.one_in(8);
        let count = self.between(1..=3);
        let next = self.sequences.entry((producer, topic, partition)).or_default();
        let (now, after) = (*next, *next + count);
        let sequence = match self.below(10) {
            0 => now.saturating_sub(count),
            1 => now + 1,
            2 => 0,
            _ => now,
        };
        if sequence == now {
            self.sequences.insert((producer, topic, partition), after);
        }
        let identity = self.identity(producer);
        let id = match is_transactional {
            true => format!("'{}'", self.transactional_id(producer)),
            false => "null".to_owned(),
        };
        let body = format!(
            "transactional_id: {id}, topic_data: [{{name: '{topic}', partition_data: [{{index: \
             {partition}, records: {{{identity}, seq: {sequence}, txn: {is_transactional}, count: \
             {count}}}}}]}}]"
        );
        self.ask(ApiKey::Produce, version, &body, None);
    }

    fn add_offsets(&mut self, producer: usize) {
        let version = self.version(ApiKey::AddOffsetsToTxn, 0..=4);
        let (id, identity) = (self.transactional_id(producer), self.identity(producer));
        let group = self.pick(&["@g", "@h"]);
        let body = format!("transactional_id: '{id}', {identity}, group_id: '{group}'");
        self.ask(ApiKey::AddOffsetsToTxn, version, &body, None);
    }

    fn commit_offsets_in_transaction(&mut self, producer: usize) {
        let version = self.version(ApiKey::TxnOffsetCommit, 0..=5);
        let (id, identity) = (self.transactional_id(producer), self.identity(producer));
        let group = self.pick(&["@g", "@h"]);
        let (topic, partitions) = self.pick(&TOPICS);
        let (partition, offset) = (self.below(partitions), self.below(100));
        let body = format!(
            "transactional_id: '{id}', {identity}, group_id: '{group}', topics: [{{name: '{topic}', \
             partitions: [{{partition_index: {partition}, committed_offset: {offset}}}]}}]"
        );
        self.ask(ApiKey::TxnOffsetCommit, version, &body, None);
    }

    fn end(&mut self, producer: usize) {
        let version = self.version(ApiKey::EndTxn, 0..=5);
        let (id, identity) = (self.transactional_id(producer), self.identity(producer));
        let committed = !self.one_in(3);
        let body = format!("transactional_id: '{id}', {identity}, committed: {committed}");
        // Version 5 tells the identity to go on with; who does not listen has a stale one.
        let name = (version >= 5 && !self.one_in(8)).then_some(producer);
        if name.is_some() {
            self.sequences.retain(|(of, ..), _| *of != producer);
        }
        self.ask(ApiKey::EndTxn, version, &body, name);
    }

    fn fetch(&mut self) {
        let version = self.version(ApiKey::Fetch, 4..=12);
        let (topic, partitions) = self.pick(&TOPICS);
        let (partition, isolation) = (self.below(partitions), self.below(2));
        let offset = if self.one_in(3) { self.below(8) } else { 0 };
        let body = format!(
            "isolation_level: {isolation}, topics: [{{topic: '{topic}', partitions: [{{partition: \
             {partition}, fetch_offset: {offset}}}]}}]"
        );
        self.ask(ApiKey::Fetch, version, &body, None);
    }

    fn list_offsets(&mut self) {
        let version = self.version(ApiKey::ListOffsets, 2..=10);
        let (topic, partitions) = self.pick(&TOPICS);
        let (partition, isolation) = (self.below(partitions), self.below(2));
        let timestamp = self.pick(&["-1", "-2", "0"]);
        let body = format!(
            "isolation_level: {isolation}, topics: [{{name: '{topic}', partitions: \
             [{{partition_index: {partition}, timestamp: {timestamp}}}]}}]"
        );
        self.ask(ApiKey::ListOffsets, version, &body, None);
    }

    fn describe_transactions(&mut self) {
        let ids = self.pick(&["'@t'", "'@u'", "'@t', '@u'", "'@nobody'"]);
        self.ask(ApiKey::DescribeTransactions, 0, &format!("transactional_ids: [{ids}]"), None);
    }

    fn describe_producers(&mut self) {
        let (topic, partitions) = self.pick(&TOPICS);
        let partition = self.below(partitions);
        let body = format!("topics: [{{name: '{topic}', partition_indexes: [{partition}]}}]");
        self.ask(ApiKey::DescribeProducers, 0, &body, None);
    }

    fn list_transactions(&mut self) {
        let states = self.pick(&["", "'Ongoing'", "'CompleteCommit', 'CompleteAbort'", "'Empty'"]);
        let body = format!("state_filters: [{states}]");
        self.ask(ApiKey::ListTransactions, 0, &body, None);
    }

    fn fetch_offsets(&mut self) {
        let version = self.version(ApiKey::OffsetFetch, 7..=9);
        let (group, stable) = (self.pick(&["@g", "@h"]), self.one_in(2));
        let topics =
            "[{name: '@a', partition_indexes: [0, 1]}, {name: '@b', partition_indexes: [0]}]";
        let body = match version {
            7 => format!("group_id: '{group}', require_stable: {stable}, topics: {topics}"),
            _ => format!(
                "require_stable: {stable}, groups: [{{group_id: '{group}', topics: {topics}}}]"
            ),
        };
        self.ask(ApiKey::OffsetFetch, version, &body, None);
    }

    fn commit_offsets(&mut self) {
        let version = self.version(ApiKey::OffsetCommit, 5..=9);
        let group = self.pick(&["@g", "@h"]);
        let (topic, partitions) = self.pick(&TOPICS);
        let (partition, offset) = (self.below(partitions), self.below(100));
        let body = format!(
            "group_id: '{group}', topics: [{{name: '{topic}', partitions: [{{partition_index: \
             {partition}, committed_offset: {offset}}}]}}]"
        );
        self.ask(ApiKey::OffsetCommit, version, &body, None);
    }

    fn delete_records(&mut self) {
        let (topic, partitions) = self.pick(&TOPICS);
        let (partition, offset) = (self.below(partitions), self.below(3));
        let body = format!(
            "topics: [{{name: '{topic}', partitions: [{{partition_index: {partition}, offset: \
             {offset}}}]}}]"
        );
        self.ask(ApiKey::DeleteRecords, 2, &body, None);
    }
}
