//! The rules of KIP-848 groups, each by the exchange that shows it.

mod driver;
mod epochs;
mod intervals;
mod leaves;
mod offsets;
mod properties;
mod reconciliation;
mod regexes;
mod validation;
