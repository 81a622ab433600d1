//! What a reader with read_committed sees.

use bytes::BytesMut;
use fencepost_log::{Delivery, DeliveryFilter, StoredBatch};
use fencepost_wire::messages::fetch_request::{FetchPartition, FetchTopic};
use fencepost_wire::messages::{FetchRequest, OffsetFetchRequest};
use fencepost_wire::{Response, StrBytes};

use crate::world::{GROUP, Role, Said, World};

/// The values that are delivered, in order, and whether all of the log is stable.
pub(crate) fn read_committed(world: &mut World) -> (Vec<String>, bool) {
    let mut values = Vec::new();
    let mut next = 0;
    loop {
        let (before, more) = (next, fetch(world, next));
        for (value, after) in more {
            values.extend(value);
            next = after;
        }
        if next == before {
            break;
        }
    }
    let state = world.engine.look().topic_state("orders").unwrap();
    let offsets = state[0].offsets.unwrap();
    (values, offsets.last_stable == offsets.log_end)
}

/// What one fetch delivers: of each batch its values, and the offset after it.
fn fetch(world: &mut World, offset: i64) -> Vec<(Vec<String>, i64)> {
    let partition = FetchPartition::default()
        .with_partition(0)
        .with_fetch_offset(offset)
        .with_current_leader_epoch(-1)
        .with_last_fetched_epoch(-1)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default()
        .with_topic(StrBytes::from_static_str("orders").into())
        .with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_replica_id((-1).into())
        .with_isolation_level(1)
        .with_max_bytes(1 << 20)
        .with_session_epoch(-1)
        .with_topics(vec![topic]);
    let mut ask = || {
        let leader = world.broker(Role::Leader).expect("the partition has a leader");
        let said = world.ask("reader", leader, 12, request.clone().into());
        let Said::Answer(answer) = said else { panic!("the leader answers") };
        let Response::Fetch(mut answer) = *answer else { panic!() };
        answer.topics.remove(0).partitions.remove(0)
    };
    let mut row = ask();
    if !row.error_code.is_none() {
        row = ask();
    }
    let aborted = row.aborted_transactions.iter().flatten();
    let mut filter = DeliveryFilter::new(aborted.map(|one| (one.producer_id, one.first_offset)));
    let mut whole = BytesMut::new();
    row.records.iter().for_each(|chunk| whole.extend_from_slice(chunk));
    let mut bytes = whole.freeze();
    let mut batches = Vec::new();
    while let Some(batch) = StoredBatch::take(&mut bytes) {
        let mut values = Vec::new();
        if filter.judge(&batch) == Delivery::Deliver {
            let records = batch.records().unwrap();
            values.extend(
                records.iter().map(|record| {
                    String::from_utf8(record.unwrap().value.unwrap().to_vec()).unwrap()
                }),
            );
        }
        batches.push((values, batch.last_offset().0 + 1));
    }
    batches
}

/// OffsetFetch of what is stable.
pub(crate) fn offset_fetch() -> OffsetFetchRequest {
    let topic = fencepost_wire::messages::offset_fetch_request::OffsetFetchRequestTopic::default()
        .with_name(StrBytes::from_static_str("orders").into())
        .with_partition_indexes(vec![0]);
    OffsetFetchRequest::default()
        .with_group_id(StrBytes::from_static_str(GROUP).into())
        .with_topics(Some(vec![topic]))
        .with_require_stable(true)
}

/// The committed offset of the group, unless it is not stable or its coordinator does not say.
pub(crate) fn committed_offset(world: &mut World) -> Option<i64> {
    let coordinator = world.broker(Role::GroupCoordinator)?;
    let Said::Answer(answer) = world.ask("reader", coordinator, 7, offset_fetch().into()) else {
        return None;
    };
    let Response::OffsetFetch(answer) = *answer else { panic!() };
    let row = &answer.topics.first()?.partitions[0];
    (answer.error_code == 0 && row.error_code == 0).then_some(row.committed_offset)
}
