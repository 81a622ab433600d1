"""Runs the scenarios that were asked for with one client, one line of standard output for each."""

import argparse
import importlib
import os
import sys
from functools import partial

from attempt import attempt
from cluster import Cluster
from control import Control
from scenarios import crashes, fencing, group_crashes, pipeline, round_trip, visibility, volume

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
        **controlled(),
    }


def controlled():
    """The scenarios that need --control."""
    return {
        "crash-coordinator": crashes.crash_coordinator,
        "crash-leader": crashes.crash_leader,
        "crash-group-coordinator": group_crashes.crash_group_coordinator,
        "moved-coordinator": crashes.moved_coordinator,
        "rebalance-under-crash": partial(group_crashes.rebalance_under_crash, protocol="classic"),
        "rebalance-under-crash-consumer-protocol": partial(
            group_crashes.rebalance_under_crash, protocol="consumer"),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("client", choices=ADAPTERS)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--scenario", action="append")
    parser.add_argument("--transaction-version", type=int, choices=[1, 2], default=2)
    parser.add_argument("--prefix")
    parser.add_argument("--control", type=Control)
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
        cluster = Cluster(adapter, chosen.bootstrap, prefix, chosen.transaction_version, chosen.control)
        lack = cluster.adapter.lacks.get(name)
        if name in controlled() and not chosen.control:
            lack = "without --control nothing can be crashed or moved"
        passed &= attempt(name, lack, partial(known[name], cluster), cluster.close)
    sys.stdout.flush()
    # Not sys.exit: a client left behind by a failed scenario must not hold the process up.
    os._exit(0 if passed else 1)


if __name__ == "__main__":
    main()
