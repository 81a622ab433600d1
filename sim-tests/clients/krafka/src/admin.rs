//! Administration: topics, groups and transactions.

mod groups;
mod topics;
mod transactions;

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

use krafka::consumer::GroupProtocol;

use crate::scope::{Failure, Scope};

pub(crate) async fn run(scope: &Scope) -> Result<(), Failure> {
    topics::run(scope).await?;
    groups::run(scope, GroupProtocol::Classic).await?;
    groups::run(scope, GroupProtocol::Consumer).await?;
    transactions::run(scope).await
}

/// The answer for one of the things that were asked about.
fn answer<K, V>(mut answers: HashMap<K, krafka::Result<V>>, of: &K) -> krafka::Result<V>
where
    K: Debug + Eq + Hash,
{
    answers
        .remove(of)
        .unwrap_or_else(|| Err(krafka::KrafkaError::timeout(format!("no answer for {of:?}"))))
}
