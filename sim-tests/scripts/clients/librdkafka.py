"""librdkafka, told what to do line by line: `NUMBER STAGE SERVERS WHO VERB ...`; answers `NUMBER WHAT-IT-WAS-TOLD`.

The calls of one client of a stage are made in their order by a thread of their own.
"""

import json
import logging
import queue
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

SECONDS = 15
QUIET = logging.getLogger("librdkafka")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
FAST = {"log_level": 0, "logger": QUIET, "error_cb": lambda _: None,
        "retry.backoff.ms": 10, "retry.backoff.max.ms": 50,
        "reconnect.backoff.ms": 10,
        "reconnect.backoff.max.ms": 50, "topic.metadata.refresh.fast.interval.ms": 10}
NAMES = {"request-timeout": "socket.timeout.ms", "transaction-timeout": "transaction.timeout.ms",
         "delivery-timeout": "message.timeout.ms", "refresh": "topic.metadata.refresh.interval.ms"}
printing = threading.Lock()


def told(error):
    """What the application is told: the code's name, and what it says of itself."""
    error = error.args[0] if isinstance(error, KafkaException) else error
    words = [error.name()]
    words += ["fatal"] if error.fatal() else []
    words += ["retriable"] if error.retriable() else []
    words += ["abort"] if error.txn_requires_abort() else []
    return " ".join(words)


class Transactional:
    def __init__(self, servers, name):
        self.servers, self.name = servers, name
        self.refused = []
        self.most_in_flight = 0

    def new(self, *settings):
        config = {"bootstrap.servers": self.servers, "client.id": self.name, "linger.ms": 0, **FAST,
                  "enable.idempotence": True, "batch.num.messages": 1}
        if "idempotent" not in settings:
            ids = [text.partition("=")[2] for text in settings if text.startswith("id=")]
            config |= {"transactional.id": ids[0] if ids else self.name, "transaction.timeout.ms": 60_000}
        config |= {NAMES[key]: value for key, _, value in (text.partition("=") for text in settings) if key in NAMES}
        if "statistics" in settings:
            config |= {"statistics.interval.ms": 10, "stats_cb": self.counted}
        self.producer = Producer(config)

    def counted(self, statistics):
        brokers = json.loads(statistics)["brokers"].values()
        self.most_in_flight = max([broker["waitresp_cnt"] for broker in brokers], default=0)

    def in_flight(self, number):
        """Waits until so many requests to one broker have no answer."""
        end = time.monotonic() + SECONDS
        while self.most_in_flight < int(number):
            if time.monotonic() > end:
                return f"{self.most_in_flight} in flight"
            self.producer.poll(0.01)

    def init(self, ms=SECONDS * 1000):
        self.producer.init_transactions(int(ms) / 1000)

    def begin(self):
        self.producer.begin_transaction()

    def send(self, *values, topic="orders"):
        for value in values:
            self.producer.produce(topic, value, partition=0, on_delivery=self.delivered)

    def send_more(self, *values):
        self.send(*values, topic="more")

    def delivered(self, error, message):
        if error:
            self.refused.append(f"{message.value().decode()}:{error.name()}")

    def flush(self):
        """What was refused; or the fatal error, which this client raises beside it, or a SystemError in its place."""
        is_fatal = False
        for _ in range(100):
            try:
                if self.producer.flush(SECONDS):
                    return "not flushed"
                break
            except (KafkaException, SystemError):
                is_fatal = True
        refused, self.refused = self.refused, []
        if is_fatal:
            # Any call tells it from now on.
            self.producer.begin_transaction()
        return " ".join(sorted(refused)) or "ok"

    def metadata(self):
        self.producer.list_topics("orders", SECONDS)

    def offsets(self, offset, ms=SECONDS * 1000):
        reader = Consumer({"bootstrap.servers": self.servers, "group.id": "g", **FAST})
        try:
            metadata = reader.consumer_group_metadata()
        finally:
            reader.close()
        self.producer.send_offsets_to_transaction(
            [TopicPartition("source", 0, int(offset))], metadata, int(ms) / 1000)

    def commit(self, ms=SECONDS * 1000):
        self.producer.commit_transaction(int(ms) / 1000)

    def abort(self, ms=SECONDS * 1000):
        self.producer.abort_transaction(int(ms) / 1000)

    def close(self):
        del self.producer


class Reading:
    def __init__(self, servers, _):
        self.servers = servers

    def consumer(self, isolation):
        return Consumer({"bootstrap.servers": self.servers, "group.id": "g", "isolation.level": isolation,
                         "enable.partition.eof": True, "enable.auto.commit": False, "auto.offset.reset": "error",
                         "client.id": "reader", "fetch.wait.max.ms": 10, **FAST})

    def read(self, topic, isolation):
        consumer, values = self.consumer(isolation), []
        consumer.assign([TopicPartition(topic, 0, 0)])
        end = time.monotonic() + SECONDS
        try:
            while time.monotonic() < end:
                message = consumer.poll(1)
                if message is None:
                    continue
                if not message.error():
                    values.append(message.value().decode())
                elif message.error().name() == "_PARTITION_EOF":
                    return " ".join(values) or "nothing"
                else:
                    return told(message.error())
            return "no end of " + " ".join(values)
        finally:
            consumer.close()

    def orders(self):
        return self.read("orders", "read_committed")

    def more(self):
        return self.read("more", "read_committed")

    def all_orders(self):
        return self.read("orders", "read_uncommitted")

    def offset(self, ms=SECONDS * 1000):
        consumer = self.consumer("read_committed")
        try:
            at = consumer.committed([TopicPartition("source", 0)], int(ms) / 1000)[0]
            return told(at.error) if at.error else str(at.offset) if at.offset >= 0 else "none"
        finally:
            consumer.close()


class Caller:
    """One client of a stage, with the thread that calls it."""

    def __init__(self, client):
        self.client = client
        self.calls = queue.SimpleQueue()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while call := self.calls.get():
            number, verb, words = call
            try:
                said = getattr(self.client, verb.replace("-", "_"))(*words) or "ok"
            except KafkaException as error:
                said = told(error)
            except Exception as error:
                said = f"the program failed: {error!r}".replace("\n", " ")
            answer(number, said)
        self.client.producer = None


def answer(number, said):
    with printing:
        print(number, said, flush=True)


def main():
    callers = {}
    for line in sys.stdin:
        number, stage, servers, who, verb, *words = line.split()
        if verb == "end":
            for key in [key for key in callers if key[0] == stage]:
                callers.pop(key).calls.put(None)
            answer(number, "ok")
            continue
        if (stage, who) not in callers:
            callers[stage, who] = Caller((Reading if who == "read" else Transactional)(servers, who))
        callers[stage, who].calls.put((number, verb, words))


main()
