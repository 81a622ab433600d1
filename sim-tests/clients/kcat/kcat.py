"""kcat as one scenario uses it: runs to their end, and runs that stay open."""

import json
import queue
import re
import subprocess
import threading
import zlib
from typing import NamedTuple

import check

COMMITTED = "read_committed"
UNCOMMITTED = "read_uncommitted"
# Topics come into being by the first look at them, with as many partitions as the cluster's num.partitions.
PARTITIONS = 3
RUN_SECONDS = 40
# kcat reads its input in blocks of so many bytes; it skips empty lines, which can therefore fill a block up.
INPUT_BLOCK = 1024
# Answers at once when there is nothing, so that the end of a partition is found quickly.
QUICK_FETCH = ["-X", "fetch.wait.max.ms=10"]
# The partition is the CRC-32 of the key, modulo the number of partitions.
BY_KEY = ["-K", "|", "-X", "topic.partitioner=consistent"]


class Record(NamedTuple):
    offset: int
    partition: int
    key: str | None
    value: str | None
    headers: tuple
    timestamp: int


class Kcat:
    def __init__(self, bootstrap, name):
        self.bootstrap = bootstrap
        self.name = name
        self.processes = []

    def named(self, suffix):
        """A topic, group or transactional id of this scenario alone."""
        return f"{self.name}-{suffix}"

    def start(self, *arguments, **options):
        """-m bounds the waits for metadata and for the calls of a transaction, in seconds."""
        process = subprocess.Popen(["kcat", "-b", self.bootstrap, "-m", "20", *arguments], **options)
        self.processes.append(process)
        return process

    def run(self, *arguments, lines=(), code=0):
        """What a run wrote to its standard output and its standard error; it must end with this exit code."""
        process = self.start(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate("".join(f"{line}\n" for line in lines).encode(), RUN_SECONDS)
        except subprocess.TimeoutExpired:
            raise check.CheckFailed(f"kcat {' '.join(arguments)} runs on after {RUN_SECONDS} s") from None
        out, err = out.decode(), err.decode()
        if process.returncode != code:
            raise check.CheckFailed(
                f"kcat {' '.join(arguments)} ended with {process.returncode}, expected {code}: {err.strip()[-500:]}")
        return out, err

    def topic(self, suffix):
        """A topic that is created by asking for it, when all its partitions have leaders."""
        topic = self.named(suffix)
        check.eventually(f"partitions with a leader of {topic}; the cluster's num.partitions must be {PARTITIONS}",
                         list(range(PARTITIONS)),
                         lambda: [p["partition"] for p in self.describe(topic)["partitions"] if p["leader"] >= 0])
        return topic

    def describe(self, topic):
        return self.metadata("-t", topic)["topics"][0]

    def metadata(self, *arguments):
        return json.loads(self.run("-L", "-J", *arguments)[0])

    def produce(self, topic, lines, *options):
        self.run("-P", "-t", topic, *options, lines=lines)

    def transaction(self, suffix, topic, lines, *options):
        """One transaction from its beginning to its commit: what a run of kcat with a transactional id is."""
        _, err = self.run("-P", "-t", topic, *self.transactional(suffix), *options, lines=lines)
        check.equal("the last word of a commit", "% Transaction successfully committed", err.splitlines()[-1])

    def open(self, suffix, topic, *options):
        return Open(self.start("-P", "-t", topic, *self.transactional(suffix), *options,
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE))

    def transactional(self, suffix):
        return ["-X", f"transactional.id={self.named(suffix)}"]

    def read(self, isolation, topic, *options):
        """The records from the beginning to the end that this isolation level shows, and the end by partition."""
        out, err = self.run("-C", "-t", topic, "-o", "beginning", "-e", "-J", *QUICK_FETCH,
                            "-X", f"isolation.level={isolation}", *options)
        return [record(line) for line in out.splitlines()], ends(err)

    def end(self, isolation, topic, partition):
        _, err = self.run("-C", "-t", topic, "-p", str(partition), "-o", "end", "-e", *QUICK_FETCH,
                          "-X", f"isolation.level={isolation}")
        return ends(err)[partition]

    def await_end(self, isolation, topic, partition, expected):
        """Sent records, and the markers of a commit or an abort, arrive a moment after the call that sent them."""
        check.eventually(f"end of {topic} [{partition}] {isolation}", expected,
                         lambda: self.end(isolation, topic, partition))

    def expect(self, isolation, topic, partition, end, expected):
        """The end for this isolation level, and each record before it as its offset and its value."""
        self.await_end(isolation, topic, partition, end)
        records, got = self.read(isolation, topic, "-p", str(partition))
        check.equal(f"end {isolation}", {partition: end}, got)
        check.same_list(f"{isolation} of {topic} [{partition}]", expected,
                        [f"{record.offset} {record.value}" for record in records])

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(5)


class Open:
    """A run whose transaction stays open until its input ends."""

    def __init__(self, process):
        self.process = process
        self.errors = []
        self.lines = queue.Queue()
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        for line in self.process.stderr:
            self.lines.put(line.decode().rstrip("\n"))
        self.lines.put(None)

    def send(self, *lines):
        block = "".join(f"{line}\n" for line in lines).encode()
        self.process.stdin.write(block + b"\n" * (-len(block) % INPUT_BLOCK))
        self.process.stdin.flush()

    def await_error(self, part):
        """Waits for a line of standard error with this in it."""
        while (line := self.next_line()) is not None:
            if part in line:
                return
        raise check.CheckFailed(f"kcat ended without {part!r}: {' | '.join(self.errors)}")

    def next_line(self):
        try:
            line = self.lines.get(timeout=RUN_SECONDS)
        except queue.Empty:
            raise check.CheckFailed(f"kcat wrote no more in {RUN_SECONDS} s than {' | '.join(self.errors)}") from None
        if line is not None:
            self.errors.append(line)
        return line

    def commit(self):
        self.process.stdin.close()
        self.ended(0, "% Transaction successfully committed")

    def abort(self):
        """A signal asks for the abort; the end of the input wakes kcat to see it."""
        self.process.terminate()
        self.process.stdin.close()
        self.ended(0, "% Aborting transaction due to termination signal")

    def commit_fails(self, error):
        """The commit must fail with this error, in which # stands for each number that differs from run to run."""
        self.process.stdin.close()
        self.ended(1, f"% ERROR: {error}")

    def ended(self, code, last):
        while self.next_line() is not None:
            pass
        code_found = self.process.wait(RUN_SECONDS)
        last_found = re.sub(r"(broker |Id:|Epoch:|base seq )\d+", r"\1#", self.errors[-1] if self.errors else "nothing")
        check.equal("exit code and last word", (code, last), (code_found, last_found))

    def kill(self):
        self.process.kill()
        self.process.wait(5)


def record(line):
    envelope = json.loads(line)
    check.equal("type of timestamp", "create", envelope["tstype"])
    flat = envelope.get("headers", [])
    return Record(envelope["offset"], envelope["partition"], envelope["key"], envelope["payload"],
                  tuple(zip(flat[::2], flat[1::2])), envelope["ts"])


def ends(stderr):
    return {int(partition): int(end)
            for partition, end in re.findall(r"Reached end of topic \S+ \[(\d+)\] at offset (\d+)", stderr)}


def key_to(partition):
    """A key that BY_KEY sends to this partition."""
    return next(key for key in map(str, range(100)) if zlib.crc32(key.encode()) % PARTITIONS == partition)
