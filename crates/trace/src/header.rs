//! The first line of a trace: all that is decided before a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the first line says that the file is.
pub const FORMAT: &str = "fencepost-trace";

/// The version of the format that this crate writes and reads.
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// The version of fencepost that recorded. Another one may answer otherwise.
    pub fencepost: String,
    /// The moment at which the brokers started, in milliseconds since 1970.
    pub start: i64,
    /// What moved the time.
    pub clock: Clock,
    /// The cluster.
    pub config: Config,
    /// When it was recorded, in milliseconds since 1970: for people, no part of the run or of its
    /// hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<i64>,
}

impl Header {
    /// The header of a run that starts now.
    #[must_use]
    pub fn new(config: Config, start: i64, clock: Clock) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            fencepost: env!("CARGO_PKG_VERSION").to_owned(),
            start,
            clock,
            config,
            recorded_at: None,
        }
    }
}

/// What moves the time of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The machine's clock.
    Real,
    /// Commands, and nothing else.
    Manual,
    /// A simulator.
    Virtual,
}

/// The configuration of the cluster, whole.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The Kafka release that the brokers behave as, as in `4.4`.
    pub release: String,
    /// The finalized level of `transaction.version` at the start.
    pub transaction_version: i16,
    /// Where chance begins.
    pub seed: u64,
    /// The brokers, by rising id.
    pub brokers: Vec<Broker>,
    /// Every broker setting by Kafka's name.
    pub settings: BTreeMap<String, String>,
    /// Topics that exist from the start.
    pub topics: Vec<Topic>,
    /// The ids of the safety rules that are switched off.
    pub without: Vec<String>,
    /// How brokers come by producer ids.
    pub producer_id_blocks: ProducerIdBlocks,
}

/// A broker and the address that clients are told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// Its `node.id`.
    pub id: i32,
    /// The advertised host.
    pub host: String,
    /// The advertised port.
    pub port: u16,
}

/// A topic to create at the start.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// How many partitions; `num.partitions` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<i32>,
    /// How many replicas; `default.replication.factor` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i16>,
}

/// How a broker comes by its blocks of producer ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProducerIdBlocks {
    /// There always is one.
    AtHand,
    /// The broker asks when it needs one, and lets its clients wait.
    AskedFor,
}
