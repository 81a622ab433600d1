//! ApiVersions (key 18), versions 0 to 5 (KIP-511, KIP-584, KIP-1242).

use fencepost_ids::ErrorCode;
use fencepost_wire::messages::ApiVersionsResponse;
use fencepost_wire::messages::api_versions_response::{
    ApiVersion, FinalizedFeatureKey, SupportedFeatureKey,
};
use fencepost_wire::{ApiKey, ApiVersionsRequest, StrBytes};

use crate::inspection::ClientSoftware;
use crate::step::{Call, Step};

/// The version from which a client may say which broker of which cluster it means (KIP-1242).
const MEANT_BROKER_VERSION: i16 = 5;
/// The id of no broker.
const NO_BROKER: i32 = -1;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: ApiVersionsRequest) {
    let version = call.ticket.version;
    let named = |text: &StrBytes| is_software_name(text);
    if version >= 3
        && !(named(&request.client_software_name) && named(&request.client_software_version))
    {
        return refuse(step, call, ErrorCode::InvalidRequest);
    }
    if version >= 3
        && let Some(open) = step.cluster.connections.get_mut(&call.ticket.connection)
    {
        open.software = Some(ClientSoftware {
            name: request.client_software_name.as_str().into(),
            version: request.client_software_version.as_str().into(),
        });
    }
    if version >= MEANT_BROKER_VERSION
        && let Err(error) = check_meant_broker(step, call, &request)
    {
        return refuse(step, call, error);
    }
    let release = step.cluster.config.release;
    let api_keys = ApiKey::ALL
        .iter()
        .map(|api| {
            let versions = release.versions(*api);
            ApiVersion::default()
                .with_api_key(api.code())
                .with_min_version(*versions.start())
                .with_max_version(*versions.end())
        })
        .collect();
    let mut response = ApiVersionsResponse::default().with_api_keys(api_keys);
    if version >= 3 {
        let features = &step.cluster.metadata.features;
        // Version 3 has no feature that begins at 0: its clients refuse that (API-12).
        response.supported_features = features
            .iter()
            .filter(|(feature, _)| version >= 4 || feature.min > 0)
            .map(|(feature, _)| {
                SupportedFeatureKey::default()
                    .with_name(StrBytes::from_static_str(feature.name))
                    .with_min_version(feature.min)
                    .with_max_version(feature.max)
            })
            .collect();
        response.finalized_features_epoch = features.epoch;
        response.finalized_features = features
            .iter()
            .filter(|(_, level)| *level > 0)
            .map(|(feature, level)| {
                FinalizedFeatureKey::default()
                    .with_name(StrBytes::from_static_str(feature.name))
                    .with_min_version_level(level)
                    .with_max_version_level(level)
            })
            .collect();
    }
    step.respond(call.ticket, response);
}

fn refuse(step: &mut Step<'_>, call: &Call, error: ErrorCode) {
    step.respond(call.ticket, ApiVersionsResponse::default().with_error_code(error.code()));
}

/// Whether a client that says whom it means is at the right place (API-62).
fn check_meant_broker(
    step: &Step<'_>,
    call: &Call,
    request: &ApiVersionsRequest,
) -> Result<(), ErrorCode> {
    match (&request.cluster_id, request.node_id) {
        (None, NO_BROKER) => Ok(()),
        (None, _) | (Some(_), NO_BROKER) => Err(ErrorCode::InvalidRequest),
        (Some(cluster), broker)
            if **cluster == *step.cluster.metadata.cluster_id && broker == call.broker.0 =>
        {
            Ok(())
        }
        (Some(_), _) => Err(ErrorCode::RebootstrapRequired),
    }
}

/// A letter or digit, then letters, digits, `.` and `-`, the last of them a letter or digit
/// (API-11).
fn is_software_name(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    edge(text.chars().next())
        && edge(text.chars().last())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}
