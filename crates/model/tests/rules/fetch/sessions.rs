//! Fetch sessions: FETCH-03 to FETCH-13, FETCH-31.

use fencepost_ids::{ErrorCode, TopicId};
use fencepost_wire::messages::FetchRequest;
use fencepost_wire::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use fencepost_wire::{FetchResponse, Response, ToWire};

use super::{body, bytes, request};
use crate::produce;
use crate::topics::topic_id;
use crate::world::{Client, World, plain, transactional};

/// Longer than a session is kept from being replaced (FETCH-10).
const EVICTION_MS: i64 = 120_001;

/// A full fetch that asks for a session.
fn opening(partitions: &[(&str, i32, i64)]) -> FetchRequest {
    request(0, 0, partitions).with_session_epoch(0)
}

/// An incremental fetch.
fn next(session: i32, epoch: i32, partitions: &[(&str, i32, i64)]) -> FetchRequest {
    request(0, 0, partitions).with_session_id(session).with_session_epoch(epoch)
}

fn fetch(world: &mut World, client: Client, request: FetchRequest) -> FetchResponse {
    body(world.call(client, 12, request))
}

/// The partitions of an answer and how many bytes of records each has.
fn served(response: &FetchResponse) -> Vec<(i32, usize)> {
    let rows = response.topics.iter().flat_map(|topic| &topic.partitions);
    rows.map(|row| (row.partition_index.0, bytes(row))).collect()
}

fn append(world: &mut World, client: Client, partition: i32, base_sequence: i32) {
    let data = [("a", partition, plain((7, 0), base_sequence, 1))];
    world.call(client, 9, produce::request(None, -1, &data));
}

#[test]
fn fetch_03_a_full_fetch_makes_a_session_or_ends_one() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let made = fetch(&mut world, client, opening(&[("a", 0, 0)])).session_id;
    assert!(made > 0);
    let full = request(0, 0, &[("a", 0, 0)]).with_session_id(made);
    let ended = fetch(&mut world, client, full);
    assert_eq!((ended.session_id, served(&ended)), (0, vec![(0, 0)]));
    let gone = fetch(&mut world, client, next(made, 1, &[]));
    assert_eq!(gone.error_code, ErrorCode::FetchSessionIdNotFound);
    let first = fetch(&mut world, client, opening(&[("a", 0, 0)])).session_id;
    let renewed = opening(&[("a", 0, 0)]).with_session_id(first);
    let second = fetch(&mut world, client, renewed).session_id;
    assert!(second > 0 && second != first);
    let gone = fetch(&mut world, client, next(first, 1, &[]));
    assert_eq!(gone.error_code, ErrorCode::FetchSessionIdNotFound);
}

#[test]
fn fetch_04_an_incremental_fetch_must_fit_its_session() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let session = fetch(&mut world, client, opening(&[("a", 0, 0)])).session_id;
    let refused = |world: &mut World, version, request| {
        let response = body(world.call(client, version, request));
        assert_eq!((response.session_id, response.topics.len()), (0, 0));
        response.error_code
    };
    let unknown = if session == 1 { 2 } else { 1 };
    let error = refused(&mut world, 12, next(unknown, 1, &[]));
    assert_eq!(error, ErrorCode::FetchSessionIdNotFound);
    for epoch in [2, i32::MAX] {
        let error = refused(&mut world, 12, next(session, epoch, &[]));
        assert_eq!(error, ErrorCode::InvalidFetchSessionEpoch);
    }
    let error = refused(&mut world, 13, next(session, 1, &[]));
    assert_eq!(error, ErrorCode::FetchSessionTopicIdError);
    let good = fetch(&mut world, client, next(session, 1, &[]));
    assert_eq!((good.error_code, good.session_id), (ErrorCode::None, session));
    let repeated = refused(&mut world, 12, next(session, 1, &[]));
    assert_eq!(repeated, ErrorCode::InvalidFetchSessionEpoch);
}

#[test]
fn fetch_05_a_session_keeps_what_the_client_does_not_repeat() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    append(&mut world, client, 0, 0);
    append(&mut world, client, 1, 0);
    let session = fetch(&mut world, client, opening(&[("a", 0, 0)])).session_id;
    let again = fetch(&mut world, client, next(session, 1, &[]));
    let size = served(&again)[0].1;
    assert_eq!(served(&again), [(0, size)], "the offset is not moved on by the broker");
    let added = fetch(&mut world, client, next(session, 2, &[("a", 0, 1), ("a", 1, 0)]));
    assert_eq!(served(&added), [(1, size)], "nothing new at the end of partition 0");
    append(&mut world, client, 0, 1);
    let both = fetch(&mut world, client, next(session, 3, &[("a", 1, 1)]));
    assert_eq!(served(&both), [(0, size)]);
}

#[test]
fn fetch_06_a_session_without_partitions_ends() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    let session = fetch(&mut world, client, opening(&[("a", 0, 0), ("a", 1, 0)])).session_id;
    let forget = |epoch, partition| {
        let topic = request(0, 0, &[("a", 0, 0)]).topics[0].topic.clone();
        let forgotten =
            ForgottenTopic::default().with_topic(topic).with_partitions(vec![partition]);
        next(session, epoch, &[]).with_forgotten_topics_data(vec![forgotten])
    };
    assert_eq!(fetch(&mut world, client, forget(1, 0)).session_id, session);
    let last = fetch(&mut world, client, forget(2, 1));
    assert_eq!((last.error_code, last.session_id), (ErrorCode::None, 0));
    let gone = fetch(&mut world, client, next(session, 3, &[]));
    assert_eq!(gone.error_code, ErrorCode::FetchSessionIdNotFound);
}

#[test]
fn fetch_08_busy_partitions_take_turns() {
    let mut world = World::new(1, &[("a", 2, 1)]);
    let client = world.connect(0);
    append(&mut world, client, 0, 0);
    append(&mut world, client, 1, 0);
    let tight = |request: FetchRequest| request.with_max_bytes(1);
    let opened = fetch(&mut world, client, tight(opening(&[("a", 0, 0), ("a", 1, 0)])));
    let with_data = |response: &FetchResponse| {
        let rows = served(response).into_iter().filter(|(_, bytes)| *bytes > 0);
        rows.map(|(partition, _)| partition).collect::<Vec<_>>()
    };
    assert_eq!(with_data(&opened), [0]);
    let turns: Vec<_> = (1..5)
        .map(|epoch| {
            let response = fetch(&mut world, client, tight(next(opened.session_id, epoch, &[])));
            with_data(&response)
        })
        .collect();
    assert!(turns.windows(2).all(|pair| pair[0] != pair[1] && pair[0].len() == 1), "{turns:?}");
}

#[test]
fn fetch_10_room_for_sessions() {
    let with_slots = |slots| {
        World::with(1, &[("a", 2, 1)], |config| {
            config.settings.set("max.incremental.fetch.session.cache.slots", slots).unwrap();
        })
    };
    let mut world = with_slots("0");
    let client = world.connect(0);
    let answer = fetch(&mut world, client, opening(&[("a", 0, 0)]));
    assert_eq!((answer.session_id, served(&answer)), (0, vec![(0, 0)]), "clients go on without");

    let mut world = with_slots("1");
    let client = world.connect(0);
    let old = fetch(&mut world, client, opening(&[("a", 0, 0), ("a", 1, 0)])).session_id;
    world.advance(EVICTION_MS / 2 + 1);
    let refused = fetch(&mut world, client, opening(&[("a", 0, 0)]));
    assert_eq!(refused.session_id, 0, "too young to be replaced");
    assert_eq!(fetch(&mut world, client, next(old, 1, &[])).session_id, old);
    world.advance(EVICTION_MS / 2 + 1);
    let smaller = fetch(&mut world, client, opening(&[("a", 0, 0)]));
    assert_eq!(smaller.session_id, 0, "worth less than the old one, which is in use");
    let equal = fetch(&mut world, client, opening(&[("a", 0, 0), ("a", 1, 0)])).session_id;
    assert!(equal > 0);
    assert_eq!(
        fetch(&mut world, client, next(old, 2, &[])).error_code,
        ErrorCode::FetchSessionIdNotFound
    );
    world.advance(EVICTION_MS);
    let idle = fetch(&mut world, client, opening(&[("a", 0, 0)])).session_id;
    assert!(idle > 0, "one that nobody used makes room for any");
}

/// A partition by topic id, as from version 13 on.
pub fn by_id(id: TopicId, session: (i32, i32)) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_partition(0)
        .with_current_leader_epoch(-1)
        .with_last_fetched_epoch(-1)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default().with_topic_id(id.to_wire()).with_partitions(vec![partition]);
    let (session, epoch) = session;
    request(0, 0, &[]).with_session_id(session).with_session_epoch(epoch).with_topics(vec![topic])
}

#[test]
fn fetch_13_an_unknown_topic_id_stays_in_the_session_until_it_is_known() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let known = topic_id(&mut world, client, "a");
    let opened = body(world.call(client, 13, by_id(known, (0, 0)))).session_id;
    let future = {
        let mut later = world.clone();
        topic_id(&mut later, client, "b")
    };
    let unknown = body(world.call(client, 13, by_id(future, (opened, 1))));
    let row = &unknown.topics[0].partitions[0];
    assert_eq!((unknown.session_id, row.error_code), (opened, ErrorCode::UnknownTopicId));
    assert_eq!(topic_id(&mut world, client, "b"), future);
    let incremental = request(0, 0, &[]).with_session_id(opened).with_session_epoch(2);
    let resolved = body(world.call(client, 13, incremental));
    assert_eq!(resolved.topics.len(), 1);
    assert_eq!(resolved.topics[0].topic_id, future);
    assert_eq!(resolved.topics[0].partitions[0].error_code, ErrorCode::None);
}

#[test]
fn fetch_31_the_isolation_level_is_each_requests_own() {
    let mut world = World::with(1, &[("a", 1, 1)], |config| {
        config.settings.set("transaction.partition.verification.enable", "false").unwrap();
    });
    let client = world.connect(0);
    let open = [("a", 0, transactional((7, 0), 0, 1))];
    world.call(client, 9, produce::request(Some("t"), -1, &open));
    let session = fetch(&mut world, client, opening(&[("a", 0, 0)])).session_id;
    for epoch in 1..5 {
        let isolation = (epoch % 2) as i8;
        let asked = next(session, epoch, &[("a", 0, 0)]).with_isolation_level(isolation);
        let answer = fetch(&mut world, client, asked);
        let has_records = served(&answer).iter().any(|(_, bytes)| *bytes > 0);
        assert_eq!(has_records, isolation == 0, "request {epoch}");
    }
}

#[test]
fn fetch_04_versions_before_sessions_have_none() {
    let mut world = World::new(1, &[("a", 1, 1)]);
    let client = world.connect(0);
    let Response::Fetch(answer) = world.call(client, 6, request(0, 0, &[("a", 0, 0)])) else {
        panic!("not a fetch response")
    };
    assert_eq!((answer.session_id, served(&answer)), (0, vec![(0, 0)]));
}
