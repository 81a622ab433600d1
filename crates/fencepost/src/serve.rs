//! `fencepost serve`: a cluster for clients on this machine.

mod gate;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, ValueEnum};
use fencepost::{
    Addresses, ClockKind, ControlAddress, ListenError, Release, Rule, StartError, TestCluster,
    TestClusterBuilder, Timestamp,
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{Arguments, moment};
use gate::GateOptions;

/// The most worker threads, which are half as many as there are cores: one lock serves all, so that more
/// would only wait, and the clients are on the same machine.
const WORKERS_MAX: usize = 4;

/// Serve a cluster that any Kafka client can use, until SIGINT or SIGTERM.
///
/// When all ports accept clients, one line goes to stdout:
/// `fencepost ready bootstrap.servers=127.0.0.1:9092,127.0.0.1:9093`.
/// With --control-port it ends in the control API, as in ` control=http://127.0.0.1:9100`.
/// Logs go to stderr, as much as the environment variable `RUST_LOG` says (default: warn).
#[derive(Args)]
pub(crate) struct Serve {
    /// How many brokers
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=100))]
    brokers: i32,
    /// The port of the first broker; the others take the next ones; 0 takes free ones
    #[arg(long, default_value_t = 9092)]
    port: u16,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// The host name or address that clients are told [default: the address of --bind]
    #[arg(long, value_name = "HOST", value_parser = host)]
    advertise: Option<Arc<str>>,
    /// The port of the control API; 0 takes a free one [default: no control API]
    #[arg(long, value_name = "PORT")]
    control_port: Option<u16>,
    /// The address to serve the control API on; off loopback it needs --control-token
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), requires = "control_port")]
    control_bind: IpAddr,
    /// What every request to the control API must have in `authorization: Bearer TOKEN`
    #[arg(long, value_name = "TOKEN", requires = "control_port")]
    control_token: Option<String>,
    /// What the brokers take for the time; a manual clock moves only by commands
    #[arg(long, value_enum, default_value_t = Clock::Real)]
    clock: Clock,
    /// Where a manual clock starts: milliseconds since 1970, or UTC as in 2026-01-31T12:00:00Z
    /// [default: the machine's time]
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    start: Option<Timestamp>,
    /// A topic that exists from the start; repeat it for more
    #[arg(long = "topic", value_name = "NAME:PARTITIONS[:REPLICAS]", value_parser = topic)]
    topics: Vec<Topic>,
    /// A broker setting by Kafka's name, as in transaction.max.timeout.ms=60000; repeat it for more
    #[arg(long = "config", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<Setting>,
    /// Record the run to a file, for `fencepost replay`; whole when the server was stopped
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// The Kafka release to behave as: 3.9, 4.0, 4.1, 4.2, 4.3 or 4.4
    #[arg(long, value_name = "RELEASE", default_value_t = Release::DEFAULT)]
    kafka_version: Release,
    /// The finalized level of transaction.version: 0, 1 or 2 [default: 2, and 0 for Kafka 3.9]
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(i16).range(0..=2))]
    transaction_version: Option<i16>,
    /// A safety rule to switch off, by its id, as `fencepost rules` lists them; repeat it for more
    #[arg(long = "without", value_name = "RULE")]
    without: Vec<Rule>,
    /// Where chance begins: topic ids, member ids, the cluster id
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    gate: GateOptions,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Clock {
    /// The machine's time
    Real,
    /// A time that stands still until the control API moves it
    Manual,
}

#[derive(Clone)]
struct Topic {
    name: String,
    partitions: i32,
    replicas: Option<i16>,
}

#[derive(Clone)]
struct Setting {
    name: String,
    value: String,
}

impl Serve {
    pub(crate) fn run(self) -> ExitCode {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
        let cores = available_parallelism().map_or(1, usize::from);
        let workers = (cores / 2).clamp(1, WORKERS_MAX);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(workers)
            .enable_all()
            .build();
        let served = match runtime {
            Ok(runtime) => runtime.block_on(self.serve()),
            Err(error) => Err(format!("no threads to run on: {error}")),
        };
        match served {
            Ok(code) => code,
            Err(message) => {
                eprintln!("error: {message}");
                ExitCode::FAILURE
            }
        }
    }

    async fn serve(self) -> Result<ExitCode, String> {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
        let is_strict = self.gate.is_strict();
        let cluster = match self.cluster().start().await {
            Ok(cluster) => cluster,
            Err(StartError::Listen(
                error @ (ListenError::PortRange { .. } | ListenError::Refused { .. }),
            )) => {
                return Err(format!(
                    "{error}: choose another with --port or --control-port, or free ones with --port 0"
                ));
            }
            Err(StartError::Listen(ListenError::Record(error))) => {
                return Err(format!("--record: {error}"));
            }
            Err(error) => refuse(&error.to_string()),
        };
        let servers = cluster.bootstrap_servers();
        let mut stdout = io::stdout();
        let control =
            cluster.control_url().map_or_else(String::new, |url| format!(" control={url}"));
        writeln!(stdout, "fencepost ready bootstrap.servers={servers}{control}")
            .and_then(|()| stdout.flush())
            .map_err(|error| format!("cannot write the ready line: {error}"))?;
        let broken = tokio::select! {
            _ = interrupt.recv() => false,
            _ = terminate.recv() => false,
            () = cluster.broken() => true,
        };
        let faults = cluster.faults().unwrap_or_default();
        let turn = cluster.next_turn().unwrap_or_default();
        let held = cluster.held().unwrap_or_default();
        let order = cluster.order().unwrap_or_default();
        // It is asked for faults that never fired below.
        let stopped = cluster.finish().await;
        if broken {
            return Err("a step of the cluster panicked, which is a bug in fencepost".to_owned());
        }
        if let Some(Err(error)) = stopped.recording {
            return Err(error.to_string());
        }
        Ok(gate::report(&faults, turn, &held, order, is_strict))
    }

    fn cluster(self) -> TestClusterBuilder {
        if self.bind.is_unspecified() && self.advertise.is_none() {
            refuse(&format!(
                "--bind {} listens on every address, and clients must be told one: add --advertise HOST",
                self.bind
            ));
        }
        let clock = match (self.clock, self.start) {
            (Clock::Manual, start) => ClockKind::Manual { start },
            (Clock::Real, None) => ClockKind::Real,
            (Clock::Real, Some(_)) => {
                refuse("--start is where a manual clock starts: add --clock manual")
            }
        };
        let mut cluster = TestCluster::builder()
            .clock(clock)
            .brokers(self.brokers)
            .kafka_version(self.kafka_version)
            .seed(self.seed)
            .addresses(Addresses {
                bind: self.bind,
                first_port: self.port,
                advertise: self.advertise,
            });
        if let Some(file) = self.record {
            cluster = cluster.record(file);
        }
        if let Some(port) = self.control_port {
            cluster = cluster.control(ControlAddress {
                bind: self.control_bind,
                port,
                token: self.control_token,
            });
        }
        if let Some(level) = self.transaction_version {
            cluster = cluster.transaction_version(level);
        }
        for rule in self.without {
            cluster = cluster.without(rule);
        }
        for Setting { name, value } in self.settings {
            cluster = match cluster.setting(&name, &value) {
                Ok(cluster) => cluster,
                Err(error) => refuse(&format!("--config {name}={value}: {error}")),
            };
        }
        for Topic { name, partitions, replicas } in self.topics {
            cluster = match replicas {
                Some(replicas) => cluster.replicated_topic(&name, partitions, replicas),
                None => cluster.topic(&name, partitions),
            };
        }
        self.gate.applied_to(cluster.allow_unfired_faults())
    }
}

/// Ends the process as clap does for a bad option: the message on stderr, exit code 2.
fn refuse(message: &str) -> ! {
    Arguments::command().error(ErrorKind::ValueValidation, message).exit()
}

fn no_signals(error: io::Error) -> String {
    format!("cannot listen for signals: {error}")
}

fn host(text: &str) -> Result<Arc<str>, String> {
    if text.is_empty() || text.contains([' ', ',', '/']) {
        return Err(
            "give a host name or an address without a port, as in broker.example".to_owned()
        );
    }
    Ok(Arc::from(text))
}

fn topic(text: &str) -> Result<Topic, String> {
    let shape = || {
        "give a name, a number of partitions and perhaps of replicas, as in orders:3 or orders:3:1"
            .to_owned()
    };
    let mut parts = text.split(':');
    let name = parts.next().filter(|name| !name.is_empty()).ok_or_else(shape)?;
    let partitions = parts.next().and_then(|count| count.parse().ok()).ok_or_else(shape)?;
    let replicas = match parts.next() {
        Some(count) => Some(count.parse().map_err(|_| shape())?),
        None => None,
    };
    match parts.next() {
        Some(_) => Err(shape()),
        None => Ok(Topic { name: name.to_owned(), partitions, replicas }),
    }
}

fn setting(text: &str) -> Result<Setting, String> {
    let (name, value) =
        text.split_once('=').ok_or("give a name and a value, as in num.partitions=3")?;
    Ok(Setting { name: name.trim().to_owned(), value: value.to_owned() })
}
