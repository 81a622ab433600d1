//! One atomic step of the cluster: the state, the moment, and where the effects go.

use fencepost_ids::{BrokerId, ClientId, ConnectionId, Timestamp};
use fencepost_wire::Response;

use crate::broker::Broker;
use crate::cluster::Cluster;
use crate::group::GroupCoordinator;
use crate::host::Host;
use crate::input::Output;
use crate::metadata::PartitionKey;
use crate::parked::Parked;
use crate::ticket::Ticket;
use crate::timers::Timer;
use crate::txn::{ProducerIds, TransactionVerifier, TxnCoordinator};

/// A step in progress.
pub(crate) struct Step<'a> {
    pub(crate) cluster: &'a mut Cluster,
    pub(crate) now: Timestamp,
    pub(crate) out: &'a mut Vec<Output>,
}

/// A request as the API that serves it sees it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// The broker that was asked.
    pub(crate) broker: BrokerId,
    pub(crate) ticket: Ticket,
    /// Empty if the client gave none (FRAME-03).
    pub(crate) client_id: ClientId,
}

/// The parts of one broker's memory, apart, so that a coordinator can use the logs.
pub(crate) struct Parts<'a> {
    pub(crate) txn: &'a mut TxnCoordinator,
    pub(crate) group: &'a mut GroupCoordinator,
    pub(crate) producer_ids: &'a mut ProducerIds,
    pub(crate) verifier: &'a mut TransactionVerifier,
    pub(crate) host: Host<'a>,
}

impl Step<'_> {
    /// Answers a request; nobody hears it if the connection is closed (FRAME-13).
    pub(crate) fn respond(&mut self, ticket: Ticket, response: impl Into<Response>) {
        if self.cluster.connections.contains_key(&ticket.connection) {
            self.out.push(Output::Respond { ticket, response: response.into() });
        }
    }

    /// Ends a request that has no answer (API-38).
    pub(crate) fn done(&mut self, ticket: Ticket) {
        if self.cluster.connections.contains_key(&ticket.connection) {
            self.out.push(Output::Done { ticket });
        }
    }

    pub(crate) fn close(&mut self, connection: ConnectionId, reason: impl Into<String>) {
        if self.cluster.connections.remove(&connection).is_some() {
            self.out.push(Output::Close { connection, reason: reason.into() });
        }
    }

    /// The memory of a broker, if it is running.
    pub(crate) fn broker(&mut self, id: BrokerId) -> Option<&mut Broker> {
        self.cluster.brokers.get_mut(&id).map(std::sync::Arc::make_mut)
    }

    /// The parts of a running broker, with its view of the world.
    pub(crate) fn parts(&mut self, id: BrokerId) -> Option<Parts<'_>> {
        let Self { cluster, now, out } = self;
        let Cluster {
            config,
            rules,
            metadata,
            disk,
            brokers,
            network,
            connections,
            timers,
            random,
            moved,
            serials: _,
            observer,
        } = &mut **cluster;
        let broker = std::sync::Arc::make_mut(brokers.get_mut(&id)?);
        Some(Parts {
            txn: &mut broker.txn,
            group: &mut broker.group,
            producer_ids: &mut broker.producer_ids,
            verifier: &mut broker.verifier,
            host: Host {
                now: *now,
                broker: id,
                config,
                rules,
                metadata,
                timers,
                random,
                disk,
                leaders: &mut broker.leaders,
                followers: &mut broker.followers,
                guards: &mut broker.guards,
                network,
                connections,
                moved,
                observer,
                out,
            },
        })
    }

    /// Parks a request until one of the watched partitions changes or the deadline passes.
    pub(crate) fn park(
        &mut self,
        broker: BrokerId,
        serial: u64,
        parked: Parked,
        watched: Vec<PartitionKey>,
        deadline: Option<Timestamp>,
    ) {
        if let Some(at) = deadline {
            self.cluster.timers.set(Timer::Parked { broker, serial }, at);
        }
        if let Some(broker) = self.broker(broker) {
            broker.parked.insert(serial, parked, watched);
        }
    }

    /// Takes a parked request out of its table and stops its timer.
    pub(crate) fn unpark(&mut self, broker: BrokerId, serial: u64) -> Option<Parked> {
        self.cluster.timers.cancel(&Timer::Parked { broker, serial });
        self.broker(broker)?.parked.remove(serial)
    }
}
