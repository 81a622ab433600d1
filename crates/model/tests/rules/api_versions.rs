//! What a broker tells of its APIs and features.

use fencepost_wire::messages::update_features_request::FeatureUpdateKey;
use fencepost_wire::messages::{
    ApiVersionsRequest, ApiVersionsResponse, DescribeClusterRequest, GroupId, JoinGroupRequest,
    UpdateFeaturesRequest,
};
use fencepost_wire::{ApiKey, Release, Response, StrBytes};

use crate::world::World;

fn ask(world: &mut World, version: i16) -> ApiVersionsResponse {
    let client = world.connect(0);
    let request = ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("test"))
        .with_client_software_version(StrBytes::from_static_str("1"));
    match world.call(client, version, request) {
        Response::ApiVersions(response) => response,
        _ => panic!("not an ApiVersions response"),
    }
}

fn of_release(release: Release) -> World {
    World::with(1, &[], |config| {
        config.release = release;
        config.transaction_version = *release.transaction_versions().end();
    })
}

/// The versions listed for a key, if it is listed.
fn range(answer: &ApiVersionsResponse, key: i16) -> Option<(i16, i16)> {
    let listed = answer.api_keys.iter().find(|listed| listed.api_key == key)?;
    Some((listed.min_version, listed.max_version))
}

/// A key, and the first and last version that will do.
type Need = (i16, i16, i16);

/// API-04: the requirements of librdkafka's features: each needs every one of its APIs, with a
/// version in the given range.
const LIBRDKAFKA: [(&str, &[Need]); 7] = [
    ("message format 2", &[(0, 3, i16::MAX), (1, 4, i16::MAX)]),
    (
        "classic groups",
        &[
            (10, 0, i16::MAX),
            (11, 0, i16::MAX),
            (12, 0, i16::MAX),
            (13, 0, i16::MAX),
            (14, 0, i16::MAX),
            (8, 1, i16::MAX),
            (9, 1, i16::MAX),
        ],
    ),
    ("idempotence", &[(22, 0, i16::MAX)]),
    ("zstd", &[(0, 7, i16::MAX), (1, 10, i16::MAX)]),
    ("lz4", &[(10, 0, i16::MAX)]),
    ("SASL", &[(17, 1, 1), (36, 0, i16::MAX), (11, 0, 0)]),
    ("KIP-848 groups", &[(68, 0, i16::MAX), (8, 9, i16::MAX), (9, 9, i16::MAX)]),
];

#[test]
fn api_04_every_feature_of_librdkafka_is_on() {
    for release in Release::ALL {
        let answer = ask(&mut of_release(*release), 3);
        for (feature, needs) in LIBRDKAFKA {
            for (key, first, last) in needs {
                let overlaps =
                    range(&answer, *key).is_some_and(|(min, max)| min <= *last && max >= *first);
                assert!(overlaps, "{release}: {feature} needs key {key}");
            }
        }
    }
}

/// API-03: listed from version 0 on, and versions 0 and 1 are answered.
#[test]
fn api_03_the_first_versions_of_join_group_are_served() {
    for release in Release::ALL {
        let answer = ask(&mut of_release(*release), 0);
        assert_eq!(range(&answer, ApiKey::JoinGroup.code()), Some((0, 9)), "{release}");
    }
    let mut world = World::with(1, &[], |config| {
        config.settings.set("group.initial.rebalance.delay.ms", "0").unwrap();
    });
    let client = world.connect(0);
    crate::coordinators::create_both(&mut world);
    for version in 0..=1 {
        let group = StrBytes::from_string(format!("g{version}"));
        let request = JoinGroupRequest::default()
            .with_group_id(GroupId(group))
            .with_session_timeout_ms(10_000)
            .with_rebalance_timeout_ms(10_000)
            .with_protocol_type(StrBytes::from_static_str("consumer"))
            .with_protocols(vec![Default::default()]);
        let joined = world.send(client, version, request);
        world.advance(0);
        let Some(Response::JoinGroup(joined)) = world.answer(joined) else { panic!("no answer") };
        assert_eq!((joined.error_code, joined.generation_id), (0, 1), "version {version}");
        assert_eq!(joined.leader, joined.member_id);
    }
}

/// API-08: the fields that each version has.
#[test]
fn api_08_one_entry_for_each_key_and_features_from_version_3_on() {
    let mut world = World::new(1, &[]);
    for version in 0..=4 {
        let answer = ask(&mut world, version);
        assert_eq!(answer.error_code, 0);
        let keys: Vec<_> = answer.api_keys.iter().map(|listed| listed.api_key).collect();
        let all: Vec<_> = ApiKey::ALL.iter().map(|api| api.code()).collect();
        assert_eq!(keys, all);
        assert_eq!(answer.throttle_time_ms, 0);
        let has_features = version >= 3;
        assert_eq!(answer.supported_features.is_empty(), !has_features, "version {version}");
        assert_eq!(answer.finalized_features.is_empty(), !has_features, "version {version}");
        assert_eq!(answer.finalized_features_epoch >= 0, has_features, "version {version}");
        assert!(!answer.zk_migration_ready);
    }
}

/// API-01, FETCH-01, FETCH-15 and the table of section 4.1: the ranges that differ by release.
#[test]
fn fetch_01_and_api_01_the_ranges_of_each_release() {
    let ranges = |release| {
        let answer = ask(&mut of_release(release), 0);
        [0, 1, 2, 27, 66].map(|key| range(&answer, key).expect("listed"))
    };
    assert_eq!(ranges(Release::V4_0), [(0, 12), (4, 17), (1, 10), (1, 1), (0, 1)]);
    assert_eq!(ranges(Release::V4_1), [(0, 13), (4, 18), (1, 10), (1, 1), (0, 2)]);
    assert_eq!(ranges(Release::V4_2), [(0, 13), (4, 18), (1, 11), (1, 2), (0, 2)]);
    assert_eq!(ranges(Release::V4_4), [(0, 13), (4, 18), (1, 11), (1, 2), (0, 2)]);
    let newest = |release| {
        let answer = ask(&mut of_release(release), 0);
        [18, 28, 42].map(|key| range(&answer, key).expect("listed"))
    };
    assert_eq!(newest(Release::V4_3), [(0, 4), (0, 5), (0, 2)]);
    assert_eq!(newest(Release::V4_4), [(0, 5), (0, 6), (0, 3)]);
}

/// API-62: a client that means another broker is told so.
#[test]
fn api_62_a_client_says_which_broker_it_means() {
    let mut world = of_release(Release::V4_4);
    let client = world.connect(0);
    let Response::DescribeCluster(cluster) =
        world.call(client, 0, DescribeClusterRequest::default())
    else {
        panic!("not a DescribeCluster response")
    };
    let own = Some(cluster.cluster_id);
    let other = Some(StrBytes::from_static_str("another"));
    let cases = [
        (None, -1, 0),
        (own.clone(), 0, 0),
        (own.clone(), 1, 129),
        (other.clone(), 0, 129),
        (own, -1, 42),
        (other, -1, 42),
        (None, 0, 42),
    ];
    for (cluster_id, node_id, error) in cases {
        let text = StrBytes::from_static_str;
        let request = fencepost_wire::ApiVersionsRequest {
            client_software_name: text("test"),
            client_software_version: text("1"),
            cluster_id: cluster_id.clone(),
            node_id,
        };
        let Response::ApiVersions(answer) = world.call(client, 5, request) else {
            panic!("not an ApiVersions response")
        };
        assert_eq!(answer.error_code, error, "{cluster_id:?} {node_id}");
        assert_eq!(answer.api_keys.is_empty(), error != 0);
    }
}

fn levels(answer: &ApiVersionsResponse, name: &str) -> [Option<(i16, i16)>; 2] {
    let supported = answer.supported_features.iter().find(|it| &*it.name == name);
    let finalized = answer.finalized_features.iter().find(|it| &*it.name == name);
    [
        supported.map(|it| (it.min_version, it.max_version)),
        finalized.map(|it| (it.min_version_level, it.max_version_level)),
    ]
}

/// FEAT-01, API-12, API-13: what versions 3 and 4 tell of a feature at each level.
#[test]
fn feat_01_and_api_12_finalized_levels_are_told_alike_and_supported_ranges_from_version_4_on() {
    for level in 0..=2 {
        let mut world = World::with(1, &[], |config| config.transaction_version = level);
        let finalized = (level > 0).then_some((level, level));
        let name = "transaction.version";
        let three = ask(&mut world, 3);
        let four = ask(&mut world, 4);
        assert_eq!(levels(&three, name), [None, finalized]);
        assert_eq!(levels(&four, name), [Some((0, 2)), finalized]);
        assert_eq!(three.finalized_features, four.finalized_features);
        let begins_at_0 = |answer: &ApiVersionsResponse| {
            answer.supported_features.iter().any(|feature| feature.min_version == 0)
        };
        assert!(!begins_at_0(&three) && begins_at_0(&four));
        let metadata = levels(&three, "metadata.version");
        assert_eq!(metadata, [Some((7, 29)), Some((29, 29))]);
        assert!(three.finalized_features_epoch >= 0);
    }
}

fn finalize(world: &mut World, level: i16) {
    let client = world.connect(0);
    let update = FeatureUpdateKey::default()
        .with_feature(StrBytes::from_static_str("transaction.version"))
        .with_max_version_level(level)
        .with_upgrade_type(2);
    let request = UpdateFeaturesRequest::default().with_feature_updates(vec![update]);
    let Response::UpdateFeatures(response) = world.call(client, 1, request) else {
        panic!("not an UpdateFeatures response")
    };
    assert_eq!(response.error_code, 0);
}

/// API-14, the broker's side: a changed level and a higher epoch are told to whoever asks next,
/// while the versions of the APIs stay, so that the level alone decides what a client sends. The
/// client's side is in `sim-tests/clients`.
#[test]
fn api_14_a_changed_level_is_told_with_a_higher_epoch() {
    let mut world = World::new(1, &[]);
    let before = ask(&mut world, 4);
    finalize(&mut world, 1);
    let after = ask(&mut world, 4);
    assert_eq!(levels(&before, "transaction.version")[1], Some((2, 2)));
    assert_eq!(levels(&after, "transaction.version")[1], Some((1, 1)));
    assert!(after.finalized_features_epoch > before.finalized_features_epoch);
    assert_eq!(before.api_keys, after.api_keys);
    for (key, last) in [(0, 13), (24, 5), (25, 4), (26, 5), (28, 5)] {
        assert_eq!(range(&after, key).map(|range| range.1), Some(last));
    }
}
