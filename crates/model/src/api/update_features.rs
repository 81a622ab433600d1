//! UpdateFeatures (key 57), versions 0 to 2 (KIP-584, CONF-58, FEAT-05).

use fencepost_ids::ErrorCode;
use fencepost_wire::StrBytes;
use fencepost_wire::messages::update_features_request::FeatureUpdateKey;
use fencepost_wire::messages::update_features_response::UpdatableFeatureResult;
use fencepost_wire::messages::{UpdateFeaturesRequest, UpdateFeaturesResponse};

use crate::features::Features;
use crate::step::{Call, Step};

/// The kinds of update from version 1 on.
const UPGRADE: i8 = 1;
const SAFE_DOWNGRADE: i8 = 2;
const UNSAFE_DOWNGRADE: i8 = 3;

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: UpdateFeaturesRequest) {
    let version = call.ticket.version;
    let mut features = step.cluster.metadata.features.clone();
    let mut results = Vec::with_capacity(request.feature_updates.len());
    let mut failed = None;
    for update in &request.feature_updates {
        let refused = apply(&mut features, version, update).err();
        if failed.is_none() {
            failed = refused.clone();
        }
        let result = UpdatableFeatureResult::default().with_feature(update.feature.clone());
        results.push(match refused {
            None => result,
            Some((error, message)) => result
                .with_error_code(error.code())
                .with_error_message(Some(StrBytes::from_string(message))),
        });
    }
    if failed.is_none() && !request.validate_only {
        step.cluster.metadata.features = features;
    }
    // From version 2 on the updates stand or fall together, and only the whole is answered.
    let response = match failed {
        Some((error, message)) if version >= 2 => UpdateFeaturesResponse::default()
            .with_error_code(error.code())
            .with_error_message(Some(StrBytes::from_string(message))),
        _ if version >= 2 => UpdateFeaturesResponse::default(),
        _ => UpdateFeaturesResponse::default().with_results(results),
    };
    step.respond(call.ticket, response);
}

fn apply(
    features: &mut Features,
    version: i16,
    update: &FeatureUpdateKey,
) -> Result<(), (ErrorCode, String)> {
    let name = update.feature.as_str();
    let level = update.max_version_level;
    let present = features.level(name);
    let may_fall = if version == 0 {
        update.allow_downgrade
    } else {
        matches!(update.upgrade_type, SAFE_DOWNGRADE | UNSAFE_DOWNGRADE)
    };
    if version >= 1 && !matches!(update.upgrade_type, UPGRADE | SAFE_DOWNGRADE | UNSAFE_DOWNGRADE) {
        let message = format!("unknown upgrade type {}", update.upgrade_type);
        return Err((ErrorCode::InvalidRequest, message));
    }
    if level < present && !may_fall {
        let message = format!(
            "Can't downgrade the version of feature {name} from {present} to {level} without \
             setting the upgrade type to either safe or unsafe downgrade."
        );
        return Err((ErrorCode::InvalidUpdateVersion, message));
    }
    if level == present {
        return Ok(());
    }
    if !features.set(name, level) {
        let message = format!("Invalid update version {level} for feature {name}.");
        return Err((ErrorCode::InvalidUpdateVersion, message));
    }
    Ok(())
}
