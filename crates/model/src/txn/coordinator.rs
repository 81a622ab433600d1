//! The transaction coordinator of one broker: its cache, and what requests do to it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fencepost_ids::{
    CoordinatorEpoch, ErrorCode, Offset, PartitionIndex, Rule, TopicPartition, TransactionalId,
    partition_of,
};

use super::add::AddVerdict;
use super::appends::{Append, Reply};
use super::end::EndVerdict;
use super::init::InitVerdict;
use super::markers::MarkerQueues;
use super::producer_ids::ProducerIds;
use super::profile::TxnProfile;
use super::questions::Collections;
use super::state::{Identity, TxnFields, TxnMetadata, TxnPath};
use crate::host::Host;
use crate::metadata::{PartitionKey, TRANSACTION_STATE};
use crate::ticket::Ticket;
use fencepost_log::MarkerType;

/// A broker's share of the transactional ids: those whose partition of `__transaction_state` it
/// leads.
#[derive(Clone, Default, Debug)]
pub(crate) struct TxnCoordinator {
    pub(super) owned: BTreeMap<PartitionIndex, Arc<OwnedPartition>>,
    /// Partitions that are being read, and the term in which they will be owned.
    pub(super) loading: BTreeMap<PartitionIndex, CoordinatorEpoch>,
    pub(super) markers: MarkerQueues,
    pub(super) collections: Collections,
    /// How many appends were made; names their timers.
    pub(super) appends: u64,
}

/// One partition of `__transaction_state` in the cache of its owner.
#[derive(Clone, Debug)]
pub(super) struct OwnedPartition {
    pub(super) key: PartitionKey,
    /// The leader epoch under which it was loaded (MARKOUT-03).
    pub(super) epoch: CoordinatorEpoch,
    pub(super) ids: BTreeMap<TransactionalId, TxnMetadata>,
    /// Records that wait for their replicas, by the offset of the last.
    pub(super) appends: BTreeMap<Offset, Append>,
    /// Transactions whose markers were refused for good (MARKOUT-08).
    pub(super) given_up: BTreeSet<TransactionalId>,
}

impl OwnedPartition {
    pub(super) const fn new(
        key: PartitionKey,
        epoch: CoordinatorEpoch,
        ids: BTreeMap<TransactionalId, TxnMetadata>,
    ) -> Self {
        Self { key, epoch, ids, appends: BTreeMap::new(), given_up: BTreeSet::new() }
    }
}

/// A transactional id in a partition that its owner has loaded.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Place {
    pub(super) partition: PartitionIndex,
    pub(super) id: TransactionalId,
}

/// An InitProducerId of a transactional id, its arguments checked (INIT-02 to INIT-06).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct InitRequest {
    pub(crate) transactional_id: TransactionalId,
    pub(crate) timeout_ms: i32,
    /// The identity that the client expects to hold, if it named one (KIP-360).
    pub(crate) expected: Option<Identity>,
}

/// An EndTxn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct EndRequest {
    pub(crate) transactional_id: TransactionalId,
    pub(crate) identity: Identity,
    pub(crate) outcome: MarkerType,
    /// The path that the request's version stands for (END-01).
    pub(crate) path: TxnPath,
}

/// How a request that was not refused goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Progress<T> {
    /// Answer this at once.
    Done(T),
    /// The answer follows when the log has taken the record.
    Writing,
}

impl TxnCoordinator {
    /// Carries out InitProducerId (INIT-07 to INIT-16); the answer always follows from the log.
    ///
    /// # Errors
    /// The code to answer at once.
    pub(crate) fn init_producer_id(
        &mut self,
        ids: &mut ProducerIds,
        host: &mut Host<'_>,
        ticket: Ticket,
        request: InitRequest,
    ) -> Result<(), ErrorCode> {
        let (now, profile) = (host.now, TxnProfile::of(host));
        let InitRequest { transactional_id, timeout_ms, expected } = request;
        let place = self.locate(host, transactional_id)?;
        let known = &mut self.partition(place.partition)?.ids;
        let txn = match known.entry(place.id.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let producer_id = ids.take(host).ok_or(ErrorCode::CoordinatorLoadInProgress)?;
                unknown.insert(TxnMetadata::new(producer_id, timeout_ms, now))
            }
        };
        let new_id = &mut || ids.take(host);
        let verdict = txn.prepare_init(expected, timeout_ms, now, profile, new_id);
        let shown = expected.unwrap_or(Identity::NONE);
        let epoch = txn.fields().epoch;
        let reply = match verdict.map_err(|it| host.tell_refusal(&place.id, shown, epoch, it))? {
            InitVerdict::Write => Reply::Init(ticket),
            InitVerdict::AbortOngoing => {
                let path = TxnPath::of_level(host.metadata.features.transaction_version());
                let new_id = &mut || ids.take(host);
                txn.prepare_fence(path, now, profile, new_id)?;
                Reply::Fence(Some(ticket))
            }
        };
        self.write(host, place, reply);
        Ok(())
    }

    /// Adds partitions to a transaction (ADDP-03 to ADDP-05).
    ///
    /// # Errors
    /// The code to answer at once, for every partition.
    pub(super) fn add_partitions(
        &mut self,
        host: &mut Host<'_>,
        transactional_id: TransactionalId,
        identity: Identity,
        partitions: &BTreeSet<TopicPartition>,
        path: TxnPath,
        reply: Reply,
    ) -> Result<Progress<()>, ErrorCode> {
        let (now, profile) = (host.now, TxnProfile::of(host));
        let place = self.locate(host, transactional_id)?;
        let txn = self.txn(&place)?;
        let verdict = txn.prepare_add(identity, partitions, path, now, profile);
        let epoch = txn.fields().epoch;
        match verdict.map_err(|it| host.tell_refusal(&place.id, identity, epoch, it))? {
            AddVerdict::AlreadyIn => Ok(Progress::Done(())),
            AddVerdict::Write => {
                self.write(host, place, reply);
                Ok(Progress::Writing)
            }
        }
    }

    /// Adds a group's partition of `__consumer_offsets` to a transaction (ADDP-07).
    ///
    /// # Errors
    /// The code to answer at once.
    pub(crate) fn add_offsets(
        &mut self,
        host: &mut Host<'_>,
        ticket: Ticket,
        transactional_id: TransactionalId,
        identity: Identity,
        partition: TopicPartition,
    ) -> Result<Progress<()>, ErrorCode> {
        let partitions = BTreeSet::from([partition]);
        let reply = Reply::Offsets(ticket);
        self.add_partitions(host, transactional_id, identity, &partitions, TxnPath::Tv1, reply)
    }

    /// Whether partitions are in a transaction (ADDP-06), in their order.
    ///
    /// # Errors
    /// The code to answer for every partition.
    pub(super) fn verify_partitions<'a>(
        &mut self,
        host: &Host<'_>,
        transactional_id: TransactionalId,
        identity: Identity,
        partitions: impl Iterator<Item = &'a TopicPartition>,
    ) -> Result<Vec<ErrorCode>, ErrorCode> {
        let place = self.locate(host, transactional_id)?;
        let txn = self.txn(&place)?;
        let code = |verdict: Result<(), ErrorCode>| verdict.err().unwrap_or(ErrorCode::None);
        Ok(partitions.map(|partition| code(txn.verify(identity, partition))).collect())
    }

    /// Carries out EndTxn (END-02 to END-09); the identity to answer counts in v5 only.
    ///
    /// # Errors
    /// The code to answer at once.
    pub(crate) fn end_txn(
        &mut self,
        ids: &mut ProducerIds,
        host: &mut Host<'_>,
        ticket: Ticket,
        request: EndRequest,
    ) -> Result<Progress<Identity>, ErrorCode> {
        let (now, profile) = (host.now, TxnProfile::of(host));
        let EndRequest { transactional_id, identity, outcome, path } = request;
        let place = self.locate(host, transactional_id)?;
        let txn = self.txn(&place)?;
        let verdict = match path {
            TxnPath::Tv1 => txn.prepare_end_tv1(identity, outcome, now, profile),
            TxnPath::Tv2 => {
                let new_id = &mut || ids.take(host);
                txn.prepare_end_tv2(identity, outcome, now, profile, new_id)
            }
        };
        let epoch = txn.fields().epoch;
        match verdict.map_err(|it| host.tell_refusal(&place.id, identity, epoch, it))? {
            EndVerdict::Done(identity) => Ok(Progress::Done(identity)),
            EndVerdict::Write => {
                self.write(host, place, Reply::End(ticket));
                Ok(Progress::Writing)
            }
        }
    }

    /// What is known of a transactional id, pending changes left out (DESC-02).
    ///
    /// # Errors
    /// 16 at a broker that does not own the id, 105 if the owner does not know it.
    pub(crate) fn describe(
        &mut self,
        host: &Host<'_>,
        transactional_id: TransactionalId,
    ) -> Result<&TxnFields, ErrorCode> {
        let place = self.locate(host, transactional_id)?;
        let owned = self.owned.get(&place.partition).ok_or(ErrorCode::NotCoordinator)?;
        let txn = owned.ids.get(&place.id).ok_or(ErrorCode::TransactionalIdNotFound)?;
        Ok(txn.fields())
    }

    /// The state of an id by its name on the wire, pending changes left out.
    pub(crate) fn state_of(
        &self,
        partition: PartitionIndex,
        id: &TransactionalId,
    ) -> Option<&'static str> {
        self.owned.get(&partition)?.ids.get(id).map(|txn| txn.fields().state.name())
    }

    /// Every transactional id of this broker (DESC-03).
    ///
    /// # Errors
    /// 14 while any partition is loading (FAILOVER-05).
    pub(crate) fn list(
        &self,
    ) -> Result<impl Iterator<Item = (&TransactionalId, &TxnFields)>, ErrorCode> {
        if !self.loading.is_empty() {
            return Err(ErrorCode::CoordinatorLoadInProgress);
        }
        let ids = self.owned.values().flat_map(|owned| &owned.ids);
        Ok(ids.map(|(id, txn)| (id, txn.fields())))
    }

    /// Every transactional id of the partitions that are read, with its partition and the term in
    /// which that is owned.
    pub(crate) fn known(
        &self,
    ) -> impl Iterator<Item = (PartitionIndex, CoordinatorEpoch, &TransactionalId, &TxnMetadata)>
    {
        self.owned.iter().flat_map(|(partition, owned)| {
            owned.ids.iter().map(|(id, txn)| (*partition, owned.epoch, id, txn))
        })
    }

    /// A transactional id of a partition that is read, with the term in which that is owned.
    pub(crate) fn find(
        &self,
        partition: PartitionIndex,
        id: &TransactionalId,
    ) -> Option<(CoordinatorEpoch, &TxnMetadata)> {
        let owned = self.owned.get(&partition)?;
        owned.ids.get(id).map(|txn| (owned.epoch, txn))
    }

    /// The partitions that are still being read.
    pub(crate) fn loading_partitions(&self) -> impl Iterator<Item = PartitionIndex> {
        self.loading.keys().copied()
    }

    /// The partition that an id belongs to, if this broker owns it (TLOG-01, FAILOVER-05).
    fn locate(&self, host: &Host<'_>, id: TransactionalId) -> Result<Place, ErrorCode> {
        if id.is_empty() {
            return Err(ErrorCode::InvalidRequest);
        }
        let log = host.metadata.topic(TRANSACTION_STATE).ok_or(ErrorCode::NotCoordinator)?;
        let partition = partition_of(&id, log.partition_count());
        if self.loading.contains_key(&partition)
            && host.config.rules.is_on(Rule::LoadBeforeDecision)
        {
            Err(ErrorCode::CoordinatorLoadInProgress)
        } else if self.owned.contains_key(&partition) {
            Ok(Place { partition, id })
        } else {
            Err(ErrorCode::NotCoordinator)
        }
    }

    pub(super) fn partition(
        &mut self,
        partition: PartitionIndex,
    ) -> Result<&mut OwnedPartition, ErrorCode> {
        self.owned.get_mut(&partition).map(Arc::make_mut).ok_or(ErrorCode::NotCoordinator)
    }

    /// An id that the owner knows; any other is not mapped to a producer id (END-02).
    pub(super) fn txn(&mut self, place: &Place) -> Result<&mut TxnMetadata, ErrorCode> {
        let known = &mut self.partition(place.partition)?.ids;
        known.get_mut(&place.id).ok_or(ErrorCode::InvalidProducerIdMapping)
    }
}
