//! UpdateFeatures (key 57), versions 0 to 2 (KIP-584, CONF-58, FEAT-05).

use std::collections::BTreeMap;

use fencepost_ids::ErrorCode;
use fencepost_wire::messages::update_features_request::FeatureUpdateKey;
use fencepost_wire::messages::update_features_response::UpdatableFeatureResult;
use fencepost_wire::messages::{UpdateFeaturesRequest, UpdateFeaturesResponse};
use fencepost_wire::{Release, StrBytes};

use crate::features::{Features, METADATA_VERSION};
use crate::step::{Call, Step};

/// The kinds of update from version 1 on.
const UPGRADE: i8 = 1;
const SAFE_DOWNGRADE: i8 = 2;
const UNSAFE_DOWNGRADE: i8 = 3;

type Refusal = (ErrorCode, String);

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: UpdateFeaturesRequest) {
    let version = call.ticket.version;
    let mut features = step.cluster.metadata.features.clone();
    let release = step.cluster.config.release;
    // Of a feature that is named twice the last update counts.
    let updates: BTreeMap<_, _> =
        request.feature_updates.iter().map(|update| (update.feature.clone(), update)).collect();
    let applied: BTreeMap<_, _> = updates
        .into_iter()
        .map(|(name, update)| (name, apply(&mut features, release, version, update)))
        .collect();
    // The updates stand or fall together.
    let refusal = applied.values().find_map(|applied| applied.clone().err());
    if refusal.is_none() && !request.validate_only {
        step.cluster.metadata.features = features;
    }
    let response = UpdateFeaturesResponse::default();
    let response = if release < Release::V4_0 {
        response.with_error_message(Some(StrBytes::default())).with_results(rows(applied))
    } else if let Some((error, message)) = refusal {
        let message = Some(StrBytes::from_string(message));
        response.with_error_code(error.code()).with_error_message(message)
    } else {
        let done = |update: FeatureUpdateKey| {
            UpdatableFeatureResult::default()
                .with_feature(update.feature)
                .with_error_message(Some(StrBytes::from_static_str("NONE")))
        };
        let listed = request.feature_updates.into_iter().filter(|_| version < 2);
        response.with_error_message(None).with_results(listed.map(done).collect())
    };
    step.respond(call.ticket, response);
}

/// The rows of 3.9, which tells of each feature by itself; from 4.0 on a failure is answered for the
/// whole alone.
fn rows(applied: BTreeMap<StrBytes, Result<(), Refusal>>) -> Vec<UpdatableFeatureResult> {
    let row = |(name, applied): (StrBytes, Result<(), Refusal>)| {
        let (error, message) = match applied {
            Ok(()) => (ErrorCode::None, None),
            Err((error, message)) => (error, Some(StrBytes::from_string(message))),
        };
        UpdatableFeatureResult::default()
            .with_feature(name)
            .with_error_code(error.code())
            .with_error_message(message)
    };
    applied.into_iter().map(row).collect()
}

fn apply(
    features: &mut Features,
    release: Release,
    version: i16,
    update: &FeatureUpdateKey,
) -> Result<(), Refusal> {
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
    // 3.9 lets a feature that it does not know be at level 0.
    if level == present && (features.knows(name) || release < Release::V4_0) {
        return Ok(());
    }
    if name == METADATA_VERSION && level < oldest_without_loss(release) {
        let message = "Metadata records might be lost by the downgrade.".to_owned();
        return Err((ErrorCode::InvalidUpdateVersion, message));
    }
    if !features.set(name, level) {
        let message = format!("Invalid update version {level} for feature {name}.");
        return Err((ErrorCode::InvalidUpdateVersion, message));
    }
    Ok(())
}

/// The last level of `metadata.version` that brought a new kind of record: what is below cannot be
/// gone back to.
const fn oldest_without_loss(release: Release) -> i16 {
    match release {
        Release::V3_9 => 17,
        Release::V4_0 | Release::V4_1 | Release::V4_2 => 23,
        Release::V4_3 => 30,
        Release::V4_4 => 33,
    }
}
