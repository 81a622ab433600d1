//! The fields of the values, in the order of their schemas.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::{BufMut, Bytes};
use fencepost_ids::{InstanceId, MemberEpoch, PartitionIndex, Timestamp, TopicId, TopicName};

use super::{
    AssignmentEpochs, ClassicMemberMetadata, ConsumerMemberValue, CurrentAssignmentValue,
    GroupEpochValue, RegularExpressionValue, SubscribedTopic, TargetEpochValue,
};
use crate::group::assign::Partitions;
use crate::group::classic::Protocol;
use crate::group::consumer::ReconciliationState;
use crate::group::records::encoding::{Fields, Malformed};
use crate::group::records::flexible::{
    put_compact_bytes, put_compact_count, put_compact_nullable_string, put_compact_string,
    put_no_tagged, put_tagged,
};

pub(super) fn put_group_epoch(out: &mut Vec<u8>, value: &GroupEpochValue) {
    out.put_i32(value.epoch.0);
    match value.metadata_hash {
        0 => put_no_tagged(out),
        hash => put_tagged(out, 0, &hash.to_be_bytes()),
    }
}

pub(super) fn group_epoch(mut fields: Fields<'_>) -> Result<GroupEpochValue, Malformed> {
    let epoch = MemberEpoch(fields.int32()?);
    let mut metadata_hash = 0;
    fields.tagged(|tag, field| {
        if tag == 0 {
            metadata_hash = field.int64()?;
        }
        Ok(())
    })?;
    Ok(GroupEpochValue { epoch, metadata_hash })
}

pub(super) fn put_topics(out: &mut Vec<u8>, topics: &[SubscribedTopic]) {
    put_compact_count(out, topics.len());
    for topic in topics {
        out.put_slice(&topic.id.0);
        put_compact_string(out, &topic.name);
        out.put_i32(topic.partitions);
        // The racks of each partition, which are empty where no broker has a rack.
        put_compact_count(out, 0);
        put_no_tagged(out);
    }
    put_no_tagged(out);
}

pub(super) fn topics(mut fields: Fields<'_>) -> Result<Vec<SubscribedTopic>, Malformed> {
    let topics = (0..fields.compact_count()?)
        .map(|_| {
            let id = TopicId(fields.uuid()?);
            let name = fields.compact_string()?.into();
            let partitions = fields.int32()?;
            for _ in 0..fields.compact_count()? {
                fields.int32()?;
                for _ in 0..fields.compact_count()? {
                    fields.compact_string()?;
                }
                fields.skip_tagged()?;
            }
            fields.skip_tagged()?;
            Ok(SubscribedTopic { id, name, partitions })
        })
        .collect::<Result<_, Malformed>>()?;
    fields.skip_tagged()?;
    Ok(topics)
}

pub(super) fn put_member(out: &mut Vec<u8>, value: &ConsumerMemberValue) {
    put_compact_nullable_string(out, value.instance.as_deref());
    put_compact_nullable_string(out, value.rack.as_deref());
    put_compact_string(out, &value.client_id);
    put_compact_string(out, &value.client_host);
    put_names(out, &value.topics);
    put_compact_string(out, &value.regex);
    out.put_i32(value.rebalance_timeout_ms);
    put_compact_nullable_string(out, value.assignor.as_deref());
    match &value.classic {
        // Kafka writes its null, too.
        None => put_tagged(out, 0, &[0]),
        Some(classic) => {
            let mut field = vec![1];
            put_classic(&mut field, classic);
            put_tagged(out, 0, &field);
        }
    }
}

fn put_classic(out: &mut Vec<u8>, classic: &ClassicMemberMetadata) {
    out.put_i32(classic.session_timeout_ms);
    put_compact_count(out, classic.protocols.len());
    for protocol in &classic.protocols {
        put_compact_string(out, &protocol.name);
        put_compact_bytes(out, &protocol.metadata);
        put_no_tagged(out);
    }
    put_no_tagged(out);
}

fn classic(fields: &mut Fields<'_>) -> Result<Option<ClassicMemberMetadata>, Malformed> {
    if fields.unsigned_varint()? == 0 {
        return Ok(None);
    }
    let session_timeout_ms = fields.int32()?;
    let protocols = (0..fields.compact_count()?)
        .map(|_| {
            let name = fields.compact_string()?.into();
            let metadata = Bytes::copy_from_slice(fields.compact_bytes()?);
            fields.skip_tagged()?;
            Ok(Protocol { name, metadata })
        })
        .collect::<Result<_, Malformed>>()?;
    fields.skip_tagged()?;
    Ok(Some(ClassicMemberMetadata { session_timeout_ms, protocols }))
}

pub(super) fn member(mut fields: Fields<'_>) -> Result<ConsumerMemberValue, Malformed> {
    let mut value = ConsumerMemberValue {
        instance: fields.compact_nullable_string()?.map(InstanceId::from),
        rack: fields.compact_nullable_string()?.map(Arc::from),
        client_id: fields.compact_string()?.into(),
        client_host: fields.compact_string()?.into(),
        topics: names(&mut fields)?,
        regex: fields.compact_nullable_string()?.unwrap_or_default().into(),
        rebalance_timeout_ms: fields.int32()?,
        assignor: fields.compact_nullable_string()?.map(Arc::from),
        classic: None,
    };
    fields.tagged(|tag, field| {
        if tag == 0 {
            value.classic = classic(field)?;
        }
        Ok(())
    })?;
    Ok(value)
}

pub(super) fn put_target_epoch(out: &mut Vec<u8>, value: &TargetEpochValue) {
    out.put_i32(value.epoch.0);
    match value.time {
        Timestamp(0) => put_no_tagged(out),
        Timestamp(time) => put_tagged(out, 0, &time.to_be_bytes()),
    }
}

pub(super) fn target_epoch(mut fields: Fields<'_>) -> Result<TargetEpochValue, Malformed> {
    let epoch = MemberEpoch(fields.int32()?);
    let mut time = Timestamp(0);
    fields.tagged(|tag, field| {
        if tag == 0 {
            time = Timestamp(field.int64()?);
        }
        Ok(())
    })?;
    Ok(TargetEpochValue { epoch, time })
}

pub(super) fn put_target(out: &mut Vec<u8>, target: &Partitions) {
    put_partitions(out, target, &AssignmentEpochs::new());
    put_no_tagged(out);
}

pub(super) fn target(mut fields: Fields<'_>) -> Result<Partitions, Malformed> {
    let target = partitions(&mut fields, &mut AssignmentEpochs::new())?;
    fields.skip_tagged()?;
    Ok(target)
}

pub(super) fn put_current(out: &mut Vec<u8>, value: &CurrentAssignmentValue) {
    out.put_i32(value.epoch.0);
    out.put_i32(value.previous_epoch.0);
    out.put_i8(value.state.code());
    put_partitions(out, &value.assigned, &value.since);
    put_partitions(out, &value.pending_revocation, &value.since);
    put_no_tagged(out);
}

pub(super) fn current(mut fields: Fields<'_>) -> Result<CurrentAssignmentValue, Malformed> {
    let epoch = MemberEpoch(fields.int32()?);
    let previous_epoch = MemberEpoch(fields.int32()?);
    let code = fields.int8()?;
    let state = ReconciliationState::from_code(code).ok_or(Malformed::Length(code.into()))?;
    let mut since = AssignmentEpochs::new();
    let assigned = partitions(&mut fields, &mut since)?;
    let pending_revocation = partitions(&mut fields, &mut since)?;
    fields.skip_tagged()?;
    Ok(CurrentAssignmentValue { epoch, previous_epoch, state, assigned, pending_revocation, since })
}

pub(super) fn put_regex(out: &mut Vec<u8>, value: &RegularExpressionValue) {
    put_names(out, &value.topics);
    out.put_i64(value.version);
    out.put_i64(value.time.0);
    put_no_tagged(out);
}

pub(super) fn regex(mut fields: Fields<'_>) -> Result<RegularExpressionValue, Malformed> {
    let value = RegularExpressionValue {
        topics: names(&mut fields)?,
        version: fields.int64()?,
        time: Timestamp(fields.int64()?),
    };
    fields.skip_tagged()?;
    Ok(value)
}

fn put_names(out: &mut Vec<u8>, names: &BTreeSet<TopicName>) {
    put_compact_count(out, names.len());
    for name in names {
        put_compact_string(out, name);
    }
}

fn names(fields: &mut Fields<'_>) -> Result<BTreeSet<TopicName>, Malformed> {
    (0..fields.compact_count()?).map(|_| fields.compact_string().map(TopicName::from)).collect()
}

/// Partitions, with those epochs that are known of them.
fn put_partitions(out: &mut Vec<u8>, partitions: &Partitions, since: &AssignmentEpochs) {
    put_compact_count(out, partitions.topics().len());
    for (topic, indexes) in partitions.topics() {
        out.put_slice(&topic.0);
        put_compact_count(out, indexes.len());
        for index in indexes {
            out.put_i32(index.0);
        }
        let epochs = indexes.iter().map(|index| since.get(&(topic, *index)).copied());
        match epochs.collect::<Option<Vec<_>>>() {
            None => put_no_tagged(out),
            Some(epochs) => {
                let mut field = Vec::new();
                put_compact_count(&mut field, epochs.len());
                epochs.iter().for_each(|epoch| field.put_i32(epoch.0));
                put_tagged(out, 0, &field);
            }
        }
    }
}

fn partitions(
    fields: &mut Fields<'_>,
    since: &mut AssignmentEpochs,
) -> Result<Partitions, Malformed> {
    let mut partitions = Partitions::default();
    for _ in 0..fields.compact_count()? {
        let topic = TopicId(fields.uuid()?);
        let indexes = (0..fields.compact_count()?)
            .map(|_| fields.int32().map(PartitionIndex))
            .collect::<Result<Vec<_>, _>>()?;
        let mut epochs = Vec::new();
        fields.tagged(|tag, field| {
            if tag == 0 {
                for _ in 0..field.compact_length()?.unwrap_or(0) {
                    epochs.push(MemberEpoch(field.int32()?));
                }
            }
            Ok(())
        })?;
        let known = indexes.iter().map(|index| (topic, *index));
        // Kafka passes over epochs of another count, too.
        if epochs.len() == indexes.len() {
            since.extend(known.clone().zip(epochs));
        }
        partitions.extend(known);
    }
    Ok(partitions)
}
