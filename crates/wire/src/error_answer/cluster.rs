//! Errors in answers about configurations and features.

use kafka_protocol::messages;
use kafka_protocol::messages::describe_configs_response::DescribeConfigsResult;
use kafka_protocol::messages::update_features_response::UpdatableFeatureResult;

use super::{Refuse, Refuser};

impl Refuse for messages::DescribeConfigsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for resource in &mut self.results {
            if refuser.at_entry() {
                *resource = DescribeConfigsResult::default()
                    .with_resource_type(resource.resource_type)
                    .with_resource_name(resource.resource_name.clone())
                    .with_error_code(refuser.code())
                    .with_error_message(None);
            }
        }
    }
}

impl Refuse for messages::AlterConfigsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for resource in &mut self.responses {
            if refuser.at_entry() {
                resource.error_code = refuser.code();
                resource.error_message = None;
            }
        }
    }
}

impl Refuse for messages::IncrementalAlterConfigsResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        for resource in &mut self.responses {
            if refuser.at_entry() {
                resource.error_code = refuser.code();
                resource.error_message = None;
            }
        }
    }
}

impl Refuse for messages::UpdateFeaturesResponse {
    fn refuse(&mut self, refuser: &mut Refuser<'_>) {
        if refuser.at_top() {
            *self = Self::default().with_error_code(refuser.code()).with_error_message(None);
        }
        for feature in &mut self.results {
            if refuser.at_entry() {
                *feature = UpdatableFeatureResult::default()
                    .with_feature(feature.feature.clone())
                    .with_error_code(refuser.code())
                    .with_error_message(None);
            }
        }
    }
}
