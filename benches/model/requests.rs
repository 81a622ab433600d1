//! One small request to one broker of three.

use criterion::Criterion;
use fencepost_benches::World;
use fencepost_ids::TopicName;
use fencepost_wire::messages::metadata_request::MetadataRequestTopic;
use fencepost_wire::messages::{ApiVersionsRequest, GroupId, HeartbeatRequest, MetadataRequest};
use fencepost_wire::{Request, StrBytes, ToWire};

use crate::timed;

pub(crate) fn bench(criterion: &mut Criterion) {
    let heartbeat = HeartbeatRequest::default()
        .with_group_id(GroupId(StrBytes::from_static_str("group")))
        .with_member_id(StrBytes::from_static_str("member"));
    let topic =
        MetadataRequestTopic::default().with_name(Some(TopicName::from("orders").to_wire()));
    let metadata = MetadataRequest::default().with_topics(Some(vec![topic]));
    let mut group = criterion.benchmark_group("small request, 3 brokers");
    let mut measure = |name: &str, version: i16, request: Request| {
        let mut world = World::new(3, 3);
        let broker = world.coordinator("group", 0);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                timed(
                    iterations,
                    &mut world,
                    |world| world.input(broker, version, request.clone()),
                    World::step,
                    |_, answer| assert!(answer.is_some(), "answered at once"),
                )
            });
        });
    };
    measure("Heartbeat v4 of an unknown member", 4, heartbeat.into());
    measure("ApiVersions v3", 3, ApiVersionsRequest::default().into());
    measure("Metadata v12 of one topic of 3 partitions", 12, metadata.into());
}
