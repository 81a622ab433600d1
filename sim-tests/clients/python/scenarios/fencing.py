"""Producers that come too late: replaced, killed, or past their transaction's time.

The error that a client must raise is in its adapter's `errors`, in the client's own words.
"""

import subprocess
import sys
import threading
import time

import check
from cluster import COMMITTED, UNCOMMITTED, Partition, read_to, send


def raises(cluster, situation, call):
    """One situation may end otherwise at each transaction version; the adapter then has both."""
    expected = cluster.adapter.errors[situation]
    if isinstance(expected, dict):
        expected = expected[cluster.transaction_version]
    if expected is None:
        call()
    else:
        check.raises(situation, expected, cluster.adapter.describe, call)


def zombie_fenced(cluster):
    """A successor aborts the open transaction; the zombie learns it by its commit, or by its next send."""
    topic = cluster.topic("topic", 1)
    zombie = opened(cluster, "by-commit", topic, 0, "zombie-1")
    successor = cluster.transactional("by-commit")
    successor.begin()
    send(successor, topic, 0, "successor-1")
    successor.flush()
    raises(cluster, "the zombie's commit", zombie.commit)
    raises(cluster, "the zombie's next transaction", zombie.begin)
    successor.commit()

    second = opened(cluster, "by-send", topic, 0, "zombie-2")
    replacement = cluster.transactional("by-send")
    raises(cluster, "the zombie's send", lambda: flushed(second, topic, 0, "zombie-3"))
    raises(cluster, "the zombie's abort after its send", second.abort)
    replacement.begin()
    send(replacement, topic, 0, "successor-2")
    replacement.commit()

    check.same_list("read_committed", ["successor-1", "successor-2"], cluster.texts(COMMITTED, topic))
    check.same_list("read_uncommitted", ["zombie-1", "successor-1", "zombie-2", "successor-2"],
                    cluster.texts(UNCOMMITTED, topic))


def opened(cluster, name, topic, partition, value, **options):
    """A producer with an open transaction whose one record the broker has acknowledged."""
    producer = cluster.transactional(name, **options)
    producer.begin()
    flushed(producer, topic, partition, value)
    return producer


def flushed(producer, topic, partition, *values):
    send(producer, topic, partition, *values)
    producer.flush()


def killed_mid_transaction(cluster):
    """A process killed inside a transaction neither shows its records nor holds back its successor's."""
    topic = cluster.topic("topic", 1)
    command = [sys.executable, sys.argv[0], cluster.adapter.name, "--bootstrap", cluster.bootstrap,
               "--child", cluster.named("producer"), topic]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        # The bound on readline: without a word in time the child is killed, and the line is empty.
        watchdog = threading.Timer(30, child.kill)
        watchdog.start()
        try:
            check.equal("the child's word", "flushed\n", child.stdout.readline())
        finally:
            watchdog.cancel()
            child.kill()
            child.wait(5)

    check.same_list("read_committed while open", [],
                    cluster.texts(COMMITTED, topic, still_open=True))
    successor = cluster.transactional("producer")
    successor.begin()
    send(successor, topic, 0, "successor-1", "successor-2")
    successor.commit()
    check.same_list("read_committed", ["successor-1", "successor-2"], cluster.texts(COMMITTED, topic))
    check.same_list("read_uncommitted", ["child-1", "child-2", "successor-1", "successor-2"],
                    cluster.texts(UNCOMMITTED, topic))


def child(adapter, transactional_id, topic):
    """The child's whole life: a transaction with two flushed records, then it waits for SIGKILL."""
    producer = adapter.producer(transactional_id=transactional_id)
    producer.init()
    producer.begin()
    flushed(producer, topic, 0, "child-1", "child-2")
    print("flushed", flush=True)
    time.sleep(60)


def transaction_timeout(cluster):
    """The coordinator aborts transactions that took too long; three late producers find out by three calls."""
    topic = cluster.topic("topic", 3)
    late = [
        opened(cluster, f"late-{p}", topic, p, f"late-{p}", transaction_timeout_ms=1000)
        for p in range(3)
    ]
    other = cluster.transactional("other")
    other.begin()
    for partition in range(3):
        send(other, topic, partition, f"other-{partition}")
    other.commit()
    await_aborts(cluster, topic)

    raises(cluster, "the late commit", late[0].commit)
    raises(cluster, "the late abort", late[1].abort)
    raises(cluster, "the late send", lambda: flushed(late[2], topic, 2, "too late"))
    raises(cluster, "the late abort after a send", late[2].abort)
    recovered = []
    for partition, situation in ((1, "the late abort"), (2, "the late abort after a send")):
        if may_go_on(cluster, situation):
            late[partition].begin()
            send(late[partition], topic, partition, f"recovered-{partition}")
            late[partition].commit()
            recovered.append(f"recovered-{partition}")
    successor = cluster.transactional("late-0")
    successor.begin()
    send(successor, topic, 0, "successor")
    successor.commit()
    check.same_list("read_committed, after", ["other-0", "other-1", "other-2", *recovered, "successor"],
                    sorted(cluster.texts(COMMITTED, topic, 3)))


def may_go_on(cluster, situation):
    """A producer whose abort succeeds must be able to begin anew."""
    expected = cluster.adapter.errors[situation]
    return (expected[cluster.transaction_version] if isinstance(expected, dict) else expected) is None


def await_aborts(cluster, topic):
    """In each partition: the late record, the other's record, its marker, and at last the abort's marker."""
    partitions = [Partition(topic, p) for p in range(3)]
    consumer = cluster.consumer(COMMITTED)
    consumer.assign({at: 0 for at in partitions})
    got = read_to(consumer, {at: 4 for at in partitions})
    check.same_list("read_committed", ["other-0", "other-1", "other-2"], sorted(record.text for record in got))
