"""Administration by confluent-kafka: topics, configurations, records, groups and their offsets."""

import time

from confluent_kafka import (
    ConsumerGroupState, ConsumerGroupTopicPartitions, ConsumerGroupType, IsolationLevel, KafkaException,
    TopicCollection, TopicPartition,
)
from confluent_kafka.admin import (
    AlterConfigOpType, ConfigEntry, ConfigResource, ConfigSource, NewPartitions, NewTopic, OffsetSpec,
)

import check
from cluster import COMMITTED, Partition, Record, send

MISSING = ("deletion of single offsets of a group, list, describe, fence and abort of transactions and "
           "describe of producers: the client has no such calls")


def run(cluster):
    admin = cluster.adapter.admin_client
    topic = cluster.named("topic")
    check.equal("the cluster has nodes", True, len(admin.describe_cluster().result(10).nodes) > 0)
    create(cluster, admin, topic)
    configs(cluster, admin, topic)
    records(cluster, admin, topic)
    partitions(cluster, admin, topic)
    admin.delete_topics([topic])[topic].result(10)
    check.eventually("the deleted topic is listed", False, lambda: topic in admin.list_topics(timeout=10).topics)
    raises(cluster, "delete it again", "UNKNOWN_TOPIC_OR_PART", admin.delete_topics([topic])[topic])
    for protocol in ("classic", "consumer"):
        groups(cluster, admin, protocol)
    offsets_by_isolation(cluster, admin)
    return f"without {MISSING}"


def raises(cluster, what, expected, future):
    check.raises(what, expected, cluster.adapter.describe, lambda: future.result(10))


def create(cluster, admin, topic):
    wanted = NewTopic(topic, 3, 1, config={"retention.ms": "86400000"})
    admin.create_topics([wanted], validate_only=True)[topic].result(10)
    check.equal("validation alone creates nothing", False, topic in admin.list_topics(timeout=10).topics)
    admin.create_topics([wanted])[topic].result(10)
    for what, expected, name, count, replicas, config in (
        ("create what exists", "TOPIC_ALREADY_EXISTS", topic, 3, 1, {}),
        ("a bad name", "TOPIC_EXCEPTION", "bad name!", 1, 1, {}),
        ("no partitions", "INVALID_PARTITIONS", f"{topic}-none", 0, 1, {}),
        ("more replicas than brokers", "INVALID_REPLICATION_FACTOR", f"{topic}-many", 1, 99, {}),
        ("a config of no topic", "INVALID_CONFIG", f"{topic}-odd", 1, 1, {"no.such": "1"}),
    ):
        raises(cluster, what, expected, admin.create_topics([NewTopic(name, count, replicas, config=config)])[name])
    check.eventually("partitions of the new topic", [0, 1, 2],
                     lambda: [p.id for p in describe(admin, topic).result(10).partitions])
    for partition in describe(admin, topic).result(10).partitions:
        leader = [partition.leader.id]
        check.equal("replicas and in-sync replicas are the leader alone", (leader, leader),
                    ([node.id for node in partition.replicas], [node.id for node in partition.isr]))
    raises(cluster, "describe what is unknown", "UNKNOWN_TOPIC_OR_PART", describe(admin, f"{topic}-unknown"))


def describe(admin, topic):
    return admin.describe_topics(TopicCollection([topic]))[topic]


def configs(cluster, admin, topic):
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)

    def config(name):
        entry = admin.describe_configs([resource])[resource].result(10)[name]
        return entry.value, ConfigSource(entry.source)

    def alter(*operations):
        changes = [ConfigEntry(name, value, incremental_operation=kind) for name, kind, value in operations]
        changed = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=changes)
        return admin.incremental_alter_configs([changed])[changed]

    check.equal("retention.ms", ("86400000", ConfigSource.DYNAMIC_TOPIC_CONFIG), config("retention.ms"))
    check.equal("cleanup.policy", ("delete", ConfigSource.DEFAULT_CONFIG), config("cleanup.policy"))
    alter(("retention.ms", AlterConfigOpType.SET, "7200000"),
          ("cleanup.policy", AlterConfigOpType.APPEND, "compact")).result(10)
    check.eventually("retention.ms set", "7200000", lambda: config("retention.ms")[0])
    check.equal("cleanup.policy appended to", "delete,compact", config("cleanup.policy")[0])
    alter(("retention.ms", AlterConfigOpType.DELETE, None),
          ("cleanup.policy", AlterConfigOpType.SUBTRACT, "compact")).result(10)
    check.eventually("retention.ms deleted", ("604800000", ConfigSource.DEFAULT_CONFIG),
                     lambda: config("retention.ms"))
    check.equal("cleanup.policy subtracted from", "delete", config("cleanup.policy")[0])
    raises(cluster, "a value that is no number", "INVALID_CONFIG",
           alter(("retention.ms", AlterConfigOpType.SET, "soon")))
    unknown = ConfigResource(ConfigResource.Type.TOPIC, f"{topic}-unknown")
    raises(cluster, "configs of an unknown topic", "UNKNOWN_TOPIC_OR_PART", admin.describe_configs([unknown])[unknown])
    node = ConfigResource(ConfigResource.Type.BROKER, str(admin.describe_cluster().result(10).nodes[0].id))
    check.equal("a broker's config", "0", admin.describe_configs([node])[node].result(10)
                ["group.initial.rebalance.delay.ms"].value)


def records(cluster, admin, topic):
    producer = cluster.producer()
    last = int(time.time() * 1000)
    # The timestamps fall, so that the greatest one is not the last.
    producer.send([Record(topic, 0, b"record-%d" % i, timestamp=last - i) for i in range(10)])
    producer.flush()
    for what, spec, expected in (
        ("earliest", OffsetSpec.earliest(), 0),
        ("latest", OffsetSpec.latest(), 10),
        ("greatest timestamp", OffsetSpec.max_timestamp(), 0),
        ("first at or after", OffsetSpec.for_timestamp(last - 1000), 0),
        ("none at or after", OffsetSpec.for_timestamp(last + 1), -1),
    ):
        check.equal(what, expected, offset(admin, topic, spec))

    def delete(before):
        at = TopicPartition(topic, 0, before)
        return admin.delete_records([at])[at]

    check.equal("low watermark", 4, delete(4).result(10).low_watermark)
    check.equal("earliest after deletion", 4, offset(admin, topic, OffsetSpec.earliest()))
    raises(cluster, "delete past the end", "OFFSET_OUT_OF_RANGE", delete(11))
    consumer = cluster.consumer(COMMITTED)
    check.equal("end", {Partition(topic, 0): 10}, consumer.ends([Partition(topic, 0)]))
    consumer.assign({Partition(topic, 0): 4})
    check.same_list("records left", [f"record-{i}" for i in range(4, 10)], [r.text for r in consumer.poll(5)])


def offset(admin, topic, spec, isolation=IsolationLevel.READ_UNCOMMITTED):
    at = TopicPartition(topic, 0)
    return admin.list_offsets({at: spec}, isolation_level=isolation)[at].result(10).offset


def partitions(cluster, admin, topic):
    admin.create_partitions([NewPartitions(topic, 5)])[topic].result(10)
    check.eventually("partitions added", 5, lambda: len(describe(admin, topic).result(10).partitions))
    for what, expected, name in (("fewer partitions", "INVALID_PARTITIONS", topic),
                                 ("an unknown topic", "UNKNOWN_TOPIC_OR_PART", f"{topic}-unknown")):
        raises(cluster, what, expected, admin.create_partitions([NewPartitions(name, 4)])[name])


def groups(cluster, admin, protocol):
    topic = cluster.topic(f"{protocol}-topic", 2)
    group = cluster.named(f"{protocol}-group")
    kind = ConsumerGroupType.CLASSIC if protocol == "classic" else ConsumerGroupType.CONSUMER
    both = {(topic, 0), (topic, 1)}
    member = cluster.consumer(COMMITTED, group=group, protocol=protocol)
    member.subscribe(topic)
    check.eventually("assignment", both, lambda: member.poll(0.05) or names(member.assigned()))
    member.consumer.commit(offsets=[TopicPartition(topic, 0, 0, metadata="first")], asynchronous=False)

    def listing():
        found = admin.list_consumer_groups().result(10).valid
        return [(g.state, g.type, g.is_simple_consumer_group) for g in found if g.group_id == group]

    def described():
        return admin.describe_consumer_groups([group])[group]

    def delete():
        return admin.delete_consumer_groups([group])[group]

    check.eventually("listed", [(ConsumerGroupState.STABLE, kind, False)], listing)
    only = admin.list_consumer_groups(states={ConsumerGroupState.STABLE}, types={kind}).result(10).valid
    check.equal("listed by state and type", True, group in [g.group_id for g in only])
    description = described().result(10)
    check.equal("described", (ConsumerGroupState.STABLE, kind, "range" if protocol == "classic" else "uniform"),
                (description.state, description.type, description.partition_assignor))
    check.equal("its members' assignments", [both],
                [names(m.assignment.topic_partitions) for m in description.members])
    check.equal("its member", [member.consumer.memberid()], [m.member_id for m in description.members])
    raises(cluster, "delete a group with members", "NON_EMPTY_GROUP", delete())
    raises(cluster, "alter offsets of a group with members", "UNKNOWN_MEMBER_ID", alter(admin, group, topic, 1, 7))
    member.close()

    check.eventually("empty after the member left", ConsumerGroupState.EMPTY, lambda: described().result(10).state)
    check.equal("offsets", {0: (0, "first")}, offsets(admin, group))
    alter(admin, group, topic, 1, 7).result(10)
    check.equal("offsets, altered", {0: (0, "first"), 1: (7, "")}, offsets(admin, group))
    delete().result(10)
    raises(cluster, "delete it again", "GROUP_ID_NOT_FOUND", delete())
    check.equal("listed after its deletion", [], listing())
    check.equal("offsets after its deletion", {}, offsets(admin, group))
    admin.delete_topics([topic])[topic].result(10)


def names(partitions):
    return {(at.topic, at.partition) for at in partitions}


def alter(admin, group, topic, partition, offset):
    request = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, partition, offset)])
    return FirstPartition(admin.alter_consumer_group_offsets([request])[group])


class FirstPartition:
    """An answer for each partition: the error of the first is the error."""

    def __init__(self, future):
        self.future = future

    def result(self, timeout):
        error = self.future.result(timeout).topic_partitions[0].error
        if error:
            raise KafkaException(error)


def offsets(admin, group):
    found = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(10)
    return {at.partition: (at.offset, at.metadata or "") for at in found.topic_partitions}


def offsets_by_isolation(cluster, admin):
    """The latest offset is the last stable one for read_committed."""
    topic = cluster.topic("open", 1)
    producer = cluster.transactional("open")
    producer.begin()
    send(producer, topic, 0, "open-1", "open-2")
    producer.flush()
    latest = OffsetSpec.latest()
    check.equal("latest, read_committed", 0, offset(admin, topic, latest, IsolationLevel.READ_COMMITTED))
    check.equal("latest, read_uncommitted", 2, offset(admin, topic, latest))
    producer.abort()
    check.eventually("latest, read_committed, aborted", 3,
                     lambda: offset(admin, topic, latest, IsolationLevel.READ_COMMITTED))
