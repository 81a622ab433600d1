//! The one source of chance inside the model.

use fencepost_ids::TopicId;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// Draws whatever a real broker draws at random: topic ids, member ids, fetch session ids, the
/// cluster id. The generator is PCG64 MCG, fixed by name, so that a seed means the same for ever.
#[derive(Clone, Debug)]
pub(crate) struct Random(Pcg64Mcg);

impl Random {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// The bytes of a random (version 4) UUID.
    fn uuid_bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.0.next_u64().to_be_bytes());
        bytes[8..].copy_from_slice(&self.0.next_u64().to_be_bytes());
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        bytes
    }

    pub(crate) fn topic_id(&mut self) -> TopicId {
        TopicId(self.uuid_bytes())
    }

    /// A UUID as text, as the coordinator puts it into member ids (GRP-05).
    pub(crate) fn uuid_text(&mut self) -> String {
        TopicId(self.uuid_bytes()).to_string()
    }

    /// A number from 1 to the largest int32, as for fetch session ids (FETCH-03).
    pub(crate) fn positive_i32(&mut self) -> i32 {
        loop {
            let candidate = (self.0.next_u64() >> 33) as i32;
            if candidate > 0 {
                return candidate;
            }
        }
    }

    /// A UUID in URL-safe base 64 without padding, as Kafka writes the id of a cluster and of a
    /// member of a KIP-848 group.
    pub(crate) fn uuid_base64(&mut self) -> String {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let number = u128::from_be_bytes(self.uuid_bytes());
        (0..22)
            .map(|digit| {
                // Twenty-one digits of six bits, and a last one of the two bits that remain.
                let sextet = if digit < 21 { number >> (122 - 6 * digit) } else { number << 4 };
                char::from(ALPHABET[(sextet & 0x3f) as usize])
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_ids() {
        let draw = |seed| {
            let mut random = Random::from_seed(seed);
            (random.topic_id(), random.uuid_text(), random.uuid_base64(), random.positive_i32())
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_eq!(draw(7).2.len(), 22);
    }
}
