"""Many records, a large transaction, many producers."""

from concurrent.futures import ThreadPoolExecutor

import check
from cluster import COMMITTED, Partition, Record, send

PRODUCERS = 50


def idempotent(cluster):
    """Ten thousand records, once each and in order."""
    topic = cluster.topic("topic", 1)
    producer = cluster.producer()
    producer.send([Record(topic, 0, b"%d" % i) for i in range(10_000)])
    producer.flush()
    got = cluster.read(COMMITTED, Partition(topic, 0))
    check.same_list("record", [(i, b"%d" % i) for i in range(10_000)], [(r.offset, r.value) for r in got])


def one_large_transaction(cluster):
    """One transaction of 100,000 records of 100 bytes."""
    topic = cluster.topic("topic", 1)
    producer = cluster.transactional("producer", batch_bytes=512 << 10, linger_ms=10)
    producer.begin()
    producer.send([Record(topic, 0, b"%0100d" % i) for i in range(100_000)])
    producer.commit()
    got = cluster.read(COMMITTED, Partition(topic, 0))
    check.equal("records", 100_000, len(got))
    check.same_list("record", ((i, b"%0100d" % i) for i in range(100_000)), ((r.offset, r.value) for r in got))


def fifty_producers(cluster):
    """Fifty producers at once, each with a committed, an aborted and a committed transaction."""
    topic = cluster.topic("topic", 3)
    with ThreadPoolExecutor(PRODUCERS) as threads:
        for done in [threads.submit(three_transactions, cluster, topic, p) for p in range(PRODUCERS)]:
            done.result()
    expected = sorted(f"{p}/{t}/{i}" for p in range(PRODUCERS) for t in (0, 2) for i in range(5))
    check.same_list("read_committed", expected, sorted(cluster.texts(COMMITTED, topic, 3)))


def three_transactions(cluster, topic, number):
    producer = cluster.transactional(f"producer-{number}")
    for transaction in range(3):
        producer.begin()
        for i in range(5):
            send(producer, topic, i % 3, f"{number}/{transaction}/{i}")
        producer.flush()
        if transaction == 1:
            producer.abort()
        else:
            producer.commit()
