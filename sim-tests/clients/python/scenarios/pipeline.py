"""Consume, transform, produce: outputs and offsets in one transaction, with a rebalance in the middle."""

import threading

import check
from cluster import COMMITTED, Partition, send

INPUTS = 600
PARTITIONS = 4


def run(cluster, protocol):
    source, output = cluster.topic("input", PARTITIONS), cluster.topic("output", PARTITIONS)
    producer = cluster.producer()
    produce(producer, source, 0, INPUTS // 2)
    members = [Member(cluster, protocol, name, source, output) for name in ("first", "second")]

    def alive():
        for member in members:
            member.check()

    members[0].start()
    check.eventually("the first member works alone", True, lambda: alive() or members[0].done >= INPUTS // 4)
    members[1].start()
    check.eventually("both members share the partitions", [2, 2],
                     lambda: alive() or [member.assigned for member in members])
    produce(producer, source, INPUTS // 2, INPUTS)
    check.eventually("the outputs of all inputs", INPUTS, lambda: alive() or sum(member.done for member in members))
    for member in members:
        member.finish()
        check.equal(f"the {member.name} member did some", True, member.done > 0)

    expect_all(cluster, source, output)


def expect_all(cluster, source, output):
    """Every input has its output once and in order, and the group's offsets are at the ends."""
    got = cluster.read(COMMITTED, *(Partition(output, p) for p in range(PARTITIONS)))
    for p in range(PARTITIONS):
        check.same_list(f"outputs of partition {p}", [f"OUT-{i}" for i in range(p, INPUTS, PARTITIONS)],
                        [record.text for record in got if record.partition == p])
    reader = cluster.consumer(COMMITTED, group=cluster.named("group"))
    inputs = [Partition(source, p) for p in range(PARTITIONS)]
    check.equal("committed offsets", {at: INPUTS // PARTITIONS for at in inputs}, reader.committed(inputs))


def produce(producer, topic, first, end):
    for i in range(first, end):
        send(producer, topic, i % PARTITIONS, f"in-{i}")
    producer.flush()


class Member(threading.Thread):
    """A group member with its own thread and its own transactional producer."""

    def __init__(self, cluster, protocol, name, source, output, in_transaction=None):
        super().__init__(name=name, daemon=True)
        self.cluster = cluster
        self.protocol = protocol
        self.source = source
        self.output = output
        # Called in the middle of each transaction, with its records flushed.
        self.in_transaction = in_transaction
        self.stopping = threading.Event()
        self.failure = None
        self.done = 0
        self.assigned = 0

    def run(self):
        try:
            self.work()
        except BaseException as error:
            self.failure = error

    def work(self):
        producer = self.cluster.transactional(self.name)
        consumer = self.cluster.adapter.consumer(
            COMMITTED, group=self.cluster.named("group"), protocol=self.protocol, max_records=20)
        try:
            consumer.subscribe(self.source)
            while not self.stopping.is_set():
                with consumer.batch(0.05) as records:
                    if records:
                        self.transaction(consumer, producer, records)
                self.assigned = len(consumer.assigned())
        finally:
            consumer.close()

    def transaction(self, consumer, producer, records):
        offsets = {Partition(record.topic, record.partition): record.offset + 1 for record in records}
        producer.begin()
        for record in records:
            send(producer, self.output, record.partition, record.text.replace("in-", "OUT-"))
        if self.in_transaction:
            producer.flush()
            self.in_transaction()
        try:
            producer.send_offsets(offsets, consumer)
            producer.commit()
            self.done += len(records)
        except Exception as error:
            if self.cluster.adapter.describe(error) not in self.cluster.adapter.left_behind:
                raise
            # The group moved on between the poll and the commit: the work is void and is read again.
            producer.abort()
            consumer.rewind()

    def check(self):
        if self.failure:
            raise check.CheckFailed(f"the {self.name} member: {self.failure!r}") from self.failure

    def finish(self):
        self.stopping.set()
        self.join(10)
        check.equal(f"the {self.name} member ended", False, self.is_alive())
        self.check()
