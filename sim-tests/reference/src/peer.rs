//! Who answers: a broker behind a socket, or the model.

use std::time::Duration;

use thiserror::Error;

/// A connection, by its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Line(pub usize);

/// What came from a peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// A frame, without its length.
    Frame(Vec<u8>),
    /// The peer closed the connection.
    Closed,
    /// Nothing, for as long as was waited.
    Nothing,
}

/// A peer that cannot be asked.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{0}")]
pub struct PeerError(pub String);

/// Something that speaks Kafka's protocol and has a clock.
pub trait Peer {
    /// Opens a connection.
    ///
    /// # Errors
    /// If nobody listens.
    fn open(&mut self) -> Result<Line, PeerError>;

    /// Closes a connection from the client's side.
    fn close(&mut self, line: Line);

    /// Sends bytes. Those to a closed connection are lost; the next [`Peer::hear`] tells.
    fn send(&mut self, line: Line, bytes: &[u8]);

    /// Waits for a frame, but no longer than `patience` on the peer's clock.
    ///
    /// # Errors
    /// If the peer is gone.
    fn hear(&mut self, line: Line, patience: Duration) -> Result<Heard, PeerError>;

    /// Lets time pass.
    fn rest(&mut self, time: Duration);

    /// The peer's clock, in milliseconds since 1970.
    fn now(&self) -> i64;

    /// What the names of a scenario begin with, so that scenarios do not meet: of the same length
    /// for every peer.
    fn prefix(&mut self) -> String;

    /// Whether some of a request's work may still go on when it has been answered.
    fn lags(&self) -> bool;
}
