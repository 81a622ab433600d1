//! OffsetCommit and OffsetFetch 10, which name topics by their ids.

use fencepost_ids::TopicId;
use fencepost_wire::messages::create_topics_request::CreatableTopic;
use fencepost_wire::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use fencepost_wire::messages::{CreateTopicsRequest, DeleteTopicsRequest, MetadataRequest};
use fencepost_wire::{FromWire, Release, ToWire};

use super::*;

const UNKNOWN: TopicId = TopicId([7; 16]);

fn world_4_2() -> World {
    let topics = [("__consumer_offsets", 1, 1), ("t", 3, 1), ("u", 1, 1)];
    World::with(1, &topics, |config| config.release = Release::V4_2)
}

fn id_of(world: &mut World, client: Client, name: &str) -> TopicId {
    let Response::Metadata(metadata) =
        world.call(client, 12, MetadataRequest::default().with_topics(None))
    else {
        panic!("not a Metadata response");
    };
    let mut topics = metadata.topics.into_iter();
    let found = topics.find(|it| it.name.as_ref() == Some(&topic(name))).unwrap();
    TopicId::from_wire(&found.topic_id)
}

/// Commits by ids as nobody: the topic, partition and error of each row of the answer.
fn commit_by_id(
    world: &mut World,
    client: Client,
    rows: &[(TopicId, i32, i64)],
) -> Vec<(TopicId, i32, i16)> {
    let topics = rows.iter().map(|(id, partition, offset)| {
        let row = OffsetCommitRequestPartition::default()
            .with_partition_index(*partition)
            .with_committed_offset(*offset);
        OffsetCommitRequestTopic::default().with_topic_id(id.to_wire()).with_partitions(vec![row])
    });
    let request = OffsetCommitRequest::default()
        .with_group_id(group(GROUP))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(topics.collect());
    let Response::OffsetCommit(answer) = world.call(client, 10, request) else {
        panic!("not an OffsetCommit response");
    };
    let rows = answer.topics.into_iter().flat_map(|topic| {
        let id = TopicId::from_wire(&topic.topic_id);
        topic.partitions.into_iter().map(move |row| (id, row.partition_index, row.error_code))
    });
    rows.collect()
}

/// The topic, partition, offset and error of each row that a fetch by ids answers.
fn fetch_by_id(
    world: &mut World,
    client: Client,
    asked: Option<&[(TopicId, i32)]>,
) -> Vec<(TopicId, i32, i64, i16)> {
    let topics = asked.map(|asked| {
        let topics = asked.iter().map(|(id, partition)| {
            OffsetFetchRequestTopics::default()
                .with_topic_id(id.to_wire())
                .with_partition_indexes(vec![*partition])
        });
        topics.collect()
    });
    let wanted = OffsetFetchRequestGroup::default()
        .with_group_id(group(GROUP))
        .with_member_epoch(-1)
        .with_topics(topics);
    let request = OffsetFetchRequest::default().with_groups(vec![wanted]);
    let Response::OffsetFetch(answer) = world.call(client, 10, request) else {
        panic!("not an OffsetFetch response");
    };
    let rows = answer.groups.into_iter().flat_map(|group| group.topics).flat_map(|topic| {
        let id = TopicId::from_wire(&topic.topic_id);
        topic
            .partitions
            .into_iter()
            .map(move |row| (id, row.partition_index, row.committed_offset, row.error_code))
    });
    rows.collect()
}

/// TXOFF-61: an id that nobody has answers 100; a partition that a known topic has not, 3.
#[test]
fn txoff_61_offsets_are_committed_by_topic_id() {
    let mut world = world_4_2();
    let client = world.connect(0);
    let id = id_of(&mut world, client, "t");
    let answered = commit_by_id(
        &mut world,
        client,
        &[(UNKNOWN, 0, 1), (id, 0, 6), (id, 5, 1), (TopicId::ZERO, 0, 1)],
    );
    assert_eq!(answered, [(UNKNOWN, 0, 100), (id, 5, 3), (id, 0, 0), (TopicId::ZERO, 0, 100)]);
    assert_eq!(commit_by_id(&mut world, client, &[(UNKNOWN, 2, 1)]), [(UNKNOWN, 2, 100)]);
    let by_name = fetched(Some(world.call(client, 7, fetch_request(Some(&[("t", 0)]), false))));
    assert_eq!(by_name, (0, vec![("t".to_owned(), 0, 6, 0)]));
}

/// TXOFF-53: an id that nobody has answers 100 on its partitions, and the others are answered by
/// their ids, as are all that the group has.
#[test]
fn txoff_53_offsets_are_fetched_by_topic_id() {
    let mut world = world_4_2();
    let client = world.connect(0);
    let (t, u) = (id_of(&mut world, client, "t"), id_of(&mut world, client, "u"));
    commit_by_id(&mut world, client, &[(t, 1, 6), (u, 0, 8)]);
    assert_eq!(
        fetch_by_id(&mut world, client, Some(&[(UNKNOWN, 0), (t, 1), (t, 2)])),
        [(t, 1, 6, 0), (t, 2, -1, 0), (UNKNOWN, 0, -1, 100)]
    );
    let mut all = fetch_by_id(&mut world, client, None);
    all.sort();
    let mut expected = [(t, 1, 6, 0), (u, 0, 8, 0)];
    expected.sort();
    assert_eq!(all, expected);
}

/// TXOFF-53, TXOFF-66: a topic that was created again under its name has no offsets.
#[test]
fn txoff_53_a_topic_of_the_same_name_is_another_topic() {
    let mut world = world_4_2();
    let client = world.connect(0);
    let old = id_of(&mut world, client, "t");
    commit_by_id(&mut world, client, &[(old, 0, 6)]);
    world.call(client, 5, DeleteTopicsRequest::default().with_topic_names(vec![topic("t")]));
    assert_eq!(fetch_by_id(&mut world, client, Some(&[(old, 0)])), [(old, 0, -1, 100)]);
    let again = CreatableTopic::default()
        .with_name(topic("t"))
        .with_num_partitions(1)
        .with_replication_factor(1);
    world.call(client, 7, CreateTopicsRequest::default().with_topics(vec![again]));
    let new = id_of(&mut world, client, "t");
    assert_ne!(new, old);
    assert_eq!(
        fetch_by_id(&mut world, client, Some(&[(new, 0), (old, 0)])),
        [(new, 0, -1, 0), (old, 0, -1, 100)]
    );
}
