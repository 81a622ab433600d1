//! `TxnOffsetCommit` 6: version 5 with the ids of topics in place of their names (KIP-1319).

use bytes::{BufMut, Bytes};
use kafka_protocol::messages;
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic as KafkaRequestTopic,
};
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic as KafkaResponseTopic,
};
use kafka_protocol::messages::{GroupId, ProducerId, TopicName, TransactionalId};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::TXN_OFFSET_COMMIT as KNOWN;
use super::parts::*;
use crate::Request;
use crate::api::Body;
use crate::frame::FrameBuilder;

/// A request of `TxnOffsetCommit`.
#[derive(Clone, PartialEq, Debug)]
pub struct TxnOffsetCommitRequest {
    /// Whose transaction it is.
    pub transactional_id: TransactionalId,
    /// The group that the offsets are of.
    pub group_id: GroupId,
    /// The producer.
    pub producer_id: ProducerId,
    /// Its epoch.
    pub producer_epoch: i16,
    /// The member's generation or epoch, or -1; -1 below version 3.
    pub generation_id_or_member_epoch: i32,
    /// The member, or nothing; nothing below version 3.
    pub member_id: StrBytes,
    /// The member's own name; none below version 3.
    pub group_instance_id: Option<StrBytes>,
    /// The offsets.
    pub topics: Vec<TxnOffsetCommitRequestTopic>,
}

/// A topic in a [`TxnOffsetCommitRequest`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TxnOffsetCommitRequestTopic {
    /// Its name; only seen up to version 5.
    pub name: TopicName,
    /// Its id; only seen from version 6 on.
    pub topic_id: Uuid,
    /// The offset of each partition.
    pub partitions: Vec<TxnOffsetCommitRequestPartition>,
}

/// A response to `TxnOffsetCommit`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TxnOffsetCommitResponse {
    /// How long the client was or should be held back, in milliseconds (API-05).
    pub throttle_time_ms: i32,
    /// The answer for each topic.
    pub topics: Vec<TxnOffsetCommitResponseTopic>,
}

/// A topic in a [`TxnOffsetCommitResponse`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TxnOffsetCommitResponseTopic {
    /// Its name; only seen up to version 5.
    pub name: TopicName,
    /// Its id; only seen from version 6 on.
    pub topic_id: Uuid,
    /// The error of each partition.
    pub partitions: Vec<TxnOffsetCommitResponsePartition>,
}

impl Default for TxnOffsetCommitRequest {
    fn default() -> Self {
        messages::TxnOffsetCommitRequest::default().into()
    }
}

impl From<messages::TxnOffsetCommitRequest> for Request {
    fn from(request: messages::TxnOffsetCommitRequest) -> Self {
        Self::TxnOffsetCommit(request.into())
    }
}

impl Body for TxnOffsetCommitRequest {
    fn decode(bytes: &mut Bytes, version: i16) -> Result<Self> {
        if version <= KNOWN {
            return structure::<messages::TxnOffsetCommitRequest>(bytes, version).map(Into::into);
        }
        let request = Self {
            transactional_id: text(bytes)?.into(),
            group_id: text(bytes)?.into(),
            producer_id: int64(bytes)?.into(),
            producer_epoch: int16(bytes)?,
            generation_id_or_member_epoch: int32(bytes)?,
            member_id: text(bytes)?,
            group_instance_id: nullable_text(bytes)?,
            topics: array(bytes, |bytes| {
                let topic = TxnOffsetCommitRequestTopic {
                    name: TopicName::default(),
                    topic_id: uuid(bytes)?,
                    partitions: array(bytes, |bytes| structure(bytes, KNOWN))?,
                };
                skip_tagged_fields(bytes)?;
                Ok(topic)
            })?,
        };
        skip_tagged_fields(bytes)?;
        Ok(request)
    }

    fn encode(&self, frame: &mut FrameBuilder, version: i16) -> Result<()> {
        let out = &mut frame.bytes;
        if version <= KNOWN {
            return put_structure(out, &messages::TxnOffsetCommitRequest::from(self), version);
        }
        put_text(out, &self.transactional_id)?;
        put_text(out, &self.group_id)?;
        out.put_i64(self.producer_id.0);
        out.put_i16(self.producer_epoch);
        out.put_i32(self.generation_id_or_member_epoch);
        put_text(out, &self.member_id)?;
        put_nullable_text(out, self.group_instance_id.as_ref())?;
        put_array(out, &self.topics, |out, topic| {
            out.put_u128(topic.topic_id.as_u128());
            put_array(out, &topic.partitions, |out, row| put_structure(out, row, KNOWN))?;
            put_no_tagged_fields(out);
            Ok(())
        })?;
        put_no_tagged_fields(out);
        Ok(())
    }
}

impl Body for TxnOffsetCommitResponse {
    fn decode(bytes: &mut Bytes, version: i16) -> Result<Self> {
        if version <= KNOWN {
            return structure::<messages::TxnOffsetCommitResponse>(bytes, version).map(Into::into);
        }
        let throttle_time_ms = int32(bytes)?;
        let topics = array(bytes, |bytes| {
            let topic = TxnOffsetCommitResponseTopic {
                name: TopicName::default(),
                topic_id: uuid(bytes)?,
                partitions: array(bytes, |bytes| structure(bytes, KNOWN))?,
            };
            skip_tagged_fields(bytes)?;
            Ok(topic)
        })?;
        skip_tagged_fields(bytes)?;
        Ok(Self { throttle_time_ms, topics })
    }

    fn encode(&self, frame: &mut FrameBuilder, version: i16) -> Result<()> {
        let out = &mut frame.bytes;
        if version <= KNOWN {
            return put_structure(out, &messages::TxnOffsetCommitResponse::from(self), version);
        }
        out.put_i32(self.throttle_time_ms);
        put_array(out, &self.topics, |out, topic| {
            out.put_u128(topic.topic_id.as_u128());
            put_array(out, &topic.partitions, |out, row| put_structure(out, row, KNOWN))?;
            put_no_tagged_fields(out);
            Ok(())
        })?;
        put_no_tagged_fields(out);
        Ok(())
    }
}

impl From<messages::TxnOffsetCommitRequest> for TxnOffsetCommitRequest {
    fn from(request: messages::TxnOffsetCommitRequest) -> Self {
        let topics = request.topics.into_iter().map(|topic| TxnOffsetCommitRequestTopic {
            name: topic.name,
            topic_id: Uuid::nil(),
            partitions: topic.partitions,
        });
        Self {
            transactional_id: request.transactional_id,
            group_id: request.group_id,
            producer_id: request.producer_id,
            producer_epoch: request.producer_epoch,
            generation_id_or_member_epoch: request.generation_id,
            member_id: request.member_id,
            group_instance_id: request.group_instance_id,
            topics: topics.collect(),
        }
    }
}

impl From<&TxnOffsetCommitRequest> for messages::TxnOffsetCommitRequest {
    fn from(request: &TxnOffsetCommitRequest) -> Self {
        let topics = request.topics.iter().map(|topic| {
            KafkaRequestTopic::default()
                .with_name(topic.name.clone())
                .with_partitions(topic.partitions.clone())
        });
        Self::default()
            .with_transactional_id(request.transactional_id.clone())
            .with_group_id(request.group_id.clone())
            .with_producer_id(request.producer_id)
            .with_producer_epoch(request.producer_epoch)
            .with_generation_id(request.generation_id_or_member_epoch)
            .with_member_id(request.member_id.clone())
            .with_group_instance_id(request.group_instance_id.clone())
            .with_topics(topics.collect())
    }
}

impl From<messages::TxnOffsetCommitResponse> for TxnOffsetCommitResponse {
    fn from(response: messages::TxnOffsetCommitResponse) -> Self {
        let topics = response.topics.into_iter().map(|topic| TxnOffsetCommitResponseTopic {
            name: topic.name,
            topic_id: Uuid::nil(),
            partitions: topic.partitions,
        });
        Self { throttle_time_ms: response.throttle_time_ms, topics: topics.collect() }
    }
}

impl From<&TxnOffsetCommitResponse> for messages::TxnOffsetCommitResponse {
    fn from(response: &TxnOffsetCommitResponse) -> Self {
        let topics = response.topics.iter().map(|topic| {
            KafkaResponseTopic::default()
                .with_name(topic.name.clone())
                .with_partitions(topic.partitions.clone())
        });
        Self::default()
            .with_throttle_time_ms(response.throttle_time_ms)
            .with_topics(topics.collect())
    }
}
