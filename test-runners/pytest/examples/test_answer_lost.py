"""EndTxn takes effect, and its answer is lost: the client asks again, and there is one copy of the record."""

import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

PLAN = """
    [[fault]]
    name = "answer lost"
    on = "EndTxn"
    client = "orders"
    when = "applied"
    do = "disconnect"
"""
SECONDS = 20


@pytest.mark.fencepost(topics={"orders": 1})
def test_a_commit_whose_answer_is_lost_is_made_once(fencepost):
    fencepost.add_faults(PLAN)
    producer = Producer({"bootstrap.servers": fencepost.bootstrap_servers, "client.id": "orders",
                         "transactional.id": "orders-1"})
    producer.init_transactions(SECONDS)

    transaction(producer, "order 1")  # its EndTxn meets the fault, and is sent again
    fault = fencepost.hit("answer lost")
    assert fault["fired"] == 1 and fault["matched"] >= 2
    transaction(producer, "order 2")  # the producer can go on

    assert committed(fencepost.bootstrap_servers, until="order 2") == ["order 1", "order 2"]


def transaction(producer, value):
    producer.begin_transaction()
    producer.produce("orders", value, partition=0)
    producer.commit_transaction(SECONDS)


def committed(servers, until):
    """What read_committed shows, up to and with the value `until`."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "reader", "isolation.level": "read_committed"})
    consumer.assign([TopicPartition("orders", 0, 0)])
    values, deadline = [], time.monotonic() + SECONDS
    try:
        while until not in values:
            assert time.monotonic() < deadline, f"read {values} in {SECONDS} s"
            message = consumer.poll(0.1)
            if message is not None:
                assert message.error() is None, message.error()
                values.append(message.value().decode())
    finally:
        consumer.close()
    return values
