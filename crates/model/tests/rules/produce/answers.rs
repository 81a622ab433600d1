//! The checks of a request as a whole, and who leads instead.

use fencepost_wire::Response;
use fencepost_wire::messages::ProduceResponse;

use super::{request, rows};
use crate::world::{Client, World, plain};

fn ask(world: &mut World, client: Client, client_id: &str, acks: i16, topic: &str) -> (i16, i64) {
    let data = [(topic, 0, plain((7, 0), 0, 1))];
    let pending = world.send_as(client, client_id, 9, request(None, acks, &data));
    rows(world.answer(pending).expect("answered"))[0]
}

/// API-36: unknown acks, internal topics and places that there are not, in this order.
#[test]
fn api_36_the_first_failing_check_decides() {
    let mut world = World::new(1, &[("a", 1, 1), ("__consumer_offsets", 1, 1)]);
    let client = world.connect(0);
    assert_eq!(ask(&mut world, client, "c", 2, "nope"), (3, -1), "2 before 3");
    assert_eq!(ask(&mut world, client, "c", 2, "a"), (21, -1));
    assert_eq!(ask(&mut world, client, "c", -2, "__consumer_offsets"), (21, -1), "3 before 4");
    assert_eq!(ask(&mut world, client, "c", 1, "__consumer_offsets"), (17, -1));
    assert_eq!(ask(&mut world, client, "__admin_client", 1, "__consumer_offsets").0, 0);
    assert_eq!(ask(&mut world, client, "c", 1, "a"), (0, 0));
    let known = crate::topics::topic_id(&mut world, client, "a");
    for (id, expected) in [(known, 0), (fencepost_ids::TopicId::ZERO, 100)] {
        let mut by_id = request(None, 1, &[("", 0, plain((8, 0), 0, 1))]);
        by_id.topic_data[0].topic_id = fencepost_wire::ToWire::to_wire(&id);
        assert_eq!(rows(world.call(client, 13, by_id))[0].0, expected, "v13 names topics by id");
    }
    // An idempotent batch with a transactional id needs no transaction.
    let data = [("a", 0, plain((9, 0), 0, 1))];
    assert_eq!(rows(world.call(client, 9, request(Some("t"), 1, &data)))[0].0, 0);
}

/// API-40, API-39: partitions that moved to the same broker name one endpoint; a leader that is
/// down is not named.
#[test]
fn api_40_each_leader_has_one_endpoint() {
    let mut world = World::new(3, &[("a", 3, 3)]);
    for partition in 0..3 {
        world.elect("a", partition, if partition == 2 { 2 } else { 1 });
    }
    let client = world.connect(0);
    let batch = plain((7, 0), 0, 1);
    let data = [("a", 0, batch.clone()), ("a", 1, batch.clone()), ("a", 2, batch)];
    let ask = |world: &mut World, version| -> ProduceResponse {
        match world.call(client, version, request(None, 1, &data)) {
            Response::Produce(response) => response,
            _ => panic!("not a produce response"),
        }
    };
    let hints = |answer: &ProduceResponse| {
        let rows = answer.responses.iter().flat_map(|topic| &topic.partition_responses);
        rows.map(|row| (row.error_code, row.current_leader.leader_id.0)).collect::<Vec<_>>()
    };
    let endpoints = |answer: &ProduceResponse| {
        let endpoints = answer.node_endpoints.iter();
        endpoints.map(|endpoint| (endpoint.node_id.0, endpoint.port)).collect::<Vec<_>>()
    };
    let told = ask(&mut world, 10);
    assert_eq!(hints(&told), [(6, 1), (6, 1), (6, 2)]);
    assert_eq!(endpoints(&told), [(1, 9093), (2, 9094)]);
    let old = ask(&mut world, 9);
    assert_eq!((hints(&old), endpoints(&old)), (vec![(6, -1); 3], vec![]));

    let mut alone = World::new(2, &[("a", 1, 1)]);
    let leader = alone.cluster.leader_of("a", fencepost_ids::PartitionIndex(0)).unwrap().0;
    alone.crash(leader);
    let client = alone.connect(1 - leader);
    let data = [("a", 0, plain((7, 0), 0, 1))];
    let Response::Produce(answer) = alone.call(client, 10, request(None, 1, &data)) else {
        panic!("not a produce response")
    };
    assert_eq!((hints(&answer), endpoints(&answer)), (vec![(6, -1)], vec![]));
}
