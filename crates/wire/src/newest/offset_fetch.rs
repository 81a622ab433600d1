//! `OffsetFetch` 10: version 9 with the ids of topics in place of their names.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{OffsetFetchRequest, OffsetFetchResponse};

use super::parts::*;

/// The version whose partitions are laid out alike.
const ALIKE: i16 = 9;

pub(super) fn decode_request(bytes: &mut Bytes) -> Result<OffsetFetchRequest> {
    let request = OffsetFetchRequest::default()
        .with_groups(array(bytes, |bytes| {
            let group = OffsetFetchRequestGroup::default()
                .with_group_id(text(bytes)?.into())
                .with_member_id(nullable_text(bytes)?)
                .with_member_epoch(int32(bytes)?)
                .with_topics(nullable_array(bytes, asked_topic)?);
            skip_tagged_fields(bytes)?;
            Ok(group)
        })?)
        .with_require_stable(boolean(bytes)?);
    skip_tagged_fields(bytes)?;
    Ok(request)
}

fn asked_topic(bytes: &mut Bytes) -> Result<OffsetFetchRequestTopics> {
    let topic = OffsetFetchRequestTopics::default()
        .with_topic_id(uuid(bytes)?)
        .with_partition_indexes(array(bytes, int32)?);
    skip_tagged_fields(bytes)?;
    Ok(topic)
}

pub(super) fn encode_request(request: &OffsetFetchRequest, out: &mut BytesMut) -> Result<()> {
    put_array(out, &request.groups, |out, group| {
        put_text(out, &group.group_id)?;
        put_nullable_text(out, group.member_id.as_ref())?;
        out.put_i32(group.member_epoch);
        match &group.topics {
            Some(topics) => put_array(out, topics, put_asked_topic)?,
            None => put_null(out),
        }
        put_no_tagged_fields(out);
        Ok(())
    })?;
    out.put_u8(request.require_stable.into());
    put_no_tagged_fields(out);
    Ok(())
}

fn put_asked_topic(out: &mut BytesMut, topic: &OffsetFetchRequestTopics) -> Result<()> {
    out.put_u128(topic.topic_id.as_u128());
    put_array(out, &topic.partition_indexes, |out, index| {
        out.put_i32(*index);
        Ok(())
    })?;
    put_no_tagged_fields(out);
    Ok(())
}

pub(super) fn decode_response(bytes: &mut Bytes) -> Result<OffsetFetchResponse> {
    let response = OffsetFetchResponse::default().with_throttle_time_ms(int32(bytes)?).with_groups(
        array(bytes, |bytes| {
            let group = OffsetFetchResponseGroup::default()
                .with_group_id(text(bytes)?.into())
                .with_topics(array(bytes, found_topic)?)
                .with_error_code(int16(bytes)?);
            skip_tagged_fields(bytes)?;
            Ok(group)
        })?,
    );
    skip_tagged_fields(bytes)?;
    Ok(response)
}

fn found_topic(bytes: &mut Bytes) -> Result<OffsetFetchResponseTopics> {
    let topic = OffsetFetchResponseTopics::default()
        .with_topic_id(uuid(bytes)?)
        .with_partitions(array(bytes, |bytes| structure(bytes, ALIKE))?);
    skip_tagged_fields(bytes)?;
    Ok(topic)
}

pub(super) fn encode_response(response: &OffsetFetchResponse, out: &mut BytesMut) -> Result<()> {
    out.put_i32(response.throttle_time_ms);
    put_array(out, &response.groups, |out, group| {
        put_text(out, &group.group_id)?;
        put_array(out, &group.topics, |out, topic| {
            out.put_u128(topic.topic_id.as_u128());
            put_array(out, &topic.partitions, |out, row| put_structure(out, row, ALIKE))?;
            put_no_tagged_fields(out);
            Ok(())
        })?;
        out.put_i16(group.error_code);
        put_no_tagged_fields(out);
        Ok(())
    })?;
    put_no_tagged_fields(out);
    Ok(())
}
