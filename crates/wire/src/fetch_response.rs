//! The response to `Fetch`, versions 4 to 18, whose record batches are not copied.
//!
//! The snapshot id of a partition is left out: it speaks to controllers alone.

use bytes::{BufMut, Bytes};
use fencepost_ids::{
    BrokerId, ErrorCode, LeaderEpoch, Offset, PartitionIndex, ProducerId, TopicId, TopicName,
};
use kafka_protocol::messages;
use kafka_protocol::messages::fetch_response as kafka;
use kafka_protocol::protocol::{Decodable, StrBytes};

use crate::FromWire;
use crate::api::Body;
use crate::frame::FrameBuilder;

/// A response to `Fetch`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchResponse {
    /// How long the client was or should be held back, in milliseconds (API-05).
    pub throttle_time_ms: i32,
    /// The error of the whole request; only seen from version 7 on.
    pub error_code: ErrorCode,
    /// The fetch session, or 0 for none; must be 0 below version 7.
    pub session_id: i32,
    /// The topics answered.
    pub topics: Vec<FetchedTopic>,
    /// Where the leaders named in the partitions listen; only seen from version 16 on (API-40).
    pub node_endpoints: Vec<NodeEndpoint>,
}

/// A topic in a [`FetchResponse`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchedTopic {
    /// Its name; only seen up to version 12.
    pub topic: TopicName,
    /// Its id; only seen from version 13 on.
    pub topic_id: TopicId,
    /// The partitions answered.
    pub partitions: Vec<FetchedPartition>,
}

/// A partition in a [`FetchResponse`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchedPartition {
    /// The partition.
    pub partition_index: PartitionIndex,
    /// Its error.
    pub error_code: ErrorCode,
    /// Its high watermark, or -1.
    pub high_watermark: Offset,
    /// Its last stable offset, or -1.
    pub last_stable_offset: Offset,
    /// The first offset of its log, or -1; only seen from version 5 on.
    pub log_start_offset: Offset,
    /// Where the fetcher's log parts from this one; must be none below version 12.
    pub diverging_epoch: Option<DivergingEpoch>,
    /// Who leads it, told to a fetcher that asked the wrong broker; only seen from version 12 on.
    pub current_leader: Option<LeaderIdAndEpoch>,
    /// The aborted transactions in the range of the records; none (null) unless asked for
    /// read_committed.
    pub aborted_transactions: Option<Vec<AbortedTransaction>>,
    /// A replica to read from instead; must be [`BrokerId::NONE`] below version 11.
    pub preferred_read_replica: BrokerId,
    /// The record batches, in order, in as many chunks as is convenient.
    pub records: Vec<Bytes>,
}

/// The end of the largest epoch that a fetcher and the leader share (KIP-595).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DivergingEpoch {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// The offset at which it ends in the leader's log.
    pub end_offset: Offset,
}

/// The leader of a partition (KIP-951).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeaderIdAndEpoch {
    /// The leader.
    pub leader_id: BrokerId,
    /// Its term.
    pub leader_epoch: LeaderEpoch,
}

/// An aborted transaction that a reader must skip (KIP-98).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AbortedTransaction {
    /// The producer id of the transaction.
    pub producer_id: ProducerId,
    /// Its first offset in the partition.
    pub first_offset: Offset,
}

/// Where a broker listens (KIP-951).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeEndpoint {
    /// The broker.
    pub node_id: BrokerId,
    /// Its advertised host.
    pub host: StrBytes,
    /// Its advertised port.
    pub port: i32,
    /// Its rack, if it has one.
    pub rack: Option<StrBytes>,
}

impl Default for FetchResponse {
    /// No error, no session, no topics.
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: ErrorCode::None,
            session_id: 0,
            topics: Vec::new(),
            node_endpoints: Vec::new(),
        }
    }
}

impl FetchedPartition {
    /// A partition answered with an error: no offsets, no records, as Kafka fills them in.
    #[must_use]
    pub const fn failed(partition_index: PartitionIndex, error_code: ErrorCode) -> Self {
        Self {
            partition_index,
            error_code,
            high_watermark: Offset::NONE,
            last_stable_offset: Offset::NONE,
            log_start_offset: Offset::NONE,
            diverging_epoch: None,
            current_leader: None,
            aborted_transactions: None,
            preferred_read_replica: BrokerId::NONE,
            records: Vec::new(),
        }
    }
}

impl Body for FetchResponse {
    fn decode(bytes: &mut Bytes, version: i16) -> Result<Self, String> {
        let message = <messages::FetchResponse as Decodable>::decode(bytes, version)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            throttle_time_ms: message.throttle_time_ms,
            error_code: error_code(message.error_code)?,
            session_id: message.session_id,
            topics: message.responses.into_iter().map(topic).collect::<Result<_, _>>()?,
            node_endpoints: message.node_endpoints.into_iter().map(node_endpoint).collect(),
        })
    }

    fn encode(&self, frame: &mut FrameBuilder, version: i16) -> Result<(), String> {
        if !(4..=18).contains(&version) {
            return Err("the version is not known".to_owned());
        }
        let mut writer = Writer { frame, version };
        writer.response(self)
    }
}

fn error_code(code: i16) -> Result<ErrorCode, String> {
    ErrorCode::from_code(code).ok_or_else(|| format!("unknown error code {code}"))
}

fn topic(topic: kafka::FetchableTopicResponse) -> Result<FetchedTopic, String> {
    Ok(FetchedTopic {
        topic: TopicName::from_wire(&topic.topic),
        topic_id: TopicId::from_wire(&topic.topic_id),
        partitions: topic.partitions.into_iter().map(partition).collect::<Result<_, _>>()?,
    })
}

fn partition(partition: kafka::PartitionData) -> Result<FetchedPartition, String> {
    let diverging = partition.diverging_epoch;
    let leader = partition.current_leader;
    Ok(FetchedPartition {
        partition_index: PartitionIndex(partition.partition_index),
        error_code: error_code(partition.error_code)?,
        high_watermark: Offset(partition.high_watermark),
        last_stable_offset: Offset(partition.last_stable_offset),
        log_start_offset: Offset(partition.log_start_offset),
        diverging_epoch: (diverging != kafka::EpochEndOffset::default()).then_some(
            DivergingEpoch {
                epoch: LeaderEpoch(diverging.epoch),
                end_offset: Offset(diverging.end_offset),
            },
        ),
        current_leader: (leader != kafka::LeaderIdAndEpoch::default()).then_some(
            LeaderIdAndEpoch {
                leader_id: BrokerId::from_wire(&leader.leader_id),
                leader_epoch: LeaderEpoch(leader.leader_epoch),
            },
        ),
        aborted_transactions: partition
            .aborted_transactions
            .map(|aborted| aborted.iter().map(aborted_transaction).collect()),
        preferred_read_replica: BrokerId::from_wire(&partition.preferred_read_replica),
        records: partition.records.into_iter().filter(|records| !records.is_empty()).collect(),
    })
}

fn aborted_transaction(aborted: &kafka::AbortedTransaction) -> AbortedTransaction {
    AbortedTransaction {
        producer_id: ProducerId::from_wire(&aborted.producer_id),
        first_offset: Offset(aborted.first_offset),
    }
}

fn node_endpoint(endpoint: kafka::NodeEndpoint) -> NodeEndpoint {
    NodeEndpoint {
        node_id: BrokerId::from_wire(&endpoint.node_id),
        host: endpoint.host,
        port: endpoint.port,
        rack: endpoint.rack,
    }
}

/// Writes a response in one version.
struct Writer<'a> {
    frame: &'a mut FrameBuilder,
    version: i16,
}

impl Writer<'_> {
    fn response(&mut self, response: &FetchResponse) -> Result<(), String> {
        self.frame.bytes.put_i32(response.throttle_time_ms);
        if self.version >= 7 {
            self.frame.bytes.put_i16(response.error_code.code());
            self.frame.bytes.put_i32(response.session_id);
        } else if response.session_id != 0 {
            return Err("session_id is set, which begins with version 7".to_owned());
        }
        self.length(response.topics.len())?;
        for topic in &response.topics {
            self.topic(topic)?;
        }
        if self.version >= 16 && !response.node_endpoints.is_empty() {
            self.tagged(&[(0, node_endpoints(&response.node_endpoints)?)])
        } else {
            self.tagged(&[])
        }
    }

    fn topic(&mut self, topic: &FetchedTopic) -> Result<(), String> {
        if self.version >= 13 {
            self.frame.bytes.put_slice(&topic.topic_id.0);
        } else {
            self.string(&topic.topic)?;
        }
        self.length(topic.partitions.len())?;
        for partition in &topic.partitions {
            self.partition(partition)?;
        }
        self.tagged(&[])
    }

    fn partition(&mut self, partition: &FetchedPartition) -> Result<(), String> {
        let bytes = &mut self.frame.bytes;
        bytes.put_i32(partition.partition_index.0);
        bytes.put_i16(partition.error_code.code());
        bytes.put_i64(partition.high_watermark.0);
        bytes.put_i64(partition.last_stable_offset.0);
        if self.version >= 5 {
            bytes.put_i64(partition.log_start_offset.0);
        }
        self.aborted(partition.aborted_transactions.as_deref())?;
        if self.version >= 11 {
            self.frame.bytes.put_i32(partition.preferred_read_replica.0);
        } else if partition.preferred_read_replica != BrokerId::NONE {
            return Err("preferred_read_replica is set, which begins with version 11".to_owned());
        }
        self.length(partition.records.iter().map(Bytes::len).sum())?;
        for chunk in &partition.records {
            self.frame.put_chunk(chunk);
        }
        self.partition_tags(partition)
    }

    fn partition_tags(&mut self, partition: &FetchedPartition) -> Result<(), String> {
        let mut tagged = Vec::new();
        if let Some(diverging) = partition.diverging_epoch {
            if self.version < 12 {
                return Err("diverging_epoch is set, which begins with version 12".to_owned());
            }
            let mut bytes = Vec::with_capacity(13);
            bytes.put_i32(diverging.epoch.0);
            bytes.put_i64(diverging.end_offset.0);
            bytes.put_u8(0);
            tagged.push((0, bytes));
        }
        if let Some(leader) = partition.current_leader {
            let mut bytes = Vec::with_capacity(9);
            bytes.put_i32(leader.leader_id.0);
            bytes.put_i32(leader.leader_epoch.0);
            bytes.put_u8(0);
            tagged.push((1, bytes));
        }
        self.tagged(&tagged)
    }

    fn aborted(&mut self, aborted: Option<&[AbortedTransaction]>) -> Result<(), String> {
        let Some(aborted) = aborted else {
            if self.version >= 12 {
                self.frame.bytes.put_u8(0);
            } else {
                self.frame.bytes.put_i32(-1);
            }
            return Ok(());
        };
        self.length(aborted.len())?;
        for transaction in aborted {
            self.frame.bytes.put_i64(transaction.producer_id.0);
            self.frame.bytes.put_i64(transaction.first_offset.0);
            self.tagged(&[])?;
        }
        Ok(())
    }

    /// The length of an array or of records.
    fn length(&mut self, length: usize) -> Result<(), String> {
        let length = i32::try_from(length).map_err(|_| format!("length {length} of a field"))?;
        if self.version >= 12 {
            put_varint(&mut self.frame.bytes, length.unsigned_abs() + 1);
        } else {
            self.frame.bytes.put_i32(length);
        }
        Ok(())
    }

    fn string(&mut self, text: &str) -> Result<(), String> {
        if self.version >= 12 {
            put_compact_string(&mut self.frame.bytes, text)?;
        } else {
            let length =
                i16::try_from(text.len()).map_err(|_| format!("name `{text}` is too long"))?;
            self.frame.bytes.put_i16(length);
            self.frame.bytes.put_slice(text.as_bytes());
        }
        Ok(())
    }

    /// The tagged fields of a structure, in rising order of tags, if this version has any.
    fn tagged(&mut self, fields: &[(u32, Vec<u8>)]) -> Result<(), String> {
        if self.version < 12 {
            return Ok(());
        }
        let bytes = &mut self.frame.bytes;
        put_varint(bytes, fields.len() as u32);
        for (tag, value) in fields {
            put_varint(bytes, *tag);
            put_varint(bytes, varint_length(value.len())?);
            bytes.put_slice(value);
        }
        Ok(())
    }
}

fn node_endpoints(endpoints: &[NodeEndpoint]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    put_varint(&mut bytes, varint_length(endpoints.len())? + 1);
    for endpoint in endpoints {
        bytes.put_i32(endpoint.node_id.0);
        put_compact_string(&mut bytes, &endpoint.host)?;
        bytes.put_i32(endpoint.port);
        match &endpoint.rack {
            Some(rack) => put_compact_string(&mut bytes, rack)?,
            None => bytes.put_u8(0),
        }
        bytes.put_u8(0);
    }
    Ok(bytes)
}

fn put_compact_string(bytes: &mut impl BufMut, text: &str) -> Result<(), String> {
    put_varint(bytes, varint_length(text.len())? + 1);
    bytes.put_slice(text.as_bytes());
    Ok(())
}

fn varint_length(length: usize) -> Result<u32, String> {
    i32::try_from(length).map(i32::unsigned_abs).map_err(|_| format!("length {length} of a field"))
}

fn put_varint(bytes: &mut impl BufMut, mut value: u32) {
    while value >= 0x80 {
        bytes.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.put_u8(value as u8);
}
