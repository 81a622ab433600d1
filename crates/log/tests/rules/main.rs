//! The rules of a partition's log, each shown by the history that the rule's text gives.

mod batch;
mod batch_checks;
mod histories;
mod idem;
mod lso;
mod mark;
mod partition;
mod properties;
mod read;
mod recov;
mod reference;
mod state_machine;
mod switches;
mod verify;
