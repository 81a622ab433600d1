"""A script on its stage: a cluster of its own with its plan of faults, a client, and the control API."""

import concurrent.futures
import contextlib
import itertools
import json
import pathlib
import re
import socket
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CLIENTS = HERE.parent / "clients"
# What installs each client, and the program that `Client` speaks with.
PROGRAMS = {
    "librdkafka": (CLIENTS / "python/install", [CLIENTS / "python/venv/bin/python", HERE / "clients/librdkafka.py"]),
    "java": (HERE / "clients/java/install", [HERE / "clients/java/client"]),
    "franz-go": (CLIENTS / "go/install", [CLIENTS / "go/franz-go-lines"]),
}
SECONDS = 40
ENDED = "the program has ended"
CLUSTER_VERBS = {"wait", "raise", "release", "crash", "stop", "restart", "advance", "move", "elect", "join", "remove"}
SETTLED = {"Empty", "Ongoing", "CompleteCommit", "CompleteAbort", "Dead"}


class Wrong(Exception):
    """What went otherwise than the script says."""


class Client:
    """A client program: a line of JSON for each call, a line for what it was told, in any order."""

    def __init__(self, name, program):
        self.name = name
        self.numbers = itertools.count(1)
        self.waiting = {}
        self.lock = threading.Lock()
        self.has_ended = False
        self.process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            number, _, said = line.rstrip("\n").partition(" ")
            self.waiting.pop(int(number)).set_result(said)
        with self.lock:
            self.has_ended = True
            for answer in self.waiting.values():
                answer.set_result(ENDED)

    def ask(self, *words):
        """A future of what the program was told."""
        answer = concurrent.futures.Future()
        with self.lock:
            number = next(self.numbers)
            if self.has_ended:
                answer.set_result(ENDED)
                return answer
            self.waiting[number] = answer
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(" ".join([str(number), *words]) + "\n")
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Stage:
    """Broker 0 coordinates the transactions, 1 leads the topics, 2 coordinates the group `g`."""

    numbers = itertools.count(1)
    transactional_id = "a"

    def __init__(self, fencepost, client, script):
        self.client, self.script = client, script
        self.name = f"s{next(self.numbers)}"
        self.background = {}
        self.server = subprocess.Popen(
            [fencepost, "serve", "--port", "0", "--brokers", "3", "--control-port", "0", "--clock", "manual",
             "--topic", "orders:1", "--topic", "more:1", "--topic", "source:1",
             "--config", "default.replication.factor=3", "--config", "group.initial.rebalance.delay.ms=0",
             *script.server, "--strict"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        ready = self.server.stdout.readline()
        if not ready:
            raise Wrong(self.server.stderr.read().strip())
        self.servers = re.search(r"bootstrap\.servers=(\S+)", ready)[1]
        self.control = re.search(r"control=(\S+)", ready)[1]

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            self.client.ask(self.name, self.servers, "-", "end").result(SECONDS)
            self.server.terminate()
            logged = self.server.communicate(timeout=SECONDS)[1]
        except (concurrent.futures.TimeoutError, subprocess.TimeoutExpired):
            raise Wrong("the client or fencepost did not end") from None
        finally:
            self.server.kill()
        if kind is None and self.server.returncode != 0:
            never = re.findall(r"^fault (\S+): never fired", logged, re.M)
            raise Wrong("never fired: " + ", ".join(never) if never else logged.strip()[-300:])

    def prepare(self):
        self.create_coordinators()
        for words in (f"move transactions {self.transactional_id} 0", "move groups g 2",
                      "elect orders 1", "elect more 1", "elect source 1"):
            self.command(words.split())
        self.ask("/faults", self.script.plan.read_bytes(), "application/toml")

    def play(self):
        self.prepare()
        for step in self.script.steps:
            if step.only not in (None, self.client.name):
                continue
            try:
                self.take(step)
            except Wrong as error:
                raise Wrong(f"line {step.line}: {' '.join(step.words)}: {error}") from None
            except concurrent.futures.TimeoutError:
                raise Wrong(f"line {step.line}: {' '.join(step.words)}: no end in {SECONDS} seconds") from None

    def create_coordinators(self):
        """Their topics come with the first client that asks for a coordinator: FindCoordinator, version 1."""
        for kind, name in ((0, b"g"), (1, self.transactional_id.encode())):
            self.send(10, 1, struct.pack(f">h{len(name)}sb", len(name), name, kind))

    def send(self, api, version, body):
        """A request with the first version of a header, and the wait for its answer."""
        host, _, port = self.servers.split(",")[0].rpartition(":")
        with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
            frame = struct.pack(">hhih5s", api, version, 1, 5, b"stage") + body
            connection.sendall(struct.pack(">i", len(frame)) + frame)
            connection.recv(4096)

    def take(self, step):
        verb = step.words[0]
        if verb == "join":
            got = self.background.pop(step.words[1]).result(SECONDS)
        elif verb in CLUSTER_VERBS:
            self.command(step.words)
            return
        else:
            if verb == "read":
                self.settle()
            answer = self.client.ask(self.name, self.servers, *step.words)
            if step.is_background:
                self.background[verb] = answer
                return
            got = self.moving_clock(answer) if verb == "read" else answer.result(SECONDS)
        expected = step.expected.get(self.client.name, step.expected.get("*", "ok"))
        if got != expected:
            raise Wrong(f"told `{got}`, not `{expected}`")

    def moving_clock(self, answer, ms=20):
        """A fetch at the end of a partition comes back by the brokers' time, and so does much when brokers are down."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                return answer.result(0.02)
            except concurrent.futures.TimeoutError:
                self.command(["advance", ms])
        raise concurrent.futures.TimeoutError

    def settle(self):
        """Waits until no transaction is owed a marker."""
        end = time.monotonic() + SECONDS
        while unsettled := [one for one in self.ask("/transactions")["transactions"] if one["state"] not in SETTLED]:
            if time.monotonic() > end:
                raise Wrong(f"transactions without an end: {unsettled}")
            self.command(["advance", "20"])

    def command(self, words):
        match words:
            case ["wait", fault, *times]:
                times = times[0] if times else 1
                self.ask(f"/faults/{fault}/hits?times={times}&within_ms={SECONDS * 500}")
            case ["remove", fault]:
                self.command(["wait", fault])
                self.ask(f"/faults/{fault}", method="DELETE")
            case ["raise", event]:
                self.ask(f"/raised/{event}", {})
            case ["release"]:
                for held in self.ask("/held"):
                    self.ask(f"/held/{held['number']}/release", {})
            case [("crash" | "stop" | "restart") as what, broker]:
                self.ask(f"/brokers/{broker}/{what}", {})
            case ["advance", ms]:
                self.ask("/clock/advance", {"ms": int(ms)})
            case ["move", kind, name, broker]:
                if self.ask(f"/{kind}/{name}/coordinator")["broker"] != int(broker):
                    self.ask(f"/{kind}/{name}/coordinator", {"broker": int(broker)})
            case ["elect", topic, broker]:
                if self.ask(f"/topics/{topic}/partitions")[0]["leader"] != int(broker):
                    self.ask(f"/topics/{topic}/partitions/0/elect", {"leader": int(broker)})
            case _:
                raise Wrong("no such command")

    def ask(self, path, body=None, kind="application/json", method=None):
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data=body, headers={"content-type": kind},
                                         method=method)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise Wrong(f"{path}: {error.code} {error.read().decode()[:300]}") from None
