//! What a cluster's configuration, or a hole that Kafka has, allows to be lost.

use std::collections::BTreeSet;
use std::fmt;

use crate::{ActorId, History, Violation};

/// Why a promise could be broken though the brokers did what they should.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Allowance {
    /// The producer asked for fewer acknowledgements than all: a leader answers before its
    /// followers have the record, and an election loses it. It cannot be idempotent either, so that
    /// a new connection may overtake the old one.
    AcksBelowAll,
    /// A replica that was not in sync was elected, since the configuration allows it (RECOV-13).
    UncleanElection,
    /// A request of a client older than KIP-890 took effect after its client had given it up and begun
    /// the next transaction, which has the same producer epoch (BUG-01, BUG-03).
    LateRequest,
    /// A transaction coordinator acted on a record that was not committed, and was replaced by one
    /// that does not have it, or that has more, which contradicts it (FAILOVER-02).
    UncommittedDecision,
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AcksBelowAll => "acks below all",
            Self::UncleanElection => "an unclean election",
            Self::LateRequest => "a late request of a client older than KIP-890 (BUG-01, BUG-03)",
            Self::UncommittedDecision => "a decision that was not committed (FAILOVER-02)",
        })
    }
}

/// What happened in a run that allows a promise to be broken.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Circumstances {
    /// Producers that asked for fewer acknowledgements than all.
    pub acks_below_all: BTreeSet<ActorId>,
    /// Whether a replica that was not in sync was elected.
    pub unclean_election: bool,
    /// Whether an older client's request took effect in a later transaction than its own.
    pub late_request: bool,
    /// Whether a coordinator was replaced before what it had loaded was committed, or while a
    /// replica in sync had more.
    pub uncommitted_decision: bool,
}

impl Circumstances {
    /// What of all this allows a violation; none if nothing does.
    #[must_use]
    pub fn allowance(&self, violation: &Violation, history: &History) -> Option<Allowance> {
        let loser = match violation {
            Violation::Lost { record, .. } => history.record(*record).map(|sent| sent.actor),
            // The application is told that its batch is out of order: one before it is gone.
            Violation::WrongRefusal { actor, .. } | Violation::Reordered { actor, .. } => {
                Some(*actor)
            }
            Violation::Duplicated { .. }
            | Violation::Torn { .. }
            | Violation::AbortedVisible { .. }
            | Violation::WrongDelivery { .. }
            | Violation::OffsetsAndOutputsDisagree { .. }
            | Violation::NeverEnded { .. }
            | Violation::Stuck { .. } => None,
        };
        let is_transactional = match violation {
            Violation::Lost { record, .. } => {
                history.record(*record).is_some_and(|sent| sent.transaction.is_some())
            }
            Violation::Torn { .. }
            | Violation::AbortedVisible { .. }
            | Violation::WrongDelivery { .. }
            | Violation::OffsetsAndOutputsDisagree { .. }
            | Violation::NeverEnded { .. }
            | Violation::Stuck { .. }
            | Violation::WrongRefusal { .. } => true,
            Violation::Duplicated { .. } | Violation::Reordered { .. } => false,
        };
        if self.unclean_election {
            // Gone are records, markers, offsets and the producers' sequences: nothing is promised.
            Some(Allowance::UncleanElection)
        } else if loser.is_some_and(|actor| self.acks_below_all.contains(&actor)) {
            Some(Allowance::AcksBelowAll)
        } else if self.late_request && is_of_a_transaction(violation, history) {
            Some(Allowance::LateRequest)
        } else if self.uncommitted_decision && is_transactional {
            Some(Allowance::UncommittedDecision)
        } else {
            None
        }
    }

    /// Everything that may be broken in this run.
    #[must_use]
    pub fn allowances(&self) -> Vec<Allowance> {
        let acks = (!self.acks_below_all.is_empty()).then_some(Allowance::AcksBelowAll);
        let unclean = self.unclean_election.then_some(Allowance::UncleanElection);
        let late = self.late_request.then_some(Allowance::LateRequest);
        let uncommitted = self.uncommitted_decision.then_some(Allowance::UncommittedDecision);
        [acks, unclean, late, uncommitted].into_iter().flatten().collect()
    }
}

/// Whether a violation is of what a transaction's end decides: its records and its offsets.
fn is_of_a_transaction(violation: &Violation, history: &History) -> bool {
    match violation {
        Violation::Lost { record, .. } => {
            history.record(*record).is_some_and(|sent| sent.transaction.is_some())
        }
        Violation::Torn { .. }
        | Violation::AbortedVisible { .. }
        | Violation::OffsetsAndOutputsDisagree { .. } => true,
        Violation::Duplicated { .. }
        | Violation::Reordered { .. }
        | Violation::WrongDelivery { .. }
        | Violation::WrongRefusal { .. }
        | Violation::NeverEnded { .. }
        | Violation::Stuck { .. } => false,
    }
}
