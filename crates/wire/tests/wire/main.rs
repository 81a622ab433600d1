//! What the crate promises to those who use it.

mod conversions;
mod fetch;
mod frames;
mod refusals;
mod releases;
