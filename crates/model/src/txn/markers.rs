//! Markers on their way from the coordinator to the partition leaders (MARKOUT-01 to MARKOUT-12).

use std::collections::{BTreeMap, BTreeSet};

use fencepost_ids::{
    BrokerId, CoordinatorEpoch, ErrorCode, PartitionIndex, ProducerEpoch, ProducerId, Rule,
    TopicPartition,
};

use fencepost_log::MarkerType;

use super::coordinator::{Place, TxnCoordinator};
use super::profile::TxnProfile;
use super::state::TxnState;
use crate::host::Host;
use crate::network::{MarkerEntry, MarkerResult, MessageBody, MessageId};
use crate::timers::Timer;

/// How long a coordinator waits before it tries again what could not be done: Kafka's delay
/// before it connects again (MARKOUT-06).
const RETRY_MS: i64 = 50;

/// Markers that are owed, in the order in which their transactions were decided.
#[derive(Clone, Default, Debug)]
pub(super) struct MarkerQueues {
    /// To be sent to a broker.
    queued: BTreeMap<BrokerId, Vec<Owed>>,
    /// Sent, and not answered; one request for each broker at a time.
    in_flight: BTreeMap<BrokerId, (MessageId, Vec<Owed>)>,
    /// To be looked at when the retry timer fires.
    later: Vec<Owed>,
    /// Transactions that owe nothing but whose Complete record could not be written.
    completions: BTreeSet<Place>,
}

/// Markers of one transaction for the partitions of one broker.
#[derive(Clone, Debug)]
struct Owed {
    place: Place,
    coordinator_epoch: CoordinatorEpoch,
    producer_id: ProducerId,
    producer_epoch: ProducerEpoch,
    marker_type: MarkerType,
    transaction_version: i8,
    partitions: Vec<TopicPartition>,
}

/// What one partition's answer means (MARKOUT-07).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Effect {
    Settled,
    SendAgain,
    GiveUp,
}

impl MarkerQueues {
    /// Drops what is queued for a partition that is loaded anew or lost (FAILOVER-01). Requests
    /// in flight are not recalled: their answers are ignored (FAILOVER-07).
    pub(super) fn forget(&mut self, partition: PartitionIndex) {
        for queue in self.queued.values_mut() {
            queue.retain(|owed| owed.place.partition != partition);
        }
        self.later.retain(|owed| owed.place.partition != partition);
        self.completions.retain(|place| place.partition != partition);
    }

    /// Drops what is queued for one transaction (MARKOUT-08).
    fn forget_transaction(&mut self, place: &Place) {
        for queue in self.queued.values_mut() {
            queue.retain(|owed| owed.place != *place);
        }
        self.later.retain(|owed| owed.place != *place);
    }

    /// The Complete record is written again when the retry timer fires (MARKOUT-11).
    pub(super) fn complete_later(&mut self, host: &mut Host<'_>, place: Place) {
        self.completions.insert(place);
        set_retry_timer(host);
    }

    fn send_later(&mut self, host: &mut Host<'_>, owed: Owed) {
        self.later.push(owed);
        set_retry_timer(host);
    }

    /// Sends what is queued to every broker that has no request in flight (MARKOUT-01).
    fn send(&mut self, host: &mut Host<'_>) {
        let idle: Vec<_> = self
            .queued
            .iter()
            .filter(|(broker, queue)| !queue.is_empty() && !self.in_flight.contains_key(broker))
            .map(|(broker, _)| *broker)
            .collect();
        for broker in idle {
            let Some(queue) = self.queued.remove(&broker) else { continue };
            let body = MessageBody::WriteMarkers(queue.iter().map(Owed::entry).collect());
            match host.send(broker, body) {
                Some(id) => {
                    self.in_flight.insert(broker, (id, queue));
                }
                None => queue.into_iter().for_each(|owed| self.send_later(host, owed)),
            }
        }
    }
}

impl Owed {
    fn entry(&self) -> MarkerEntry {
        MarkerEntry {
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            marker_type: self.marker_type,
            coordinator_epoch: self.coordinator_epoch,
            transaction_version: self.transaction_version,
            partitions: self.partitions.iter().map(|it| (it.topic.clone(), it.partition)).collect(),
        }
    }
}

impl TxnCoordinator {
    /// Owes a decided transaction its markers, and completes it at once if there are none.
    pub(super) fn owe_markers(&mut self, host: &mut Host<'_>, place: Place) {
        let strict = TxnProfile::of(host).strict_marker_epochs;
        let Ok(owned) = self.partition(place.partition) else { return };
        let Some(txn) = owned.ids.get(&place.id) else { return };
        let fields = txn.fields();
        let owed = Owed {
            coordinator_epoch: owned.epoch,
            producer_id: fields.producer_id,
            producer_epoch: fields.epoch,
            marker_type: match fields.state {
                TxnState::PrepareCommit => MarkerType::Commit,
                TxnState::PrepareAbort => MarkerType::Abort,
                TxnState::Empty
                | TxnState::Ongoing
                | TxnState::CompleteCommit
                | TxnState::CompleteAbort => {
                    unreachable!("only a decided transaction owes markers")
                }
            },
            transaction_version: if strict { fields.path.level() as i8 } else { 0 },
            partitions: fields.partitions.iter().cloned().collect(),
            place: place.clone(),
        };
        if owed.partitions.is_empty() {
            return self.write_completion(host, place);
        }
        let waits = TxnProfile::of(host).is_on(Rule::CompleteAfterMarkers);
        self.route(host, owed);
        self.markers.send(host);
        if !waits {
            self.write_completion(host, place);
        }
    }

    /// A leader answered (MARKOUT-07).
    pub(super) fn markers_written(
        &mut self,
        host: &mut Host<'_>,
        from: BrokerId,
        request: MessageId,
        results: &[MarkerResult],
    ) {
        if self.markers.in_flight.get(&from).is_none_or(|(id, _)| *id != request) {
            return;
        }
        let Some((_, sent)) = self.markers.in_flight.remove(&from) else { return };
        let profile = TxnProfile::of(host);
        for owed in sent {
            if !self.is_current(&owed, profile) {
                continue;
            }
            let code = |partition: &TopicPartition| {
                results
                    .iter()
                    .filter(|result| result.producer_id == owed.producer_id)
                    .flat_map(|result| &result.partitions)
                    .find(|(topic, index, _)| {
                        *topic == partition.topic && *index == partition.partition
                    })
                    .map_or(ErrorCode::UnknownServerError, |(_, _, code)| *code)
            };
            let effects: Vec<_> = owed
                .partitions
                .iter()
                .map(|it| (it.clone(), effect_of(code(it), profile)))
                .collect();
            let with = |wanted| {
                effects
                    .iter()
                    .filter(move |(_, effect)| *effect == wanted)
                    .map(|(it, _)| it.clone())
            };
            let settled: Vec<_> = with(Effect::Settled).collect();
            let again: Vec<_> = with(Effect::SendAgain).collect();
            if with(Effect::GiveUp).next().is_some() {
                self.markers.forget_transaction(&owed.place);
                if let Ok(owned) = self.partition(owed.place.partition) {
                    owned.given_up.insert(owed.place.id.clone());
                }
            } else if !again.is_empty() {
                self.markers.send_later(host, Owed { partitions: again, ..owed.clone() });
            }
            self.settle(host, owed.place, &settled);
        }
        self.markers.send(host);
    }

    /// The connection to a broker broke: what was sent on it is sent again (MARKOUT-06).
    pub(super) fn markers_lost(&mut self, host: &mut Host<'_>, to: BrokerId) {
        let profile = TxnProfile::of(host);
        for owed in self.markers.in_flight.remove(&to).into_iter().flat_map(|(_, sent)| sent) {
            if self.is_current(&owed, profile) && profile.is_on(Rule::LostMarkersSentAgain) {
                self.markers.send_later(host, owed);
            }
        }
        self.markers.send(host);
    }

    /// The retry timer fires: leaders are looked up again.
    pub(super) fn retry_markers(&mut self, host: &mut Host<'_>) {
        for place in std::mem::take(&mut self.markers.completions) {
            self.write_completion(host, place);
        }
        let profile = TxnProfile::of(host);
        for owed in std::mem::take(&mut self.markers.later) {
            if self.is_current(&owed, profile) {
                self.route(host, owed);
            }
        }
        self.markers.send(host);
    }

    /// Queues markers for the leaders that the metadata names now (MARKOUT-02).
    fn route(&mut self, host: &mut Host<'_>, owed: Owed) {
        let mut by_leader: BTreeMap<Option<BrokerId>, Vec<TopicPartition>> = BTreeMap::new();
        let mut settled = Vec::new();
        let profile = TxnProfile::of(host);
        for partition in &owed.partitions {
            match host.key(&partition.topic, partition.partition) {
                Some(key) => {
                    let leader = host.metadata.leader(key);
                    by_leader.entry(leader).or_default().push(partition.clone());
                }
                // A deleted partition needs no marker (MARKOUT-04).
                None if profile.is_on(Rule::DeletedNeedsNoMarker) => {
                    settled.push(partition.clone());
                }
                None => by_leader.entry(None).or_default().push(partition.clone()),
            }
        }
        for (leader, partitions) in by_leader {
            let owed = Owed { partitions, ..owed.clone() };
            match leader {
                Some(leader) => self.markers.queued.entry(leader).or_default().push(owed),
                None if profile.is_on(Rule::LeaderlessWaits) => self.markers.send_later(host, owed),
                None => settled.extend(owed.partitions),
            }
        }
        self.settle(host, owed.place, &settled);
    }

    /// Takes partitions out of a transaction; the last one completes it.
    fn settle(&mut self, host: &mut Host<'_>, place: Place, partitions: &[TopicPartition]) {
        let Ok(txn) = self.txn(&place) else { return };
        let owed_before = txn.fields().partitions.len();
        partitions.iter().for_each(|partition| txn.marker_settled(partition));
        let owed = txn.fields().partitions.len();
        if owed == 0 && owed < owed_before {
            self.write_completion(host, place);
        }
    }

    /// Whether the transaction still waits for these markers: same term of the coordinator, same
    /// transaction, not given up.
    fn is_current(&self, owed: &Owed, profile: TxnProfile) -> bool {
        let Some(owned) = self.owned.get(&owed.place.partition) else { return false };
        (owned.epoch == owed.coordinator_epoch || !profile.is_on(Rule::MarkersOfOneTerm))
            && !owned.given_up.contains(&owed.place.id)
            && owned.ids.get(&owed.place.id).is_some_and(|txn| {
                let fields = txn.fields();
                fields.state.is_prepared()
                    && fields.producer_id == owed.producer_id
                    && fields.epoch == owed.producer_epoch
            })
    }
}

const fn effect_of(code: ErrorCode, profile: TxnProfile) -> Effect {
    match code {
        ErrorCode::None
        | ErrorCode::UnsupportedForMessageFormat
        | ErrorCode::UnsupportedVersion => Effect::Settled,
        ErrorCode::UnknownTopicOrPartition
        | ErrorCode::NotLeaderOrFollower
        | ErrorCode::NotEnoughReplicas
        | ErrorCode::NotEnoughReplicasAfterAppend
        | ErrorCode::RequestTimedOut
        | ErrorCode::KafkaStorageError => {
            if profile.is_on(Rule::RefusedMarkersSentAgain) {
                Effect::SendAgain
            } else {
                Effect::Settled
            }
        }
        // A fenced coordinator gives up, and so does one that meets what it cannot explain.
        _ => Effect::GiveUp,
    }
}

fn set_retry_timer(host: &mut Host<'_>) {
    let timer = Timer::MarkerRetry { broker: host.broker };
    if !host.timers.is_running(&timer) {
        host.timers.set(timer, host.now.plus_millis(RETRY_MS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markout_07_every_code_has_its_effect() {
        for code in ErrorCode::ALL {
            let wanted = match code.code() {
                0 | 43 | 35 => Effect::Settled,
                3 | 6 | 19 | 20 | 7 | 56 => Effect::SendAgain,
                _ => Effect::GiveUp,
            };
            assert_eq!(effect_of(*code, TxnProfile::V4_2), wanted, "{code}");
        }
    }
}
