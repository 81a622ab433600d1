//! `fencepost ctl`: commands for a running server, sent to its control API.

mod command;
mod stream;
#[cfg(test)]
mod surfaces;
mod until;
use command::{Call, Command};

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The longest that a command may take.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(60);

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Command a running server, and see how it stands.
///
/// Prints the control API's answer, JSON, on stdout: what was asked for, or the state of what was
/// commanded.
#[derive(Args)]
pub(crate) struct Ctl {
    /// Where the control API is, as the ready line of `fencepost serve --control-port` names it
    #[arg(long, value_name = "URL")]
    control: Uri,
    /// The token of `fencepost serve --control-token`
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    #[command(subcommand)]
    command: Command,
}

impl Ctl {
    pub(crate) fn run(self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let call = match self.command.call() {
            Ok(call) => call,
            Err(message) => return failed(&message),
        };
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => return failed(&format!("no runtime: {error}")),
        };
        let token = self.token.as_deref();
        let done = runtime.block_on(async {
            let sent = timeout(COMMAND_TIME_MAX, send(&self.control, token, call)).await;
            let slow = |_| format!("no answer from {} within a minute", self.control);
            let (answer, driver) = sent.map_err(slow)??;
            let done = if self.command.is_stream() && answer.status().is_success() {
                stream::print(answer).await
            } else {
                let text = timeout(COMMAND_TIME_MAX, whole(answer)).await;
                text.map_err(slow)?.map(|text| _ = writeln!(io::stdout(), "{text}"))
            };
            driver.abort();
            done
        });
        match done {
            // A reader that has gone away wants no more output.
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => failed(&message),
        }
    }
}

fn failed(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::FAILURE
}

/// The head of the answer and the connection's task, or in words why there is none.
async fn send(
    control: &Uri,
    token: Option<&str>,
    call: Call,
) -> Result<(Response<Incoming>, JoinHandle<hyper::Result<()>>), String> {
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
    let mut request = Request::builder();
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request
        .method(call.method)
        .uri(call.path)
        .header(header::HOST, authority.as_str())
        .header(header::CONTENT_TYPE, call.content_type)
        .body(Full::new(Bytes::from(call.body)))
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(|error| unreachable(&error))?;
    Ok((response, driver))
}

async fn whole(answer: Response<Incoming>) -> Result<String, String> {
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    answered(status, &body.map_err(|error| error.to_string())?.to_bytes())
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
