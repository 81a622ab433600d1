"""An application that does pieces of work, each in a transaction, as the catalogue says that a client must."""

import struct

import catalogue
from stage import ENDED, Client, Stage, Wrong

WORK = 4
ATTEMPTS = 4    # at a piece of work, and at a new identity
CALLS = 6       # of what says that one may try again
# By the client's own time; all else goes by the brokers', which moves on while a call waits.
TIMES = {"request-timeout": 1000, "delivery-timeout": 10_000, "max-block": 8000, "transaction-timeout": 600_000}
OTHER_TIMES = {
    # The batch is given up before it is sent again.
    "W052": {"request-timeout": 1500, "delivery-timeout": 1500},
    "W055": {"delivery-timeout": 1500},
    # The application does not wait until the client asks again.
    "W081": {"request-timeout": 2000, "max-block": 300},
    "W089": {"max-block": 500},
}
STEP_MS = 500   # of the brokers' time, for 20 of the client's


class Application(Stage):
    transactional_id = "tx"

    def __init__(self, fencepost, client, program, window, script):
        self.window, self.program, self.own = window, program, None
        self.topics = {"orders": "ab", "more": "c"}
        self.committed, self.attempts, self.story = [], 0, []
        self.wrong, self.other_outcome = [], None
        self.has_acted = self.has_healed = False
        super().__init__(fencepost, client, script)

    def __exit__(self, *error):
        if self.own:
            self.own.__exit__()
        super().__exit__(*error)

    def play(self):
        self.prepare()
        for words in catalogue.BEFORE.get(self.window.id, []):
            self.command(words.split())
        if self.window.kills():
            self.own = Client(self.client.name, self.program)
            self.ask("/processes/client", {"pid": self.own.process.pid}, method="PUT")
        self.renew()
        for number in range(1, WORK + 1):
            self.work(number)
        self.wrong = list(self.read())
        self.other_outcome = self.outcome()

    def work(self, number):
        for _ in range(ATTEMPTS):
            self.attempts += 1
            attempt = f"{number}.{self.attempts}"
            known = self.transaction(number, attempt)
            if known == "unknown":
                known = "committed" if self.was_committed(number, attempt) else "aborted"
            self.story.append(f"{attempt} {known}")
            self.between(number)
            if known == "committed":
                self.committed.append(attempt)
                return
        raise Wrong(f"{number} comes to no end")

    def transaction(self, number, attempt):
        """What the application knows of it in the end."""
        told = self.call("begin")
        if told == "ok":
            told = self.produce(attempt)
        if told == "ok" and self.client.name != "franz-go":
            told = self.again("offsets", number)
        has_asked = told == "ok"
        if has_asked:
            told = self.commit()
            if told == "ok":
                return "committed"
        is_definite = not has_asked or not self.is_lost(told) and "unconfirmed" not in told
        if self.is_lost(told) or self.again("abort") != "ok":
            self.renew()
            is_definite = not has_asked
        return "aborted" if is_definite else "unknown"

    def produce(self, attempt):
        is_together = self.window.id in catalogue.TOGETHER
        sends = [("send" if topic == "orders" else "send-more", attempt + part)
                 for topic, parts in self.topics.items() for part in parts]
        for verb, value in sends:
            told = self.call(verb, value)
            if told == "ok" and not is_together:
                told = self.call("flush")
            if "TOPIC_AUTHORIZATION_FAILED" in told and self.client.name == "librdkafka":
                # It takes nothing more for that topic until it is told again of all topics.
                self.call("metadata")
            if told != "ok":
                return told if told == ENDED else told + " abort"
        return "ok"

    def commit(self):
        is_first, self.has_acted = not self.has_acted, True
        match self.window.id:
            case "W081" if is_first:
                told = self.call("commit", 300)
                if self.is_again(told) and self.call("abort") == "ok":
                    return "unconfirmed abort"
            case "W086" if is_first:
                told = self.start("commit")
                self.command(["wait", "late"])
                self.renew("successor")
                return self.result(told)
            case "W089":
                return self.again("commit", 500, calls=2)
            case "W103" if is_first:
                told = self.start("commit")
                self.command(["wait", "markers"])
                # DeleteTopics, version 1.
                self.send(20, 1, struct.pack(">ih6si", 1, 6, b"orders", 1000))
                del self.topics["orders"]
                return self.result(told)
        return self.again("commit")

    def between(self, number):
        """What the plan wants of others when a transaction has ended."""
        if self.window.id == "W036" and number == 1:
            self.settle()
            self.command(["raise", "ended"])
        if self.window.id in ("W055", "W089") and not self.has_healed:
            self.has_healed = True
            self.command(["remove", "%231"])

    def renew(self, who="client"):
        """A new identity, as the next incarnation takes it."""
        times = TIMES | OTHER_TIMES.get(self.window.id, {})
        settings = ["id=tx"] + [f"{key}={ms}" for key, ms in times.items()]
        for _ in range(ATTEMPTS):
            if self.call("new", *settings, who=who) == "ok" and self.again("init", who=who) == "ok":
                return
        raise Wrong("no new identity")

    def was_committed(self, number, attempt):
        """What the next incarnation learns: from the committed offsets, or from what it finds of its own work."""
        self.settle()
        if self.client.name != "franz-go":
            return self.call("offset", who="read") == str(number)
        return attempt + "c" in self.call("more", who="read").split()

    # The end.

    def outcome(self):
        """What of the window's required outcome is not so, beside what can be read; that of the first transaction, if
        its client was killed in it.
        """
        outcomes, aborted = self.window.outcomes, self.attempts - len(self.committed)
        if self.window.kills():
            outcomes = outcomes & {"O-ABORT", "O-COMMIT"}
        if outcomes and outcomes <= {"O-SAME", "O-WAIT", "O-COMMIT"} and aborted:
            return "a transaction was aborted"
        if outcomes == {"O-ABORT"} and not aborted:
            return "no transaction was aborted"
        return None

    def read(self):
        # What is still open times out.
        self.command(["advance", "1200000"])
        self.settle()
        for topic, parts in self.topics.items():
            expected = [attempt + part for attempt in self.committed for part in parts]
            found = self.call(topic, who="read").split()
            if found != expected:
                yield f"{topic} has {' '.join(found)}, and should have {' '.join(expected)}"
            for row in self.ask(f"/topics/{topic}/partitions"):
                if row["last_stable_offset"] != row["high_watermark"]:
                    yield f"{topic} is open for ever"
        if self.client.name != "franz-go" and (offset := self.call("offset", who="read")) != str(WORK):
            yield f"the committed offset is {offset}"

    # Calls.

    def start(self, verb, *words, who="client"):
        if self.own and self.own.has_ended and verb == "new":
            # The next incarnation need not be killed.
            self.own.__exit__()
            self.own = None
        # What is asked of a client that was killed is told so.
        is_own = self.own and (who == "client" or not self.own.has_ended)
        client = self.own if is_own else self.client
        return client.ask(self.name, self.servers, who, verb, *map(str, words))

    def result(self, answer):
        return self.moving_clock(answer, STEP_MS)

    def call(self, verb, *words, who="client"):
        told = self.result(self.start(verb, *words, who=who))
        if told != "ok":
            self.story.append(f"{verb}: {told}")
        return told

    def again(self, verb, *words, calls=CALLS, who="client"):
        for _ in range(calls):
            told = self.call(verb, *words, who=who)
            if not self.is_again(told):
                break
        return told

    def is_again(self, told):
        return "retriable" in told.split()

    def is_lost(self, told):
        """Whether the client has to be given up. The Java client says so by refusing to abort."""
        return told == ENDED or self.client.name != "java" and "abort" not in told.split()
