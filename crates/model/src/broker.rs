//! What lives in a broker's memory and is gone when it crashes.

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_log::{GuardIds, ReplicaState};

use crate::api::fetch::FetchSessions;
use crate::group::GroupCoordinator;
use crate::metadata::PartitionKey;
use crate::parked::ParkedRequests;
use crate::replication::Leader;
use crate::txn::{ProducerIds, TransactionVerifier, TxnCoordinator};

/// The memory of one running broker.
#[derive(Clone, Default, Debug)]
pub(crate) struct Broker {
    /// The partitions that it leads.
    pub(crate) leaders: BTreeMap<PartitionKey, Arc<Leader>>,
    /// The partitions that it follows. A broker that loses leadership keeps its producers and its
    /// verifications (RECOV-14).
    pub(crate) followers: BTreeMap<PartitionKey, Arc<ReplicaState>>,
    /// Guards against transactions that ended while their coordinator was asked (VERIFY-04).
    pub(crate) guards: GuardIds,
    pub(crate) parked: ParkedRequests,
    pub(crate) fetch_sessions: FetchSessions,
    pub(crate) producer_ids: ProducerIds,
    pub(crate) verifier: TransactionVerifier,
    pub(crate) txn: TxnCoordinator,
    pub(crate) group: GroupCoordinator,
}
