"""confluent-kafka: librdkafka under Python."""

import time
from contextlib import nullcontext

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

import check
from adapters import confluent_admin
from cluster import Partition, Record


class Adapter:
    name = "confluent-kafka"
    lacks = {}
    admin = staticmethod(confluent_admin.run)
    # EndTxn with a stale epoch is fatal, whatever the transaction version: this client speaks no version of
    # EndTxn in which an epoch rises. Produce with a stale epoch is what fences it at once.
    errors = {
        "the zombie's commit": "_FENCED fatal",
        "the zombie's next transaction": "_FENCED fatal",
        "the zombie's send": "_FENCED fatal",
        "the zombie's abort after its send": "_FENCED fatal",
        "the late commit": "_FENCED fatal",
        "the late abort": "_FENCED fatal",
        "the late send": "_FENCED fatal",
        "the late abort after a send": "_FENCED fatal",
    }
    # What a commit of offsets says to a member of an older generation, or to one in a rebalance.
    left_behind = {"ILLEGAL_GENERATION abortable", "UNKNOWN_MEMBER_ID abortable", "REBALANCE_IN_PROGRESS abortable",
                   "STALE_MEMBER_EPOCH abortable"}
    # The same of a member without transactions.
    commit_later = {"ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS", "STALE_MEMBER_EPOCH"}
    # A transactional producer remembers where a group's coordinator was. When its broker leaves the metadata, the
    # producer waits for it for ever, with Kafka too: only a broker that it still knows has it look again.
    clings_to_coordinators = True
    keeps_positions = True
    cannot_send = ()

    def __init__(self, bootstrap):
        self.config = {"bootstrap.servers": bootstrap, "log_level": 4, "reconnect.backoff.ms": 20, "reconnect.backoff.max.ms": 100,
                       "topic.metadata.refresh.sparse": True, "topic.metadata.propagation.max.ms": 10_000}
        self.admin_client = AdminClient(self.config)

    def create_topic(self, topic, partitions):
        self.admin_client.create_topics([NewTopic(topic, partitions, -1)])[topic].result(10)
        check.eventually(f"partitions of {topic}", partitions, lambda: self.partitions_led(topic))

    def partitions_led(self, topic):
        found = self.admin_client.list_topics(topic, timeout=10).topics[topic]
        return sum(partition.leader >= 0 for partition in found.partitions.values())

    def producer(self, **options):
        return ProducerAdapter(self.config, **options)

    def consumer(self, isolation, **options):
        return ConsumerAdapter(self.config, isolation, **options)

    def describe(self, error):
        """The error's name in librdkafka, and what it allows."""
        inner = error.args[0] if isinstance(error, KafkaException) else error
        if not isinstance(inner, KafkaError):
            return repr(error)
        marks = (("fatal", inner.fatal()), ("abortable", inner.txn_requires_abort()), ("retriable", inner.retriable()))
        return " ".join([inner.name(), *(name for name, set_ in marks if set_)])

    def close(self):
        pass


class ProducerAdapter:
    def __init__(self, config, transactional_id=None, transaction_timeout_ms=None, codec="none",
                 linger_ms=2, batch_bytes=None):
        config = {**config, "enable.idempotence": True, "compression.type": codec, "linger.ms": linger_ms,
                  "delivery.timeout.ms": 20_000, "retry.backoff.ms": 20}
        if transactional_id:
            config |= {"transactional.id": transactional_id,
                       "transaction.timeout.ms": transaction_timeout_ms or 30_000}
            config["delivery.timeout.ms"] = min(20_000, config["transaction.timeout.ms"])
        if batch_bytes:
            config |= {"batch.size": batch_bytes, "batch.num.messages": 100_000}
        self.producer = Producer(config)
        self.failed = None

    def send(self, records):
        for record in records:
            while True:
                try:
                    self.producer.produce(
                        record.topic, value=record.value, key=record.key, partition=record.partition,
                        headers=list(record.headers), on_delivery=self.delivered,
                        **({"timestamp": record.timestamp} if record.timestamp else {}))
                    break
                except BufferError:
                    self.producer.poll(0.1)

    def delivered(self, error, _):
        self.failed = self.failed or error

    def flush(self):
        try:
            left = self.producer.flush(20)
        except SystemError as error:
            # A fatal error is raised by the client's own callback, and Python wraps it if ours follows.
            raise error.__cause__ or error from None
        if self.failed:
            failed, self.failed = self.failed, None
            raise KafkaException(failed)
        if left:
            raise TimeoutError(f"{left} records not acknowledged")

    def init(self):
        self.producer.init_transactions(20)

    def begin(self):
        self.producer.begin_transaction()

    def commit(self):
        self.producer.commit_transaction(20)

    def abort(self):
        self.producer.abort_transaction(20)

    def send_offsets(self, offsets, consumer):
        self.producer.send_offsets_to_transaction(
            [TopicPartition(*at, offset) for at, offset in offsets.items()],
            consumer.consumer.consumer_group_metadata(), 20)

    def close(self):
        # What is left belongs to a transaction that is over.
        self.producer.purge()


class ConsumerAdapter:
    def __init__(self, config, isolation, group=None, protocol="classic", max_records=10_000,
                 session_timeout_ms=6000):
        config = {**config, "isolation.level": isolation, "group.id": group or "unused", "group.protocol": protocol,
                  "auto.offset.reset": "earliest", "enable.auto.commit": False, "enable.partition.eof": True,
                  "fetch.wait.max.ms": 50, "fetch.queue.backoff.ms": 10}
        if protocol == "classic":
            config |= {"session.timeout.ms": session_timeout_ms, "heartbeat.interval.ms": 100}
        self.consumer = Consumer(config)
        self.max_records = max_records
        self.positions = {}

    def assign(self, offsets):
        self.positions = dict(offsets)
        self.consumer.assign([TopicPartition(*at, offset) for at, offset in offsets.items()])

    def poll(self, seconds):
        """At most `seconds` for the first record; what the client holds already comes with it."""
        records = []
        deadline = time.monotonic() + seconds
        while not records and (left := deadline - time.monotonic()) > 0:
            for message in self.consumer.consume(self.max_records, min(left, 0.02)):
                at = Partition(message.topic(), message.partition())
                error = message.error()
                if error and error.code() == KafkaError._PARTITION_EOF:
                    # The client's position stays behind a control batch; the end that it tells of does not.
                    self.positions[at] = message.offset()
                elif error:
                    raise KafkaException(error)
                else:
                    self.positions[at] = message.offset() + 1
                    records.append(record_of(message))
        return records

    def position(self, at):
        return self.positions[at]

    def ends(self, partitions):
        return {at: self.consumer.get_watermark_offsets(TopicPartition(*at), timeout=10)[1] for at in partitions}

    def subscribe(self, topic):
        self.consumer.subscribe([topic])

    def assigned(self):
        return self.consumer.assignment()

    def batch(self, seconds):
        """The coordinator refuses the offsets of an older generation, so a rebalance meanwhile does no harm."""
        return nullcontext(self.poll(seconds))

    def commit(self, offsets):
        found = self.consumer.commit(
            offsets=[TopicPartition(*at, offset) for at, offset in offsets.items()], asynchronous=False)
        for at in found:
            if at.error:
                raise KafkaException(at.error)

    def committed(self, partitions):
        found = self.consumer.committed([TopicPartition(*at) for at in partitions], timeout=10)
        return {Partition(at.topic, at.partition): at.offset for at in found}

    def rewind(self):
        for at in self.consumer.committed(self.consumer.assignment(), timeout=10):
            self.consumer.seek(TopicPartition(at.topic, at.partition, max(at.offset, 0)))

    def close(self):
        self.consumer.close()


def record_of(message):
    return Record(message.topic(), message.partition(), message.value(), message.key(), message.timestamp()[1],
                  tuple(message.headers() or ()), message.offset())
