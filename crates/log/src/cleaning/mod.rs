//! What a log gets rid of: segments that are too old or too many (RETAIN rules), and records that
//! later ones of their key supersede (CLEAN rules).

mod compaction;
pub use compaction::Cleanable;
mod filter;
mod retention;
mod transactions;
