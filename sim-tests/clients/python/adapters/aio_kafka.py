"""aiokafka: a client for asyncio."""

import asyncio
from contextlib import contextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from adapters import aio_kafka_admin
from adapters.event_loop import loop, wait
from cluster import Partition, Record
from scenarios import round_trip


async def made(make):
    """The client's classes look for the running loop when they are made."""
    return make()


class Adapter:
    name = "aiokafka"
    lacks = {
        "consume-transform-produce-consumer-protocol":
            "its consumer speaks the classic group protocol alone: it never sends ConsumerGroupHeartbeat",
        "rebalance-under-crash-consumer-protocol":
            "its consumer speaks the classic group protocol alone: it never sends ConsumerGroupHeartbeat",
    }
    admin = staticmethod(aio_kafka_admin.run)
    # InitProducerId, AddPartitionsToTxn and EndTxn go out in versions that know no PRODUCER_FENCED: the broker
    # answers INVALID_PRODUCER_EPOCH, and the client makes ProducerFenced of it wherever it comes from.
    errors = {
        "the zombie's commit": "ProducerFenced",
        "the zombie's next transaction": "AssertionError",
        "the zombie's send": "ProducerFenced",
        "the zombie's abort after its send": "ProducerFenced",
        "the late commit": "ProducerFenced",
        "the late abort": "ProducerFenced",
        "the late send": "ProducerFenced",
        "the late abort after a send": "ProducerFenced",
    }
    # No error says it: see `batch`.
    left_behind = set()
    # The same of a member without transactions.
    commit_later = {"CommitFailedError"}
    clings_to_coordinators = False
    # An error of OffsetFetch as a whole, such as NOT_COORDINATOR, is no position to it: it begins at the first record,
    # with Kafka too. And a commit that it sends again may come after the look for positions.
    keeps_positions = False
    cannot_send = (round_trip.NO_KEY_NOR_VALUE,)

    def __init__(self, bootstrap):
        self.config = {"bootstrap_servers": bootstrap, "retry_backoff_ms": 20}
        self.admin_client = wait(made(lambda: AIOKafkaAdminClient(bootstrap_servers=bootstrap)))
        wait(self.admin_client.start())

    def create_topic(self, topic, partitions):
        # The client refuses to leave the replication to the cluster.
        replicas = min(3, len(wait(self.admin_client.describe_cluster())["brokers"]))
        answer = wait(self.admin_client.create_topics([NewTopic(topic, partitions, replicas)]))
        for _, code, *rest in answer.topic_errors:
            if code:
                raise RuntimeError(f"create {topic}: error {code} {rest}")

    def producer(self, **options):
        return ProducerAdapter(self.config, **options)

    def consumer(self, isolation, **options):
        return ConsumerAdapter(self.config, isolation, **options)

    def describe(self, error):
        return type(error).__name__

    def close(self):
        wait(self.admin_client.close())


class ProducerAdapter:
    def __init__(self, config, transactional_id=None, transaction_timeout_ms=None, codec="none",
                 linger_ms=2, batch_bytes=16 << 10):
        self.producer = wait(made(lambda: AIOKafkaProducer(
            **config, enable_idempotence=True, compression_type=None if codec == "none" else codec,
            linger_ms=linger_ms, max_batch_size=batch_bytes, request_timeout_ms=10_000,
            transactional_id=transactional_id, transaction_timeout_ms=transaction_timeout_ms or 30_000)))
        self.sent = []
        if not transactional_id:
            self.init()

    def send(self, records):
        async def all_of_them():
            for record in records:
                self.sent.append(await self.producer.send(
                    record.topic, value=record.value, key=record.key, partition=record.partition,
                    headers=list(record.headers), timestamp_ms=record.timestamp))

        wait(all_of_them())

    def flush(self):
        async def delivered():
            await self.producer.flush()
            sent, self.sent = self.sent, []
            for future in sent:
                await future

        wait(delivered())

    def init(self):
        wait(self.producer.start())

    def begin(self):
        self.sent = []
        wait(self.producer.begin_transaction())

    def commit(self):
        wait(self.producer.commit_transaction())

    def abort(self):
        wait(self.producer.abort_transaction())

    def send_offsets(self, offsets, consumer):
        wait(self.producer.send_offsets_to_transaction(
            {TopicPartition(*at): offset for at, offset in offsets.items()}, consumer.group))

    def close(self):
        wait(self.producer.stop(), 5)


class ConsumerAdapter(ConsumerRebalanceListener):
    def __init__(self, config, isolation, group=None, protocol="classic", max_records=10_000,
                 session_timeout_ms=6000):
        self.group = group
        self.max_records = max_records
        self.busy = wait(made(asyncio.Lock))
        self.consumer = wait(made(lambda: AIOKafkaConsumer(
            **config, group_id=group, isolation_level=isolation, auto_offset_reset="earliest",
            enable_auto_commit=False, fetch_max_wait_ms=50, session_timeout_ms=session_timeout_ms,
            heartbeat_interval_ms=100)))
        wait(self.consumer.start())

    def assign(self, offsets):
        async def here():
            self.consumer.assign([TopicPartition(*at) for at in offsets])
            for at, offset in offsets.items():
                self.consumer.seek(TopicPartition(*at), offset)

        wait(here())

    def poll(self, seconds):
        polled = wait(self.consumer.getmany(timeout_ms=int(seconds * 1000), max_records=self.max_records))
        return [record_of(record) for part in polled.values() for record in part]

    def position(self, at):
        return wait(self.consumer.position(TopicPartition(*at)))

    def ends(self, partitions):
        ends = wait(self.consumer.end_offsets([TopicPartition(*at) for at in partitions]))
        return {Partition(*at): end for at, end in ends.items()}

    def subscribe(self, topic):
        loop.call_soon_threadsafe(lambda: self.consumer.subscribe([topic], listener=self))

    def assigned(self):
        return self.consumer.assignment()

    @contextmanager
    def batch(self, seconds):
        """The client sends no generation with a transaction's offsets, so nobody would refuse those of an
        older one: the member finishes with its records before it gives partitions up."""
        async def take():
            polled = await self.consumer.getmany(timeout_ms=int(seconds * 1000), max_records=self.max_records)
            # Nothing else runs in the loop between the records and the lock, if it is free.
            await self.busy.acquire()
            return [record_of(record) for part in polled.values() for record in part]

        records = wait(take())
        try:
            yield records
        finally:
            loop.call_soon_threadsafe(self.busy.release)

    async def on_partitions_revoked(self, revoked):
        async with self.busy:
            pass

    async def on_partitions_assigned(self, assigned):
        pass

    def commit(self, offsets):
        wait(self.consumer.commit({TopicPartition(*at): offset for at, offset in offsets.items()}))

    def committed(self, partitions):
        return {at: wait(self.consumer.committed(TopicPartition(*at))) for at in partitions}

    def close(self):
        wait(self.consumer.stop(), 5)


def record_of(record):
    return Record(record.topic, record.partition, record.value, record.key, record.timestamp,
                  tuple(record.headers), record.offset)
