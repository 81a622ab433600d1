//! Random histories of replication against a naive reference (RECOV-12, RECOV-18 to RECOV-23).
