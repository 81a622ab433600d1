"""Many records, a large transaction, many producers."""

import check
from kcat import BY_KEY, COMMITTED, PARTITIONS, UNCOMMITTED, key_to

PRODUCERS = 50
RECORDS = 5


def idempotent(kcat):
    """Ten thousand records, once each and in order."""
    topic = kcat.topic("topic")
    values = [str(i) for i in range(10_000)]
    kcat.produce(topic, values, "-p", "0", "-X", "enable.idempotence=true")
    in_order(kcat, topic, values, end=10_000)


def one_large_transaction(kcat):
    """One transaction of 100,000 records of 100 bytes."""
    topic = kcat.topic("topic")
    values = [f"{i:0100d}" for i in range(100_000)]
    kcat.transaction("producer", topic, values, "-p", "0")
    in_order(kcat, topic, values, end=100_001)


def in_order(kcat, topic, values, end):
    kcat.await_end(COMMITTED, topic, 0, end)
    records, ends = kcat.read(COMMITTED, topic, "-p", "0")
    check.equal("records", len(values), len(records))
    check.same_list("record", enumerate(values), ((r.offset, r.value) for r in records))
    check.equal("end", {0: end}, ends)


def fifty_producers(kcat):
    """Fifty runs at once, three times: their transactions are committed, aborted, and committed."""
    topic = kcat.topic("topic")
    before = [0] * PARTITIONS
    shown, all_of_it = [], []
    for turn in range(3):
        runs = [kcat.open(f"producer-{number}", topic, *BY_KEY) for number in range(PRODUCERS)]
        for number, run in enumerate(runs):
            values = [f"{number}/{turn}/{i}" for i in range(RECORDS)]
            run.send(*(f"{key_to(i % PARTITIONS)}|{value}" for i, value in enumerate(values)))
            all_of_it += values
            shown += values if turn != 1 else []
        # Nobody commits before the records of all have arrived.
        await_ends(kcat, topic, before, markers=0)
        for run in runs:
            run.process.terminate() if turn == 1 else None
            run.process.stdin.close()
        for run in runs:
            run.ended(0, "% Aborting transaction due to termination signal" if turn == 1
                      else "% Transaction successfully committed")
        before = await_ends(kcat, topic, before, markers=1)
    for isolation, expected in ((COMMITTED, shown), (UNCOMMITTED, all_of_it)):
        records, ends = kcat.read(isolation, topic)
        check.equal(f"ends {isolation}", dict(enumerate(before)), ends)
        check.same_list(isolation, sorted(expected), sorted(record.value for record in records))


def await_ends(kcat, topic, before, markers):
    """The ends when each run has sent its share of records to a partition, and so many markers are there."""
    after = [before[p] + PRODUCERS * (len(range(p, RECORDS, PARTITIONS)) + markers) for p in range(PARTITIONS)]
    for partition, end in enumerate(after):
        kcat.await_end(UNCOMMITTED, topic, partition, end)
    return after
