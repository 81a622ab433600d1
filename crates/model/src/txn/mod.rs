//! The transaction coordinator.
//!
//! The state machine of one transactional id ([`state`], [`init`], [`add`], [`end`], [`expiry`])
//! takes plain values and returns plain verdicts; it knows nothing of requests, logs or brokers.
//! [`log`] reads and writes its records.

mod add;
mod end;
mod expiry;
mod init;
mod log;
mod profile;
mod state;
