//! `WriteTxnMarkers` 2: version 1 with the transaction version of each marker (KIP-1228).

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::write_txn_markers_request::WritableTxnMarker;

use super::WRITE_TXN_MARKERS as KNOWN;
use super::parts::*;
use crate::api::Body;
use crate::frame::FrameBuilder;

/// A request of `WriteTxnMarkers`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct WriteTxnMarkersRequest {
    /// The markers.
    pub markers: Vec<TransactionMarker>,
}

/// A marker for some partitions.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TransactionMarker {
    /// What all versions say of it.
    pub marker: WritableTxnMarker,
    /// The `transaction.version` by which its transaction ended; only seen from version 2 on, and
    /// 0 before (MARK-05).
    pub transaction_version: i8,
}

impl WriteTxnMarkersRequest {
    /// The request with these markers.
    #[must_use]
    pub fn with_markers(self, markers: Vec<impl Into<TransactionMarker>>) -> Self {
        Self { markers: markers.into_iter().map(Into::into).collect() }
    }
}

impl From<WritableTxnMarker> for TransactionMarker {
    fn from(marker: WritableTxnMarker) -> Self {
        Self { marker, transaction_version: 0 }
    }
}

impl Body for WriteTxnMarkersRequest {
    fn decode(bytes: &mut Bytes, version: i16) -> Result<Self> {
        let markers = array(bytes, |bytes| {
            let marker = WritableTxnMarker::default()
                .with_producer_id(int64(bytes)?.into())
                .with_producer_epoch(int16(bytes)?)
                .with_transaction_result(boolean(bytes)?)
                .with_topics(array(bytes, |bytes| structure(bytes, KNOWN))?)
                .with_coordinator_epoch(int32(bytes)?);
            let transaction_version = if version > KNOWN { int8(bytes)? } else { 0 };
            skip_tagged_fields(bytes)?;
            Ok(TransactionMarker { marker, transaction_version })
        })?;
        skip_tagged_fields(bytes)?;
        Ok(Self { markers })
    }

    fn encode(&self, frame: &mut FrameBuilder, version: i16) -> Result<()> {
        let out = &mut frame.bytes;
        put_array(out, &self.markers, |out, marker| put_marker(out, marker, version))?;
        put_no_tagged_fields(out);
        Ok(())
    }
}

fn put_marker(out: &mut BytesMut, marker: &TransactionMarker, version: i16) -> Result<()> {
    let TransactionMarker { marker, transaction_version } = marker;
    out.put_i64(marker.producer_id.0);
    out.put_i16(marker.producer_epoch);
    out.put_u8(marker.transaction_result.into());
    put_array(out, &marker.topics, |out, topic| put_structure(out, topic, KNOWN))?;
    out.put_i32(marker.coordinator_epoch);
    if version > KNOWN {
        out.put_i8(*transaction_version);
    }
    put_no_tagged_fields(out);
    Ok(())
}
