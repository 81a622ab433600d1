//! Rules of the classic protocol, each as a short history of one group.

mod driver;
mod joins;
mod leaves;
mod offsets;
mod properties;
mod sessions;
mod statics;
mod syncs;
