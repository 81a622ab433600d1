"""What each isolation level shows of committed, aborted and open transactions."""

import subprocess

import check
from kcat import BY_KEY, COMMITTED, PARTITIONS, QUICK_FETCH, UNCOMMITTED, ends, key_to, record


def commit_and_abort(kcat):
    """Three transactions over three partitions; the middle one is aborted."""
    topic = kcat.topic("topic")
    for at, name in enumerate(("first", "aborted", "third")):
        lines = [f"{key_to(p)}|{name}-{letter}" for p in range(PARTITIONS) for letter in "ab"]
        if name == "aborted":
            run = kcat.open("producer", topic, *BY_KEY)
            run.send(*lines)
            for partition in range(PARTITIONS):
                kcat.await_end(UNCOMMITTED, topic, partition, 3 * at + 2)
            run.abort()
        else:
            kcat.transaction("producer", topic, lines, *BY_KEY)
    for partition in range(PARTITIONS):
        # Two records and a marker for each transaction: the ninth offset is the end for both levels.
        kcat.expect(COMMITTED, topic, partition, 9, ["0 first-a", "1 first-b", "6 third-a", "7 third-b"])
        kcat.expect(UNCOMMITTED, topic, partition, 9,
                    ["0 first-a", "1 first-b", "3 aborted-a", "4 aborted-b", "6 third-a", "7 third-b"])
    return "in one topic: a run of kcat, and so a transaction, has one"


def interleaved_producers(kcat):
    """Two producers alternate on the same partitions; one commits, one aborts, then the other way round."""
    topic = kcat.topic("topic")
    for turn in range(2):
        runs = {name: kcat.open(name, topic, *BY_KEY) for name in ("left", "right")}
        for step in range(3):
            for partition in range(2):
                for at, (name, run) in enumerate(runs.items()):
                    run.send(f"{key_to(partition)}|{name}-{turn}{step}")
                    kcat.await_end(UNCOMMITTED, topic, partition, 8 * turn + 2 * step + at + 1)
        commits, aborts = ("left", "right") if turn == 0 else ("right", "left")
        runs[commits].commit()
        runs[aborts].abort()
        for partition in range(2):
            kcat.await_end(UNCOMMITTED, topic, partition, 8 * (turn + 1))
    for partition in range(2):
        # Six records and two markers for each turn.
        kcat.expect(COMMITTED, topic, partition, 16,
                    ["0 left-00", "2 left-01", "4 left-02", "9 right-10", "11 right-11", "13 right-12"])
        kcat.expect(UNCOMMITTED, topic, partition, 16,
                    ["0 left-00", "1 right-00", "2 left-01", "3 right-01", "4 left-02", "5 right-02",
                     "8 left-10", "9 right-10", "10 left-11", "11 right-11", "12 left-12", "13 right-12"])


def open_transaction_holds_back(kcat):
    """A committed transaction stays hidden behind an earlier open one."""
    topic = kcat.topic("topic")
    kcat.transaction("later", topic, ["before"], "-p", "0")
    kcat.await_end(COMMITTED, topic, 0, 2)
    opened = kcat.open("open", topic, "-p", "0")
    opened.send("open-1", "open-2")
    kcat.await_end(UNCOMMITTED, topic, 0, 4)
    kcat.transaction("later", topic, ["later-1", "later-2"], "-p", "0")

    kcat.expect(UNCOMMITTED, topic, 0, 7, ["0 before", "2 open-1", "3 open-2", "4 later-1", "5 later-2"])
    kcat.expect(COMMITTED, topic, 0, 2, ["0 before"])
    # ListOffsets, which kcat's query sends as a read_committed client.
    check.equal("latest offset by query", f"{topic} [0] offset 2\n", kcat.run("-Q", "-t", f"{topic}:0:-1")[0])
    waiting = kcat.start("-C", "-t", topic, "-p", "0", "-o", "2", "-c", "4", "-J", *QUICK_FETCH,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check.equal("end for one that waits", {0: 2}, ends(waiting.stderr.readline().decode()))
    opened.commit()
    out, _ = waiting.communicate(timeout=20)
    check.same_list("after the commit", [(2, "open-1"), (3, "open-2"), (4, "later-1"), (5, "later-2")],
                    [(r.offset, r.value) for r in map(record, out.decode().splitlines())])
    for isolation in (COMMITTED, UNCOMMITTED):
        kcat.await_end(isolation, topic, 0, 8)
