"""One scenario, with a bound on its time, and the line that says how it ended."""

import os
import sys
import threading
import time
import traceback

import check

SCENARIO_SECONDS = 60


def attempt(name, lack, scenario, close):
    """True unless it failed. A scenario may return a note: what this client cannot do of it.

    `lack` is why this client cannot run it at all, or None; `close` ends what the scenario leaves behind.
    """
    if lack:
        print(f"N/A {name} {lack}", flush=True)
        return True
    outcome = []

    def run():
        try:
            outcome.append((True, scenario() or ""))
        except check.CheckFailed as failure:
            traceback.print_exc()
            outcome.append((False, str(failure)))
        except BaseException as error:
            traceback.print_exc()
            outcome.append((False, f"{type(error).__name__}: {error}"))

    start = time.monotonic()
    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    thread.join(SCENARIO_SECONDS)
    passed, note = outcome[0] if outcome else (False, f"not done after {SCENARIO_SECONDS} s, at {where(thread)}")
    millis = int((time.monotonic() - start) * 1000)
    closer = threading.Thread(target=close, daemon=True)
    closer.start()
    closer.join(10)
    if closer.is_alive():
        print(f"{name}: its clients are not closed after 10 s, at {where(closer)}", file=sys.stderr)
    print(" ".join(f"{'PASS' if passed else 'FAIL'} {name} {millis} {note}".split()), flush=True)
    return passed


def where(thread):
    """The lines of our own code that the thread stands in."""
    frame = sys._current_frames().get(thread.ident)
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    frames = traceback.extract_stack(frame) if frame else []
    ours = [f for f in frames if f.filename.startswith(here) and "site-packages" not in f.filename]
    return " < ".join(f"{os.path.basename(f.filename)}:{f.lineno}" for f in reversed(ours)) or "an unknown line"
