"""Brokers crash, return and hand over their coordinators in the middle of transactions; clients just go on."""

import threading

import check
from cluster import COMMITTED, UNCOMMITTED, Partition, send

PARTITIONS = 2
ROUNDS = 3


def crash_coordinator(cluster):
    """The broker that coordinates the transaction crashes while it is open."""
    transactions(cluster, CoordinatorCrash)


def crash_leader(cluster):
    """The broker that leads the transaction's partitions crashes while it is open."""
    transactions(cluster, LeaderCrash)


def moved_coordinator(cluster):
    """The coordinator moves to another broker while the transaction is open; nobody crashes."""
    transactions(cluster, CoordinatorMove)


def transactions(cluster, trouble):
    topic = cluster.topic("topic", PARTITIONS)
    producer = cluster.transactional("producer")
    trouble = trouble(cluster.control, topic, cluster.named("producer"))
    expected = []

    def records(*values, aborted=False):
        for value in values:
            for partition in range(PARTITIONS):
                send(producer, topic, partition, value)
            expected.append((value, aborted))

    def transaction(*values):
        producer.begin()
        records(*values)
        producer.commit()

    transaction("before")
    trouble.prepare()
    producer.begin()
    records("open-1")
    producer.flush()
    trouble.strike()
    records("open-2")
    producer.flush()
    producer.commit()
    transaction("in-trouble")
    trouble.heal()
    transaction("healed")
    # The trouble comes while the client sends, commits or aborts: whichever comes first.
    for number in range(ROUNDS):
        ends_by_abort = number == 1
        trouble.prepare()
        producer.begin()
        records(f"flushed-{number}", aborted=ends_by_abort)
        producer.flush()
        striking = threading.Thread(target=trouble.strike)
        striking.start()
        records(f"unflushed-{number}", aborted=ends_by_abort)
        if ends_by_abort:
            # An abort drops what is not sent, so that nobody could tell how much of it is there.
            producer.flush()
            producer.abort()
        else:
            producer.commit()
        striking.join()
        trouble.heal()
    transaction("after")

    for partition in range(PARTITIONS):
        at = Partition(topic, partition)
        for isolation in (COMMITTED, UNCOMMITTED):
            check.same_list(f"{isolation} of partition {partition}",
                            [value for value, aborted in expected if isolation == UNCOMMITTED or not aborted],
                            [record.text for record in cluster.read(isolation, at)])


class CoordinatorCrash:
    def __init__(self, control, topic, transactional_id):
        self.control = control
        self.topic = topic
        self.transactional_id = transactional_id
        self.victim = None

    def prepare(self):
        self.victim = self.control.coordinator("transactions", self.transactional_id)
        self.control.clear(self.victim, topics=[self.topic])

    def strike(self):
        self.control.crash(self.victim)

    def heal(self):
        self.control.restart(self.victim)


class LeaderCrash(CoordinatorCrash):
    def prepare(self):
        self.victim = self.control.leaders(self.topic)[0]
        for partition in range(PARTITIONS):
            self.control.elect(self.topic, partition, self.victim)
        self.control.clear(self.victim, transactions=[self.transactional_id])


class CoordinatorMove(CoordinatorCrash):
    def strike(self):
        self.control.move("transactions", self.transactional_id, self.control.others(self.victim)[0])

    def heal(self):
        self.control.move("transactions", self.transactional_id, self.victim)
