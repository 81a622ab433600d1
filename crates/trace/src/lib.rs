//! What happened in a run, as data: the file format, its writer and reader, and how a run is shown.
//!
//! A trace holds a run's configuration and every input that reached the cluster from outside, with
//! its moment; the outputs are there as digests. Whoever feeds the inputs to the same version of the
//! engine again has the same run. The types in here are what is promised to readers of the format,
//! apart from the model's own types, which may change. They know nothing of Kafka's frames.

mod digest;
pub use digest::{Digest, TraceHash};
mod event;
pub use event::{BatchAppend, Event, GroupOffset};
mod header;
pub use header::{Broker, Clock, Config, FORMAT, Header, ProducerIdBlocks, Topic, VERSION};
mod story;
pub use story::{
    Deed, Ended, Finding, Happening, Lane, Moment, Part, Producer, Scene, SentBatch, Story,
    Transactions, Verdict, html, mermaid, svg, text,
};
mod turn;
pub use turn::{Input, Output, Turn};
mod line;
mod lines;
pub use lines::Lines;
mod reader;
pub use reader::{Fault, ReadError, Reader};
mod writer;
pub use writer::{WriteError, Writer};
