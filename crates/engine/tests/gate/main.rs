//! What faults and schedules do to a scripted client and to the brokers behind it.

mod brokers;
mod holding;
mod messages;
mod offers;
mod play;
mod requests;
mod snapshots;
mod stepped;
mod telling;
mod zombies;
