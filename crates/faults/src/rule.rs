//! A fault with its counters.

use std::ops::Deref;
use std::sync::Arc;

use fencepost_ids::PartitionIndex;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};
use wildmatch::WildMatch;

use crate::{Effect, Fault, Glob, Hit, Origin, Phase, Subject, While, World, effect::effect};

/// A fault, ready to match, and what it has seen.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: Arc<str>,
    pub(crate) fault: Arc<Fault>,
    patterns: Arc<Patterns>,
    chance: Pcg64Mcg,
    pub(crate) matched: u64,
    pub(crate) fired: u64,
}

/// The patterns of a fault.
#[derive(Debug)]
struct Patterns {
    client: Option<WildMatch>,
    transactional_id: Option<WildMatch>,
    group: Option<WildMatch>,
    topic: Option<WildMatch>,
    /// Those of `while`.
    transaction_in_state: Option<WildMatch>,
    group_in_state: Option<WildMatch>,
}

impl Rule {
    /// `number` is the place of the fault among all that the gate ever had.
    pub(crate) fn new(name: Arc<str>, fault: Fault, seed: u64, number: u64) -> Self {
        let compile = |glob: &Option<Glob>| glob.as_ref().map(Glob::compile);
        let condition = fault.condition.as_ref();
        let patterns = Patterns {
            client: compile(&fault.client),
            transactional_id: compile(&fault.transactional_id),
            group: compile(&fault.group),
            topic: compile(&fault.topic),
            transaction_in_state: condition.and_then(|it| compile(&it.transaction)),
            group_in_state: condition.and_then(|it| compile(&it.group)),
        };
        Self {
            name,
            fault: Arc::new(fault),
            patterns: Arc::new(patterns),
            chance: Pcg64Mcg::seed_from_u64(seed.wrapping_add(number.wrapping_mul(STRIDE))),
            matched: 0,
            fired: 0,
        }
    }

    /// Counts a match, and says what is to happen if it fires.
    pub(crate) fn decide(
        &mut self,
        phase: Phase,
        subject: &Subject,
        world: &dyn World,
    ) -> Option<Hit> {
        if self.fault.when != phase || !self.matches(subject) || !self.holds(subject, world) {
            return None;
        }
        let actions = self.fault.actions.0.iter();
        let effects: Option<Vec<Effect>> =
            actions.map(|action| effect(&self.name, action, subject, world)).collect();
        let effects = effects?;
        self.matched += 1;
        if !self.fires() {
            return None;
        }
        self.fired += 1;
        Some(Hit { fault: Arc::clone(&self.name), matched: self.matched, effects })
    }

    fn matches(&self, subject: &Subject) -> bool {
        let fault = &*self.fault;
        self.is_from(&subject.origin)
            && fault.broker.is_none_or(|broker| broker == subject.broker.0)
            && any(self.patterns.transactional_id.as_ref(), &subject.transactional_ids)
            && any(self.patterns.group.as_ref(), &subject.groups)
            && self.is_about_partition(subject)
    }

    fn is_from(&self, origin: &Origin) -> bool {
        match (origin, self.fault.message()) {
            (Origin::Client { api, version, client_id }, None) => {
                let version = u64::try_from(*version).unwrap_or_default();
                self.fault.on == *api
                    && self.fault.version.is_none_or(|range| range.contains(version))
                    && self.patterns.client.as_ref().is_none_or(|glob| glob.matches(client_id))
            }
            (Origin::Broker { kind, .. }, Some(wanted)) => *kind == wanted,
            (Origin::Client { .. }, Some(_)) | (Origin::Broker { .. }, None) => false,
        }
    }

    fn is_about_partition(&self, subject: &Subject) -> bool {
        let wanted = self.fault.partition.map(PartitionIndex);
        if self.patterns.topic.is_none() && wanted.is_none() {
            return true;
        }
        subject.topics.iter().any(|(topic, partition)| {
            self.patterns.topic.as_ref().is_none_or(|glob| glob.matches(topic))
                && (wanted.is_none() || *partition == wanted)
        })
    }

    fn holds(&self, subject: &Subject, world: &dyn World) -> bool {
        let Some(While { transaction, group, state }) = &self.fault.condition else { return true };
        let is_wanted = |found: Option<&'static str>| {
            found.is_some_and(|found| state.0.iter().any(|wanted| wanted == found))
        };
        let transaction_state = |id: &str| is_wanted(world.transaction_state(id));
        let group_state = |id: &str| is_wanted(world.group_state(id));
        holds_for(
            transaction.as_ref(),
            self.patterns.transaction_in_state.as_ref(),
            &subject.transactional_ids,
            transaction_state,
        ) && holds_for(
            group.as_ref(),
            self.patterns.group_in_state.as_ref(),
            &subject.groups,
            group_state,
        )
    }

    /// Whether the match that was just counted fires.
    fn fires(&mut self) -> bool {
        let fault = &*self.fault;
        let is_counted = match (fault.nth, fault.range, fault.every) {
            (Some(nth), ..) => self.matched == u64::from(nth),
            (None, None, None) => fault.probability.is_some() || self.matched == 1,
            (None, range, every) => {
                let first = range.map_or(1, |range| u64::from(range.from));
                let every = every.map_or(1, u64::from);
                range.is_none_or(|range| range.contains(self.matched))
                    && (self.matched + 1 - first).is_multiple_of(every)
            }
        };
        is_counted && fault.probability.is_none_or(|chance| chance.falls(self.chance.next_u64()))
    }
}

fn any<N: Deref<Target = str>>(pattern: Option<&WildMatch>, names: &[N]) -> bool {
    pattern.is_none_or(|glob| names.iter().any(|name| glob.matches(name)))
}

fn holds_for<N: Deref<Target = str>>(
    glob: Option<&Glob>,
    pattern: Option<&WildMatch>,
    names: &[N],
    holds: impl Fn(&str) -> bool,
) -> bool {
    match (glob, pattern) {
        (Some(glob), _) if glob.is_literal() => holds(glob.as_str()),
        (_, Some(pattern)) => names.iter().any(|name| pattern.matches(name) && holds(name)),
        _ => true,
    }
}

/// What parts the chances of two neighbouring faults: 2^64 by the golden ratio, made odd.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;
