//! A client's way to a coordinator: it finds it, and repeats one request until it is answered
//! (CLIENT-01, CLIENT-03).

use fencepost_ids::BrokerId;
use fencepost_wire::messages::FindCoordinatorRequest;
use fencepost_wire::{Request, Response, StrBytes};

use super::{BACKOFF_MS, Io, Part, Tag, Wait};

/// Which coordinator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Group(Part),
    Transaction,
}

/// The way to the coordinator of one group or transactional id.
#[derive(Debug)]
pub(crate) struct Coordinator {
    kind: Kind,
    key: String,
    node: Option<BrokerId>,
    /// The request that must be answered, kept so that it can be repeated as it was.
    pending: Option<(Tag, i16, Request)>,
    /// Whether a wait or a FindCoordinator is under way.
    busy: bool,
    next: i32,
}

impl Coordinator {
    pub(crate) fn new(kind: Kind, key: &str) -> Self {
        Self { kind, key: key.to_owned(), node: None, pending: None, busy: false, next: 0 }
    }

    /// Sends a request, to the coordinator if it is known, else once it is found.
    pub(crate) fn send(
        &mut self,
        tag: Tag,
        version: i16,
        request: impl Into<Request>,
        io: &mut Io<'_>,
    ) {
        self.pending = Some((tag, version, request.into()));
        if !self.busy {
            self.go(io);
        }
    }

    /// The pending request was answered for good.
    pub(crate) fn settle(&mut self) {
        self.pending = None;
    }

    /// Repeats the pending request after a while.
    pub(crate) fn repeat(&mut self, io: &mut Io<'_>) {
        if !self.busy {
            self.busy = true;
            io.wait(BACKOFF_MS, self.wait());
        }
    }

    /// The coordinator is another one: finds it after a while, then repeats.
    pub(crate) fn relocate(&mut self, io: &mut Io<'_>) {
        self.node = None;
        self.repeat(io);
    }

    /// The wait is over.
    pub(crate) fn wake(&mut self, io: &mut Io<'_>) {
        self.busy = false;
        self.go(io);
    }

    /// FindCoordinator was answered.
    pub(crate) fn found(&mut self, response: Response, io: &mut Io<'_>) {
        self.busy = false;
        if let Response::FindCoordinator(response) = response
            && let Some(row) = response.coordinators.first().filter(|row| row.error_code == 0)
        {
            self.node = Some(BrokerId(row.node_id.0));
            self.go(io);
        } else {
            self.repeat(io);
        }
    }

    /// FindCoordinator was lost with its connection.
    pub(crate) fn find_broken(&mut self, io: &mut Io<'_>) {
        self.busy = false;
        self.relocate(io);
    }

    const fn wait(&self) -> Wait {
        match self.kind {
            Kind::Group(part) => Wait::GroupCoordinator(part),
            Kind::Transaction => Wait::TransactionCoordinator,
        }
    }

    fn go(&mut self, io: &mut Io<'_>) {
        let Some((tag, version, request)) = &self.pending else { return };
        if let Some(node) = self.node {
            io.request(node, *version, request.clone(), *tag);
            return;
        }
        self.busy = true;
        let broker = BrokerId(self.next % io.brokers);
        self.next += 1;
        let (key_type, tag) = match self.kind {
            Kind::Group(part) => (0, Tag::FindGroupCoordinator(part)),
            Kind::Transaction => (1, Tag::FindTransactionCoordinator),
        };
        let request = FindCoordinatorRequest::default()
            .with_key_type(key_type)
            .with_coordinator_keys(vec![StrBytes::from_string(self.key.clone())]);
        io.request(broker, 4, request, tag);
    }
}
