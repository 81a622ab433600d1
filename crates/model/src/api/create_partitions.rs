//! CreatePartitions (key 37), versions 0 to 3 (API-44).

use fencepost_ids::{BrokerId, ErrorCode};
use fencepost_wire::messages::create_partitions_request::CreatePartitionsTopic;
use fencepost_wire::messages::create_partitions_response::CreatePartitionsTopicResult;
use fencepost_wire::messages::{CreatePartitionsRequest, CreatePartitionsResponse};
use fencepost_wire::{FromWire, StrBytes};

use super::create_topics::{MAX_PARTITIONS, check_assignment};
use crate::metadata::{CreateError, TopicIndex};
use crate::step::{Call, Step};

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: CreatePartitionsRequest) {
    let mut results = Vec::with_capacity(request.topics.len());
    for topic in &request.topics {
        if results.iter().any(|result: &CreatePartitionsTopicResult| result.name == topic.name) {
            continue;
        }
        let twice = request.topics.iter().filter(|other| other.name == topic.name).count() > 1;
        let planned = if twice {
            Err(refuse(ErrorCode::InvalidRequest, "Duplicate topic name."))
        } else {
            plan(step, topic)
        };
        let result = CreatePartitionsTopicResult::default().with_name(topic.name.clone());
        results.push(match planned {
            Ok((index, assignment)) => {
                if !request.validate_only {
                    step.add_partitions(index, assignment);
                }
                result
            }
            Err(error) => result
                .with_error_code(error.code.code())
                .with_error_message(words(&error).map(StrBytes::from_string)),
        });
    }
    step.respond(call.ticket, CreatePartitionsResponse::default().with_results(results));
}

/// An unknown topic is refused without words.
fn words(error: &CreateError) -> Option<String> {
    (error.code != ErrorCode::UnknownTopicOrPartition).then(|| error.message.clone())
}

fn refuse(code: ErrorCode, message: impl Into<String>) -> CreateError {
    CreateError { code, message: message.into() }
}

/// The replicas of the partitions to add.
fn plan(
    step: &Step<'_>,
    asked: &CreatePartitionsTopic,
) -> Result<(TopicIndex, Vec<Vec<BrokerId>>), CreateError> {
    let metadata = &step.cluster.metadata;
    let Some(topic) = metadata.topic(&asked.name.0) else {
        let message = "This server does not host this topic-partition.";
        return Err(refuse(ErrorCode::UnknownTopicOrPartition, message));
    };
    let present = topic.partition_count();
    if asked.count <= present || asked.count > MAX_PARTITIONS {
        let message = format!(
            "The topic {} currently has {present} partition(s); {} would not be an increase, or is \
             more than {MAX_PARTITIONS}.",
            topic.name, asked.count
        );
        return Err(refuse(ErrorCode::InvalidPartitions, message));
    }
    let added = asked.count - present;
    let replicas = topic.partitions.first().map_or(1, |partition| partition.replicas.len());
    let assignment = match &asked.assignments {
        None => metadata.place(topic.index, present, added, replicas as i32)?,
        Some(rows) => {
            let assignment: Vec<Vec<BrokerId>> = rows
                .iter()
                .map(|row| row.broker_ids.iter().map(BrokerId::from_wire).collect())
                .collect();
            let bad = |message| refuse(ErrorCode::InvalidReplicaAssignment, message);
            if assignment.len() != added as usize {
                return Err(bad(format!(
                    "Attempted to add {added} additional partition(s), but {} assignment(s) were \
                     specified.",
                    assignment.len()
                )));
            }
            check_assignment(step, &assignment, replicas).map_err(bad)?;
            assignment
        }
    };
    Ok((topic.index, assignment))
}
