"""Runs that come too late: replaced, killed, or past their transaction's time.

EndTxn or Produce with an old epoch is fatal for librdkafka, at each transaction version: it speaks no version of
EndTxn in which an epoch rises. kcat prints the error of its commit, and ends with 1.
"""

import check
from kcat import COMMITTED, UNCOMMITTED

BY_COMMIT = ("commit_transaction(): Failed to end transaction: "
             "Local: This instance has been fenced by a newer instance")
BY_SEND = ("commit_transaction(): ProduceRequest for {} [{}] with 1 message(s) failed: "
           "Broker: Producer attempted an operation with an old epoch (broker # PID{{Id:#,Epoch:#}}, base seq #): "
           "transactional producer fenced by newer producer instance")


def zombie_fenced(kcat):
    """A successor aborts the open transaction; the zombie learns it by its commit, or by its next send."""
    topic = kcat.topic("topic")
    zombie = kcat.open("by-commit", topic, "-p", "0")
    zombie.send("zombie-1")
    kcat.await_end(UNCOMMITTED, topic, 0, 1)
    kcat.transaction("by-commit", topic, ["successor-1"], "-p", "0")
    zombie.commit_fails(BY_COMMIT)
    kcat.await_end(COMMITTED, topic, 0, 4)

    second = kcat.open("by-send", topic, "-p", "0")
    second.send("zombie-2")
    kcat.await_end(UNCOMMITTED, topic, 0, 5)
    kcat.transaction("by-send", topic, ["successor-2"], "-p", "0")
    second.send("zombie-3")
    second.await_error("Fatal error")
    second.commit_fails(BY_SEND.format(topic, 0))

    # Each zombie's record and its abort marker, each successor's record and its commit marker.
    kcat.expect(COMMITTED, topic, 0, 8, ["2 successor-1", "6 successor-2"])
    kcat.expect(UNCOMMITTED, topic, 0, 8, ["0 zombie-1", "2 successor-1", "4 zombie-2", "6 successor-2"])


def killed_mid_transaction(kcat):
    """A run killed inside a transaction neither shows its records nor holds back its successor's."""
    topic = kcat.topic("topic")
    child = kcat.open("producer", topic, "-p", "0")
    child.send("child-1", "child-2")
    kcat.await_end(UNCOMMITTED, topic, 0, 2)
    child.kill()
    kcat.expect(COMMITTED, topic, 0, 0, [])
    kcat.transaction("producer", topic, ["successor-1", "successor-2"], "-p", "0")
    kcat.expect(COMMITTED, topic, 0, 6, ["3 successor-1", "4 successor-2"])
    kcat.expect(UNCOMMITTED, topic, 0, 6, ["0 child-1", "1 child-2", "3 successor-1", "4 successor-2"])


def transaction_timeout(kcat):
    """The coordinator aborts transactions that took too long; late runs find out by their commit or their send."""
    topic = kcat.topic("topic")
    late = [kcat.open(f"late-{p}", topic, "-p", str(p), "-X", "transaction.timeout.ms=1000") for p in range(2)]
    for partition, run in enumerate(late):
        run.send(f"late-{partition}")
        kcat.await_end(UNCOMMITTED, topic, partition, 1)
        kcat.transaction("other", topic, [f"other-{partition}"], "-p", str(partition))
    for partition in range(2):
        # The late record, the other's record and its marker, and at last the abort's marker.
        kcat.expect(COMMITTED, topic, partition, 4, [f"1 other-{partition}"])
    late[0].commit_fails(BY_COMMIT)
    late[1].send("too late")
    late[1].await_error("Fatal error")
    late[1].commit_fails(BY_SEND.format(topic, 1))
    for partition in range(2):
        kcat.transaction(f"late-{partition}", topic, [f"successor-{partition}"], "-p", str(partition))
        kcat.expect(COMMITTED, topic, partition, 6, [f"1 other-{partition}", f"4 successor-{partition}"])
        records, _ = kcat.read(UNCOMMITTED, topic, "-p", str(partition))
        check.same_list(f"read_uncommitted of {partition}", [f"late-{partition}", f"other-{partition}",
                        f"successor-{partition}"], [r.value for r in records])
    return "without going on after the timeout: kcat ends at its first error, and a new run goes on"
