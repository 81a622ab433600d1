//! ElectLeaders (key 43), versions 0 to 2 (API-44, KIP-460).

use fencepost_ids::{BrokerId, ErrorCode, PartitionIndex};
use fencepost_wire::StrBytes;
use fencepost_wire::messages::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use fencepost_wire::messages::{ElectLeadersRequest, ElectLeadersResponse, TopicName};

use crate::metadata::PartitionKey;
use crate::step::{Call, Step};

/// Whom to elect.
#[derive(Clone, Copy)]
enum Election {
    /// The first replica of the assignment, if it is in sync.
    Preferred,
    /// Any live replica of a partition without a leader, whatever is lost.
    Unclean,
}

impl Election {
    const fn from_code(code: i8) -> Option<Self> {
        match code {
            0 => Some(Self::Preferred),
            1 => Some(Self::Unclean),
            _ => None,
        }
    }
}

type Refusal = (ErrorCode, String);

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: ElectLeadersRequest) {
    let metadata = &step.cluster.metadata;
    let asks_all = request.topic_partitions.is_none();
    let asked: Vec<(TopicName, Vec<i32>)> = match request.topic_partitions {
        Some(topics) => topics.into_iter().map(|topic| (topic.topic, topic.partitions)).collect(),
        None => metadata
            .topics()
            .map(|topic| {
                let name = TopicName(StrBytes::from_string(topic.name.to_string()));
                (name, topic.keys().map(|key| key.partition.0).collect())
            })
            .collect(),
    };
    let response = ElectLeadersResponse::default();
    if asked.is_empty() && !asks_all {
        return step.respond(call.ticket, response);
    }
    let election = Election::from_code(request.election_type).ok_or_else(|| {
        let message = format!("Unknown election type {}", request.election_type);
        (ErrorCode::InvalidRequest, message)
    });
    // A failure of the whole names no partition that was not asked for.
    let asked = if asks_all && election.is_err() { Vec::new() } else { asked };
    let mut elected = Vec::new();
    let results = asked.into_iter().map(|(topic, partitions)| {
        let rows = partitions.into_iter().filter_map(|partition| {
            let chosen = election
                .as_ref()
                .map_err(Refusal::clone)
                .and_then(|election| choose(step, *election, &topic.0, partition));
            let (error, message) = match chosen {
                Ok(chosen) => {
                    elected.push(chosen);
                    (ErrorCode::None, None)
                }
                // One for all leaves out what has the leader that is wanted.
                Err((ErrorCode::ElectionNotNeeded, _)) if asks_all => return None,
                Err((error, message)) => (error, Some(StrBytes::from_string(message))),
            };
            let row = PartitionResult::default()
                .with_partition_id(partition)
                .with_error_code(error.code())
                .with_error_message(message);
            Some(row)
        });
        let rows = rows.collect();
        ReplicaElectionResult::default().with_topic(topic).with_partition_result(rows)
    });
    let results = results.collect();
    // All are decided before the first leader changes, as in one batch of the controller's records.
    for (key, leader) in &elected {
        step.cluster.metadata.set_leader(*key, *leader);
    }
    let changed: Vec<_> = elected.into_iter().map(|(key, _)| key).collect();
    step.leaders_changed(&changed);
    let error = election.err().map_or(ErrorCode::None, |(error, _)| error);
    let response = response.with_error_code(error.code()).with_replica_election_results(results);
    step.respond(call.ticket, response);
}

/// The leader of a new term, or why there is none.
fn choose(
    step: &Step<'_>,
    election: Election,
    topic: &str,
    partition: i32,
) -> Result<(PartitionKey, BrokerId), Refusal> {
    let unknown = |message| (ErrorCode::UnknownTopicOrPartition, message);
    let metadata = &step.cluster.metadata;
    let known =
        metadata.topic(topic).ok_or_else(|| unknown(format!("No such topic as {topic}")))?;
    let index = PartitionIndex(partition);
    let found = known
        .partition(index)
        .ok_or_else(|| unknown(format!("No such partition as {topic}-{partition}")))?;
    let preferred = found.replicas.first().copied();
    let is_needed = match election {
        Election::Preferred => found.leader != preferred,
        Election::Unclean => found.leader.is_none(),
    };
    if !is_needed {
        let message = "Leader election not needed for topic partition.".to_owned();
        return Err((ErrorCode::ElectionNotNeeded, message));
    }
    let is_live = |id: &BrokerId| metadata.live_broker(*id).is_some();
    let leader = match election {
        Election::Preferred => {
            preferred.filter(|id| is_live(id) && found.in_sync.contains(id)).ok_or((
                ErrorCode::PreferredLeaderNotAvailable,
                "The preferred leader was not available.",
            ))
        }
        Election::Unclean => found.replicas.iter().copied().find(is_live).ok_or((
            ErrorCode::EligibleLeadersNotAvailable,
            "Eligible topic partition leaders are not available.",
        )),
    };
    let leader = leader.map_err(|(error, message)| (error, message.to_owned()))?;
    Ok((PartitionKey { topic: known.index, partition: index }, leader))
}
