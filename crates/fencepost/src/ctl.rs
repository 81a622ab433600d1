//! `fencepost ctl`: commands for a running server, sent to its control API.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The longest that a command may take.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(60);

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Command a running server: crash, stop, restart, elect, move, and see how it stands.
///
/// Prints the control API's answer, JSON, on stdout: the state of what was commanded.
#[derive(Args)]
pub(crate) struct Ctl {
    /// Where the control API is, as the ready line of `fencepost serve --control-port` names it
    #[arg(long, value_name = "URL")]
    control: Uri,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
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
    /// List the partitions of a topic
    Partitions {
        /// Its name
        topic: String,
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
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Kind {
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
struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Command {
    fn call(&self) -> Call {
        let get = |path: String| Call { method: Method::GET, path, body: None };
        let post = |path: String, body| Call { method: Method::POST, path, body };
        match self {
            Self::Brokers => get("/brokers".to_owned()),
            Self::Crash { broker } => post(format!("/brokers/{broker}/crash"), None),
            Self::Stop { broker } => post(format!("/brokers/{broker}/stop"), None),
            Self::Restart { broker } => post(format!("/brokers/{broker}/restart"), None),
            Self::Partitions { topic } => get(format!("/topics/{}/partitions", escaped(topic))),
            Self::Elect { topic, partition, leader } => post(
                format!("/topics/{}/partitions/{partition}/elect", escaped(topic)),
                Some(serde_json::json!({ "leader": leader })),
            ),
            Self::Coordinator { kind, id } => get(kind.coordinator(id)),
            Self::Move { kind, id, broker } => {
                post(kind.coordinator(id), Some(serde_json::json!({ "broker": broker })))
            }
        }
    }
}

impl Ctl {
    pub(crate) fn run(self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let answer = match runtime {
            Ok(runtime) => runtime.block_on(async {
                timeout(COMMAND_TIME_MAX, send(&self.control, self.command.call())).await
            }),
            Err(error) => Ok(Err(format!("no runtime: {error}"))),
        };
        match answer {
            Ok(Ok(text)) => {
                // A reader that has gone away wants no more output.
                _ = writeln!(io::stdout(), "{text}");
                ExitCode::SUCCESS
            }
            Ok(Err(message)) => failed(&message),
            Err(_) => failed(&format!("no answer from {} within a minute", self.control)),
        }
    }
}

fn failed(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::FAILURE
}

/// The answer, or in words why there is none.
async fn send(control: &Uri, call: Call) -> Result<String, String> {
    let shape = || {
        format!("--control {control}: give it as the ready line does, as in http://127.0.0.1:9100")
    };
    let authority = control.authority().ok_or_else(shape)?;
    if control.scheme_str() != Some("http") || control.path() != "/" {
        return Err(shape());
    }
    let unreachable = |error: &dyn std::fmt::Display| {
        format!("{control}: {error}: is `fencepost serve --control-port` running there?")
    };
    let host = authority.host().trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80)))
        .await
        .map_err(|error| unreachable(&error))?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| unreachable(&error))?;
    let driver = tokio::spawn(connection);
    let request = Request::builder()
        .method(call.method)
        .uri(call.path)
        .header(header::HOST, authority.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(call.body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()))))
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| unreachable(&error))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
        .collect()
        .await
        .map_err(|error| unreachable(&error))?
        .to_bytes();
    driver.abort();
    answered(status, &body)
}

fn answered(status: StatusCode, body: &[u8]) -> Result<String, String> {
    let json: Value = serde_json::from_slice(body)
        .map_err(|_| format!("{status} without JSON: is it fencepost's control API?"))?;
    if status.is_success() {
        return Ok(format!("{json:#}"));
    }
    match (json["error"].as_str(), json["what_to_do"].as_str()) {
        (Some(error), Some(what_to_do)) => Err(format!("{error}: {what_to_do}")),
        _ => Err(format!("{status}: {json}")),
    }
}

/// A name as one segment of a path.
fn escaped(name: &str) -> String {
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
