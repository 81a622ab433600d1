//! The catalogue of crash windows: every distinguishable point at which a client, a partition leader
//! or a coordinator can stop, stall, time out or lose an answer in the course of a transaction, with
//! the plan that puts a client there and what it must do then.
//!
//! The windows are those of `docs/spec/crash-windows.md`. Where a plan must name a topic it is
//! `orders`, and a transactional id is `tx`, unless a [`WindowChoice`] says otherwise; where it must
//! stop the client's process, that is registered as `client`.

mod adding;
mod choice;
pub use choice::{WindowChoice, WindowError};
mod ending;
mod ending_twice;
mod identity;
mod marking;
mod offsets;
mod producing;
mod reading;
mod surroundings;
mod taking_over;
mod verifying;

use std::fmt;

use crate::Plan;

/// A point at which something can go wrong, and what follows from it.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Its id, such as `W047`.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Where it lies.
    pub lies: &'static str,
    /// What it leaves behind.
    pub leaves: Leaves,
    /// What a correct client and broker may make of it.
    pub outcome: &'static [Outcome],
    /// What a correct client must do.
    pub client: &'static str,
    /// How a client is brought there.
    pub staging: Staging,
}

/// What a window leaves behind, by transaction version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leaves {
    /// The same at both.
    Same(&'static str),
    /// At transaction versions 0 and 1, and at 2.
    Each(&'static str, &'static str),
    /// The window is there at transaction versions 0 and 1 only.
    Before2(&'static str),
    /// The window is there at transaction version 2 only.
    Since2(&'static str),
}

/// The only outcomes that a correct client and broker may produce.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Outcome {
    /// The retry is invisible.
    Same,
    /// The transaction ends aborted.
    Abort,
    /// The transaction is final.
    Commit,
    /// The durable decision wins, and the client must learn it.
    Either,
    /// This incarnation must have no further effect.
    Stop,
    /// There is nothing to decide yet.
    Wait,
    /// What comes too late has no effect.
    Refused,
}

/// How a client is brought to a window.
#[derive(Clone, Copy, Debug)]
pub enum Staging {
    /// By one of these plans.
    Plans(&'static [Staged]),
    /// By no plan, for this reason.
    None(&'static str),
}

/// A plan, and the transaction versions at which it stages the window.
#[derive(Clone, Copy, Debug)]
pub struct Staged {
    /// The transaction versions.
    pub at: Versions,
    /// The plan in TOML.
    pub toml: &'static str,
}

/// Transaction versions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Versions {
    /// All.
    All,
    /// 0 and 1.
    Before2,
    /// 2.
    Since2,
}

/// A plan for all transaction versions.
const fn all(toml: &'static str) -> Staged {
    Staged { at: Versions::All, toml }
}

/// A plan for transaction versions 0 and 1.
const fn before2(toml: &'static str) -> Staged {
    Staged { at: Versions::Before2, toml }
}

/// A plan for transaction version 2.
const fn since2(toml: &'static str) -> Staged {
    Staged { at: Versions::Since2, toml }
}

/// What a client does whose transaction must end aborted.
const ABORT_AND_REWIND: &str = "stop producing, resolve or drop the batches in flight, send \
    EndTxn(abort) until its answer is definite, set the positions back to the committed offsets, \
    begin again";
/// What the next incarnation of a client does.
const RESTART: &str = "the next incarnation finds the coordinator, sends InitProducerId with -1/-1 \
    until it succeeds, only then fetches the committed offsets with require-stable, and begins there";
/// What a client does that does not know how an EndTxn ended.
const UNKNOWN: &str = "retry the same direction with the same identity until the answer is definite; \
    or give the identity up by InitProducerId, and read the committed offsets to learn the outcome";
/// What a client does whose request had no effect or the same one twice.
const RETRY: &str = "find the coordinator or leader again if need be, and send the identical request \
    again";

/// The windows by where they lie, by rising ids.
const GROUPS: &[&[Window]] = &[
    identity::WINDOWS,
    reading::WINDOWS,
    adding::WINDOWS,
    verifying::WINDOWS,
    producing::WINDOWS,
    offsets::WINDOWS,
    ending::WINDOWS,
    ending_twice::WINDOWS,
    marking::WINDOWS,
    taking_over::WINDOWS,
    surroundings::WINDOWS,
];

impl Window {
    /// Every window of the catalogue, by rising id.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        GROUPS.iter().copied().flatten()
    }

    /// The window of an id, or of a name.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        Self::all().find(|window| {
            window.id.eq_ignore_ascii_case(id) || window.name.eq_ignore_ascii_case(id)
        })
    }

    /// The plans that stage it; none if there are none.
    pub fn plans(&self) -> impl Iterator<Item = (Versions, Plan)> {
        let staged = match self.staging {
            Staging::Plans(staged) => staged,
            Staging::None(_) => &[],
        };
        staged.iter().map(|staged| {
            let plan = Plan::from_toml(staged.toml).expect("a test reads every plan");
            (staged.at, plan)
        })
    }
}

impl Versions {
    /// Whether a version is one of them.
    #[must_use]
    pub const fn has(self, version: i16) -> bool {
        match self {
            Self::All => true,
            Self::Before2 => version < 2,
            Self::Since2 => version >= 2,
        }
    }
}

impl Outcome {
    /// The code in the catalogue.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Same => "O-SAME",
            Self::Abort => "O-ABORT",
            Self::Commit => "O-COMMIT",
            Self::Either => "O-EITHER",
            Self::Stop => "O-STOP",
            Self::Wait => "O-WAIT",
            Self::Refused => "refused",
        }
    }

    /// What it means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Same => "a retry is invisible, the effect is there exactly once",
            Self::Abort => {
                "the transaction ends aborted: nothing visible, offsets unmoved, the work is redone"
            }
            Self::Commit => {
                "the transaction is final: visible in full, offsets moved, the work is not redone"
            }
            Self::Either => "the durable decision wins, and the client must learn it",
            Self::Stop => "this incarnation has no further effect, and tells its application",
            Self::Wait => "nothing to decide: retry until the other side is ready",
            Self::Refused => "what comes too late has no effect",
        }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "any transaction version",
            Self::Before2 => "transaction version 0 or 1",
            Self::Since2 => "transaction version 2",
        })
    }
}

impl Window {
    /// All but the plans, as text.
    fn description(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            writeln!(f, "{} {}\n", self.id, self.name)?;
            writeln!(f, "Where:    {}", self.lies)?;
            match self.leaves {
                Leaves::Same(leaves) => writeln!(f, "Leaves:   {leaves}")?,
                Leaves::Before2(leaves) => writeln!(f, "Leaves:   {leaves} (not at TV2)")?,
                Leaves::Since2(leaves) => writeln!(f, "Leaves:   {leaves} (at TV2 only)")?,
                Leaves::Each(before, since) => {
                    writeln!(f, "Leaves:   before TV2: {before}")?;
                    writeln!(f, "          at TV2: {since}")?;
                }
            }
            for (index, outcome) in self.outcome.iter().enumerate() {
                let label = if index == 0 { "Outcome: " } else { "      or " };
                writeln!(f, "{label} {}: {}", outcome.code(), outcome.meaning())?;
            }
            writeln!(f, "Client:   {}", self.client)
        })
    }
}

impl fmt::Display for Window {
    /// The window as a page of text, with its plans in TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.description().fmt(f)?;
        match self.staging {
            Staging::None(reason) => writeln!(f, "\nNo plan: {reason}"),
            Staging::Plans(plans) => plans.iter().try_for_each(|staged| {
                writeln!(f, "\n# Plan for {}\n{}", staged.at, staged.toml.trim())
            }),
        }
    }
}
