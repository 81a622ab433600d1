"""What a trace says of a producer's transactions, whatever the client was told."""

import re
import subprocess

NOT_WHOLE = re.compile(r"^(TORN|DIVIDED|LOST|UNASKED): .*(?:\n  .*)*", re.M)


def replayed(fencepost, path):
    """What is wrong with the replay of a trace."""
    ran = subprocess.run([fencepost, "replay", path], capture_output=True, text=True, check=False)
    return [] if ran.returncode == 0 else [f"the replay: {(ran.stdout + ran.stderr).strip()[-300:]}"]


def told(fencepost, path):
    return subprocess.run(
        [fencepost, "replay", path, "--as", "text"], capture_output=True, text=True, check=True).stdout


def torn(text):
    """The transactions that did not come to the one end that their producer asked for; docs/trace.md says which."""
    _, count, said = text.rpartition("\nTransactions of clients: ")
    if not count:
        return ["the trace tells of no transaction"]
    return [" ".join(finding[0].split()) for finding in NOT_WHOLE.finditer(said)]
