"""Administration by aiokafka: topics, configurations, records, groups. Its answers are the protocol's own."""

from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

import check
from adapters.event_loop import wait
from cluster import COMMITTED, Record

MISSING = ("incremental changes of configurations, deletion of groups, alteration and deletion of their offsets, "
           "and all of transactions and producers: the client has no such calls")


def run(cluster):
    admin = cluster.adapter.admin_client
    topic = cluster.named("topic")
    check.equal("the cluster has nodes", True, len(wait(admin.describe_cluster())["brokers"]) > 0)
    create(admin, topic)
    configs(admin, topic)
    records(cluster, admin, topic)
    raises(cluster, "fewer partitions", "InvalidPartitionsError", lambda: widen(admin, topic, 2))
    widen(admin, topic, 5)
    check.eventually("partitions added", [0, 1, 2, 3, 4], lambda: indexes(admin, topic))
    check.equal("delete the topic", ["NoError"], names_of(wait(admin.delete_topics([topic])).topic_error_codes))
    check.eventually("the deleted topic is listed", False, lambda: topic in wait(admin.list_topics()))
    check.equal("delete it again", ["UnknownTopicOrPartitionError"],
                names_of(wait(admin.delete_topics([topic])).topic_error_codes))
    groups(cluster, admin)
    return f"without {MISSING}"


def raises(cluster, what, expected, call):
    check.raises(what, expected, cluster.adapter.describe, call)


def names_of(results):
    """The errors of an answer with one (name, code, ...) for each thing that was asked."""
    return [for_code(result[1]).__name__ for result in results]


def widen(admin, topic, count):
    wait(admin.create_partitions({topic: NewPartitions(count)}))


def indexes(admin, topic):
    return sorted(p["partition"] for p in wait(admin.describe_topics([topic]))[0]["partitions"])


def create(admin, topic):
    def created(name, count=1, replicas=1, validate_only=False, **config):
        configs = {key.replace("_", "."): value for key, value in config.items()}
        new = NewTopic(name, count, replicas, topic_configs=configs)
        return names_of(wait(admin.create_topics([new], validate_only=validate_only)).topic_errors)

    check.equal("validate", ["NoError"], created(topic, 3, validate_only=True, retention_ms="86400000"))
    check.equal("validation alone creates nothing", False, topic in wait(admin.list_topics()))
    check.equal("create", ["NoError"], created(topic, 3, retention_ms="86400000"))
    check.eventually("partitions of the new topic", [0, 1, 2], lambda: indexes(admin, topic))
    for partition in wait(admin.describe_topics([topic]))[0]["partitions"]:
        leader = [partition["leader"]]
        check.equal("replicas and in-sync replicas are the leader alone", (leader, leader),
                    (partition["replicas"], partition["isr"]))
    check.equal("create what exists", ["TopicAlreadyExistsError"], created(topic, 3))
    check.equal("a bad name", ["InvalidTopicError"], created("bad name!"))
    check.equal("no partitions", ["InvalidPartitionsError"], created(f"{topic}-none", 0))
    check.equal("more replicas than brokers", ["InvalidReplicationFactorError"], created(f"{topic}-many", 1, 99))
    check.equal("a config of no topic", ["InvalidConfigurationError"], created(f"{topic}-odd", no_such="1"))


def configs(admin, topic):
    def described(kind, name):
        [answer] = wait(admin.describe_configs([ConfigResource(kind, name)]))
        [(code, _, _, _, entries)] = answer.resources
        return for_code(code).__name__, {entry[0]: entry[1] for entry in entries}

    def altered(**changes):
        resource = ConfigResource(ConfigResourceType.TOPIC, topic,
                                  {name.replace("_", "."): value for name, value in changes.items()})
        [answer] = wait(admin.alter_configs([resource]))
        return [for_code(code).__name__ for code, *_ in answer.resources]

    def config(name):
        return described(ConfigResourceType.TOPIC, topic)[1][name]

    check.equal("retention.ms", "86400000", config("retention.ms"))
    # This call replaces all that was set before.
    check.equal("alter", ["NoError"], altered(cleanup_policy="compact"))
    check.eventually("cleanup.policy set", "compact", lambda: config("cleanup.policy"))
    check.equal("retention.ms back at its default", "604800000", config("retention.ms"))
    check.equal("a value that is no number", ["InvalidConfigurationError"], altered(retention_ms="soon"))
    check.equal("alter again", ["NoError"], altered(cleanup_policy="delete"))
    check.eventually("cleanup.policy set again", "delete", lambda: config("cleanup.policy"))
    check.equal("configs of an unknown topic", "UnknownTopicOrPartitionError",
                described(ConfigResourceType.TOPIC, f"{topic}-unknown")[0])
    node = str(wait(admin.describe_cluster())["brokers"][0]["node_id"])
    check.equal("a broker's config", "0",
                described(ConfigResourceType.BROKER, node)[1]["group.initial.rebalance.delay.ms"])


def records(cluster, admin, topic):
    at = TopicPartition(topic, 0)
    producer = cluster.producer()
    producer.send([Record(topic, 0, b"record-%d" % i) for i in range(10)])
    producer.flush()
    check.equal("low watermark", {at: 4}, wait(admin.delete_records({at: RecordsToDelete(4)})))
    raises(cluster, "delete past the end", "OffsetOutOfRangeError",
           lambda: wait(admin.delete_records({at: RecordsToDelete(11)})))
    consumer = cluster.consumer(COMMITTED)
    check.equal("earliest", {at: 4}, wait(consumer.consumer.beginning_offsets([at])))
    consumer.assign({at: 4})
    check.same_list("records left", [f"record-{i}" for i in range(4, 10)], [r.text for r in consumer.poll(5)])
    # A client with an interest in the topic would have it made anew when it is deleted.
    consumer.close()
    producer.close()
    check.equal("low watermark at the end", {at: 10}, wait(admin.delete_records({at: RecordsToDelete(-1)})))


def groups(cluster, admin):
    topic, group = cluster.topic("group-topic", 2), cluster.named("group")
    zero, one = TopicPartition(topic, 0), TopicPartition(topic, 1)
    member = cluster.consumer(COMMITTED, group=group)
    member.subscribe(topic)
    check.eventually("assignment", {zero, one}, lambda: set(member.assigned()))
    wait(member.consumer.commit({zero: (0, "first"), one: (7, "second")}))

    def described():
        [answer] = wait(admin.describe_consumer_groups([group]))
        [(code, name, state, kind, protocol, members, *_)] = answer.groups
        return for_code(code).__name__, name, state, kind, protocol, len(members)

    check.equal("listed", [(group, "consumer")], [g for g in wait(admin.list_consumer_groups()) if g[0] == group])
    check.eventually("described", ("NoError", group, "Stable", "consumer", "roundrobin", 1), described)
    check.equal("offsets", {zero: (0, "first"), one: (7, "second")},
                {at: tuple(offset) for at, offset in wait(admin.list_consumer_group_offsets(group)).items()})
    member.close()
    check.eventually("empty after the member left", ("NoError", group, "Empty", "consumer", "", 0), described)
    wait(admin.delete_topics([topic]))
