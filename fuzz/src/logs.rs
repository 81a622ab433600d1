//! The records of the internal topics, as a coordinator reads them when it takes over.
//!
//! The admin client may write there (IDEM-24), so these are bytes from outside.

use bytes::Bytes;
use fencepost_ids::Timestamp;
use fencepost_log::{BatchBuilder, NewRecord};
use fencepost_wire::Response;

use crate::seeds;
use crate::world::World;

/// How many records are read of one input at most.
const RECORDS_MAX: u32 = 64;

/// Records of `__transaction_state`.
pub(crate) fn transaction_state(data: &[u8]) {
    drop(load("__transaction_state", data));
}

/// Records of `__consumer_offsets`.
pub(crate) fn consumer_offsets(data: &[u8]) {
    drop(load("__consumer_offsets", data));
}

/// Puts the records into the log, lets its leader die, and asks the next coordinator everything.
fn load(topic: &str, data: &[u8]) -> Vec<Response> {
    let Some(batch) = batch(data) else { return Vec::new() };
    let mut world = World::new();
    for broker in 0..3 {
        world.send(broker, "__admin_client", seeds::produce(topic, 0, batch.clone()));
    }
    for broker in 0..3 {
        world.bounce(broker);
    }
    let mut answers = Vec::new();
    for broker in 0..3 {
        for request in seeds::inspection() {
            answers.extend(world.send(broker, "fuzz", request));
        }
    }
    for _ in 0..20 {
        world.fire_first();
        world.run();
    }
    answers
}

/// Each record is a two-byte length and a key, a two-byte length and a value; a length of 65535
/// stands for null.
fn batch(mut data: &[u8]) -> Option<Bytes> {
    let mut batch = BatchBuilder::new();
    let mut count = 0;
    while count < RECORDS_MAX
        && let Some(key) = field(&mut data)
        && let Some(value) = field(&mut data)
    {
        batch.push(Timestamp(1_700_000_000_000), NewRecord { key, value, headers: &[] });
        count += 1;
    }
    (count > 0).then(|| batch.build().bytes().clone())
}

fn field<'a>(data: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let (length, rest) = data.split_first_chunk()?;
    *data = rest;
    let length = u16::from_be_bytes(*length);
    if length == u16::MAX {
        return Some(None);
    }
    let (field, rest) = rest.split_at(usize::from(length).min(rest.len()));
    *data = rest;
    Some(Some(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(target: &str) -> Vec<Response> {
        let seeds = seeds::all().into_iter().filter(|seed| seed.target == target);
        seeds.flat_map(|seed| load(&format!("__{target}"), &seed.bytes)).collect()
    }

    #[test]
    fn a_record_of_transaction_state_reaches_its_coordinator() {
        let knows = |answer: &Response| match answer {
            Response::DescribeTransactions(described) => {
                described.transaction_states.iter().any(|txn| txn.producer_id.0 == 4_000)
            }
            _ => false,
        };
        assert!(seeds("transaction_state").iter().any(knows));
    }

    #[test]
    fn a_record_of_consumer_offsets_reaches_its_coordinator() {
        let mut types = std::collections::BTreeSet::new();
        for answer in seeds("consumer_offsets") {
            if let Response::ListGroups(listed) = answer {
                types.extend(listed.groups.into_iter().map(|group| group.group_type.to_string()));
            }
        }
        assert_eq!(types.into_iter().collect::<Vec<_>>(), ["classic", "consumer"]);
    }
}
