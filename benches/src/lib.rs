//! What the benches drive: a cluster in this process, and a transactional client on it.

mod producer;
pub use producer::{Producer, Transaction, check_produced};
mod world;
pub use world::World;
