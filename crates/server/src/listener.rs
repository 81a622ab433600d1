//! A broker's port.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fencepost_ids::BrokerId;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use tracing::{debug, warn};

use crate::connection;
use crate::driver::Driver;

/// Connections that wait to be accepted.
pub(crate) const BACKLOG: u32 = 1024;

/// How long accepting rests after it failed, as when the process has no file descriptor left.
pub(crate) const REST: Duration = Duration::from_millis(50);

/// A port that belongs to a broker, whether it runs or not.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Taken, so that nobody else gets it, but every client is refused.
    Held(TcpSocket),
    /// Clients are let in.
    Open(JoinHandle<()>),
    /// Taking it back failed.
    Lost,
}

impl Port {
    /// Takes a port, 0 for any free one.
    pub(crate) fn hold(address: SocketAddr) -> io::Result<Self> {
        let socket = socket_at(address)?;
        Ok(Self { address: socket.local_addr()?, state: State::Held(socket) })
    }

    /// Lets clients in; an open port stays open.
    pub(crate) fn open(&mut self, driver: &Arc<Driver>, broker: BrokerId) -> io::Result<()> {
        let socket = match std::mem::replace(&mut self.state, State::Lost) {
            State::Held(socket) => socket,
            State::Lost => socket_at(self.address)?,
            open @ State::Open(_) => {
                self.state = open;
                return Ok(());
            }
        };
        let listener = socket.listen(BACKLOG)?;
        self.state = State::Open(tokio::spawn(accept(Arc::clone(driver), broker, listener)));
        Ok(())
    }

    /// Refuses clients from now on; a port that does so already stays as it is.
    pub(crate) async fn close(&mut self) -> io::Result<()> {
        if let State::Held(_) = &self.state {
            return Ok(());
        }
        if let State::Open(task) = std::mem::replace(&mut self.state, State::Lost) {
            task.abort();
            // It ends by being aborted.
            _ = task.await;
        }
        self.state = State::Held(socket_at(self.address)?);
        Ok(())
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let State::Open(task) = &self.state {
            task.abort();
        }
    }
}

pub(crate) fn socket_at(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A port is free again as soon as nobody listens on it.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(driver: Arc<Driver>, broker: BrokerId, listener: TcpListener) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(broker = broker.0, "cannot accept a connection: {error}");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            debug!(broker = broker.0, "a connection ended before it began: {error}");
            continue;
        }
        let driver = Arc::clone(&driver);
        let host = Arc::from(peer.ip().to_string());
        tokio::spawn(async move { connection::serve(&driver, broker, stream, host).await });
    }
}
