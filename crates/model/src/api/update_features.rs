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
    let mut applied = Ok(());
    for (at, update) in request.feature_updates.iter().enumerate() {
        // Of a feature that is named twice the last update counts.
        let later = &request.feature_updates[at + 1..];
        if applied.is_ok() && !later.iter().any(|other| other.feature == update.feature) {
            applied = apply(&mut features, version, update);
        }
    }
    // The updates stand or fall together, and a failure is answered for the whole alone.
    let response = UpdateFeaturesResponse::default();
    let response = match applied {
        Err((error, message)) => response
            .with_error_code(error.code())
            .with_error_message(Some(StrBytes::from_string(message))),
        Ok(()) => {
            if !request.validate_only {
                step.cluster.metadata.features = features;
            }
            let done = |update: FeatureUpdateKey| {
                UpdatableFeatureResult::default()
                    .with_feature(update.feature)
                    .with_error_message(Some(StrBytes::from_static_str("NONE")))
            };
            let listed = request.feature_updates.into_iter().filter(|_| version < 2);
            response.with_error_message(None).with_results(listed.map(done).collect())
        }
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
        return Err((ErrorCode::InvalidUpdateVersion, message));
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
