"""kafka-python: a client in Python alone."""

import re
import time
from contextlib import nullcontext

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from adapters import kafka_python_admin
from cluster import Partition, Record
from scenarios import round_trip


# When a connection to the coordinator cannot be made, the client looks for the coordinator again, and forgets the
# request: it queues it again only if it had no coordinator to connect to. Who waits for the answer waits for ever.
FORGETS_REQUESTS = "its producer forgets a request, such as EndTxn, whose coordinator refuses the connection: it " \
    "waits for ever, with Kafka too"


class Adapter:
    name = "kafka-python"
    lacks = {
        "consume-transform-produce-consumer-protocol":
            "its consumer speaks the classic group protocol alone: it never sends ConsumerGroupHeartbeat",
        "rebalance-under-crash-consumer-protocol":
            "its consumer speaks the classic group protocol alone: it never sends ConsumerGroupHeartbeat",
        "crash-coordinator": FORGETS_REQUESTS,
        "crash-group-coordinator": FORGETS_REQUESTS,
        # The requests to join and to sync are answered, but the client does not see to the end of a rebalance that
        # its poll has not waited for: it sends no heartbeats from then on, and refuses to commit.
        "rebalance-under-crash": "its member stays in a rebalance for ever if a poll ends in the middle of it",
    }
    admin = staticmethod(kafka_python_admin.run)
    # The client maps EndTxn's errors for a stale epoch to ProducerFencedError. After Produce's
    # INVALID_PRODUCER_EPOCH it asks for a new epoch: at transaction version 2 the epoch that a timeout raised is
    # its own to take over, and it goes on; anything else is fenced.
    errors = {
        "the zombie's commit": "ProducerFencedError",
        "the zombie's next transaction": "KafkaError after ProducerFencedError",
        "the zombie's send": "InvalidProducerEpochError",
        "the zombie's abort after its send": "KafkaError after ProducerFencedError",
        "the late commit": "ProducerFencedError",
        "the late abort": "ProducerFencedError",
        "the late send": "InvalidProducerEpochError",
        "the late abort after a send": {1: "KafkaError after ProducerFencedError", 2: None},
    }
    # What a commit of offsets says to a member of an older generation.
    left_behind = {"CommitFailedError"}
    cannot_send = (round_trip.NULL_HEADER, round_trip.NO_KEY_NOR_VALUE)

    def __init__(self, bootstrap):
        self.config = {"bootstrap_servers": bootstrap.split(","), "metrics_enabled": False,
                       "reconnect_backoff_ms": 20, "retry_backoff_ms": 20}
        self.admin_client = KafkaAdminClient(bootstrap_servers=bootstrap.split(","))

    def create_topic(self, topic, partitions):
        self.admin_client.create_topics([NewTopic(topic, partitions, -1)])
        self.admin_client.wait_for_topics([topic])

    def producer(self, **options):
        return ProducerAdapter(self.config, **options)

    def consumer(self, isolation, **options):
        return ConsumerAdapter(self.config, isolation, **options)

    def describe(self, error):
        """The error's class; a plain KafkaError names the error that came before it in its text."""
        earlier = re.search(r"in an error state: .*\b(\w+Error)\b", str(error))
        return type(error).__name__ + (f" after {earlier[1]}" if earlier else "")

    def close(self):
        self.admin_client.close()


class ProducerAdapter:
    def __init__(self, config, transactional_id=None, transaction_timeout_ms=None, codec="none",
                 linger_ms=2, batch_bytes=16 << 10):
        self.producer = KafkaProducer(
            **config, enable_idempotence=True, compression_type=None if codec == "none" else codec,
            linger_ms=linger_ms, batch_size=batch_bytes, max_block_ms=20_000, request_timeout_ms=10_000,
            delivery_timeout_ms=20_000, transactional_id=transactional_id,
            transaction_timeout_ms=transaction_timeout_ms or 30_000)
        self.sent = []

    def send(self, records):
        for record in records:
            self.sent.append(self.producer.send(
                record.topic, value=record.value, key=record.key, partition=record.partition,
                headers=list(record.headers), timestamp_ms=record.timestamp))

    def flush(self):
        self.producer.flush(20)
        sent, self.sent = self.sent, []
        for future in sent:
            future.get(10)

    def init(self):
        self.producer.init_transactions()

    def begin(self):
        self.sent = []
        self.producer.begin_transaction()

    def commit(self):
        self.producer.commit_transaction()

    def abort(self):
        """After some errors the client asks for a new epoch by itself, which aborts the transaction.

        Until it has its answer it refuses to abort, and after a good answer it has nothing left to abort.
        """
        deadline = time.monotonic() + 10
        bumping = False
        while True:
            try:
                return self.producer.abort_transaction()
            except KafkaError as error:
                if bumping and "from state READY" in str(error):
                    return None
                bumping = "from state BUMPING_PRODUCER_EPOCH" in str(error)
                if not bumping or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def send_offsets(self, offsets, consumer):
        self.producer.send_offsets_to_transaction(
            {TopicPartition(*at): OffsetAndMetadata(offset, "", -1) for at, offset in offsets.items()},
            consumer.consumer.group_metadata())

    def close(self):
        self.producer.close(timeout=0)


class ConsumerAdapter:
    def __init__(self, config, isolation, group=None, protocol="classic", max_records=10_000):
        self.consumer = KafkaConsumer(
            **config, group_id=group, isolation_level=isolation, auto_offset_reset="earliest",
            enable_auto_commit=False, fetch_max_wait_ms=50, max_poll_records=max_records,
            session_timeout_ms=6000, heartbeat_interval_ms=100)

    def assign(self, offsets):
        self.consumer.assign([TopicPartition(*at) for at in offsets])
        for at, offset in offsets.items():
            self.consumer.seek(TopicPartition(*at), offset)

    def poll(self, seconds):
        deadline = time.monotonic() + seconds
        records = []
        while not records and (left := deadline - time.monotonic()) > 0:
            polled = self.consumer.poll(timeout_ms=max(1, int(left * 1000)))
            records = [record_of(record) for part in polled.values() for record in part]
        return records

    def position(self, at):
        return self.consumer.position(TopicPartition(*at))

    def ends(self, partitions):
        return {Partition(*at): end for at, end in
                self.consumer.end_offsets([TopicPartition(*at) for at in partitions]).items()}

    def subscribe(self, topic):
        # A leader of the group that joins before it has the topic's metadata assigns nothing, and does not always
        # notice that it should join again once it has them.
        self.consumer.partitions_for_topic(topic)
        self.consumer.subscribe([topic])

    def assigned(self):
        return self.consumer.assignment()

    def batch(self, seconds):
        """The coordinator refuses the offsets of an older generation, so a rebalance meanwhile does no harm."""
        return nullcontext(self.poll(seconds))

    def committed(self, partitions):
        return {at: self.consumer.committed(TopicPartition(*at)) for at in partitions}

    def rewind(self):
        for at in self.consumer.assignment():
            self.consumer.seek(at, self.consumer.committed(at) or 0)

    def close(self):
        self.consumer.close(autocommit=False)


def record_of(record):
    return Record(record.topic, record.partition, record.value, record.key, record.timestamp,
                  tuple(record.headers), record.offset)
