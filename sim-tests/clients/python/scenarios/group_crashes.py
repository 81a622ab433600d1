"""The group coordinator crashes, returns and moves under members that join, leave, commit and process."""

import threading
import time

import check
from cluster import COMMITTED, Partition, send
from scenarios import pipeline

MEMBERS = ("first", "second")


def crash_group_coordinator(cluster):
    """In the middle of each member's transaction; the second joins while the coordinator is down."""
    source, output = cluster.topic("input", pipeline.PARTITIONS), cluster.topic("output", pipeline.PARTITIONS)
    producer = cluster.producer()
    pipeline.produce(producer, source, 0, pipeline.INPUTS // 2)
    clings = cluster.adapter.clings_to_coordinators
    troubles = [Crash(cluster, [source, output]), (Move if clings else Crash)(cluster, [source, output])]
    members = [pipeline.Member(cluster, "classic", name, source, output, trouble)
               for name, trouble in zip(MEMBERS, troubles)]

    def alive():
        for member in members:
            member.check()

    if clings:
        troubles[0].wanted.set()
    members[0].start()
    if not clings:
        check.eventually("the first member works alone", True,
                         lambda: alive() or members[0].done >= pipeline.INPUTS // 8)
        troubles[0].wanted.set()
    check.eventually("a crash in its transaction", True, lambda: alive() or troubles[0].done.is_set())
    members[1].start()
    check.eventually("both members share the partitions", [2, 2],
                     lambda: alive() or [member.assigned for member in members])
    troubles[0].heal()
    troubles[1].wanted.set()
    pipeline.produce(producer, source, pipeline.INPUTS // 2, pipeline.INPUTS)
    check.eventually("a crash in the second's transaction", True, lambda: alive() or troubles[1].done.is_set())
    troubles[1].heal()
    check.eventually("the outputs of all inputs", pipeline.INPUTS,
                     lambda: alive() or sum(member.done for member in members))
    for member in members:
        member.finish()
        check.equal(f"the {member.name} member did some", True, member.done > 0)
    pipeline.expect_all(cluster, source, output)
    return "crashed in a producer's first transaction, then moved: a producer that knows a group's coordinator waits " \
        "for it for ever when its broker has left the metadata, with Kafka too" if clings else ""


class Crash:
    """Crashes the group coordinator, and nothing else that the members use, when it is wanted and called."""

    def __init__(self, cluster, topics):
        self.control = cluster.control
        self.group = cluster.named("group")
        self.transactional_ids = [cluster.named(name) for name in MEMBERS]
        self.topics = topics
        self.victim = None
        self.wanted = threading.Event()
        self.done = threading.Event()

    def __call__(self):
        if self.wanted.is_set() and not self.done.is_set():
            self.victim = self.control.coordinator("groups", self.group)
            self.strike()
            self.done.set()

    def strike(self):
        self.control.clear(self.victim, topics=self.topics, transactions=self.transactional_ids)
        self.control.crash(self.victim)

    def heal(self):
        self.control.restart(self.victim)


class Move(Crash):
    """The coordinator goes to another broker instead."""

    def strike(self):
        self.control.move("groups", self.group, self.control.others(self.victim)[0])

    def heal(self):
        self.control.move("groups", self.group, self.victim)


RECORDS = 120
PARTITIONS = 6


def rebalance_under_crash(cluster, protocol):
    """Members without transactions: each record is processed, and no acknowledged position is lost."""
    control, group = cluster.control, cluster.named("group")
    topic = cluster.topic("topic", PARTITIONS)
    source = cluster.producer()
    ledger = Ledger(cluster.adapter.keeps_positions)
    members = []

    def join():
        members.append(Worker(cluster, protocol, topic, ledger))
        members[-1].start()

    def shared(expected):
        for member in members:
            member.check()
        return sorted(member.assigned for member in members) == expected

    def settle(*expected):
        check.eventually(f"the members have {expected}", True, lambda: shared(sorted(expected)))

    def produce(first, last):
        for i in range(first, last):
            send(source, topic, i % PARTITIONS, f"{i}")
        source.flush()

    produce(0, RECORDS // 4)
    join()
    # With all positions committed, no member has to look for one while partitions come and go: librdkafka takes a
    # partition up again that it has lost if the answer to such a look comes late.
    check.eventually("the first member commits a position of each partition", PARTITIONS,
                     lambda: shared([PARTITIONS]) and len(ledger.committed))
    join()
    settle(3, 3)
    # A third member joins while the coordinator is gone.
    victim = control.coordinator("groups", group)
    control.clear(victim, topics=[topic])
    control.crash(victim)
    join()
    produce(RECORDS // 4, RECORDS // 2)
    settle(2, 2, 2)
    control.restart(victim)
    # The coordinator moves while the others learn that one has left.
    members.pop(0).finish()
    control.move("groups", group, victim)
    produce(RECORDS // 2, 3 * RECORDS // 4)
    settle(3, 3)
    # It crashes and is back at once, while nobody joins or leaves.
    victim = control.coordinator("groups", group)
    control.clear(victim, topics=[topic])
    control.crash(victim)
    control.restart(victim)
    produce(3 * RECORDS // 4, RECORDS)
    ends = {Partition(topic, p): RECORDS // PARTITIONS for p in range(PARTITIONS)}
    check.eventually("all positions are committed", ends, lambda: shared([3, 3]) and dict(ledger.committed))
    for member in members:
        member.finish()
    ledger.check()
    check.equal("records processed", {(at.index, i) for at, end in ends.items() for i in range(end)}, ledger.processed)
    reader = cluster.consumer(COMMITTED, group=group)
    check.equal("committed offsets", ends, reader.committed(list(ends)))
    again = "records may come again: it takes an error for no position, with Kafka too"
    return None if ledger.keeps_positions else again


class Ledger:
    """What all members did, and the promise of most clients: no record before an acknowledged position comes again."""

    def __init__(self, keeps_positions):
        self.keeps_positions = keeps_positions
        self.lock = threading.Lock()
        self.processed = set()
        self.committed = {}
        self.broken = None

    def process(self, record):
        at = Partition(record.topic, record.partition)
        with self.lock:
            self.processed.add((record.partition, record.offset))
            if self.keeps_positions and record.offset < self.committed.get(at, 0):
                self.broken = self.broken or f"{at} is committed to {self.committed[at]}, {record.offset} came again"

    def commit(self, offsets):
        with self.lock:
            for at, offset in offsets.items():
                self.committed[at] = max(offset, self.committed.get(at, 0))

    def check(self):
        if self.broken:
            raise check.CheckFailed(f"a position is lost: {self.broken}")


class Worker(threading.Thread):
    """A group member that commits what it has processed after every poll."""

    def __init__(self, cluster, protocol, topic, ledger):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.topic = topic
        self.ledger = ledger
        self.consumer = cluster.adapter.consumer(
            COMMITTED, group=cluster.named("group"), protocol=protocol, max_records=5,
            # A coordinator that moves in the middle of a rebalance loads the generation before it, and with it members
            # that have left since: they go when their sessions end.
            session_timeout_ms=1000)
        self.stopping = threading.Event()
        self.failure = None
        self.assigned = 0

    def run(self):
        try:
            self.work()
        except BaseException as error:
            self.failure = error
        finally:
            self.consumer.close()

    def work(self):
        self.consumer.subscribe(self.topic)
        done = {}
        while done or not self.stopping.is_set():
            for record in self.consumer.poll(0.02):
                self.ledger.process(record)
                done[Partition(record.topic, record.partition)] = record.offset + 1
            mine = {Partition(at.topic, at.partition) for at in self.consumer.assigned()}
            self.assigned = len(mine)
            # What another member has now, it reads again from the last acknowledged position.
            done = {at: offset for at, offset in done.items() if at in mine}
            if done and self.commit(done):
                done = {}

    def commit(self, offsets):
        """Whether the offsets were acknowledged. In a rebalance they are not, and the next pass tries again."""
        try:
            self.consumer.commit(offsets)
        except Exception as error:
            if self.cluster.adapter.describe(error) not in self.cluster.adapter.commit_later:
                raise
            time.sleep(0.01)
            return False
        self.ledger.commit(offsets)
        return True

    def check(self):
        if self.failure:
            raise check.CheckFailed(f"a member: {self.failure!r}") from self.failure
        self.ledger.check()

    def finish(self):
        self.stopping.set()
        self.join(10)
        check.equal("the member ended", False, self.is_alive())
        self.check()
