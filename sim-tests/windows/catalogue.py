"""The windows that are played: their plans, what each needs beside its plan, and who is left out and why."""

import re
import subprocess
from typing import NamedTuple

# Adding partitions, producing, ending, and the markers.
GROUPS = [("W029", "W059"), ("W072", "W111")]
PLANS = {1: ("any transaction version", "transaction version 0 or 1"),
         2: ("any transaction version", "transaction version 2")}
# At which transaction versions a client is played. librdkafka speaks to every cluster as to one of version 1.
LEVELS = {"librdkafka": [1], "java": [2, 1], "franz-go": [2, 1]}
# What a client is not played in, and why.
LEFT_OUT = {("W104", "franz-go"): "it commits offsets in a transaction only as a member of a group"}
# What tears a transaction of a client at transaction version 1: README.md says how.
WEAK = {
    "librdkafka": {"W043", "W047", "W083", "W084"},
    "java": {"W043", "W083", "W084"},
    "franz-go": {"W043", "W047", "W083", "W084"},
}
# Nothing is lost or there twice, and yet the outcome is not the catalogue's: README.md says why.
OTHERWISE = {("W050", "librdkafka", 1), ("W052", "franz-go", 2)}
SERVER = {
    "W043": ["--config", "transaction.partition.verification.enable=false"],
    # A day of the brokers' time goes by, which rarer scans make quicker.
    "W053": ["--config", "replica.high.watermark.checkpoint.interval.ms=3600000"],
}
# Commands to the cluster before the client comes.
BEFORE = {"W106": ["elect orders 0", "elect more 0", "move groups g 0"]}
# The records of a transaction are sent at once.
TOGETHER = {"W050", "W059", "W073"}


class Window(NamedTuple):
    id: str
    name: str
    plan: str | None    # none at this transaction version, or none at all
    outcomes: set       # as `O-COMMIT`; empty where what comes late is to have no effect

    def kills(self):
        """Whether the client's process is killed."""
        return "signal" in self.plan


def load(fencepost, level, wanted):
    """The windows, each with its plan for a transaction version."""
    listed = subprocess.run([fencepost, "windows"], capture_output=True, text=True, check=True).stdout
    return [read(fencepost, level, window, name) for window, name in re.findall(r"^(W\d+) (\S+)", listed, re.M)
            if (not wanted or window in wanted) and any(first <= window <= last for first, last in GROUPS)]


def read(fencepost, level, window, name):
    page = subprocess.run([fencepost, "windows", window], capture_output=True, text=True, check=True).stdout
    plans = re.findall(r"^# Plan for (.*)\n((?:.*\n)*?)(?=^# Plan for |\Z)", page, re.M)
    plan = next((plan for at, plan in plans if at in PLANS[level]), None)
    return Window(window, name, plan, set(re.findall(r"\bO-[A-Z]+", page)))


def reason_to_leave_out(window, client, level):
    if window.plan is None:
        return f"no plan for transaction version {level}"
    return LEFT_OUT.get((window.id, client))
