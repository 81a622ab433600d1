//! A window that is asked for by its name, and what its plan is to be about.

use std::fmt::Write as _;
use std::str::FromStr;

use fencepost_wire::ApiKey;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Staging, Versions, Window};
use crate::nearest::suggestion;
use crate::{Action, Fault, Field, Glob, Plan};

/// The topic in the plans of the catalogue.
const TOPIC: &str = "orders";
/// The transactional id in them.
const TRANSACTIONAL_ID: &str = "tx";

/// A crash window, and what its plan is to be about.
///
/// As text it is `W083`, or `W083 transactional_id=orders-1 topic=payments partition=2`: the window by
/// its id or name, and what its faults are about, if they are not to be about all.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowChoice {
    /// The id or the name of the window.
    pub window: String,
    /// Only requests about this transactional id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactional_id: Option<String>,
    /// Only requests about this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Only records and markers of this topic, which stands in the place of `orders`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Only those of this partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<i32>,
    /// The transaction version that the client speaks, if it is not the cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_version: Option<i16>,
}

/// Why there is no plan.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum WindowError {
    /// No window has this id or name.
    #[error(
        "the catalogue has no window `{name}`{suggestion}: they are {} to {}, and \
         `fencepost windows` lists them", ends().0, ends().1
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// What was perhaps meant.
        suggestion: String,
    },
    /// A word that says nothing.
    #[error(
        "`{0}` says nothing of a window: write transactional_id=, group=, topic=, partition= or \
         transaction_version= and a value"
    )]
    Word(String),
    /// The window is brought about by no plan.
    #[error("{id} {name} has no plan: {reason}")]
    NoPlan {
        /// Its id.
        id: &'static str,
        /// Its name.
        name: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// The window is brought about at other transaction versions.
    #[error(
        "{id} {name} has no plan for transaction version {level}, but for {there}: say \
         `transaction_version` if that is what the client speaks"
    )]
    NotAt {
        /// Its id.
        id: &'static str,
        /// Its name.
        name: &'static str,
        /// The transaction version that was asked for.
        level: i16,
        /// Those that it has plans for.
        there: Versions,
    },
}

/// The ids of the first window and of the last.
fn ends() -> (&'static str, &'static str) {
    let mut ids = Window::all().map(|window| window.id);
    let first = ids.next().unwrap_or_default();
    (first, ids.last().unwrap_or(first))
}

impl FromStr for WindowChoice {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let mut words = text.split_whitespace();
        let window = words.next().unwrap_or_default().to_owned();
        let mut choice = Self { window, ..Self::default() };
        choice.find()?;
        for word in words {
            let wrong = || WindowError::Word(word.to_owned());
            let (key, value) = word.split_once('=').ok_or_else(wrong)?;
            match key {
                "transactional_id" => choice.transactional_id = Some(value.to_owned()),
                "group" => choice.group = Some(value.to_owned()),
                "topic" => choice.topic = Some(value.to_owned()),
                "partition" => choice.partition = Some(value.parse().map_err(|_| wrong())?),
                "transaction_version" => {
                    choice.transaction_version = Some(value.parse().map_err(|_| wrong())?);
                }
                _ => return Err(wrong()),
            }
        }
        Ok(choice)
    }
}

impl WindowChoice {
    /// The window.
    ///
    /// # Errors
    /// There is none of this id or name.
    pub fn find(&self) -> Result<&'static Window, WindowError> {
        Window::find(&self.window).ok_or_else(|| {
            let names = Window::all().map(|window| window.name);
            WindowError::Unknown {
                name: self.window.clone(),
                suggestion: suggestion(&self.window, names),
            }
        })
    }

    /// The plan for a cluster whose `transaction.version` is finalized at this level.
    ///
    /// # Errors
    /// There is no such window, or no plan for it at this level.
    pub fn plan(&self, level: i16) -> Result<Plan, WindowError> {
        let window = self.find()?;
        let Window { id, name, .. } = *window;
        let level = self.transaction_version.unwrap_or(level);
        if let Staging::None(reason) = window.staging {
            return Err(WindowError::NoPlan { id, name, reason });
        }
        let mut there = Versions::All;
        for (at, plan) in window.plans() {
            if at.has(level) {
                return Ok(self.named(plan));
            }
            there = at;
        }
        Err(WindowError::NotAt { id, name, level, there })
    }

    /// The window as a page of text, with its plans in TOML.
    ///
    /// # Errors
    /// There is no such window.
    pub fn page(&self) -> Result<String, WindowError> {
        let window = self.find()?;
        let is_bare = *self == Self { window: self.window.clone(), ..Self::default() };
        let Staging::Plans(staged) = window.staging else { return Ok(window.to_string()) };
        if is_bare {
            return Ok(window.to_string());
        }
        let mut page = window.description().to_string();
        for (staged, (at, plan)) in staged.iter().zip(window.plans()) {
            if self.transaction_version.is_some_and(|level| !at.has(level)) {
                continue;
            }
            let lines = staged.toml.lines();
            let comments: Vec<_> = lines.filter(|line| line.starts_with('#')).collect();
            _ = writeln!(page, "\n# Plan for {at}");
            comments.iter().for_each(|line| _ = writeln!(page, "{line}"));
            page.push_str(&self.named(plan).to_toml());
        }
        Ok(page)
    }

    /// A plan of the catalogue with the names that were asked for.
    fn named(&self, mut plan: Plan) -> Plan {
        for fault in &mut plan.faults {
            self.narrow(fault);
            fault.actions.0.iter_mut().for_each(|action| self.rename(action));
        }
        plan
    }

    fn narrow(&self, fault: &mut Fault) {
        let fields = fault.message().map_or_else(|| Field::of_request(fault.on), Field::of_message);
        let glob = |name: &Option<String>| name.as_deref().map(Glob::from);
        if fields.contains(&Field::TransactionalId) {
            fault.transactional_id = glob(&self.transactional_id).or(fault.transactional_id.take());
        }
        if fields.contains(&Field::Group) {
            fault.group = glob(&self.group).or(fault.group.take());
        }
        let is_about_records = match &fault.topic {
            Some(topic) => topic.as_str() == TOPIC,
            // The topics of committed offsets are others: what was read.
            None => matches!(
                fault.on,
                ApiKey::Produce | ApiKey::AddPartitionsToTxn | ApiKey::WriteTxnMarkers
            ),
        };
        if is_about_records {
            fault.topic = glob(&self.topic).or(fault.topic.take());
            fault.partition = self.partition.or(fault.partition);
        }
    }

    fn rename(&self, action: &mut Action) {
        let (topic, partition) = match action {
            Action::Elect(election) => (&mut election.topic, &mut election.partition),
            Action::Error(answer) => (&mut answer.topic, &mut answer.partition),
            Action::MoveCoordinator(moved) => {
                if moved.transaction.as_deref() == Some(TRANSACTIONAL_ID) {
                    moved.transaction = self.transactional_id.clone().or(moved.transaction.take());
                }
                return;
            }
            _ => return,
        };
        if topic.as_deref() == Some(TOPIC) {
            *topic = self.topic.clone().or(topic.take());
            *partition = self.partition.or(*partition);
        }
    }
}
