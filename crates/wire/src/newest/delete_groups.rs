//! `DeleteGroups` 3: version 2 with a message for each group that was not deleted.

use bytes::{BufMut, Bytes};
use kafka_protocol::messages;
use kafka_protocol::messages::GroupId;
use kafka_protocol::protocol::StrBytes;

use super::DELETE_GROUPS as KNOWN;
use super::parts::*;
use crate::api::Body;
use crate::frame::FrameBuilder;

/// A response to `DeleteGroups`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DeleteGroupsResponse {
    /// How long the client was or should be held back, in milliseconds (API-05).
    pub throttle_time_ms: i32,
    /// What became of each group.
    pub results: Vec<DeletableGroupResult>,
}

/// What became of a group in a [`DeleteGroupsResponse`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DeletableGroupResult {
    /// The group.
    pub group_id: GroupId,
    /// Why it was not deleted, or 0.
    pub error_code: i16,
    /// The cause in words, if there is more to say; only seen from version 3 on.
    pub error_message: Option<StrBytes>,
}

impl Body for DeleteGroupsResponse {
    fn decode(bytes: &mut Bytes, version: i16) -> Result<Self> {
        if version <= KNOWN {
            return structure::<messages::DeleteGroupsResponse>(bytes, version).map(Into::into);
        }
        let throttle_time_ms = int32(bytes)?;
        let results = array(bytes, |bytes| {
            let result = DeletableGroupResult {
                group_id: text(bytes)?.into(),
                error_code: int16(bytes)?,
                error_message: nullable_text(bytes)?,
            };
            skip_tagged_fields(bytes)?;
            Ok(result)
        })?;
        skip_tagged_fields(bytes)?;
        Ok(Self { throttle_time_ms, results })
    }

    fn encode(&self, frame: &mut FrameBuilder, version: i16) -> Result<()> {
        let out = &mut frame.bytes;
        if version <= KNOWN {
            return put_structure(out, &messages::DeleteGroupsResponse::from(self), version);
        }
        out.put_i32(self.throttle_time_ms);
        put_array(out, &self.results, |out, result| {
            put_text(out, &result.group_id)?;
            out.put_i16(result.error_code);
            put_nullable_text(out, result.error_message.as_ref())?;
            put_no_tagged_fields(out);
            Ok(())
        })?;
        put_no_tagged_fields(out);
        Ok(())
    }
}

impl From<messages::DeleteGroupsResponse> for DeleteGroupsResponse {
    fn from(response: messages::DeleteGroupsResponse) -> Self {
        let results = response.results.into_iter().map(|result| DeletableGroupResult {
            group_id: result.group_id,
            error_code: result.error_code,
            error_message: None,
        });
        Self { throttle_time_ms: response.throttle_time_ms, results: results.collect() }
    }
}

impl From<&DeleteGroupsResponse> for messages::DeleteGroupsResponse {
    fn from(response: &DeleteGroupsResponse) -> Self {
        let results = response.results.iter().map(|result| {
            messages::delete_groups_response::DeletableGroupResult::default()
                .with_group_id(result.group_id.clone())
                .with_error_code(result.error_code)
        });
        Self::default()
            .with_throttle_time_ms(response.throttle_time_ms)
            .with_results(results.collect())
    }
}
