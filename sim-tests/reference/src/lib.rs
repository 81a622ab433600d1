//! The same requests to Apache Kafka and to fencepost, compared field by field.
//!
//! A [`Scenario`] is a script of requests with explicit versions. [`run`] plays it at a [`Peer`],
//! a real broker behind a socket or the model in this process, and returns the answers with all that
//! differs between two runs replaced: ids, times, ports. Equal answers are then equal values. The
//! answers of a broker are kept as [`Transcript`]s, and replayed without one.

mod batch;
mod canonical;
mod comparison;
mod decode;
mod defaults;
mod difference;
mod embedded;
mod encode;
mod expand;
mod files;
mod generate;
mod internal;
mod kafka;
mod model;
mod parse;
mod path;
mod peer;
mod report;
mod run;
mod scenario;
mod target;
mod text;
mod transcript;
mod witness;

pub use comparison::Comparison;
pub use difference::{Difference, differences};
pub use files::{
    Recorded, all_scenarios, comparisons, keep_comparison, keep_transcripts, recorded, scenario_of,
    transcripts_of,
};
pub use generate::generated;
pub use internal::Topic;
pub use kafka::Kafka;
pub use model::{Model, ModelError};
pub use parse::{ParseError, scenarios};
pub use peer::{Heard, Line, Peer, PeerError};
pub use report::report;
pub use run::{RunError, run, warm_up};
pub use scenario::{Action, Ask, Reading, Scenario, Step};
pub use target::Target;
pub use transcript::{Transcript, read_transcripts, write_transcripts};
pub use witness::{NOT_SHOWN, witness};
