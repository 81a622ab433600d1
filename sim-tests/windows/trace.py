"""What a trace says of a producer's transactions, whatever the client was told."""

import re
import subprocess

TURN = re.compile(r" *\d+ +-?\d+ ms  ")
ASKED = re.compile(r"\S+ → .*?: (.*?)(?: \[it does not arrive\])?$")
BATCH = re.compile(r" (\S+) producer (\d+)\.(\d+) sequences (-?\d+)\.\.")
APPENDED = re.compile(r"  (orders-0|more-0): appended (\d+).*, producer (\d+)\.(\d+) sequence (\d+), in a transaction")
MARKER = re.compile(r"  (orders-0|more-0): (COMMIT|ABORT) marker at (\d+), producer (\d+)\.")


def replayed(fencepost, path):
    """What is wrong with the replay of a trace."""
    ran = subprocess.run([fencepost, "replay", path], capture_output=True, text=True, check=False)
    return [] if ran.returncode == 0 else [f"the replay: {(ran.stdout + ran.stderr).strip()[-300:]}"]


def told(fencepost, path):
    return subprocess.run(
        [fencepost, "replay", path, "--as", "text"], capture_output=True, text=True, check=True).stdout


def torn(text):
    """The records that were committed though their producer had not asked to commit the transaction of theirs.

    A batch belongs to the transaction in which its producer sent it. A transaction ends for its producer with EndTxn,
    whose direction is what was asked, or with InitProducerId; what it sends next is of the next transaction.
    """
    number, has_ended = 1, False
    asked = {}      # by the number of the transaction
    sent = {}       # the number of its transaction, by partition, producer id, epoch and sequence
    is_open = {}    # the producer id and the transaction of what has no marker yet, by partition and offset
    found = []
    for line in text.split("\n"):
        turn = TURN.match(line)
        line = line[turn.end():] if turn else line[20:]
        if turn and (request := ASKED.match(line)):
            what = request[1]
            if what.startswith("EndTxn tx "):
                asked[number] = "to " + what.split()[-1]
                has_ended = True
            elif what.startswith("InitProducerId tx "):
                has_ended = bool(sent)
            for batch in BATCH.findall(what) if what.startswith("Produce ") else ():
                if has_ended:
                    number, has_ended = number + 1, False
                sent[batch] = number
        elif batch := APPENDED.match(line):
            partition, offset, *key = batch.groups()
            is_open[partition, int(offset)] = key[0], sent.get((partition, *key))
        elif marker := MARKER.match(line):
            partition, outcome, at, producer = marker.groups()
            for (where, offset), (of, which) in list(is_open.items()):
                if where == partition and of == producer:
                    del is_open[where, offset]
                    if outcome == "COMMIT" and asked.get(which) != "to commit":
                        found.append(f"{partition} at {offset}: its producer asked "
                                     f"{asked.get(which, 'for nothing yet')}, and it was committed at {at}")
    return found
