"""What kcat can see and change of a cluster: metadata, offsets by time, and the members and offsets of a group."""

import re
import subprocess

import check
from kcat import BY_KEY, COMMITTED, PARTITIONS, QUICK_FETCH, Open, key_to

MISSING = ("deletion of topics, and requests about configurations, records, groups and transactions: kcat sends none, "
           "and creates a topic by asking for it")
MEMBER = ["-u", "-X", "auto.offset.reset=earliest", "-X", "session.timeout.ms=6000",
          "-X", "heartbeat.interval.ms=200", *QUICK_FETCH]


def run(kcat):
    metadata(kcat)
    offsets_by_time(kcat)
    group_offsets(kcat)
    group_members(kcat)
    return f"without {MISSING}"


def metadata(kcat):
    topic = kcat.topic("described")
    cluster = kcat.metadata("-t", topic)
    brokers = {broker["id"] for broker in cluster["brokers"]}
    check.equal("the controller is a broker", True, cluster["controllerid"] in brokers)
    for partition in cluster["topics"][0]["partitions"]:
        check.equal("errors", None, partition.get("error"))
        check.equal("the leader is a broker", True, partition["leader"] in brokers)
        check.equal("replicas and in-sync replicas are the leader alone", [[{"id": partition["leader"]}]] * 2,
                    [partition["replicas"], partition["isrs"]])
    check.equal("the topic is listed", True, topic in [t["topic"] for t in kcat.metadata()["topics"]])

    unknown = kcat.named("unknown")
    _, err = kcat.run("-C", "-t", unknown, "-e", code=1)
    check.equal("consume what is unknown", f"% ERROR: Topic {unknown} error: Broker: Unknown topic or partition",
                err.splitlines()[-1])
    check.equal("consumers create no topics", False, unknown in [t["topic"] for t in kcat.metadata()["topics"]])
    _, err = kcat.run("-C", "-t", topic, "-p", "7", "-e", code=1)
    check.equal("an unknown partition", f"% ERROR: Topic {topic} (with partitions 0..2): partition 7 does not exist",
                err.splitlines()[-1])
    _, err = kcat.run("-P", "-t", kcat.named("bad name"), lines=["never"], code=1)
    check.equal("a bad name", True, "Broker: Invalid topic" in err)


def offsets_by_time(kcat):
    topic = kcat.topic("times")
    for value in ("a", "b", "c"):
        kcat.produce(topic, [value], "-p", "0")
    times = [record.timestamp for record in kcat.read(COMMITTED, topic)[0]]
    check.equal("timestamps rise", sorted(set(times)), times)
    queries = {-2: 0, -1: 3, 0: 0, times[1]: 1, times[1] + 1: 2, times[2] + 1: -1}
    for time, offset in queries.items():
        check.equal(f"offset at time {time}", f"{topic} [0] offset {offset}\n",
                    kcat.run("-Q", "-t", f"{topic}:0:{time}")[0])
    out, _ = kcat.run("-C", "-t", topic, "-p", "0", "-e", "-o", f"s@{times[1]}", "-o", f"e@{times[2]}", *QUICK_FETCH)
    check.equal("from a time to a time", "b\n", out)
    out, _ = kcat.run("-C", "-t", topic, "-p", "0", "-e", "-o", "-2", *QUICK_FETCH)
    check.equal("the last two", "b\nc\n", out)


def group_offsets(kcat):
    """A run commits what it has read when it ends; the next one goes on there."""
    topic, group = kcat.topic("committed"), kcat.named("group")
    for round, count in enumerate((60, 30)):
        sent = [f"{round}/{i}" for i in range(count)]
        kcat.produce(topic, [f"{key_to(i % PARTITIONS)}|{value}" for i, value in enumerate(sent)], *BY_KEY)
        out, _ = kcat.run("-G", group, *MEMBER, "-e", topic)
        check.same_list(f"round {round}", sorted(sent), sorted(out.splitlines()))


def group_members(kcat):
    """A second member shares the partitions, and gives them back when it leaves."""
    topic, group = kcat.topic("shared"), kcat.named("members")
    everything = set(range(PARTITIONS))
    first = member(kcat, group, topic)
    check.equal("the only member's partitions", everything, assigned(first))
    second = member(kcat, group, topic)
    mine, yours = assigned(first), assigned(second)
    check.equal("the partitions of both", (everything, set()), (mine | yours, mine & yours))
    check.equal("each has one at least", True, bool(mine and yours))
    second.process.terminate()
    check.equal("the second's exit code", 0, second.process.wait(20))
    check.equal("the first's partitions after the second left", everything, assigned(first))
    first.process.terminate()
    check.equal("the first's exit code", 0, first.process.wait(20))


def member(kcat, group, topic):
    return Open(kcat.start("-G", group, *MEMBER, topic, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))


def assigned(run):
    """The partitions of the member's next assignment."""
    while (line := run.next_line()) is not None:
        if "assigned:" in line:
            return {int(partition) for partition in re.findall(r"\[(\d+)\]", line)}
    raise check.CheckFailed(f"the member ended: {' | '.join(run.errors)}")
