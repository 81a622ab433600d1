"""Administration by kafka-python: topics, configurations, records, groups, offsets, transactions, producers."""

import re
import time

from kafka import TopicPartition
from kafka.admin import (
    AbortTransactionSpec, AlterConfigOp, ConfigResource, ConfigResourceType, OffsetSpec, OffsetTimestamp,
)
from kafka.errors import for_code
from kafka.structs import OffsetAndMetadata

import check
from cluster import COMMITTED, Record, send

MISSING = "fence producers: the client has no such call"


def run(cluster):
    admin = cluster.adapter.admin_client
    topic = cluster.named("topic")
    check.equal("the cluster has nodes", True, len(admin.describe_cluster()["brokers"]) > 0)
    create(cluster, admin, topic)
    configs(cluster, admin, topic)
    records(cluster, admin, topic)
    raises(cluster, "fewer partitions", "InvalidPartitionsError", lambda: admin.create_partitions({topic: 2}))
    admin.create_partitions({topic: 5})
    check.eventually("partitions added", list(range(5)), lambda: indexes(admin, topic))
    admin.delete_topics([topic])
    check.eventually("the deleted topic is listed", False, lambda: topic in names(admin))
    raises(cluster, "delete it again", "UnknownTopicOrPartitionError", lambda: admin.delete_topics([topic]))
    groups(cluster, admin)
    transactions(cluster, admin)
    return f"without {MISSING}"


def raises(cluster, what, expected, call):
    check.raises(what, expected, cluster.adapter.describe, call)


def names(admin):
    return {found["name"] if isinstance(found, dict) else found for found in admin.list_topics()}


def indexes(admin, topic):
    return sorted(p["partition_index"] for p in admin.describe_topics([topic])[0]["partitions"])


def create(cluster, admin, topic):
    def topics(name, count=1, replicas=1, **config):
        return {name: {"num_partitions": count, "replication_factor": replicas,
                       "configs": {key.replace("_", "."): value for key, value in config.items()}}}

    wanted = topics(topic, 3, retention_ms="86400000")
    admin.create_topics(wanted, validate_only=True)
    check.equal("validation alone creates nothing", False, topic in names(admin))
    admin.create_topics(wanted, wait_for_metadata=True)
    check.equal("partitions of the new topic", [0, 1, 2], indexes(admin, topic))
    for partition in admin.describe_topics([topic])[0]["partitions"]:
        leader = [partition["leader_id"]]
        check.equal("replicas and in-sync replicas are the leader alone", (leader, leader),
                    (partition["replica_nodes"], partition["isr_nodes"]))
    for what, expected, refused in (
        ("create what exists", "TopicAlreadyExistsError", wanted),
        ("a bad name", "InvalidTopicError", topics("bad name!")),
        ("no partitions", "InvalidPartitionsError", topics(f"{topic}-none", 0)),
        ("more replicas than brokers", "InvalidReplicationFactorError", topics(f"{topic}-many", 1, 99)),
        ("a config of no topic", "InvalidConfigurationError", topics(f"{topic}-odd", no_such="1")),
    ):
        raises(cluster, what, expected, lambda: admin.create_topics(refused))
    unknown = admin.describe_topics([f"{topic}-unknown"])[0]
    check.equal("describe what is unknown", "UnknownTopicOrPartitionError", for_code(unknown["error_code"]).__name__)


def configs(cluster, admin, topic):
    def config(name):
        found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
        entry = found["topic"][topic][name]
        return entry["value"], entry["config_source"]

    def alter(**changes):
        resource = ConfigResource(ConfigResourceType.TOPIC, topic,
                                  {name.replace("_", "."): change for name, change in changes.items()})
        return admin.alter_configs([resource])

    check.equal("retention.ms", ("86400000", "DYNAMIC_TOPIC_CONFIG"), config("retention.ms"))
    check.equal("cleanup.policy", ("delete", "DEFAULT_CONFIG"), config("cleanup.policy"))
    alter(retention_ms="7200000", cleanup_policy=(AlterConfigOp.APPEND, "compact"))
    check.eventually("retention.ms set", "7200000", lambda: config("retention.ms")[0])
    check.equal("cleanup.policy appended to", "delete,compact", config("cleanup.policy")[0])
    alter(retention_ms=(AlterConfigOp.DELETE, None), cleanup_policy=(AlterConfigOp.SUBTRACT, "compact"))
    check.eventually("retention.ms deleted", ("604800000", "DEFAULT_CONFIG"), lambda: config("retention.ms"))
    check.equal("cleanup.policy subtracted from", "delete", config("cleanup.policy")[0])
    refused = alter(retention_ms="soon")["topic"][topic]
    check.equal("a value that is no number", "InvalidConfigurationError", re.search(r"\w+Error", str(refused))[0])
    node = str(admin.describe_cluster()["brokers"][0]["broker_id"])
    found = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, node)], config_filter="all")
    check.equal("a broker's config", "0", found["broker"][node]["group.initial.rebalance.delay.ms"]["value"])


def records(cluster, admin, topic):
    at = TopicPartition(topic, 0)
    producer = cluster.producer()
    last = int(time.time() * 1000)
    # The timestamps fall, so that the greatest one is not the last.
    producer.send([Record(topic, 0, b"record-%d" % i, timestamp=last - i) for i in range(10)])
    producer.flush()

    def offset(spec):
        return admin.list_partition_offsets({at: spec})[at].offset

    for what, spec, expected in (
        ("earliest", OffsetSpec.EARLIEST, 0),
        ("latest", OffsetSpec.LATEST, 10),
        ("greatest timestamp", OffsetSpec.MAX_TIMESTAMP, 0),
        ("first at or after", OffsetTimestamp(last - 1000), 0),
        ("none at or after", OffsetTimestamp(last + 1), -1),
    ):
        check.equal(what, expected, offset(spec))
    check.equal("low watermark", 4, admin.delete_records({at: 4})[at]["low_watermark"])
    check.equal("earliest after deletion", 4, offset(OffsetSpec.EARLIEST))
    raises(cluster, "delete past the end", "OffsetOutOfRangeError", lambda: admin.delete_records({at: 11}))
    consumer = cluster.consumer(COMMITTED)
    consumer.assign({(topic, 0): 4})
    check.same_list("records left", [f"record-{i}" for i in range(4, 10)], [r.text for r in consumer.poll(5)])
    check.equal("low watermark at the end", 10, admin.delete_records({at: -1})[at]["low_watermark"])


def groups(cluster, admin):
    topic, group = cluster.topic("group-topic", 2), cluster.named("group")
    zero, one = TopicPartition(topic, 0), TopicPartition(topic, 1)
    member = cluster.consumer(COMMITTED, group=group)
    member.subscribe(topic)
    check.eventually("assignment", {zero, one}, lambda: member.poll(0.05) or set(member.assigned()))
    member.consumer.commit({zero: OffsetAndMetadata(0, "first", -1)})

    def listing(**only):
        return [(g["group_state"], g["group_type"], g["protocol_type"])
                for g in admin.list_groups(**only) if g["group_id"] == group]

    def described():
        return admin.describe_groups([group])[group]

    check.eventually("listed", [("Stable", "classic", "consumer")], listing)
    check.equal("listed by state and type", 1, len(listing(states_filter=["Stable"], types_filter=["classic"])))
    check.equal("none of another state", [], listing(states_filter=["Empty"]))
    check.equal("described", ("Stable", "consumer", "range"),
                tuple(described()[key] for key in ("group_state", "protocol_type", "protocol_data")))
    check.equal("its member", [member.consumer.group_metadata().member_id],
                [m["member_id"] for m in described()["members"]])
    check.equal("delete a group with members", {group: "NonEmptyGroupError"}, admin.delete_groups([group]))
    check.equal("alter offsets of a group with members", "UnknownMemberIdError",
                admin.alter_group_offsets(group, {one: OffsetAndMetadata(7, "set", 0)})[one].__name__)
    check.equal("delete an offset that is subscribed to", "GroupSubscribedToTopicError",
                admin.delete_group_offsets(group, [zero])[zero].__name__)
    member.close()

    def offsets():
        return {at.partition: tuple(offset) for at, offset in admin.list_group_offsets(group)[group].items()}

    check.eventually("empty after the member left", "Empty", lambda: described()["group_state"])
    check.equal("offsets", {0: (0, "first", -1)}, offsets())
    check.equal("alter offsets", "NoError",
                admin.alter_group_offsets(group, {one: OffsetAndMetadata(7, "set", 0)})[one].__name__)
    check.equal("delete an offset", "NoError", admin.delete_group_offsets(group, [zero])[zero].__name__)
    check.equal("offsets, one altered and one deleted", {1: (7, "set", 0)}, offsets())
    check.equal("delete the group", {group: "OK"}, admin.delete_groups([group]))
    check.equal("delete it again", {group: "GroupIdNotFoundError"}, admin.delete_groups([group]))
    check.equal("listed after its deletion", [], listing())
    admin.delete_topics([topic])


def transactions(cluster, admin):
    """What an operator sees of a transaction, and a marker by hand that ends it in one partition."""
    topic, name = cluster.topic("transactions", 1), cluster.named("open")
    at = TopicPartition(topic, 0)
    producer = cluster.transactional("open", transaction_timeout_ms=45_000)
    producer.begin()
    send(producer, topic, 0, "open-1", "open-2")
    producer.flush()

    found = admin.describe_transactions([name])[name]
    check.equal("described", ("Ongoing", 45_000, {at}),
                (found.state.value, found.transaction_timeout_ms, found.topic_partitions))
    check.equal("it has a start", True, found.transaction_start_time_ms > 0)
    raises(cluster, "describe an unknown id", "TransactionalIdNotFoundError",
           lambda: admin.describe_transactions([f"{name}-unknown"]))

    def listed(**only):
        return [(t.transactional_id, t.producer_id, t.state.value)
                for of_broker in admin.list_transactions(**only).values() for t in of_broker]

    ongoing = (name, found.producer_id, "Ongoing")
    check.equal("listed", True, ongoing in listed())
    check.equal("listed by producer id", [ongoing], listed(producer_id_filters=[found.producer_id]))
    check.equal("listed by state", True, ongoing in listed(state_filters=["Ongoing"]))
    check.equal("listed by pattern", [ongoing], listed(transactional_id_pattern=f"{name}.*"))
    mine = {"producer_id_filters": [found.producer_id]}
    check.equal("none of another state", [], listed(state_filters=["PrepareCommit"], **mine))
    check.equal("none has run for an hour", [], listed(duration_filter_ms=3_600_000, **mine))

    def state():
        [only] = [p for p in admin.describe_producers([at])[at].active_producers if p.producer_id == found.producer_id]
        return only

    before = state()
    check.equal("the producer", (found.producer_epoch, 1, 0),
                (before.producer_epoch, before.last_sequence, before.current_transaction_start_offset))
    admin.abort_transaction(AbortTransactionSpec(
        at, found.producer_id, before.producer_epoch, max(before.coordinator_epoch, 0)))
    check.equal("no transaction is open any more", -1, state().current_transaction_start_offset)
    check.equal("the coordinator has not heard of it", "Ongoing", admin.describe_transactions([name])[name].state.value)
    producer.abort()
    check.eventually("the state at last", "CompleteAbort",
                     lambda: admin.describe_transactions([name])[name].state.value)
    check.same_list("read_committed", [], cluster.texts(COMMITTED, topic))
    admin.delete_topics([topic])
