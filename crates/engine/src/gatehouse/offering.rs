//! Brokers that offer less than their release has.

use fencepost_faults::Offer;
use fencepost_ids::{ConnectionId, ErrorCode};
use fencepost_wire::messages::ApiVersionsResponse;
use fencepost_wire::messages::api_versions_response::ApiVersion;
use fencepost_wire::{ApiKey, CloseReason, Release, RequestHeader, Response};

use super::Gatehouse;
use super::answer::Answered;
use crate::{Engine, Output};

impl Gatehouse {
    /// An answer to ApiVersions says less than the release has, and its connection gets no more.
    pub(super) fn offer(&mut self, answered: &mut Answered, offer: Offer, release: Release) {
        let Answered { ticket, response: Some(Response::ApiVersions(body)), .. } = answered else {
            return;
        };
        let api = ApiKey::ApiVersions;
        match offer.versions(api, release.versions(api)) {
            // Such a broker does not read the request, and answers in what any client reads (API-09).
            Some(own) if !own.contains(&ticket.version) => {
                let entry = ApiVersion::default()
                    .with_api_key(api.code())
                    .with_min_version(*own.start())
                    .with_max_version(*own.end());
                *body = ApiVersionsResponse::default()
                    .with_error_code(ErrorCode::UnsupportedVersion.code())
                    .with_api_keys(vec![entry]);
                ticket.version = 0;
            }
            _ => body.api_keys.retain_mut(|entry| narrow(entry, &offer)),
        }
        self.offers.entry(ticket.connection).or_default().0.extend(offer.0);
    }
}

impl Engine {
    /// Closes a connection that asks for what it was not offered, as a broker does that has not got it
    /// (FRAME-09, FRAME-10).
    pub(super) fn is_beyond_offer(
        &mut self,
        connection: ConnectionId,
        header: &RequestHeader,
        out: &mut Vec<Output>,
    ) -> bool {
        let RequestHeader { api, version, .. } = *header;
        let offer = self.house.as_ref().and_then(|house| house.offers.get(&connection));
        let Some(offer) = offer.filter(|_| api != ApiKey::ApiVersions) else { return false };
        let released = self.cluster.config().release.served_versions(api);
        let reason = match offer.versions(api, released) {
            Some(served) if served.contains(&version) => return false,
            Some(served) => CloseReason::UnsupportedVersion { api, version, served },
            None => CloseReason::UnknownApi { key: api.code(), version },
        };
        self.refuse(connection, &reason.to_string(), out);
        true
    }
}

/// What is left of an entry; false if nothing is.
fn narrow(entry: &mut ApiVersion, offer: &Offer) -> bool {
    let Some(api) = ApiKey::from_code(entry.api_key) else { return true };
    let Some(versions) = offer.versions(api, entry.min_version..=entry.max_version) else {
        return false;
    };
    (entry.min_version, entry.max_version) = versions.into_inner();
    true
}
