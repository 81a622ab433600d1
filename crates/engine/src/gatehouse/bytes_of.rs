//! Messages as bytes, and bytes that are overwritten.

use bytes::{Bytes, BytesMut};
use fencepost_faults::Corruption;
use fencepost_model::Ticket;
use fencepost_wire::{Frame, Release, Response, encode_response, encode_unsupported_api_versions};

/// A message without its length, some of it overwritten; what would stand after its end is left
/// out.
pub(super) fn overwritten(message: &[u8], corruption: &Corruption) -> Bytes {
    let mut message = BytesMut::from(message);
    let at = usize::try_from(corruption.at).unwrap_or(usize::MAX);
    let places = message.iter_mut().skip(at);
    places.zip(&corruption.bytes).for_each(|(place, byte)| *place = *byte);
    message.freeze()
}

/// An answer in bytes that are overwritten; none if it cannot be written at all.
pub(super) fn encoded(
    ticket: Ticket,
    response: &Response,
    corruptions: &[Corruption],
) -> Option<Frame> {
    let frame = encode_response(ticket.correlation_id, ticket.version, response).ok()?;
    let mut message = frame.into_payload();
    for corruption in corruptions {
        message = overwritten(&message, corruption);
    }
    Frame::of_payload(message)
}

/// The answer to an ApiVersions of an unknown version (API-09).
pub(super) fn unsupported(correlation_id: i32, release: Release) -> Option<Frame> {
    encode_unsupported_api_versions(correlation_id, release).ok()
}
