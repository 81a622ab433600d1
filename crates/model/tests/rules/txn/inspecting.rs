//! DescribeTransactions, ListTransactions, DescribeProducers, and the admin's abort.

use fencepost_wire::messages::describe_producers_request::TopicRequest;
use fencepost_wire::messages::{DescribeProducersRequest, ListTransactionsRequest, TopicName};
use fencepost_wire::{Response, StrBytes};

use crate::txn::driver::{World, markers, nothing};

fn list(world: &mut World, request: ListTransactionsRequest) -> String {
    let Response::ListTransactions(response) = world.call(0, 2, request) else { panic!() };
    if response.error_code != 0 {
        return response.error_code.to_string();
    }
    let rows = response
        .transaction_states
        .iter()
        .map(|row| format!("{} {}", row.transactional_id.0, row.transaction_state))
        .chain(response.unknown_state_filters.iter().map(|name| format!("?{name}")));
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows.join(", ")
}

fn all() -> ListTransactionsRequest {
    ListTransactionsRequest::default().with_duration_filter(-1)
}

/// Rows of partition 0: producer id, epoch, last sequence, coordinator epoch, transaction start.
fn producers(world: &mut World) -> Vec<[i64; 5]> {
    let topic = TopicRequest::default()
        .with_name(TopicName(StrBytes::from_static_str("orders")))
        .with_partition_indexes(vec![0]);
    let request = DescribeProducersRequest::default().with_topics(vec![topic]);
    let Response::DescribeProducers(response) = world.call(0, 0, request) else { panic!() };
    let partition = &response.topics[0].partitions[0];
    assert_eq!(partition.error_code, 0);
    let rows = partition.active_producers.iter().map(|row| {
        [
            row.producer_id.0,
            i64::from(row.producer_epoch),
            i64::from(row.last_sequence),
            i64::from(row.coordinator_epoch),
            row.current_txn_start_offset,
        ]
    });
    rows.collect()
}

#[test]
fn desc_01_and_desc_02_what_describe_says_of_ids() {
    let mut world = World::new(3, 2);
    assert_eq!(world.describe(""), "42");
    assert_eq!(world.describe("never-used"), "105");
    assert_eq!(world.init("t", None), "0,0");
    for partition in [0, 1, 2] {
        assert_eq!(world.produce("t", 12, (0, 0), 0, partition), "0");
    }
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0 orders-1 orders-2");
}

#[test]
fn desc_03_to_desc_06_filters_of_a_list() {
    let mut world = World::new(1, 2);
    assert_eq!(list(&mut world, all()), "");
    assert_eq!(world.init("tx", None), "0,0");
    assert_eq!(world.init("tx-1", None), "1,0");
    assert_eq!(world.produce("tx-1", 12, (1, 0), 0, 0), "0");
    assert_eq!(list(&mut world, all()), "tx Empty, tx-1 Ongoing");

    let states = |names: &[&'static str]| {
        all().with_state_filters(names.iter().map(|it| StrBytes::from_static_str(it)).collect())
    };
    assert_eq!(list(&mut world, states(&["Ongoing"])), "tx-1 Ongoing");
    assert_eq!(list(&mut world, states(&["Foo"])), "?Foo");
    assert_eq!(list(&mut world, states(&["Dead"])), "");
    assert_eq!(list(&mut world, states(&["ongoing", "Empty"])), "?ongoing, tx Empty");

    let ids = all().with_producer_id_filters(vec![0.into()]);
    assert_eq!(list(&mut world, ids), "tx Empty");

    world.pass(500);
    let duration = |millis| all().with_duration_filter(millis);
    assert_eq!(list(&mut world, duration(1000)), "tx Empty", "a start of -1 is very old");
    assert_eq!(list(&mut world, duration(499)), "tx Empty, tx-1 Ongoing");
    assert_eq!(list(&mut world, duration(500)), "tx Empty");

    let pattern = |text| all().with_transactional_id_pattern(Some(StrBytes::from_static_str(text)));
    assert_eq!(list(&mut world, pattern("tx")), "tx Empty");
    assert_eq!(list(&mut world, pattern("tx.*")), "tx Empty, tx-1 Ongoing");
    assert_eq!(list(&mut world, pattern("")), "tx Empty, tx-1 Ongoing");
    assert_eq!(list(&mut world, pattern("(ab(cd")), "128");
    assert_eq!(list(&mut world, pattern("a)(b")), "128");
}

#[test]
fn recov_15_a_tv2_commit_leaves_no_batches_and_a_raised_epoch() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    assert_eq!(producers(&mut world), [[0, 0, 0, -1, 0]]);
    assert_eq!(world.end("t", 5, (0, 0), true), "0,1");
    assert_eq!(producers(&mut world), [[0, 1, -1, 0, -1]]);
}

#[test]
fn addp_05_an_added_partition_learns_of_it_with_the_first_produce() {
    let mut world = World::new(1, 1);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.add("t", (0, 0), &[0]), "0");
    assert!(producers(&mut world).is_empty());
}

#[test]
fn desc_07_an_admins_abort_moves_the_last_stable_offset_and_not_the_coordinator() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    assert_eq!(world.lso_and_hw(0), (0, 1));
    assert_eq!(world.mark((0, 0), false, 0, 0), "0");
    assert_eq!(world.lso_and_hw(0), (2, 2));
    assert_eq!(world.describe("t"), "Ongoing 0,0 orders-0");
}

#[test]
fn desc_08_a_fence_by_an_admin_is_an_init_that_is_repeated() {
    let mut world = World::new(1, 2);
    assert_eq!(world.init("t", None), "0,0");
    assert_eq!(world.produce("t", 12, (0, 0), 0, 0), "0");
    world.held = markers;
    assert_eq!(world.init("t", None), "51");
    world.held = nothing;
    world.run();
    assert_eq!(world.init("t", None), "0,2");
    assert_eq!(world.describe("t"), "Empty 0,2");
}

#[test]
fn recov_15_what_is_not_here_is_said_in_words_only_if_the_topic_is_unknown() {
    let mut world = World::new(1, 1);
    let mut ask = |name: &'static str, partition| {
        let topic = TopicRequest::default()
            .with_name(TopicName(StrBytes::from_static_str(name)))
            .with_partition_indexes(vec![partition]);
        let request = DescribeProducersRequest::default().with_topics(vec![topic]);
        let Response::DescribeProducers(response) = world.call(0, 0, request) else { panic!() };
        let row = &response.topics[0].partitions[0];
        (row.error_code, row.error_message.is_some())
    };
    assert_eq!(ask("orders", 9), (3, false));
    assert_eq!(ask("nope", 0), (3, true));
    assert_eq!(ask("a b", 0), (17, true));
}

#[test]
fn desc_04_an_unknown_state_is_named_once() {
    let mut world = World::new(1, 1);
    let foo = StrBytes::from_static_str("Foo");
    let twice = all().with_state_filters(vec![foo.clone(), foo]);
    assert_eq!(list(&mut world, twice), "?Foo");
}

#[test]
fn markin_03_a_marker_without_an_identity_is_no_marker() {
    let mut world = World::new(1, 1);
    assert_eq!(world.mark((-1, 0), false, 0, 0), "-1");
    assert_eq!(world.mark((7, -1), false, 0, 0), "-1");
    assert_eq!(world.lso_and_hw(0), (0, 0));
}

/// DESC-01: every field of a description, of one that failed, and of several in one request.
#[test]
fn desc_01_the_fields_of_a_description() {
    let mut world = World::new(1, 1);
    assert_eq!(world.init("t", None), "0,0");
    world.pass(5);
    assert_eq!(world.add("t", (0, 0), &[1, 2]), "0 0");
    let start = world.now.0;
    let ids = ["t", "nobody"].map(crate::txn::driver::transactional_id).to_vec();
    let request = fencepost_wire::messages::DescribeTransactionsRequest::default()
        .with_transactional_ids(ids);
    let Response::DescribeTransactions(answer) = world.call(0, 0, request) else { panic!() };
    let [found, unknown] = &answer.transaction_states[..] else { panic!("two rows") };
    assert_eq!((found.error_code, found.transaction_state.as_str()), (0, "Ongoing"));
    assert_eq!((found.transaction_timeout_ms, found.transaction_start_time_ms), (60_000, start));
    assert_eq!((found.producer_id.0, found.producer_epoch), (0, 0));
    assert_eq!(
        (found.topics[0].topic.as_str(), &found.topics[0].partitions[..]),
        ("orders", &[1, 2][..])
    );
    assert_eq!((unknown.error_code, unknown.transactional_id.0.as_str()), (105, "nobody"));
    assert_eq!(unknown.transaction_state.as_str(), "");
    assert_eq!((unknown.transaction_timeout_ms, unknown.transaction_start_time_ms), (0, 0));
    assert_eq!((unknown.producer_id.0, unknown.producer_epoch), (0, 0));
    assert!(unknown.topics.is_empty());
}

/// DESC-03: each broker lists its own ids, and none while it loads.
#[test]
fn desc_03_the_ids_of_a_cluster_are_those_of_its_brokers() {
    let mut world = World::new(3, 2);
    let ids = ["t", "u", "v", "w", "x"];
    let mut owners = std::collections::BTreeMap::new();
    for id in ids {
        world.init(id, None);
        owners.entry(world.coordinator(id)).or_insert_with(Vec::new).push(id);
    }
    let rows = |world: &mut World, broker| {
        let Response::ListTransactions(answer) = world.call(broker, 2, all()) else { panic!() };
        let ids = answer.transaction_states.iter().map(|row| row.transactional_id.0.to_string());
        (answer.error_code, ids.collect::<Vec<_>>())
    };
    assert!(owners.len() > 1, "more than one broker owns an id");
    for broker in 0..3 {
        let mut wanted = owners.get(&broker).cloned().unwrap_or_default();
        let (error, mut found) = rows(&mut world, broker);
        found.sort();
        wanted.sort_unstable();
        assert_eq!((error, found), (0, wanted.iter().map(|it| (*it).to_owned()).collect()));
    }
    let owner = world.coordinator("t");
    world.loads_held = true;
    world.elect(crate::txn::driver::TXN_LOG, World::txn_partition("t"), owner);
    assert_eq!(rows(&mut world, owner), (14, vec![]));
}

/// DESC-05: the filter by duration is there from version 1 on, whatever the state.
#[test]
fn desc_05_an_id_is_listed_if_its_transaction_began_longer_ago() {
    let mut world = World::new(1, 1);
    assert_eq!(world.init("empty", None), "0,0");
    assert_eq!(world.init("t", None), "1,0");
    assert_eq!(world.add("t", (1, 0), &[0]), "0");
    assert_eq!(world.end("t", 4, (1, 0), true), "-1,-1");
    world.pass(500);
    let duration = |millis| all().with_duration_filter(millis);
    let both = "empty Empty, t CompleteCommit";
    assert_eq!(list(&mut world, duration(-1)), both, "no filter");
    assert_eq!(list(&mut world, duration(499)), both, "the state does not matter");
    assert_eq!(list(&mut world, duration(500)), "empty Empty", "strictly longer");
    assert_eq!(list(&mut world, duration(0)), both);
}
