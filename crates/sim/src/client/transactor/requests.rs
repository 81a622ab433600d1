//! What a transactional producer asks of the coordinators, in the version of its protocol.

use fencepost_ids::{ProducerEpoch, ProducerId};
use fencepost_oracle::TransactionId;
use fencepost_wire::ToWire;
use fencepost_wire::messages::add_partitions_to_txn_request::AddPartitionsToTxnTopic;
use fencepost_wire::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use fencepost_wire::messages::{
    AddOffsetsToTxnRequest, AddPartitionsToTxnRequest, EndTxnRequest, InitProducerIdRequest,
    TxnOffsetCommitRequest,
};

use super::super::{Io, Tag};
use super::{Protocol, Stage, Transactor, Work};

impl Transactor {
    pub(super) fn initialise(&mut self, expected: (ProducerId, ProducerEpoch), io: &mut Io<'_>) {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(self.transactional_id.to_wire()))
            .with_transaction_timeout_ms(self.timeout_ms)
            .with_producer_id(expected.0.to_wire())
            .with_producer_epoch(expected.1.0);
        self.coordinator.send(Tag::InitProducerId, 4, request, io);
    }

    pub(super) fn add_partitions(
        &mut self,
        transaction: TransactionId,
        work: Work,
        io: &mut Io<'_>,
    ) {
        let Some((producer_id, epoch)) = self.sender.identity() else { return };
        let mut lanes: Vec<_> = work.batches.iter().map(|(lane, _)| *lane).collect();
        lanes.sort();
        lanes.dedup();
        let topics = lanes
            .into_iter()
            .map(|lane| {
                let place = &self.directory.places()[lane];
                AddPartitionsToTxnTopic::default()
                    .with_name(place.topic.to_wire())
                    .with_partitions(vec![place.partition.0])
            })
            .collect();
        let request = AddPartitionsToTxnRequest::default()
            .with_v3_and_below_transactional_id(self.transactional_id.to_wire())
            .with_v3_and_below_producer_id(producer_id.to_wire())
            .with_v3_and_below_producer_epoch(epoch.0)
            .with_v3_and_below_topics(topics);
        self.stage = Stage::Adding(transaction, work);
        self.coordinator.send(Tag::AddPartitions, 3, request, io);
    }

    pub(super) fn add_offsets(&mut self, transaction: TransactionId, work: Work, io: &mut Io<'_>) {
        let (Some((producer_id, epoch)), Some(group)) = (self.sender.identity(), &self.group)
        else {
            return;
        };
        let request = AddOffsetsToTxnRequest::default()
            .with_transactional_id(self.transactional_id.to_wire())
            .with_producer_id(producer_id.to_wire())
            .with_producer_epoch(epoch.0)
            .with_group_id(group.to_wire());
        self.stage = Stage::AddingOffsets(transaction, work);
        self.coordinator.send(Tag::AddOffsets, 3, request, io);
    }

    pub(super) fn commit_offsets(
        &mut self,
        transaction: TransactionId,
        work: Work,
        io: &mut Io<'_>,
    ) {
        let Some((producer_id, epoch)) = self.sender.identity() else { return };
        let (Some(group), Some(coordinator)) = (&self.group, &mut self.group_coordinator) else {
            return;
        };
        let topics = work
            .offsets
            .iter()
            .map(|(place, offset)| {
                TxnOffsetCommitRequestTopic::default()
                    .with_name(place.topic.to_wire())
                    .with_partitions(vec![
                        TxnOffsetCommitRequestPartition::default()
                            .with_partition_index(place.partition.0)
                            .with_committed_offset(offset.0)
                            .with_committed_leader_epoch(-1)
                            .with_committed_metadata(None),
                    ])
            })
            .collect();
        let request = TxnOffsetCommitRequest::default()
            .with_transactional_id(self.transactional_id.to_wire())
            .with_group_id(group.to_wire())
            .with_producer_id(producer_id.to_wire())
            .with_producer_epoch(epoch.0)
            .with_generation_id(-1)
            .with_topics(topics);
        let version = match self.protocol {
            Protocol::Tv1 => 4,
            Protocol::Tv2 => 5,
        };
        self.stage = Stage::CommittingOffsets(transaction, work);
        coordinator.send(Tag::OffsetCommit, version, request, io);
    }

    pub(super) fn end(&mut self, transaction: TransactionId, commit: bool, io: &mut Io<'_>) {
        let Some((producer_id, epoch)) = self.sender.identity() else { return };
        let request = EndTxnRequest::default()
            .with_transactional_id(self.transactional_id.to_wire())
            .with_producer_id(producer_id.to_wire())
            .with_producer_epoch(epoch.0)
            .with_committed(commit);
        let version = match self.protocol {
            Protocol::Tv1 => 4,
            Protocol::Tv2 => 5,
        };
        self.stage = Stage::Ending(transaction, commit);
        self.coordinator.send(Tag::EndTransaction, version, request, io);
    }
}
