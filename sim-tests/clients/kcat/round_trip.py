"""Everything that kcat can put into a record comes back as it was sent, under one codec."""

import time

import check
from kcat import COMMITTED, PARTITIONS

RECORDS = 200
# Headers hold for a whole run.
HEADERS = (
    (),
    (("trace", "1"),),
    (("twice", "a"), ("other", "2"), ("twice", "b")),
    (("null", None), ("empty", "")),
)


def run(kcat, codec):
    topic = kcat.topic("topic")
    began = int(time.time() * 1000)
    expected = {partition: [] for partition in range(PARTITIONS)}
    turns = 2 * len(HEADERS)
    for turn in range(turns):
        headers, nulls, partition = HEADERS[turn // 2], turn % 2 == 1, turn % PARTITIONS
        options = ["-z", codec, "-p", str(partition), "-K", "|", "-X", "linger.ms=50"]
        options += [part for name, value in headers
                    for part in ("-H", name if value is None else f"{name}={value}")]
        sent = [line_and_record(i, nulls) for i in range(RECORDS * turn // turns, RECORDS * (turn + 1) // turns)]
        kcat.produce(topic, [line for line, _ in sent], *options, *(["-Z"] if nulls else []))
        expected[partition] += [(*record, headers) for _, record in sent]
    got, ends = kcat.read(COMMITTED, topic)
    check.equal("records", RECORDS, len(got))
    check.equal("ends", {partition: len(records) for partition, records in expected.items()}, ends)
    for partition, records in expected.items():
        check.same_list(f"partition {partition}", [(offset, *rest) for offset, rest in enumerate(records)],
                        [(r.offset, r.key, r.value, r.headers) for r in got if r.partition == partition])
    late = [r for r in got if not began <= r.timestamp <= time.time() * 1000]
    check.equal("records whose timestamp is not of this run", [], late)
    return "without timestamps of its choice: kcat stamps a record when it sends it"


def line_and_record(i, nulls):
    """A line of input, and the key and value it stands for: -Z makes nulls of what is empty."""
    empty = None if nulls else ""
    value = f"value-{i}-" + "fence post " * 20
    if i % 7 == 0:
        return value, (None, value)
    if i % 13 == 0:
        return "|", (empty, empty)
    if i % 11 == 0:
        return f"key-{i}|", (f"key-{i}", empty)
    if i % 5 == 0:
        return f"|{value}", (empty, value)
    return f"key-{i}|{value}", (f"key-{i}", value)
