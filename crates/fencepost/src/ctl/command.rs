//! The commands, and the requests that they stand for.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use hyper::Method;
use serde_json::{Value, json};

use super::until::{GroupUntil, PartitionUntil, TransactionUntil};
use crate::plan::{self, PlanName, read};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Show the cluster as a whole
    Cluster,
    /// List the brokers
    Brokers,
    /// Crash a broker: its memory, connections and port are gone, its disk stays
    Crash {
        /// Its id
        broker: u32,
    },
    /// Stop a broker cleanly: other leaders take over first, and its producers are written down
    Stop {
        /// Its id
        broker: u32,
    },
    /// Restart a broker that crashed or stopped
    Restart {
        /// Its id
        broker: u32,
    },
    /// List the topics
    Topics,
    /// List the partitions of a topic, or show one of them, perhaps as soon as it is as wanted
    Partitions {
        /// The topic's name
        topic: String,
        /// The partition
        partition: Option<u32>,
        #[command(flatten)]
        until: PartitionUntil,
    },
    /// Make a replica the leader of a partition in a new term
    Elect {
        /// The topic's name
        topic: String,
        /// The partition
        partition: u32,
        /// The broker to lead it
        leader: u32,
    },
    /// Show a page of a partition's log: batches, records, and what became of their transactions
    Log {
        /// The topic's name
        topic: String,
        /// The partition
        partition: u32,
        /// Begin with the batch that holds this offset
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// How many records to show at most
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// The broker of the replica to look at [default: the leader]
        #[arg(long)]
        replica: Option<u32>,
    },
    /// Show the producers that a partition remembers
    Producers {
        /// The topic's name
        topic: String,
        /// The partition
        partition: u32,
        /// The broker of the replica to look at [default: the leader]
        #[arg(long)]
        replica: Option<u32>,
    },
    /// Show the transactional ids, or one of them, perhaps as soon as it is in a state
    Transactions {
        /// The transactional id
        id: Option<String>,
        #[command(flatten)]
        until: TransactionUntil,
    },
    /// Show the groups, or one of them, perhaps as soon as it is as wanted
    Groups {
        /// The group
        id: Option<String>,
        #[command(flatten)]
        until: GroupUntil,
    },
    /// Tell where a coordinator is
    Coordinator {
        /// Of what
        kind: Kind,
        /// The transactional id or the group
        id: String,
    },
    /// Move a coordinator to a broker
    Move {
        /// Of what
        kind: Kind,
        /// The transactional id or the group
        id: String,
        /// Where to
        broker: u32,
    },
    /// List the connections of clients
    Connections,
    /// List the messages between brokers that are on their way
    Messages,
    /// List the timers that run inside the brokers
    Timers,
    /// Have every answer ask its client to wait
    Throttle {
        /// For so many milliseconds; 0 ends it
        ms: u32,
    },
    /// Tell the brokers' time
    Clock,
    /// Move the manual clock on, and fire what is due on the way
    Advance {
        /// By so many milliseconds
        ms: u64,
    },
    /// Move the manual clock to the next moment at which a timer is due
    Next {
        /// To the next timer of this name
        #[arg(long)]
        timer: Option<String>,
    },
    /// List the faults, and what became of them
    Faults,
    /// Add the faults of a plan
    AddFaults {
        /// The plan, in TOML, or in JSON if its name ends in .json; or a crash window by its id or
        /// name, and what it is to be about, as in W083 topic=payments
        #[arg(value_name = "FILE|WINDOW", required = true)]
        plan: Vec<String>,
    },
    /// Print the JSON Schema of fault plans
    PlanSchema,
    /// Take a fault out
    RemoveFault {
        /// Its name
        name: String,
    },
    /// Wait until a fault has fired
    Hit {
        /// Its name
        name: String,
        /// So many times
        #[arg(long, default_value_t = 1)]
        times: u64,
        /// For so many milliseconds at most
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(..=25_000))]
        within_ms: u64,
    },
    /// Give a process a name, by which faults may signal it
    Process {
        /// The name
        name: String,
        /// The number
        pid: u32,
    },
    /// List what waits: held or delayed by a fault, or for its turn
    Held,
    /// Let something go on that waits
    Release {
        /// Its number
        number: u64,
    },
    /// Raise an event for which requests, answers and messages may wait
    Raise {
        /// Its name
        event: String,
    },
    /// Tell whether requests and messages wait for their turn, and what has passed
    Stepped,
    /// Have every request and message between brokers wait for its turn
    Step {
        /// The order in which they go [default: released by hand]
        #[arg(long, value_name = "FILE")]
        schedule: Option<PathBuf>,
    },
    /// Have all pass again
    Flow,
    /// List the snapshots
    Snapshots,
    /// Keep the cluster as it is now
    Snapshot {
        /// Under this name
        name: String,
    },
    /// Forget a snapshot
    Forget {
        /// Its name
        name: String,
    },
    /// Make the cluster what it was at a snapshot; all connections are closed
    Reset {
        /// Its name
        name: String,
    },
    /// Print what happens, one JSON object a line, until the server ends
    Events,
    /// Print the trace of the run as far as it goes, for `fencepost replay`
    Trace,
    /// Print the OpenAPI description of the control API
    Openapi,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Kind {
    Transaction,
    Group,
}

impl Kind {
    fn coordinator(self, id: &str) -> String {
        let resource = match self {
            Self::Transaction => "transactions",
            Self::Group => "groups",
        };
        format!("/{resource}/{}/coordinator", escaped(id))
    }
}

/// A request of the control API.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) content_type: &'static str,
    pub(super) body: String,
}

const JSON: &str = "application/json";

impl Call {
    fn get(path: impl Into<String>) -> Self {
        Self::with(Method::GET, path, String::new())
    }

    /// A body of JSON, if it is not empty.
    fn with(method: Method, path: impl Into<String>, body: String) -> Self {
        Self { method, path: path.into(), content_type: JSON, body }
    }

    fn post(path: impl Into<String>, body: impl Into<Option<Value>>) -> Self {
        let body = body.into().map_or_else(String::new, |body| body.to_string());
        Self::with(Method::POST, path, body)
    }
}

impl Command {
    /// Whether the answer is printed as it comes, and not as one JSON value.
    pub(super) const fn is_stream(&self) -> bool {
        matches!(self, Self::Events | Self::Trace)
    }

    /// The request, or in words why there is none.
    pub(super) fn call(&self) -> Result<Call, String> {
        Ok(match self {
            Self::Cluster => Call::get("/cluster"),
            Self::Brokers => Call::get("/brokers"),
            Self::Crash { broker } => Call::post(format!("/brokers/{broker}/crash"), None),
            Self::Stop { broker } => Call::post(format!("/brokers/{broker}/stop"), None),
            Self::Restart { broker } => Call::post(format!("/brokers/{broker}/restart"), None),
            Self::Topics => Call::get("/topics"),
            Self::Partitions { topic, partition: None, .. } => {
                Call::get(format!("/topics/{}/partitions", escaped(topic)))
            }
            Self::Partitions { topic, partition: Some(partition), until } => {
                Call::get(format!("{}{}", partition_path(topic, *partition), until.query()))
            }
            Self::Elect { topic, partition, leader } => Call::post(
                format!("{}/elect", partition_path(topic, *partition)),
                json!({ "leader": leader }),
            ),
            Self::Log { topic, partition, from, limit, replica } => Call::get(format!(
                "{}/log?from={from}&limit={limit}{}",
                partition_path(topic, *partition),
                replica.map_or_else(String::new, |replica| format!("&replica={replica}")),
            )),
            Self::Producers { topic, partition, replica } => Call::get(format!(
                "{}/producers{}",
                partition_path(topic, *partition),
                replica.map_or_else(String::new, |replica| format!("?replica={replica}")),
            )),
            Self::Transactions { id, until } => {
                Call::get(one_or_all("/transactions", id.as_deref()) + &until.query())
            }
            Self::Groups { id, until } => {
                Call::get(one_or_all("/groups", id.as_deref()) + &until.query())
            }
            Self::Coordinator { kind, id } => Call::get(kind.coordinator(id)),
            Self::Move { kind, id, broker } => {
                Call::post(kind.coordinator(id), json!({ "broker": broker }))
            }
            Self::Connections => Call::get("/connections"),
            Self::Messages => Call::get("/messages"),
            Self::Timers => Call::get("/timers"),
            Self::Throttle { ms } => Call::post("/throttle", json!({ "ms": ms })),
            Self::Clock => Call::get("/clock"),
            Self::Advance { ms } => Call::post("/clock/advance", json!({ "ms": ms })),
            Self::Next { timer } => Call::post("/clock/next", json!({ "timer": timer })),
            Self::Snapshots => Call::get("/snapshots"),
            Self::Snapshot { name } => {
                Call { method: Method::PUT, ..Call::get(snapshot_path(name)) }
            }
            Self::Forget { name } => {
                Call { method: Method::DELETE, ..Call::get(snapshot_path(name)) }
            }
            Self::Reset { name } => Call::post(format!("{}/reset", snapshot_path(name)), None),
            Self::Faults => Call::get("/faults"),
            Self::AddFaults { plan } => match plan::parse(&plan.join(" "))? {
                PlanName::Window(window) => Call::post("/faults", json!(window)),
                PlanName::File(file) => {
                    let content_type = if plan::is_json(&file) { JSON } else { "application/toml" };
                    Call { content_type, ..Call::with(Method::POST, "/faults", read(&file)?) }
                }
            },
            Self::PlanSchema => Call::get("/fault-plan.schema.json"),
            Self::RemoveFault { name } => {
                Call { method: Method::DELETE, ..Call::get(format!("/faults/{}", escaped(name))) }
            }
            Self::Hit { name, times, within_ms } => Call::get(format!(
                "/faults/{}/hits?times={times}&within_ms={within_ms}",
                escaped(name)
            )),
            Self::Process { name, pid } => Call::with(
                Method::PUT,
                format!("/processes/{}", escaped(name)),
                json!({ "pid": pid }).to_string(),
            ),
            Self::Held => Call::get("/held"),
            Self::Release { number } => Call::post(format!("/held/{number}/release"), None),
            Self::Raise { event } => Call::post(format!("/raised/{}", escaped(event)), None),
            Self::Stepped => Call::get("/stepped"),
            Self::Step { schedule } => {
                let schedule = schedule.as_deref().map(read).transpose()?;
                let body = json!({ "stepped": true, "schedule": schedule });
                Call::with(Method::PUT, "/stepped", body.to_string())
            }
            Self::Flow => {
                let body = json!({ "stepped": false });
                Call::with(Method::PUT, "/stepped", body.to_string())
            }
            Self::Events => Call::get("/events"),
            Self::Trace => Call::get("/trace"),
            Self::Openapi => Call::get("/openapi.json"),
        })
    }
}

fn partition_path(topic: &str, partition: u32) -> String {
    format!("/topics/{}/partitions/{partition}", escaped(topic))
}

fn snapshot_path(name: &str) -> String {
    format!("/snapshots/{}", escaped(name))
}

fn one_or_all(path: &str, id: Option<&str>) -> String {
    id.map_or_else(|| path.to_owned(), |id| format!("{path}/{}", escaped(id)))
}

/// A name as one segment of a path.
pub(super) fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
