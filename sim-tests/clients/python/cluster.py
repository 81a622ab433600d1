"""The cluster as one scenario sees it: an adapter's clients with names of their own, closed at the end."""

import sys
import time
from typing import NamedTuple

import check

COMMITTED = "read_committed"
UNCOMMITTED = "read_uncommitted"


class Partition(NamedTuple):
    topic: str
    index: int


class Record(NamedTuple):
    """What is sent; what is read has an offset too. Key and value are bytes or None."""

    topic: str
    partition: int
    value: bytes | None
    key: bytes | None = None
    timestamp: int | None = None
    headers: tuple = ()
    offset: int | None = None

    @property
    def text(self):
        return self.value.decode()


class Cluster:
    def __init__(self, adapter, bootstrap, name, transaction_version, control):
        self.adapter = adapter(bootstrap)
        self.bootstrap = bootstrap
        self.name = name
        self.transaction_version = transaction_version
        self.control = control
        self.closers = []

    def named(self, suffix):
        """A topic, group or transactional id of this scenario alone."""
        return f"{self.name}-{suffix}"

    def topic(self, suffix, partitions):
        """Creates a topic with the cluster's default replication and waits until it has leaders."""
        topic = self.named(suffix)
        self.adapter.create_topic(topic, partitions)
        return topic

    def closed_at_end(self, client):
        self.closers.append(client)
        return client

    def producer(self, **options):
        return self.closed_at_end(self.adapter.producer(**options))

    def transactional(self, suffix, **options):
        """A transactional producer that has been initialised."""
        producer = self.producer(transactional_id=self.named(suffix), **options)
        producer.init()
        return producer

    def consumer(self, isolation, **options):
        return self.closed_at_end(self.adapter.consumer(isolation, **options))

    def read(self, isolation, *partitions, still_open=False):
        """Every record from the beginning to the end that this isolation level shows.

        A commit or an abort returns before its markers are written, so unless a transaction is meant to be open
        still, the reading waits until both isolation levels have one end.
        """
        consumer = self.consumer(isolation)
        ends = consumer.ends(partitions)
        if not still_open:
            other = self.consumer(UNCOMMITTED if isolation == COMMITTED else COMMITTED)
            check.eventually("the two isolation levels have one end", True,
                             lambda: consumer.ends(partitions) == other.ends(partitions))
            ends = consumer.ends(partitions)
        consumer.assign({partition: 0 for partition in partitions})
        return read_to(consumer, ends)

    def texts(self, isolation, topic, count=1, **options):
        """The values in the first partitions of a topic, in offset order within a partition."""
        partitions = [Partition(topic, i) for i in range(count)]
        return [record.text for record in self.read(isolation, *partitions, **options)]

    def close(self):
        while self.closers:
            try:
                self.closers.pop().close()
            except Exception as error:
                print(f"{self.name}: closing: {error!r}", file=sys.stderr)
        self.adapter.close()
        if self.control:
            self.control.restart_all()


def read_to(consumer, ends, seconds=20):
    """Polls until the positions have reached these offsets, past any control batch."""
    records = []
    deadline = time.monotonic() + seconds
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        if time.monotonic() > deadline:
            at = {partition: consumer.position(partition) for partition in ends}
            raise check.CheckFailed(f"reading stopped at {at}, ends {ends}, after {len(records)} records")
        records += consumer.poll(0.1)
    check.equal("positions at the end", ends, {partition: consumer.position(partition) for partition in ends})
    return records


def send(producer, topic, partition, *values):
    producer.send([Record(topic, partition, value.encode()) for value in values])
