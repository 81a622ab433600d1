//! What reached the cluster, and how a trace holds it.

use bytes::Bytes;
use fencepost_ids::{BrokerId, ConnectionId, PartitionIndex};
use fencepost_model::InternalTopic;
use fencepost_trace as trace;
use fencepost_wire::{Refusal, Release, decode_request};
use thiserror::Error;

use super::gate::{command_of, recorded_command};
use crate::Input;

/// A recorded input that no driver can have handed over.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BadInput {
    /// The frame is no request that the release serves.
    #[error("the frame is no request: {0}")]
    Frame(String),
    /// The gate has no such command.
    #[error("the gate has no such command: {0}")]
    Gate(String),
    /// The topic that is to be created is no internal one.
    #[error("`{0}` is no internal topic")]
    Topic(String),
}

/// An input as a trace holds it.
///
/// # Panics
/// If a request comes without its frame: whoever records has asked for frames.
#[must_use]
pub fn recorded_input(input: &Input) -> trace::Input {
    match input {
        Input::Connect { connection, broker, host } => trace::Input::Connect {
            connection: connection.0,
            broker: broker.0,
            host: host.as_ref().to_owned(),
        },
        Input::Disconnect { connection } => trace::Input::Disconnect { connection: connection.0 },
        Input::Request { connection, frame, .. } => trace::Input::Request {
            connection: connection.0,
            frame: frame.clone().expect("a driver that records hands over frames"),
        },
        Input::Tick => trace::Input::Tick,
        Input::Crash(broker) => trace::Input::Crash { broker: broker.0 },
        Input::Stop(broker) => trace::Input::Stop { broker: broker.0 },
        Input::Restart(broker) => trace::Input::Restart { broker: broker.0 },
        Input::CreateInternalTopic(topic) => {
            trace::Input::CreateInternalTopic { topic: topic.name().to_owned() }
        }
        Input::Elect { topic, partition, leader } => trace::Input::Elect {
            topic: topic.to_string(),
            partition: partition.0,
            leader: leader.0,
        },
        Input::Throttle(time_ms) => trace::Input::Throttle { time_ms: *time_ms },
        Input::Snapshot(name) => trace::Input::Snapshot { name: name.as_ref().to_owned() },
        Input::Forget(name) => trace::Input::Forget { name: name.as_ref().to_owned() },
        Input::Gate(command) => trace::Input::Gate(recorded_command(command)),
        Input::Reset(name) => trace::Input::Reset { name: name.as_ref().to_owned() },
    }
}

/// The input that a trace holds.
///
/// # Errors
/// No driver can have handed it over.
pub fn input_of(recorded: &trace::Input, release: Release) -> Result<Input, BadInput> {
    Ok(match recorded {
        trace::Input::Connect { connection, broker, host } => Input::Connect {
            connection: ConnectionId(*connection),
            broker: BrokerId(*broker),
            host: host.as_str().into(),
        },
        trace::Input::Disconnect { connection } => {
            Input::Disconnect { connection: ConnectionId(*connection) }
        }
        trace::Input::Request { connection, frame } => {
            request(ConnectionId(*connection), frame.clone(), release)?
        }
        trace::Input::Tick => Input::Tick,
        trace::Input::Crash { broker } => Input::Crash(BrokerId(*broker)),
        trace::Input::Stop { broker } => Input::Stop(BrokerId(*broker)),
        trace::Input::Restart { broker } => Input::Restart(BrokerId(*broker)),
        trace::Input::CreateInternalTopic { topic } => Input::CreateInternalTopic(
            InternalTopic::from_name(topic).ok_or_else(|| BadInput::Topic(topic.clone()))?,
        ),
        trace::Input::Elect { topic, partition, leader } => Input::Elect {
            topic: topic.as_str().into(),
            partition: PartitionIndex(*partition),
            leader: BrokerId(*leader),
        },
        trace::Input::Throttle { time_ms } => Input::Throttle(*time_ms),
        trace::Input::Snapshot { name } => Input::Snapshot(name.as_str().into()),
        trace::Input::Forget { name } => Input::Forget(name.as_str().into()),
        trace::Input::Reset { name } => Input::Reset(name.as_str().into()),
        trace::Input::Gate(command) => Input::Gate(command_of(command)?),
    })
}

fn request(connection: ConnectionId, frame: Bytes, release: Release) -> Result<Input, BadInput> {
    match decode_request(frame.clone(), release) {
        Ok((header, request)) => {
            Ok(Input::Request { connection, frame: Some(frame), header, request })
        }
        Err(Refusal::Close(reason)) => Err(BadInput::Frame(reason.to_string())),
        Err(Refusal::UnsupportedApiVersions { .. }) => {
            Err(BadInput::Frame("an ApiVersions of an unknown version".to_owned()))
        }
    }
}
