//! One broker's view of the world during a step: what its coordinators may read and do.

use std::collections::BTreeMap;
use std::sync::Arc;

use fencepost_ids::{
    BrokerId, ConnectionId, ErrorCode, LeaderEpoch, Offset, PartitionIndex, Rule, Timestamp,
};
use fencepost_log::{GuardIds, LogRules, ReplicaState};
use fencepost_wire::Response;

use crate::cluster::Connection;
use crate::config::ClusterConfig;
use crate::disk::{Disk, Stored};
use crate::input::Output;
use crate::metadata::{Metadata, PartitionKey};
use crate::network::{MessageBody, MessageId, Network};
use crate::observing::Observer;
use crate::random::Random;
use crate::replication::Leader;
use crate::ticket::Ticket;
use crate::timers::Timers;

/// What a broker can do besides changing its own memory.
pub(crate) struct Host<'a> {
    pub(crate) now: Timestamp,
    pub(crate) broker: BrokerId,
    pub(crate) config: &'a ClusterConfig,
    /// The rules that the logs follow.
    pub(crate) rules: &'a LogRules,
    pub(crate) metadata: &'a mut Metadata,
    pub(crate) timers: &'a mut Timers,
    pub(crate) random: &'a mut Random,
    pub(crate) disk: &'a mut Disk,
    pub(crate) leaders: &'a mut BTreeMap<PartitionKey, Arc<Leader>>,
    pub(crate) followers: &'a mut BTreeMap<PartitionKey, Arc<ReplicaState>>,
    pub(crate) guards: &'a mut GuardIds,
    pub(crate) network: &'a mut Network,
    pub(crate) connections: &'a BTreeMap<ConnectionId, Connection>,
    pub(crate) moved: &'a mut Vec<(BrokerId, PartitionKey)>,
    pub(crate) observer: &'a mut Option<Box<Observer>>,
    pub(crate) out: &'a mut Vec<Output>,
}

impl Host<'_> {
    /// Answers a request; nobody hears it if the connection is closed (FRAME-13).
    pub(crate) fn respond(&mut self, ticket: Ticket, response: impl Into<Response>) {
        if self.connections.contains_key(&ticket.connection) {
            self.out.push(Output::Respond { ticket, response: response.into() });
        }
    }

    /// The host of the client behind a request, as group descriptions show it (GRP-05).
    pub(crate) fn client_host(&self, ticket: Ticket) -> String {
        self.connections
            .get(&ticket.connection)
            .map_or_else(String::new, |connection| format!("/{}", connection.host))
    }

    /// Sends a message to a broker, perhaps itself, and names it. To a broker that is down nothing
    /// can be sent.
    pub(crate) fn send(&mut self, to: BrokerId, body: MessageBody) -> Option<MessageId> {
        self.metadata.live_broker(to)?;
        let id = self.network.send(self.broker, to, body);
        self.out.push(Output::Sent(id));
        Some(id)
    }

    /// The key of a partition of a topic, if there is one.
    pub(crate) fn key(&self, topic: &str, partition: PartitionIndex) -> Option<PartitionKey> {
        self.metadata.key(topic, partition)
    }

    /// This broker's replica of a partition, as its disk has it.
    pub(crate) fn stored(&self, key: PartitionKey) -> Option<&Stored> {
        self.disk.get(self.broker, key)
    }

    /// The memory of this broker's replica of a partition, whether it leads or follows.
    pub(crate) fn replica(&self, key: PartitionKey) -> Option<&ReplicaState> {
        match self.leaders.get(&key) {
            Some(leader) => Some(&leader.replica),
            None => self.followers.get(&key).map(|replica| &**replica),
        }
    }

    /// This broker's leadership of a partition, if it leads it.
    pub(crate) fn leader(&self, key: PartitionKey) -> Option<&Leader> {
        self.leaders.get(&key).map(|leader| &**leader)
    }

    /// The high watermark of a partition that this broker leads.
    pub(crate) fn high_watermark(&self, key: PartitionKey) -> Option<Offset> {
        self.leader(key).map(|leader| leader.replica.high_watermark())
    }

    /// Whether this broker leads a partition, in the term that the client knows if it names one
    /// (FETCH-12 steps 4 to 7, API-30).
    ///
    /// # Errors
    /// 74 or 75 for another term, 6 if another broker leads.
    pub(crate) fn check_leader(
        &self,
        key: PartitionKey,
        known: LeaderEpoch,
    ) -> Result<&Leader, ErrorCode> {
        self.check_replica(key, known)?;
        self.leader(key).ok_or(ErrorCode::NotLeaderOrFollower)
    }

    /// Whether this broker has a replica of a partition, in the term that the client knows if it
    /// names one (FETCH-12 steps 4 to 6).
    ///
    /// # Errors
    /// 74 or 75 for another term, 6 if it has no replica.
    pub(crate) fn check_replica(
        &self,
        key: PartitionKey,
        known: LeaderEpoch,
    ) -> Result<&ReplicaState, ErrorCode> {
        let partition = self.metadata.partition(key);
        // A broker without a replica knows no term.
        let hosted = partition.filter(|partition| partition.replicas.contains(&self.broker));
        let epoch = hosted.ok_or(ErrorCode::NotLeaderOrFollower)?.leader_epoch;
        let is_fenced = self.rules.in_force.is_on(Rule::LeaderEpochFencing);
        if known != LeaderEpoch::NONE && known < epoch && is_fenced {
            Err(ErrorCode::FencedLeaderEpoch)
        } else if known != LeaderEpoch::NONE && known > epoch && is_fenced {
            Err(ErrorCode::UnknownLeaderEpoch)
        } else {
            self.replica(key).ok_or(ErrorCode::NotLeaderOrFollower)
        }
    }

    /// Whether enough replicas are in sync for an acks=all append (RECOV-22).
    pub(crate) fn has_enough_replicas(&self, key: PartitionKey) -> bool {
        if !self.config.rules.is_on(Rule::MinInSyncReplicas) {
            return true;
        }
        self.metadata.topic_at(key.topic).is_some_and(|topic| {
            topic
                .partition(key.partition)
                .is_some_and(|partition| partition.has_enough_in_sync(&topic.settings))
        })
    }
}
