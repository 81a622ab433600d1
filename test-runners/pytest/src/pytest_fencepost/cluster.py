"""A process of fencepost, and its control API."""

import json
import os
import queue
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

READY = "fencepost ready bootstrap.servers="
READY_SECONDS = 20
STOP_SECONDS = 10
REQUEST_SECONDS = 40
STDERR_BYTES = 16 * 1024

# The control API is on this machine: no proxy leads there.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class FencepostError(Exception):
    """Fencepost did not start or end as it should, or refused what it was asked."""


class UnmetFaults(AssertionError):
    """A fault of the test never fired, so that the test shows less than it says, or not as often as it is to."""


class Cluster:
    """A cluster of brokers that clients find at `bootstrap_servers`; `control` is the URL of its control API.

    `topics` has the partitions of each topic, `config` broker settings by Kafka's names, `faults` a plan as for
    `add_faults`, and `args` any more options of `fencepost serve`.
    """

    def __init__(self, program=None, *, brokers=1, topics=None, config=None, faults=None, args=()):
        program = str(program or os.environ.get("FENCEPOST") or "fencepost")
        command = [program, "serve", "--port", "0", "--control-port", "0", "--brokers", str(brokers)]
        for name, partitions in (topics or {}).items():
            command += ["--topic", f"{name}:{partitions}"]
        for name, value in (config or {}).items():
            command += ["--config", f"{name}={value}"]
        self._log = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen([*command, *map(str, args)], stdin=subprocess.DEVNULL,
                                             stdout=subprocess.PIPE, stderr=self._log, text=True)
        except OSError as error:
            self._log.close()
            raise FencepostError(f"cannot start `{program}`: {error}; name the program with --fencepost or in the "
                                 "environment variable FENCEPOST") from None
        try:
            self.bootstrap_servers, self.control = self._ready()
            if faults:
                self.add_faults(faults)
        except BaseException:
            self._end()
            self._log.close()
            raise

    def _ready(self):
        lines = queue.Queue()

        def read():
            for line in self._process.stdout:
                lines.put(line.rstrip("\n"))
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        try:
            line = lines.get(timeout=READY_SECONDS)
        except queue.Empty:
            line = f"nothing was printed within {READY_SECONDS} s"
        servers, found, control = (line or "").removeprefix(READY).partition(" control=")
        if not found:
            self._end()
            raise FencepostError(f"fencepost is not ready: {line or 'it ended'}\n{self.stderr()}")
        return servers, control

    # The control API

    def ask(self, path, body=None, method=None):
        """What the control API answers: to POST if there is a body (TOML as text, else made JSON), else to GET."""
        content = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        headers = {"content-type": "application/toml" if isinstance(body, str) else "application/json"}
        request = urllib.request.Request(self.control + path, content, headers,
                                         method=method or ("GET" if body is None else "POST"))
        try:
            with OPENER.open(request, timeout=REQUEST_SECONDS) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise FencepostError(f"{request.method} {path}: {error.code} {error.read().decode()}") from None
        except OSError as error:
            raise FencepostError(f"{request.method} {path}: {error}; {self._state()}\n{self.stderr()}") from None

    def add_faults(self, plan):
        """Adds a plan: text in TOML, or a mapping as in `{"fault": [{"on": "EndTxn", "do": "disconnect"}]}`."""
        return self.ask("/faults", plan)

    def faults(self):
        """Every fault, with how many requests it `matched`, and how often it `fired`."""
        return self.ask("/faults")

    def remove_fault(self, name):
        return self.ask(f"/faults/{quoted(name)}", method="DELETE")

    def hit(self, name, times=1, within=10):
        """Waits until a fault has fired so many times, those before included; at most 25 seconds."""
        return self.ask(f"/faults/{quoted(name)}/hits?times={times}&within_ms={int(within * 1000)}")

    def held(self):
        return self.ask("/held")

    def release(self, number):
        return self.ask(f"/held/{number}/release", method="POST")

    def raise_event(self, name):
        return self.ask(f"/raised/{quoted(name)}", method="POST")

    def crash(self, broker):
        return self.ask(f"/brokers/{broker}/crash", method="POST")

    def stop_broker(self, broker):
        return self.ask(f"/brokers/{broker}/stop", method="POST")

    def restart(self, broker):
        return self.ask(f"/brokers/{broker}/restart", method="POST")

    def elect(self, topic, partition, leader):
        return self.ask(f"/topics/{quoted(topic)}/partitions/{partition}/elect", {"leader": leader})

    def move_transaction(self, transactional_id, broker):
        return self.ask(f"/transactions/{quoted(transactional_id)}/coordinator", {"broker": broker})

    def move_group(self, group, broker):
        return self.ask(f"/groups/{quoted(group)}/coordinator", {"broker": broker})

    def transaction(self, transactional_id):
        return self.ask(f"/transactions/{quoted(transactional_id)}")

    def group(self, group):
        return self.ask(f"/groups/{quoted(group)}")

    def log(self, topic, partition=0, start=0, limit=100):
        """A page of a partition's log, with what became of the transaction of each batch."""
        return self.ask(f"/topics/{quoted(topic)}/partitions/{partition}/log?from={start}&limit={limit}")

    def advance(self, seconds):
        """Moves a manual clock (`args=["--clock", "manual"]`)."""
        return self.ask("/clock/advance", {"ms": int(seconds * 1000)})

    def snapshot(self, name):
        return self.ask(f"/snapshots/{quoted(name)}", method="PUT")

    def reset(self, name):
        """Goes back to a snapshot. Clients that live through it are lost: give each test clients of its own."""
        return self.ask(f"/snapshots/{quoted(name)}/reset", method="POST")

    def verify(self):
        """Raises `UnmetFaults` if a fault never fired, or not as often as its `fires` says."""
        unmet = [fault for fault in self.faults() if not fault["as_expected"]]
        if unmet:
            raise UnmetFaults("; ".join(f"fault `{fault['name']}`: {fault['summary']}" for fault in unmet))

    # The process

    def stderr(self):
        """The last of what fencepost wrote to stderr."""
        if self._log.closed:
            return ""
        # Read at a place of its own: the process writes at the shared one.
        size = os.fstat(self._log.fileno()).st_size
        start = max(0, size - STDERR_BYTES)
        return os.pread(self._log.fileno(), size - start, start).decode(errors="replace")

    def stop(self):
        """Ends the process, which must have lived until now and must end well."""
        if self._log.closed:
            return
        state = self._process.poll()
        if state is None:
            self._process.terminate()
            try:
                state = self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                state = f"not within {STOP_SECONDS} s"
        elif state == 0:
            state = "0 before it was told to"
        self._end()
        told = self.stderr()
        self._log.close()
        if state != 0:
            raise FencepostError(f"fencepost ended: {state}\n{told}")

    def _state(self):
        code = self._process.poll()
        return "fencepost runs" if code is None else f"fencepost ended with {code}"

    def _end(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def quoted(name):
    return urllib.parse.quote(name, safe="")
