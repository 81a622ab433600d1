//! The port of the control API.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tracing::{debug, warn};

use super::Access;
use crate::commands::Commands;
use crate::listener::{BACKLOG, REST, socket_at};

/// Connections at once; others wait to be accepted.
const CONNECTIONS_MAX: usize = 64;

/// The longest that a head may take, or a connection may rest between two requests.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);

/// The longest head, in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// The control API as long as it is served: dropped, it closes its port and its connections.
#[derive(Debug)]
pub(crate) struct Control {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Control {
    pub(crate) fn listen(
        address: SocketAddr,
        commands: Arc<Commands>,
        access: Access,
    ) -> io::Result<Self> {
        let listener = socket_at(address)?.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, super::routes(commands, &Arc::new(access))));
        Ok(Self { address, task })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, routes: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    // Aborted with this task.
    let mut connections = JoinSet::new();
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!("cannot accept a connection to the control API: {error}");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        let routes = routes.clone();
        connections.spawn(async move {
            serve(stream, routes).await;
            drop(place);
        });
    }
}

async fn serve(stream: TcpStream, routes: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes))
        .await;
    if let Err(error) = served {
        debug!("a connection to the control API ended: {error}");
    }
}
