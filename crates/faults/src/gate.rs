//! A plan at work.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::check::check;
use crate::lines::default_name;
use crate::rule::Rule;
use crate::{After, Effect, Fault, Hit, Phase, Plan, PlanError, Range, Subject, Until, World};

/// A plan at work: asked of every request and message, it counts and says what is to happen.
///
/// A gate is a value: a clone of it goes on from the same counts, and the same questions get the same
/// answers.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    rules: Vec<Rule>,
    /// How many faults there ever were: names and chances do not come twice.
    numbered: u64,
    /// Events that may come from outside.
    expected: BTreeSet<Arc<str>>,
    raised: BTreeSet<Arc<str>>,
}

/// What became of a fault.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FaultStatus {
    /// Its name.
    pub name: String,
    /// What it says.
    pub fault: Fault,
    /// How many requests or messages it was about.
    pub matched: u64,
    /// How many of them it changed.
    pub fired: u64,
}

impl FaultStatus {
    /// Whether it has fired as often as it is to: once or more, or as its `fires` says.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        self.fault.expected().contains(self.fired)
    }
}

impl fmt::Display for FaultStatus {
    /// How often it fired, and if it says so, how often it was to.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.fired, self.matched) {
            (0, 0) => f.write_str("never fired, matched nothing")?,
            (0, matched) => write!(f, "never fired, matched {}", Times(matched))?,
            (fired, matched) => write!(f, "fired {}, matched {}", Times(fired), Times(matched))?,
        }
        match self.fault.fires {
            None => Ok(()),
            Some(_) if self.is_as_expected() => f.write_str(", as expected"),
            Some(Range { from: 0, to: Some(0) }) => f.write_str(", expected never"),
            Some(Range { from, to: Some(to) }) if from == to => {
                write!(f, ", expected {}", Times(u64::from(to)))
            }
            Some(Range { from, to: Some(to) }) => write!(f, ", expected {from} to {to} times"),
            Some(Range { from, to: None }) => {
                write!(f, ", expected {} or more", Times(u64::from(from)))
            }
        }
    }
}

/// So many times, in words.
struct Times(u64);

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 time"),
            times => write!(f, "{times} times"),
        }
    }
}

impl Gate {
    /// A gate with the faults of a plan.
    ///
    /// # Errors
    /// A plan that can never match or that contradicts itself.
    pub fn new(plan: Plan) -> Result<Self, PlanError> {
        let mut gate = Self::default();
        gate.add(plan)?;
        Ok(gate)
    }

    /// Adds the faults of a plan after those that are there, and gives their names.
    ///
    /// # Errors
    /// As [`Gate::new`], together with the faults that are there; nothing is added then.
    pub fn add(&mut self, plan: Plan) -> Result<Vec<Arc<str>>, PlanError> {
        let mut events: Vec<String> = self.expected.iter().map(ToString::to_string).collect();
        events.extend(plan.events.iter().cloned());
        let present: Vec<_> = self.rules.iter().map(|rule| (&*rule.name, &*rule.fault)).collect();
        check(&plan.faults, &events, &present)?;
        self.expected.extend(plan.events.iter().map(|event| Arc::from(&**event)));
        let mut names = Vec::new();
        for fault in plan.faults {
            let name: Arc<str> = match &fault.name {
                Some(name) => Arc::from(&**name),
                None => Arc::from(default_name(usize::try_from(self.numbered).unwrap_or_default())),
            };
            names.push(Arc::clone(&name));
            self.rules.push(Rule::new(name, fault, plan.seed, self.numbered));
            self.numbered += 1;
        }
        Ok(names)
    }

    /// Takes a fault out; what it did stays done.
    pub fn remove(&mut self, name: &str) -> Option<FaultStatus> {
        let index = self.rules.iter().position(|rule| &*rule.name == name)?;
        Some(status(&self.rules.remove(index)))
    }

    /// Whether there is nothing to ask.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What became of the faults, in the order of the plan.
    #[must_use]
    pub fn list(&self) -> Vec<FaultStatus> {
        self.rules.iter().map(status).collect()
    }

    /// How often a fault has fired; nothing if there is no such fault.
    #[must_use]
    pub fn fired(&self, name: &str) -> Option<u64> {
        self.rules.iter().find(|rule| &*rule.name == name).map(|rule| rule.fired)
    }

    /// What is to happen to a request or message at this point: all faults that fire, in the order
    /// of the plan. The events that they raise count as raised from here on.
    pub fn decide(&mut self, phase: Phase, subject: &Subject, world: &dyn World) -> Vec<Hit> {
        let armed: Vec<bool> = self.rules.iter().map(|rule| self.is_armed(rule)).collect();
        let armed = self.rules.iter_mut().zip(armed).filter(|(_, is_armed)| *is_armed);
        let hits: Vec<Hit> =
            armed.filter_map(|(rule, _)| rule.decide(phase, subject, world)).collect();
        for effect in hits.iter().flat_map(|hit| &hit.effects) {
            if let Effect::Raise(event) = effect {
                self.raised.insert(Arc::clone(event));
            }
        }
        hits
    }

    fn is_armed(&self, rule: &Rule) -> bool {
        match &rule.fault.after {
            None => true,
            Some(After::Event(event)) => self.raised.contains(&**event),
            Some(After::Fault(fault)) => self.fired(fault).is_none_or(|fired| fired > 0),
        }
    }

    /// Raises an event; it stays raised.
    pub fn raise(&mut self, event: &str) {
        self.raised.insert(Arc::from(event));
    }

    /// The events that were raised, by name.
    pub fn raised(&self) -> impl Iterator<Item = &str> {
        self.raised.iter().map(|event| &**event)
    }

    /// Whether what a request or message waits for has happened. What waits for a fault that was
    /// removed is let go.
    #[must_use]
    pub fn is_over(&self, until: &Until) -> bool {
        match until {
            Until::Released => false,
            Until::Event(event) => self.raised.contains(&**event),
            Until::Fault(fault) => self.fired(fault).is_none_or(|fired| fired > 0),
        }
    }
}

fn status(rule: &Rule) -> FaultStatus {
    FaultStatus {
        name: rule.name.to_string(),
        fault: Fault::clone(&rule.fault),
        matched: rule.matched,
        fired: rule.fired,
    }
}
