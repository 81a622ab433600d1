"""What chance must not do: signal a process that is not there for it, and wait long for anything."""

import os

import schemathesis

PROCESS = "SIGNALLED_PROCESS"
WAITS = ("/faults/{name}/hits", "/transactions/{transactional_id}", "/groups/{group}",
         "/topics/{topic}/partitions/{partition}")
WAIT_MS_MAX = 25_000


@schemathesis.hook
def before_call(context, case, kwargs):
    """Right before every request, wherever it was made up."""
    path = context.operation.path
    if path in ("/faults", "/processes/{name}"):
        case.body = harmless(case.body, int(os.environ[PROCESS]))
    if path in WAITS and is_wait(case.query.get("within_ms", 0)):
        case.query["within_ms"] = 10


def harmless(body, pid):
    """The body with this process in place of every other that it names by its number."""
    if isinstance(body, dict):
        return {key: pid if key in ("pid", "process") and is_process(value) else harmless(value, pid)
                for key, value in body.items()}
    if isinstance(body, list):
        return [harmless(item, pid) for item in body]
    # A plan in TOML by chance has no such fault.
    return "" if isinstance(body, str) and "signal" in body and "process" in body else body


def is_wait(within_ms):
    """Whether it is as described; what is not has to be refused."""
    return str(within_ms).isdecimal() and int(within_ms) <= WAIT_MS_MAX


def is_process(value):
    return isinstance(value, (int, float)) and 0 < value < 1 << 31
