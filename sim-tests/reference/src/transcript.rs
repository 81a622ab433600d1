//! The answers of a broker, kept.

use std::io::{self, BufRead, BufReader, Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scenario::Scenario;

/// What a broker answered to one scenario.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Transcript {
    /// The title of the scenario.
    pub title: String,
    /// A sum over its lines: other lines were never asked.
    pub script: u32,
    /// The answers.
    pub answers: Vec<Value>,
}

impl Transcript {
    /// The transcript of a scenario with these answers.
    #[must_use]
    pub fn new(scenario: &Scenario, answers: Vec<Value>) -> Self {
        Self { title: scenario.title.clone(), script: sum(scenario), answers }
    }

    /// Whether the scenario is still the one that was recorded.
    #[must_use]
    pub fn is_of(&self, scenario: &Scenario) -> bool {
        self.title == scenario.title && self.script == sum(scenario)
    }
}

fn sum(scenario: &Scenario) -> u32 {
    scenario.steps.iter().fold(0, |sum, step| crc32c::crc32c_append(sum, step.line.as_bytes()))
}

/// Reads compressed transcripts, one on each line.
///
/// # Errors
/// If the bytes are no such file.
pub fn read_transcripts(bytes: impl Read) -> io::Result<Vec<Transcript>> {
    let lines = BufReader::new(GzDecoder::new(bytes)).lines();
    lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

/// Writes transcripts, one on each line, compressed.
///
/// # Errors
/// If writing fails.
pub fn write_transcripts(transcripts: &[Transcript], out: impl Write) -> io::Result<()> {
    let mut encoder = GzEncoder::new(out, Compression::best());
    for transcript in transcripts {
        serde_json::to_writer(&mut encoder, transcript)?;
        encoder.write_all(b"\n")?;
    }
    encoder.finish().map(drop)
}
