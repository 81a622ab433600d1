//! Changes the corpus at random: what libFuzzer does, without its feedback, on stable Rust.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

/// Where chance begins.
const SEED: u128 = 0x5eed;
/// No input grows beyond this, in bytes.
const LENGTH_MAX: usize = 16_384;

/// Draws inputs from a corpus.
#[derive(Debug)]
pub struct Mutator {
    random: Pcg64Mcg,
    corpus: Vec<Vec<u8>>,
}

impl Mutator {
    /// A mutator that draws the same inputs from the same corpus each time.
    #[must_use]
    pub fn new(corpus: Vec<Vec<u8>>) -> Self {
        Self { random: Pcg64Mcg::new(SEED), corpus }
    }

    /// The next input: a file of the corpus with one to eight changes.
    pub fn draw(&mut self) -> Vec<u8> {
        let mut input = self.any_file();
        for _ in 0..=self.below(8) {
            self.change(&mut input);
        }
        input.truncate(LENGTH_MAX);
        input
    }

    fn any_file(&mut self) -> Vec<u8> {
        let at = self.below(self.corpus.len());
        self.corpus.get(at).cloned().unwrap_or_default()
    }

    /// A number below `bound`, or 0.
    fn below(&mut self, bound: usize) -> usize {
        match bound as u64 {
            0 => 0,
            bound => (self.random.next_u64() % bound) as usize,
        }
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len());
        let byte = self.random.next_u64() as u8;
        match (self.below(8), input.get_mut(at)) {
            (0, Some(place)) => *place ^= 1 << (byte & 7),
            (1, Some(place)) => *place = byte,
            (2, Some(place)) => *place = EDGES[usize::from(byte) % EDGES.len()],
            (3, Some(_)) => drop(input.remove(at)),
            (4, Some(_)) => input.truncate(at),
            (5, Some(_)) => {
                let end = (at + 1 + self.below(32)).min(input.len());
                input.extend_from_within(at..end);
            }
            (6, Some(_)) => {
                let width = [2, 4, 8][self.below(3)];
                let number = NUMBERS[usize::from(byte) % NUMBERS.len()].to_be_bytes();
                for (place, byte) in input[at..].iter_mut().zip(&number[8 - width..]) {
                    *place = *byte;
                }
            }
            (7, Some(_)) => {
                let other = self.any_file();
                let from = self.below(other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            _ => input.insert(at, byte),
        }
    }
}

const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, 0x0f, 0x40, 2];

const NUMBERS: [i64; 8] = [
    -1,
    i64::MAX,
    i64::MIN,
    i32::MAX as i64,
    i32::MIN as i64,
    i16::MAX as i64,
    i16::MIN as i64,
    1 << 20,
];
