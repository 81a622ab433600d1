//! What was chosen in stepped mode, and what came of it, as one number.

use fencepost_model::Ticket;
use fencepost_wire::{ApiKey, RequestHeader, Response, encode_response};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{Crossing, Gatehouse, Held};
use crate::Engine;

/// What has passed in stepped mode, in its order.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Order {
    /// How many requests and messages had their turn.
    pub turns: u64,
    /// A hash of who sent what in which order, and of the answers to clients. It is the same for two
    /// runs that went the same way, whatever their clocks, ports and correlation ids; of an answer to
    /// Fetch only the length counts, since records bear the time of their client.
    pub hash: u64,
}

impl Order {
    fn add(&mut self, part: &[u8]) {
        self.hash = xxh3_64_with_seed(part, self.hash);
    }

    fn turn(&mut self, held: &Held) {
        let (first, second) = match &held.crossing {
            Crossing::Client { client_id, .. } => ("client", client_id.to_string()),
            Crossing::Brokers { from, to } => ("brokers", format!("{from} {to}")),
        };
        let answer = if held.is_answer { "answer" } else { "" };
        self.turns += 1;
        self.add(format!("{first} {second} {} {answer}", held.api).as_bytes());
    }
}

impl Engine {
    /// What has passed in stepped mode.
    #[must_use]
    pub fn order(&self) -> Order {
        self.house.as_ref().map(|house| house.order).unwrap_or_default()
    }

    /// Something has its turn.
    pub(super) fn note_turn(&mut self, number: u64) {
        let Some(house) = self.house.as_deref_mut().filter(|house| house.stepping.is_some()) else {
            return;
        };
        let held = house.list(&self.cluster).find(|held| held.number == number);
        if let Some(held) = held {
            house.order.turn(&held);
        }
    }
}

impl Gatehouse {
    /// A client is answered whose request had its turn.
    pub(super) fn note_answer(&mut self, header: &RequestHeader, ticket: Ticket, said: &Response) {
        if !self.stops(header.api) {
            return;
        }
        let Ok(frame) = encode_response(0, ticket.version, said) else { return };
        let digest = match header.api {
            ApiKey::Fetch => frame.byte_len() as u64,
            _ => xxh3_64(&frame.into_payload()),
        };
        let RequestHeader { client_id, api, .. } = header;
        self.order.add(format!("answered {client_id} {api} {digest:x}").as_bytes());
    }
}
