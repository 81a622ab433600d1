//! What goes wrong without a rule, beside what happens with it.

mod commits;
mod fetches;
mod keeping;
mod members;
