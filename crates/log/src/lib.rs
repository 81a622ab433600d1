//! One partition's log: batches, producer state, last stable offset, aborted index.
