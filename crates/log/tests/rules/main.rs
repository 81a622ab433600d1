//! The rules of a partition's log, each shown by the history that the rule's text gives.

mod batch;
mod batch_checks;
mod clean;
mod cleaned_histories;
mod histories;
mod idem;
mod keyed;
mod lso;
mod mark;
mod partition;
mod properties;
mod read;
mod recov;
mod reference;
mod retain;
mod state_machine;
mod switches;
mod verify;
