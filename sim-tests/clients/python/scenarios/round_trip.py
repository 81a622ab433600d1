"""Everything that a record can carry comes back as it was sent, under one codec."""

import time

import check
from cluster import COMMITTED, Partition, Record

RECORDS = 200
PARTITIONS = 3
# Of today, so that retention leaves the records alone.
FIRST_TIMESTAMP = int(time.time() * 1000) - 60_000

# What some clients refuse to send.
NULL_HEADER = "null header values"
NO_KEY_NOR_VALUE = "records with neither key nor value"


def run(cluster, codec):
    topic = cluster.topic("topic", PARTITIONS)
    cannot = cluster.adapter.cannot_send
    sent = [record(topic, i) for i in range(RECORDS)]
    if NULL_HEADER in cannot:
        sent = [r._replace(headers=tuple(h for h in r.headers if h[1] is not None)) for r in sent]
    if NO_KEY_NOR_VALUE in cannot:
        sent = [r._replace(key=b"key") if r.key is None and r.value is None else r for r in sent]
    producer = cluster.producer(codec=codec, linger_ms=50)
    producer.send(sent)
    producer.flush()

    got = cluster.read(COMMITTED, *(Partition(topic, p) for p in range(PARTITIONS)))
    for partition in range(PARTITIONS):
        mine = [record for record in sent if record.partition == partition]
        expected = [record._replace(offset=offset) for offset, record in enumerate(mine)]
        check.same_list(f"partition {partition}", expected, [r for r in got if r.partition == partition])
    return f"without {' and '.join(cannot)}, which the client refuses" if cannot else ""


def record(topic, i):
    key = None if i % 7 == 0 else b"" if i % 17 == 0 else b"key-%d" % i
    value = b"" if i % 11 == 0 else None if i % 13 == 0 else b"value-%d-" % i + b"fence post " * 20
    headers = (
        (),
        (("trace", b"%d" % i),),
        (("twice", b"a"), ("other", b"%d" % i), ("twice", b"b")),
        (("null", None), ("empty", b"")),
    )[i % 4]
    return Record(topic, i % PARTITIONS, value, key, FIRST_TIMESTAMP + 1000 * i, headers)
