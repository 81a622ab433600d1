//! `OffsetCommit` 10: version 9 with the ids of topics in place of their names.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::offset_commit_request::OffsetCommitRequestTopic;
use kafka_protocol::messages::offset_commit_response::OffsetCommitResponseTopic;
use kafka_protocol::messages::{OffsetCommitRequest, OffsetCommitResponse};

use super::parts::*;

/// The version whose partitions are laid out alike.
const ALIKE: i16 = 9;

pub(super) fn decode_request(bytes: &mut Bytes) -> Result<OffsetCommitRequest> {
    let request = OffsetCommitRequest::default()
        .with_group_id(text(bytes)?.into())
        .with_generation_id_or_member_epoch(int32(bytes)?)
        .with_member_id(text(bytes)?)
        .with_group_instance_id(nullable_text(bytes)?)
        .with_topics(array(bytes, |bytes| {
            let topic = OffsetCommitRequestTopic::default()
                .with_topic_id(uuid(bytes)?)
                .with_partitions(array(bytes, |bytes| structure(bytes, ALIKE))?);
            skip_tagged_fields(bytes)?;
            Ok(topic)
        })?);
    skip_tagged_fields(bytes)?;
    Ok(request)
}

pub(super) fn encode_request(request: &OffsetCommitRequest, out: &mut BytesMut) -> Result<()> {
    put_text(out, &request.group_id)?;
    out.put_i32(request.generation_id_or_member_epoch);
    put_text(out, &request.member_id)?;
    put_nullable_text(out, request.group_instance_id.as_ref())?;
    put_array(out, &request.topics, |out, topic| {
        out.put_u128(topic.topic_id.as_u128());
        put_array(out, &topic.partitions, |out, row| put_structure(out, row, ALIKE))?;
        put_no_tagged_fields(out);
        Ok(())
    })?;
    put_no_tagged_fields(out);
    Ok(())
}

pub(super) fn decode_response(bytes: &mut Bytes) -> Result<OffsetCommitResponse> {
    let response = OffsetCommitResponse::default()
        .with_throttle_time_ms(int32(bytes)?)
        .with_topics(array(bytes, |bytes| {
            let topic = OffsetCommitResponseTopic::default()
                .with_topic_id(uuid(bytes)?)
                .with_partitions(array(bytes, |bytes| structure(bytes, ALIKE))?);
            skip_tagged_fields(bytes)?;
            Ok(topic)
        })?);
    skip_tagged_fields(bytes)?;
    Ok(response)
}

pub(super) fn encode_response(response: &OffsetCommitResponse, out: &mut BytesMut) -> Result<()> {
    out.put_i32(response.throttle_time_ms);
    put_array(out, &response.topics, |out, topic| {
        out.put_u128(topic.topic_id.as_u128());
        put_array(out, &topic.partitions, |out, row| put_structure(out, row, ALIKE))?;
        put_no_tagged_fields(out);
        Ok(())
    })?;
    put_no_tagged_fields(out);
    Ok(())
}
