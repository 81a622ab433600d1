//! Answers that carry an error code without anybody having been asked.
//!
//! What stands beside the code is what Kafka writes beside one: names and indexes of what was asked
//! for, -1 or nothing for the rest. Messages for people are left out.

mod cluster;
mod echo;
mod groups;
mod level;
pub use level::Level;
mod records;
mod topics;
mod transactions;

use fencepost_ids::{ErrorCode, PartitionIndex, TopicId, TopicName};
use thiserror::Error;

use crate::{ApiKey, FromWire, Request, RequestHeader, Response, messages};

/// A level at which an answer of this version has no code.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("the answer of {api} v{version} has no error code at the level {level}")]
pub struct NoSuchLevel {
    /// The API.
    pub api: ApiKey,
    /// The version.
    pub version: i16,
    /// The level that was asked for.
    pub level: Level,
}

/// Which part of an answer is meant: all of it, or one topic, or one partition.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Part {
    /// The topic by its name and, for answers that name topics so, by its id.
    pub topic: Option<(TopicName, TopicId)>,
    /// The partition.
    pub partition: Option<PartitionIndex>,
}

/// The answer of a broker that refuses a request with a code: everywhere at one level, or where a
/// broker puts that code if no level is given.
///
/// An answer of `Metadata` made so names no brokers, and clients ignore it: replace the code in a
/// true one.
///
/// # Errors
/// A level that the answer has not.
pub fn error_response(
    header: &RequestHeader,
    request: &Request,
    code: ErrorCode,
    level: Option<Level>,
) -> Result<Response, NoSuchLevel> {
    let mut response = echo::echo(request, header.version);
    replace_errors(&mut response, header.version, code, level, &Part::default())?;
    Ok(response)
}

/// Puts a code into an answer in place of what it says: everywhere at one level, or where a broker
/// puts that code if no level is given. Returns in how many places.
///
/// # Errors
/// A level that the answer has not.
pub fn replace_errors(
    response: &mut Response,
    version: i16,
    code: ErrorCode,
    level: Option<Level>,
    only: &Part,
) -> Result<u32, NoSuchLevel> {
    let api = response.api();
    let level = level.unwrap_or_else(|| Level::usual(api, version, code));
    if !Level::of(api, version).contains(&level) {
        return Err(NoSuchLevel { api, version, level });
    }
    let mut refuser = Refuser { code, level, version, only, places: 0 };
    refuse(response, &mut refuser);
    Ok(refuser.places)
}

/// What is told to every structure of an answer that has a code.
struct Refuser<'a> {
    code: ErrorCode,
    level: Level,
    version: i16,
    only: &'a Part,
    places: u32,
}

impl Refuser<'_> {
    fn code(&self) -> i16 {
        self.code.code()
    }

    fn is_at(&mut self, level: Level) -> bool {
        let is_at = self.level == level;
        self.places += u32::from(is_at);
        is_at
    }

    fn at_top(&mut self) -> bool {
        self.is_at(Level::Top)
    }

    fn at_entry(&mut self) -> bool {
        self.is_at(Level::Entry)
    }

    fn is_about(&self, name: &messages::TopicName, id: TopicId) -> bool {
        self.only.topic.as_ref().is_none_or(|(wanted, wanted_id)| {
            TopicName::from_wire(name) == *wanted || (!id.is_zero() && id == *wanted_id)
        })
    }

    fn at_topic(&mut self, name: &messages::TopicName, id: TopicId) -> bool {
        self.is_about(name, id) && self.is_at(Level::Topic)
    }

    fn at_partition(&mut self, name: &messages::TopicName, id: TopicId, index: i32) -> bool {
        self.only.partition.is_none_or(|wanted| wanted.0 == index)
            && self.is_about(name, id)
            && self.is_at(Level::Partition)
    }
}

/// A response that can refuse.
trait Refuse {
    /// Writes the code wherever the refuser says so, and beside it what Kafka writes there.
    fn refuse(&mut self, refuser: &mut Refuser<'_>);
}

macro_rules! each_api {
    ($($api:ident)*) => {
        fn refuse(response: &mut Response, refuser: &mut Refuser<'_>) {
            match response {
                $(Response::$api(body) => Refuse::refuse(body, refuser),)*
            }
        }
    };
}

each_api! {
    Produce Fetch ListOffsets Metadata OffsetCommit OffsetFetch FindCoordinator JoinGroup Heartbeat
    LeaveGroup SyncGroup DescribeGroups ListGroups SaslHandshake ApiVersions CreateTopics DeleteTopics
    DeleteRecords InitProducerId OffsetForLeaderEpoch AddPartitionsToTxn AddOffsetsToTxn EndTxn
    WriteTxnMarkers TxnOffsetCommit DescribeConfigs AlterConfigs SaslAuthenticate CreatePartitions
    DeleteGroups ElectLeaders IncrementalAlterConfigs OffsetDelete UpdateFeatures DescribeCluster
    DescribeProducers DescribeTransactions ListTransactions ConsumerGroupHeartbeat
    ConsumerGroupDescribe DescribeTopicPartitions
}

/// Responses whose one code stands at the top, and that say nothing else beside an error.
macro_rules! top_alone {
    ($($response:ty),* $(,)?) => {$(
        impl Refuse for $response {
            fn refuse(&mut self, refuser: &mut Refuser<'_>) {
                if refuser.at_top() {
                    *self = Self::default().with_error_code(refuser.code());
                }
            }
        }
    )*};
}

top_alone!(
    messages::HeartbeatResponse,
    messages::SyncGroupResponse,
    messages::ListGroupsResponse,
    messages::SaslHandshakeResponse,
    messages::ApiVersionsResponse,
    messages::AddOffsetsToTxnResponse,
    messages::EndTxnResponse,
    messages::SaslAuthenticateResponse,
    messages::DescribeClusterResponse,
    messages::ListTransactionsResponse,
    messages::ConsumerGroupHeartbeatResponse,
);

#[cfg(test)]
mod tests;
