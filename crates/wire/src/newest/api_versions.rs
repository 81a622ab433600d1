//! `ApiVersions` 5: version 4 with the broker that the client means to ask (KIP-1242).

use bytes::{BufMut, Bytes};
use kafka_protocol::messages;
use kafka_protocol::protocol::StrBytes;

use super::API_VERSIONS as KNOWN;
use super::parts::*;
use crate::Request;
use crate::api::Body;
use crate::frame::FrameBuilder;

/// A request of `ApiVersions`.
#[derive(Clone, PartialEq, Debug)]
pub struct ApiVersionsRequest {
    /// The client's name; only seen from version 3 on.
    pub client_software_name: StrBytes,
    /// The client's version; only seen from version 3 on.
    pub client_software_version: StrBytes,
    /// The cluster that the client means, if it knows; only seen from version 5 on.
    pub cluster_id: Option<StrBytes>,
    /// The broker that the client means, or -1; only seen from version 5 on.
    pub node_id: i32,
}

impl Default for ApiVersionsRequest {
    fn default() -> Self {
        messages::ApiVersionsRequest::default().into()
    }
}

impl From<messages::ApiVersionsRequest> for ApiVersionsRequest {
    fn from(request: messages::ApiVersionsRequest) -> Self {
        Self {
            client_software_name: request.client_software_name,
            client_software_version: request.client_software_version,
            cluster_id: None,
            node_id: -1,
        }
    }
}

impl From<messages::ApiVersionsRequest> for Request {
    fn from(request: messages::ApiVersionsRequest) -> Self {
        Self::ApiVersions(request.into())
    }
}

impl Body for ApiVersionsRequest {
    fn decode(bytes: &mut Bytes, version: i16) -> Result<Self> {
        if version <= KNOWN {
            return structure::<messages::ApiVersionsRequest>(bytes, version).map(Into::into);
        }
        let request = Self {
            client_software_name: text(bytes)?,
            client_software_version: text(bytes)?,
            cluster_id: nullable_text(bytes)?,
            node_id: int32(bytes)?,
        };
        skip_tagged_fields(bytes)?;
        Ok(request)
    }

    fn encode(&self, frame: &mut FrameBuilder, version: i16) -> Result<()> {
        let out = &mut frame.bytes;
        if version <= KNOWN {
            let request = messages::ApiVersionsRequest::default()
                .with_client_software_name(self.client_software_name.clone())
                .with_client_software_version(self.client_software_version.clone());
            return put_structure(out, &request, version);
        }
        put_text(out, &self.client_software_name)?;
        put_text(out, &self.client_software_version)?;
        put_nullable_text(out, self.cluster_id.as_ref())?;
        out.put_i32(self.node_id);
        put_no_tagged_fields(out);
        Ok(())
    }
}
