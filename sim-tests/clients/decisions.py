"""What the Java client decides by itself, read from the trace of its scenarios in ProducerDecisions, ProducerCodes and
MemberDecisions: those check what the application sees, the functions here what went over the wire. A client is known
by its client id.

The codes that are shown, of CLIENT-06: InitProducerId 15, 51; AddPartitionsToTxn 90; AddOffsetsToTxn 15, 90;
TxnOffsetCommit 15, 22, 25, 47, 82; EndTxn 15, 48, 90; and 14, 15 or 16, whichever comes, of a coordinator that moved.
Of CLIENT-07: 3 (100 by topic ids), 6, 19, 45, 47, and a batch that expires in the client.
"""

from server_trace import expect, field

SCENARIOS = ["producer-order", "producer-expired", "producer-max-block", "producer-abort", "producer-fenced",
             "producer-timed-out", "producer-members", "producer-moved", "producer-produce", "member-stopped",
             "member-coordinators"]
COORDINATION = ["FindCoordinator", "InitProducerId", "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn"]
PRODUCERS = ["order", "expired", "block-commit", "block-abort", "block-offsets", "block-init", "abort-unsent",
             "abort-close", "abort-new", "abort-waiting", "fenced-end", "fenced-offsets", "fenced-send", "late",
             "members", "moved", "produce-moved", "produce-waiting", "produce-gone", "produce-again"]


def java(trace, level):
    for name in PRODUCERS:
        one_at_a_time(name, trace.by(name))
    order(trace.by("order"), level)
    expired(trace.by("expired"), level)
    max_block(trace, level)
    abort(trace, level)
    coordinator_codes(trace, level)
    produce_codes(trace, level)
    members(trace)


def one_at_a_time(name, trace):
    """CLIENT-01: no transactional request before the last is answered; EndTxn when no batch is in flight."""
    sent = trace.of(*COORDINATION)
    expect(f"{name} sends transactional requests", True, len(sent) > 1)
    for before, after in zip(sent, sent[1:]):
        expect(f"{name}: {before.api} is answered before {after.api} is asked",
               True, before.answered is None or before.answered < after.asked)
    for end in trace.of("EndTxn"):
        flying = [it for it in trace.of("Produce")
                  if it.asked < end.asked and it.answered is not None and it.answered > end.asked]
        expect(f"{name}: batches in flight at an EndTxn", [], flying)


def order(trace, level):
    """CLIENT-01, CLIENT-05: the order of a transaction with offsets; nothing for those without work."""
    good = [it.api for it in trace.of(*COORDINATION) if not set(it.codes()) - {0}]
    start = ["FindCoordinator", "InitProducerId"]
    expect("the start", start, good[:2])
    # At level 1 partitions and offsets are added by one priority.
    rest = ["FindCoordinator", "TxnOffsetCommit", "EndTxn"] if level == 2 else [
        "AddOffsetsToTxn", "FindCoordinator", "TxnOffsetCommit", "EndTxn"]
    expect("the order", rest, [api for api in good[2:] if api != "AddPartitionsToTxn"])
    expect("the end", "EndTxn", good[-1])
    expect("partitions are added", level == 1, "AddPartitionsToTxn" in good)
    produced = trace.of("Produce")
    expect("records after the two empty transactions", True, produced[0].asked > trace.of("InitProducerId")[-1].asked)
    end = trace.of("EndTxn")[-1]
    expect("all is acknowledged before EndTxn", True, all(it.answered < end.asked for it in produced))


def expired(trace, level):
    """CLIENT-05, CLIENT-01: an abort of what never reached a broker; at level 1 InitProducerId comes after EndTxn."""
    ends = [it for it in trace.of("EndTxn") if it.codes() == [0]]
    expect("outcomes", ["true", "false", "true"], [field(it.body, "committed") for it in ends])
    first, aborted, _ = ends
    expect("batches that reached a broker before the abort", [],
           [it for it in trace.of("Produce") if first.answered < it.asked < aborted.asked and it.answered is not None])
    later = [it.api for it in trace.of(*COORDINATION) if it.asked > aborted.asked and it.api == "InitProducerId"
             and it.codes() == [0]]
    expect("InitProducerId after the abort", [] if level == 2 else ["InitProducerId"], later)


def max_block(trace, level):
    """CLIENT-10: the same request until it is taken, which it is once."""
    offsets = "TxnOffsetCommit" if level == 2 else "AddOffsetsToTxn"
    for name, api in [("block-commit", "EndTxn"), ("block-abort", "EndTxn"), ("block-offsets", offsets),
                      ("block-init", "InitProducerId")]:
        sent = trace.by(name).of(api)
        expect(f"{name}: one request", 1, len({it.body for it in sent}))
        taken = [it for it in sent if set(it.codes()) == {0}]
        expect(f"{name}: taken once, at last", [sent[-1]], taken)
        expect(f"{name}: 15 before", True, 15 in trace.by(name).codes(api))


def abort(trace, level):
    """CLIENT-11."""
    unsent = trace.by("abort-unsent")
    expect("what is dropped is not sent", [], [it for it in unsent.of("Produce") if "dropped" in it.body])
    expect("what is kept is sent", 1, len([it for it in unsent.of("Produce") if "kept" in it.body]))
    expect("a close aborts", {("false",)}, trace.by("abort-close").fields("EndTxn", "committed"))
    expect("a close at once does not", [], trace.by("abort-close-at-once").of("EndTxn"))
    new = trace.by("abort-new")
    if level == 1:
        expect("the second partition", [], [it for it in new.of("Produce") if "new-1" in it.body])
        expect("the first is asked for again and again", True, len(new.of("AddPartitionsToTxn")) > 3)
    waiting = trace.by("abort-waiting").of("InitProducerId")
    codes = [it.codes() for it in waiting]
    expect("51 until the markers are written", True, len(codes) > 1 and set(map(tuple, codes[:-1])) == {(51,)})
    expect("and then a producer", [0], codes[-1])


def coordinator_codes(trace, level):
    """CLIENT-06: what each code was an answer to; the scenarios check what the application is told."""
    shown = {
        "fenced-end": {"EndTxn": {90}},
        "fenced-offsets": {"TxnOffsetCommit": {47}} if level == 2 else {"AddOffsetsToTxn": {90}},
        "fenced-send": {"EndTxn": {90}} if level == 2 else {"AddPartitionsToTxn": {90}},
        "late": {"EndTxn": {48 if level == 2 else 90}},
        "members": {"TxnOffsetCommit": {22, 25, 82}},
    }
    for name, by_api in shown.items():
        for api, codes in by_api.items():
            expect(f"{name}: codes of {api}", codes, trace.by(name).codes(api))
    for name, api in [(name, api) for name in ("fenced-end", "fenced-offsets", "late") for api in COORDINATION]:
        fatal = [it for it in trace.by(name).of(*COORDINATION) if set(it.codes()) & {47, 48, 90}]
        after = [it for it in trace.by(name).of(api) if it.asked > fatal[0].asked]
        expect(f"{name}: {api} after a fatal code", [], after)
    moved = trace.by("moved")
    for api in ["TxnOffsetCommit", "EndTxn"] + (["AddPartitionsToTxn", "AddOffsetsToTxn"] if level == 1 else []):
        refused = [it for it in moved.of(api) if set(it.codes()) & {14, 15, 16}]
        expect(f"{api} is refused by a coordinator that moved", True, refused != [])
        for one in refused:
            again = [it for it in moved.of(api) if it.asked > one.asked]
            expect(f"{api} is repeated", one.body, again[0].body)
            if 16 in one.codes():
                found = [it for it in moved.of("FindCoordinator") if one.asked < it.asked < again[0].asked]
                expect(f"the coordinator is looked up before {api} is repeated", True, found != [])


def produce_codes(trace, level):
    """CLIENT-07: repeated with the same identity and sequence, or the end of the transaction."""
    gone = 100 if level == 2 else 3
    for name, code in [("produce-moved", 6), ("produce-waiting", 19)]:
        sent = trace.by(name).of("Produce")
        refused = [it for it in sent if it.codes() == [code]]
        expect(f"{name}: refused by {code}", True, refused != [])
        for one in refused:
            again = next(it for it in sent if it.asked > one.asked)
            expect(f"{name}: the same batch", records(one), records(again))
        expect(f"{name}: taken at last", [0], sent[-1].codes())
    expect("a topic that is gone", True, gone in trace.by("produce-gone").codes("Produce"))
    if level == 2:
        expect("a new log", True, 45 in trace.by("produce-again").codes("Produce"))
        expect("a zombie", {47}, trace.by("fenced-send").codes("Produce"))


def records(produce):
    return produce.body.partition("records: ")[2]


def members(trace):
    """G848-32, G848-34: who stood still joins again by epoch 0 and the same id; how members leave, and are found."""
    beats = trace.by("stopped").of("ConsumerGroupHeartbeat")
    lost = next(it for it in range(len(beats)) if set(beats[it].codes()) & {25, 110})
    expect("it had joined", "0", field(beats[0].body, "member_epoch"))
    expect("it joins again", "0", field(beats[lost + 1].body, "member_epoch"))
    expect("its id", 1, len({field(it.body, "member_id") for it in beats}))
    expect("it leaves", "-1", field(beats[-1].body, "member_epoch"))
    static = trace.by("static")
    beats = static.of("ConsumerGroupHeartbeat")
    left = [it for it in beats if field(it.body, "member_epoch") == "-2"]
    expect("a static member leaves, twice", 2, len(left))
    expect("and is gone by nothing else", [], [it for it in beats if field(it.body, "member_epoch") == "-1"])
    moved = next(it for it in static.of("ConsumerGroupHeartbeat", "OffsetCommit") if 16 in it.codes())
    expect("the coordinator is looked up", True, any(it.asked > moved.asked for it in static.of("FindCoordinator")))
    for name in ["stopped", "static"]:
        fetches = trace.by(name).of("OffsetFetch")
        expect(f"{name} fetches offsets", True, fetches != [])
        for fetch in fetches:
            expect("OffsetFetch", True, fetch.version >= 9 and int(field(fetch.body, "member_epoch")) > 0)
            expect("its member", True, field(fetch.body, "member_id").removeprefix("Some(").rstrip(")") in
                   {field(it.body, "member_id") for it in trace.by(name).of("ConsumerGroupHeartbeat")})
