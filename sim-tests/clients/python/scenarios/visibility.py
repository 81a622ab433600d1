"""What each isolation level shows of committed, aborted and open transactions."""

import check
from cluster import COMMITTED, UNCOMMITTED, Partition, read_to, send


def commit_and_abort(cluster):
    """Three transactions over three partitions of two topics; the middle one is aborted."""
    two, one = cluster.topic("two", 2), cluster.topic("one", 1)
    partitions = [Partition(two, 0), Partition(two, 1), Partition(one, 0)]
    producer = cluster.transactional("producer")
    for name in ("first", "aborted", "third"):
        producer.begin()
        for at in partitions:
            send(producer, *at, f"{name}-a", f"{name}-b")
        if name == "aborted":
            producer.flush()
            producer.abort()
        else:
            producer.commit()
    for at in partitions:
        # Two records and a marker for each transaction: the ninth offset is the end for both levels.
        expect(cluster, COMMITTED, at, 9, ["0 first-a", "1 first-b", "6 third-a", "7 third-b"])
        expect(cluster, UNCOMMITTED, at, 9,
               ["0 first-a", "1 first-b", "3 aborted-a", "4 aborted-b", "6 third-a", "7 third-b"])


def interleaved_producers(cluster):
    """Two producers alternate on the same partitions; one commits, one aborts, then the other way round."""
    topic = cluster.topic("topic", 2)
    left, right = cluster.transactional("left"), cluster.transactional("right")
    for turn in range(2):
        left.begin()
        right.begin()
        for step in range(3):
            for partition in range(2):
                for name, producer in (("left", left), ("right", right)):
                    send(producer, topic, partition, f"{name}-{turn}{step}")
                    producer.flush()
        commits, aborts = (left, right) if turn == 0 else (right, left)
        commits.commit()
        aborts.abort()
    for partition in range(2):
        at = Partition(topic, partition)
        # Six records and two markers for each turn.
        expect(cluster, COMMITTED, at, 16,
               ["0 left-00", "2 left-01", "4 left-02", "9 right-10", "11 right-11", "13 right-12"])
        expect(cluster, UNCOMMITTED, at, 16,
               ["0 left-00", "1 right-00", "2 left-01", "3 right-01", "4 left-02", "5 right-02",
                "8 left-10", "9 right-10", "10 left-11", "11 right-11", "12 left-12", "13 right-12"])


def open_transaction_holds_back(cluster):
    """A committed transaction stays hidden behind an earlier open one."""
    topic = cluster.topic("topic", 1)
    at = Partition(topic, 0)
    opened, later = cluster.transactional("open"), cluster.transactional("later")
    later.begin()
    send(later, topic, 0, "before")
    later.commit()

    opened.begin()
    send(opened, topic, 0, "open-1", "open-2")
    opened.flush()
    later.begin()
    send(later, topic, 0, "later-1", "later-2")
    later.commit()

    expect(cluster, COMMITTED, at, 2, ["0 before"])
    expect(cluster, UNCOMMITTED, at, 7, ["0 before", "2 open-1", "3 open-2", "4 later-1", "5 later-2"])
    consumer = cluster.consumer(COMMITTED)
    consumer.assign({at: 2})
    check.same_list("past the last stable offset", [], lines(consumer.poll(0.3)))
    opened.commit()
    check.same_list("after the commit", ["2 open-1", "3 open-2", "4 later-1", "5 later-2"],
                    lines(read_to(consumer, {at: 8})))
    check.equal("end after the commit", {at: 8}, consumer.ends([at]))


def expect(cluster, isolation, at, end, expected):
    """The partition's end for this isolation level, and each record before it with its offset.

    The end comes a moment after the commit or the abort returns, with the marker.
    """
    consumer = cluster.consumer(isolation)
    check.eventually(f"end {isolation}", {at: end}, lambda: consumer.ends([at]))
    consumer.assign({at: 0})
    check.same_list(f"{isolation} of {at}", expected, lines(read_to(consumer, {at: end})))


def lines(records):
    return [f"{record.offset} {record.text}" for record in records]
