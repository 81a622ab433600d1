//! The cluster behind sockets: listeners, connections, the clock.
//!
//! A [`Server`] drives one [`Engine`](fencepost_engine::Engine) by real clients in real time.
//! Messages between brokers arrive at once. What a client sends is bounded before it is decoded,
//! a client that is slow harms nobody but itself, and the lock on the engine is never held over
//! an await.

mod clock;
pub use clock::{ClockKind, ClockState};
mod commands;
pub use commands::{BrokerState, ControlError};
mod connection;
mod control;
mod driver;
pub use driver::{Happening, What};
mod frames;
mod gate;
mod listener;
mod mailbox;
mod ports;
mod recording;
mod server;
pub use server::{Addresses, ControlAddress, ListenError, RunOptions, Server, Unwatched, Watcher};
mod signals;
mod timers;
