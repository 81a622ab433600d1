#!/usr/bin/env python3
"""How long `fencepost serve --brokers 3` takes to its ready line, and what it then holds at rest.

Needs the program: cargo build --release -p fencepost.
"""

import pathlib
import statistics
import subprocess
import time

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "target/release/fencepost"
RUNS = 9
REST_SECONDS = 1


def measure():
    """Milliseconds to the ready line, resident MiB, and those that are no file's."""
    start = time.monotonic()
    command = [str(PROGRAM), "serve", "--brokers", "3", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline()
            ready = (time.monotonic() - start) * 1000
            assert line.startswith("fencepost ready"), line
            time.sleep(REST_SECONDS)
            status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
        finally:
            server.terminate()
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return ready, *(int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))


readies, residents, anonymous = zip(*(measure() for _ in range(RUNS)))
print(f"ready after {statistics.median(readies):.1f} ms (at most {max(readies):.1f}); resident "
      f"{statistics.median(residents):.1f} MiB, {statistics.median(anonymous):.1f} MiB of it no file's; "
      f"medians of {RUNS}")
