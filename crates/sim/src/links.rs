//! Connections between model clients and brokers: requests and responses on their way.

use std::collections::{BTreeMap, VecDeque};

use fencepost_ids::{BrokerId, ConnectionId};
use fencepost_wire::{Request, RequestHeader, Response};

use crate::client::Tag;

/// One connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) actor: usize,
    pub(crate) broker: BrokerId,
    /// Whether it is the connection of the client's reading half: a parked fetch would hold up
    /// what a producer sends behind it (FRAME-07).
    reads: bool,
    /// Requests that the broker has not read.
    pub(crate) to_broker: VecDeque<(RequestHeader, Request)>,
    /// Whether a request is in process at the broker (FRAME-07).
    pub(crate) busy: bool,
    /// What the client waits for, oldest first.
    outstanding: VecDeque<(i32, Tag)>,
    /// Responses that the client has not read.
    pub(crate) to_client: VecDeque<(i32, Response)>,
    /// Whether the client still holds its end. A broker may go on reading what a client sent
    /// before it went away (FRAME-14).
    pub(crate) has_client: bool,
    /// How many transactions the client had begun when it let go of its end.
    pub(crate) left_in: usize,
}

/// All connections.
#[derive(Default, Debug)]
pub(crate) struct Links {
    links: BTreeMap<ConnectionId, Link>,
    open: BTreeMap<(usize, BrokerId, bool), ConnectionId>,
    made: u64,
    correlation: i32,
}

impl Links {
    /// The open connection of an actor to a broker, or a new one; says whether it is new.
    pub(crate) fn connect(
        &mut self,
        actor: usize,
        broker: BrokerId,
        reads: bool,
    ) -> (ConnectionId, bool) {
        if let Some(connection) = self.open.get(&(actor, broker, reads)) {
            return (*connection, false);
        }
        let connection = ConnectionId(self.made);
        self.made += 1;
        self.open.insert((actor, broker, reads), connection);
        let link = Link {
            actor,
            broker,
            reads,
            to_broker: VecDeque::new(),
            busy: false,
            outstanding: VecDeque::new(),
            to_client: VecDeque::new(),
            has_client: true,
            left_in: 0,
        };
        self.links.insert(connection, link);
        (connection, true)
    }

    /// Puts a request on its way.
    pub(crate) fn send(
        &mut self,
        connection: ConnectionId,
        mut header: RequestHeader,
        request: Request,
        tag: Tag,
    ) {
        self.correlation = self.correlation.wrapping_add(1);
        header.correlation_id = self.correlation;
        if let Some(link) = self.links.get_mut(&connection) {
            link.outstanding.push_back((header.correlation_id, tag));
            link.to_broker.push_back((header, request));
        }
    }

    pub(crate) fn get_mut(&mut self, connection: ConnectionId) -> Option<&mut Link> {
        self.links.get_mut(&connection)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ConnectionId, &Link)> {
        self.links.iter().map(|(connection, link)| (*connection, link))
    }

    /// The client's end breaks: what it waited for, oldest first. With `abandon` the broker may
    /// still read what was sent; otherwise that is lost.
    pub(crate) fn break_client_end(&mut self, connection: ConnectionId, abandon: bool) -> Vec<Tag> {
        let Some(link) = self.links.get_mut(&connection) else { return Vec::new() };
        if !link.has_client {
            return Vec::new();
        }
        link.has_client = false;
        link.to_client.clear();
        if !abandon {
            link.to_broker.clear();
        }
        self.open.remove(&(link.actor, link.broker, link.reads));
        link.outstanding.drain(..).map(|(_, tag)| tag).collect()
    }

    /// The broker's end is gone too.
    pub(crate) fn remove(&mut self, connection: ConnectionId) {
        self.links.remove(&connection);
    }
}

impl Link {
    /// A request that has no response was carried out.
    pub(crate) fn unanswered(&mut self, correlation_id: i32) -> Option<Tag> {
        let at = self.outstanding.iter().position(|(id, _)| *id == correlation_id)?;
        self.outstanding.remove(at).map(|(_, tag)| tag)
    }

    /// The client reads its next response: what it was waiting for.
    pub(crate) fn receive(&mut self) -> Option<(Tag, Response)> {
        let (correlation_id, response) = self.to_client.pop_front()?;
        let (expected, tag) = self.outstanding.pop_front()?;
        assert_eq!(
            correlation_id, expected,
            "responses come in the order of the requests (FRAME-06)"
        );
        Some((tag, response))
    }
}
