//! Where a connection waits for what other tasks have for it: the answer to its request in process,
//! of which there is one (FRAME-07) unless that rule is switched off, and the order to close.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use fencepost_model::Ticket;
use fencepost_wire::{Frame, Response};

use sync::{Mutex, MutexGuard};

#[cfg(feature = "loom")]
mod sync {
    pub(super) use loom::sync::{Mutex, MutexGuard};
}
#[cfg(not(feature = "loom"))]
mod sync {
    pub(super) use std::sync::{Mutex, MutexGuard};
}

/// How a request ends.
#[derive(Debug)]
pub(crate) enum Answer {
    /// With a response.
    Respond(Ticket, Response),
    /// With bytes in the place of a response.
    Frame(Frame),
    /// Without one (API-38).
    Done,
}

/// Why a connection is to close.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Closing {
    /// The cluster says so.
    Ordered(String),
    /// A fault of this name says so.
    ByFault(Arc<str>),
    /// The server stops.
    Stopping,
}

/// A message to a connection.
#[derive(Debug)]
pub(crate) enum Mail {
    Answer(Answer),
    Close(Closing),
}

/// The answers in the order of their arrival, and at most one order to close; all stay until they are
/// taken.
#[derive(Debug)]
pub(crate) struct Mailbox {
    slots: Mutex<Slots>,
}

#[derive(Debug)]
struct Slots {
    answers: VecDeque<Answer>,
    closing: Option<Closing>,
    /// The connection's task, if it waits.
    waiting: Option<Waker>,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self { slots: Mutex::new(Slots { answers: VecDeque::new(), closing: None, waiting: None }) }
    }

    /// Leaves a message and wakes the connection.
    pub(crate) fn put(&self, mail: Mail) {
        let mut slots = self.slots();
        match mail {
            Mail::Answer(answer) => slots.answers.push_back(answer),
            // The first reason is the one to tell.
            Mail::Close(closing) => _ = slots.closing.get_or_insert(closing),
        }
        let waiting = slots.waiting.take();
        drop(slots);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    /// Waits for the answer; an order to close comes second, so that what was answered is sent.
    pub(crate) fn poll_mail(&self, context: &mut Context<'_>) -> Poll<Mail> {
        let mut slots = self.slots();
        if let Some(answer) = slots.answers.pop_front() {
            return Poll::Ready(Mail::Answer(answer));
        }
        poll_slots(&mut slots, context).map(Mail::Close)
    }

    /// Waits for the order to close alone.
    pub(crate) fn poll_closing(&self, context: &mut Context<'_>) -> Poll<Closing> {
        poll_slots(&mut self.slots(), context)
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        // Nothing panics while it holds the slots.
        self.slots.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn poll_slots(slots: &mut Slots, context: &mut Context<'_>) -> Poll<Closing> {
    if let Some(closing) = &slots.closing {
        return Poll::Ready(closing.clone());
    }
    match &mut slots.waiting {
        Some(waker) => waker.clone_from(context.waker()),
        waiting => *waiting = Some(context.waker().clone()),
    }
    Poll::Pending
}

/// Run with `--features loom`: every interleaving of a connection that waits and
/// of the tasks that have something for it.
#[cfg(all(test, feature = "loom"))]
mod loom_tests {
    use std::future::poll_fn;

    use loom::future::block_on;
    use loom::sync::Arc;
    use loom::thread;

    use super::*;

    fn close() -> Mail {
        Mail::Close(Closing::Stopping)
    }

    #[test]
    fn an_answer_reaches_the_connection_that_waits_for_it() {
        loom::model(|| {
            let mailbox = Arc::new(Mailbox::new());
            let other = Arc::clone(&mailbox);
            let step = thread::spawn(move || other.put(Mail::Answer(Answer::Done)));
            let mail = block_on(poll_fn(|context| mailbox.poll_mail(context)));
            assert!(matches!(mail, Mail::Answer(Answer::Done)));
            step.join().unwrap();
        });
    }

    #[test]
    fn an_answer_and_an_order_to_close_both_arrive_whoever_is_first() {
        loom::model(|| {
            let mailbox = Arc::new(Mailbox::new());
            let (left, right) = (Arc::clone(&mailbox), Arc::clone(&mailbox));
            let step = thread::spawn(move || left.put(Mail::Answer(Answer::Done)));
            let stop = thread::spawn(move || right.put(close()));
            let first = block_on(poll_fn(|context| mailbox.poll_mail(context)));
            let closing = block_on(poll_fn(|context| mailbox.poll_closing(context)));
            assert_eq!(closing, Closing::Stopping);
            step.join().unwrap();
            stop.join().unwrap();
            if let Mail::Close(_) = first {
                let second = block_on(poll_fn(|context| mailbox.poll_mail(context)));
                assert!(matches!(second, Mail::Answer(Answer::Done)));
            }
        });
    }
}
