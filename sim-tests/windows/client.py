"""A transactional producer of librdkafka that does what the catalogue says; it prints what is wrong in the end."""

import sys
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

TRANSACTIONS = 4
SECONDS = 15


def producer(servers):
    made = Producer({
        "bootstrap.servers": servers, "transactional.id": "tx", "client.id": "client",
        "transaction.timeout.ms": 60_000, "socket.timeout.ms": 3_000, "message.timeout.ms": 10_000,
        "linger.ms": 0, "log_level": 0,
    })
    retried(lambda: made.init_transactions(SECONDS))
    return made


def retried(call):
    """Calls again as long as librdkafka says that it may."""
    for _ in range(4):
        try:
            return call()
        except KafkaException as error:
            if not error.args[0].retriable():
                raise
    return call()


def transaction(client, number):
    """What the client knows of a transaction, and whether it needs a new identity."""
    try:
        client.begin_transaction()
        for half in "ab":
            client.produce("orders", f"{number}{half}", partition=0)
            client.flush(SECONDS)
        retried(lambda: client.commit_transaction(SECONDS))
        return "committed", False
    except KafkaException as error:
        error = error.args[0]
        if not error.txn_requires_abort():
            return "unknown", True
    try:
        retried(lambda: client.abort_transaction(SECONDS))
        return "aborted", False
    except KafkaException:
        return "aborted", True


def read(servers):
    consumer = Consumer({
        "bootstrap.servers": servers, "group.id": "reader", "auto.offset.reset": "earliest",
        "isolation.level": "read_committed", "enable.partition.eof": True, "log_level": 0,
    })
    # Without a group, which a cluster that has lost a broker may not be able to coordinate yet.
    consumer.assign([TopicPartition("orders", 0, 0)])
    values, end = [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error():
            break
        values.append(message.value().decode())
    consumer.close()
    return values


def main():
    servers = sys.argv[1]
    client, known = producer(servers), {}
    for number in range(1, TRANSACTIONS + 1):
        known[number], is_lost = transaction(client, number)
        if is_lost:
            client = producer(servers)
    values = read(servers)
    for number, said in known.items():
        seen = tuple(values.count(f"{number}{half}") for half in "ab")
        right = {"committed": [(1, 1)], "aborted": [(0, 0)], "unknown": [(0, 0), (1, 1)]}[said]
        if seen not in right:
            print(f"transaction {number} is {said} and seen {seen}")


main()
