"""Runs the scenarios that were asked for with one client, one line of standard output for each."""

import argparse
import importlib
import os
import sys
import threading
import time
import traceback
from functools import partial

import check
from cluster import Cluster
from scenarios import fencing, pipeline, round_trip, visibility, volume

SCENARIO_SECONDS = 60
ADAPTERS = {
    "confluent-kafka": "adapters.confluent",
    "kafka-python": "adapters.kafka_python",
    "aiokafka": "adapters.aio_kafka",
}


def scenarios(adapter):
    codecs = ["none", "gzip", "snappy", "lz4", "zstd"]
    return {
        **{f"round-trip-{codec}": partial(round_trip.run, codec=codec) for codec in codecs},
        "idempotent-10000": volume.idempotent,
        "commit-and-abort": visibility.commit_and_abort,
        "interleaved-producers": visibility.interleaved_producers,
        "open-transaction-holds-back": visibility.open_transaction_holds_back,
        "zombie-fenced": fencing.zombie_fenced,
        "consume-transform-produce": partial(pipeline.run, protocol="classic"),
        "consume-transform-produce-consumer-protocol": partial(pipeline.run, protocol="consumer"),
        "killed-mid-transaction": fencing.killed_mid_transaction,
        "transaction-timeout": fencing.transaction_timeout,
        "transaction-100000": volume.one_large_transaction,
        "fifty-producers": volume.fifty_producers,
        "admin": adapter.admin,
    }


def run_one(name, scenario, cluster):
    """True unless it failed. A scenario may return a note: what this client cannot do of it."""
    reason = cluster.adapter.lacks.get(name)
    if reason:
        print(f"N/A {name} {reason}", flush=True)
        return True
    outcome = []

    def attempt():
        try:
            outcome.append((True, scenario(cluster) or ""))
        except check.CheckFailed as failure:
            traceback.print_exc()
            outcome.append((False, str(failure)))
        except BaseException as error:
            traceback.print_exc()
            outcome.append((False, f"{type(error).__name__}: {error}"))

    start = time.monotonic()
    thread = threading.Thread(target=attempt, name=name, daemon=True)
    thread.start()
    thread.join(SCENARIO_SECONDS)
    passed, note = outcome[0] if outcome else (False, f"not done after {SCENARIO_SECONDS} s, at {where(thread)}")
    millis = int((time.monotonic() - start) * 1000)
    closer = threading.Thread(target=cluster.close, daemon=True)
    closer.start()
    closer.join(10)
    if closer.is_alive():
        print(f"{name}: its clients are not closed after 10 s, at {where(closer)}", file=sys.stderr)
    print(" ".join(f"{'PASS' if passed else 'FAIL'} {name} {millis} {note}".split()), flush=True)
    return passed


def where(thread):
    """The lines of our own code that the thread stands in."""
    frames = traceback.extract_stack(sys._current_frames()[thread.ident])
    here = os.path.dirname(os.path.abspath(__file__))
    ours = [f for f in frames if f.filename.startswith(here) and "site-packages" not in f.filename]
    return " < ".join(f"{os.path.basename(f.filename)}:{f.lineno}" for f in reversed(ours)) or "an unknown line"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("client", choices=ADAPTERS)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--scenario", action="append")
    parser.add_argument("--transaction-version", type=int, choices=[1, 2], default=2)
    parser.add_argument("--prefix")
    parser.add_argument("--child", nargs=2, metavar=("TRANSACTIONAL_ID", "TOPIC"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    adapter = importlib.import_module(ADAPTERS[chosen.client]).Adapter
    if chosen.child:
        fencing.child(adapter(chosen.bootstrap), *chosen.child)
        return
    known = scenarios(adapter)
    unknown = set(chosen.scenario or []) - set(known)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    passed = True
    for name in chosen.scenario or known:
        prefix = f"{chosen.prefix or chosen.client}-{name}"
        cluster = Cluster(adapter, chosen.bootstrap, prefix, chosen.transaction_version)
        passed &= run_one(name, known[name], cluster)
    sys.stdout.flush()
    # Not sys.exit: a client left behind by a failed scenario must not hold the process up.
    os._exit(0 if passed else 1)


if __name__ == "__main__":
    main()
