//! A peer behind a socket.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::peer::{Heard, Line, Peer, PeerError};

const CONNECT: Duration = Duration::from_secs(5);
/// The largest frame that is believed.
const FRAME_MAX: usize = 64 << 20;

static SCENARIOS: AtomicU32 = AtomicU32::new(0);

/// A broker that is reached by TCP.
#[derive(Debug)]
pub struct Kafka {
    address: SocketAddr,
    streams: Vec<Option<TcpStream>>,
}

impl Kafka {
    /// The broker at an address.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self { address, streams: Vec::new() }
    }

    fn read(&mut self, line: Line, patience: Duration) -> io::Result<Heard> {
        let Some(stream) = self.streams[line.0].as_mut() else { return Ok(Heard::Closed) };
        stream.set_read_timeout(Some(patience.max(Duration::from_millis(1))))?;
        let mut length = [0; 4];
        match stream.read_exact(&mut length) {
            Ok(()) => {}
            Err(error) => return silence(error),
        }
        let length = usize::try_from(i32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > FRAME_MAX {
            return Err(io::Error::other(format!("a frame of {length} bytes")));
        }
        let mut frame = vec![0; length];
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.read_exact(&mut frame)?;
        Ok(Heard::Frame(frame))
    }
}

fn silence(error: io::Error) -> io::Result<Heard> {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Ok(Heard::Nothing),
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Ok(Heard::Closed),
        _ => Err(error),
    }
}

impl Peer for Kafka {
    fn open(&mut self) -> Result<Line, PeerError> {
        let connect = || {
            let stream = TcpStream::connect_timeout(&self.address, CONNECT)?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let stream = connect().map_err(|error: io::Error| {
            PeerError(format!("no broker answers at {}: {error}", self.address))
        })?;
        self.streams.push(Some(stream));
        Ok(Line(self.streams.len() - 1))
    }

    fn close(&mut self, line: Line) {
        if let Some(stream) = self.streams[line.0].take() {
            // One that the broker closed first is as good.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn send(&mut self, line: Line, bytes: &[u8]) {
        if let Some(stream) = self.streams[line.0].as_mut() {
            // What went wrong shows when the answer is read.
            let _ = stream.write_all(bytes);
        }
    }

    fn hear(&mut self, line: Line, patience: Duration) -> Result<Heard, PeerError> {
        self.read(line, patience)
            .map_err(|error| PeerError(format!("the broker at {}: {error}", self.address)))
    }

    fn rest(&mut self, time: Duration) {
        std::thread::sleep(time);
    }

    fn now(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        now.as_millis() as i64
    }

    fn prefix(&mut self) -> String {
        let count = SCENARIOS.fetch_add(1, Ordering::Relaxed);
        format!("{:07x}{:05x}-", self.now() & 0xfff_ffff, count & 0xf_ffff)
    }

    fn lags(&self) -> bool {
        true
    }
}
