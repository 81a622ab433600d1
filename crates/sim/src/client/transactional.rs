//! A producer that works through a list of transactions.

use std::collections::VecDeque;

use super::transactor::{Report, Transactor, Work};
use super::{Io, Signal, Wait};

/// What a transactional producer does when it is fenced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WhenFenced {
    /// It begins anew, as an application that is restarted.
    Restart,
    /// It stops: another instance has taken over.
    Stop,
}

/// A transactional producer.
#[derive(Debug)]
pub(crate) struct Transactional {
    transactor: Transactor,
    plan: VecDeque<Work>,
    /// How long after the start of the run it begins, in milliseconds.
    start_after_ms: i64,
    when_fenced: WhenFenced,
    stopped: bool,
}

impl Transactional {
    pub(crate) const fn new(
        transactor: Transactor,
        plan: VecDeque<Work>,
        start_after_ms: i64,
        when_fenced: WhenFenced,
    ) -> Self {
        Self { transactor, plan, start_after_ms, when_fenced, stopped: false }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.stopped || (self.plan.is_empty() && self.transactor.is_ready())
    }

    pub(crate) fn handle(&mut self, signal: Signal, io: &mut Io<'_>) {
        match signal {
            Signal::Start => io.wait(self.start_after_ms, Wait::Start),
            Signal::Wake(Wait::Start) => self.transactor.start(io),
            signal => {
                let report = self.transactor.handle(signal, io);
                if report == Some(Report::Dead) {
                    match self.when_fenced {
                        WhenFenced::Restart => io.wait(super::BACKOFF_MS, Wait::Start),
                        WhenFenced::Stop => self.stopped = true,
                    }
                }
                if report.is_some()
                    && self.transactor.is_ready()
                    && let Some(work) = self.plan.pop_front()
                {
                    self.transactor.begin(work, io);
                }
            }
        }
    }
}
