//! Short names for bytes and for whole traces.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

/// The xxh3-64 of some bytes; 16 hexadecimal digits in JSON. It tells unequal bytes apart, and
/// protects from nobody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

impl Digest {
    /// The digest of bytes in one piece.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(xxh3_64(bytes))
    }

    /// The digest of bytes in several pieces: the same as of all of them in one.
    #[must_use]
    pub fn of_chunks<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hash = Xxh3Default::new();
        chunks.into_iter().for_each(|chunk| hash.update(chunk));
        Self(hash.digest())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = [0; 16];
        for (digit, shift) in text.iter_mut().zip((0..16).rev()) {
            *digit = DIGITS[(self.0 >> (4 * shift)) as usize & 15];
        }
        serializer.serialize_str(std::str::from_utf8(&text).expect("digits are ASCII"))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hex;
        impl serde::de::Visitor<'_> for Hex {
            type Value = Digest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("16 hexadecimal digits")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Digest, E> {
                let is_hex = text.len() == 16 && text.bytes().all(|it| DIGITS.contains(&it));
                let value = u64::from_str_radix(text, 16).ok().filter(|_| is_hex);
                value.map(Digest).ok_or_else(|| E::custom("expected 16 hexadecimal digits"))
            }
        }
        deserializer.deserialize_str(Hex)
    }
}

/// The hash of a run: equal hashes, equal runs. It covers every line of the trace but the last, in
/// order and with their line ends, and of the header all but when it was recorded.
pub type TraceHash = Digest;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_16_digits_and_pieces_do_not_matter() {
        let digest = Digest::of(b"fencepost");
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(text, format!("\"{digest}\""));
        assert_eq!(serde_json::from_str::<Digest>(&text).unwrap(), digest);
        assert_eq!(Digest::of_chunks([&b"fence"[..], b"post"]), digest);
        assert_eq!(serde_json::to_string(&Digest(0xab)).unwrap(), "\"00000000000000ab\"");
        for bad in ["\"+0000000000000ab\"", "\"ab\"", "7", "\"00000000000000AB\""] {
            assert!(serde_json::from_str::<Digest>(bad).is_err(), "{bad}");
        }
    }
}
