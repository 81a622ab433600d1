//! Every refusal says the line, the fault and what to do, in TOML and in JSON.

use crate::Plan;

/// A plan with one fault called `f`, whose other lines begin at the third.
fn refused(lines: &str) -> String {
    Plan::from_toml(&format!("[[fault]]\nname = \"f\"\n{lines}")).unwrap_err().to_string()
}

fn check(lines: &str, expected: &str) {
    let said = refused(lines);
    assert!(said.starts_with(expected), "{lines}\nsays: {said}\nnot: {expected}");
}

#[test]
fn what_there_is_not_is_named_with_what_was_perhaps_meant() {
    check(
        "on = \"EndTx\"\ndo = \"lose\"",
        "line 3: fault `f`: no broker here answers an API `EndTx`; did you mean `EndTxn`?",
    );
    check(
        "on = \"EndTxn\"\ndo = { error = \"NOT_COORDINATR\" }",
        "line 4: fault `f`: Kafka has no error code `NOT_COORDINATR`; did you mean `NOT_COORDINATOR`?",
    );
    check(
        "on = \"EndTxn\"\ndo = { error = 1000 }",
        "line 4: fault `f`: Kafka has no error code 1000: they are -1 and 1 to 136",
    );
    check("on = \"EndTxn\"\ndo = { error = 0 }", "line 4: fault `f`: NONE is no error");
    check("on = \"EndTxn\"\ndo = \"dissconnect\"", "line 4: fault `f`: unknown variant");
    check(
        "on = \"EndTxn\"\ndo = \"lose\"\ncliend = \"x\"",
        "line 5: fault `f`: unknown field `cliend`",
    );
    check(
        "on = \"EndTxn\"\ndo = { crash = \"leadr\" }",
        "line 4: fault `f`: `leadr` is no role of a broker; did you mean `leader`?",
    );
    check(
        "on = \"EndTxn\"\ndo = \"lose\"\nprobability = \"2/1\"",
        "line 5: fault `f`: `2/1` is no probability",
    );
}

#[test]
fn what_can_never_match_is_refused() {
    let on = |api: &str, rest: &str| format!("on = \"{api}\"\n{rest}\ndo = \"lose\"");
    check(
        &on("Metadata", "transactional_id = \"t\""),
        "line 4: fault `f`: a request of `Metadata` has no transactional id: leave \
         `transactional_id` out",
    );
    check(
        &on("EndTxn", "version = 9"),
        "line 4: fault `f`: no release answers `EndTxn` v9: they answer 0 to 5",
    );
    check(
        &on("Produce", "version = { to = 2, from = 0 }"),
        "line 4: fault `f`: no release answers",
    );
    check(
        &on("EndTxn", "version = { from = 3, to = 2 }"),
        "line 4: fault `f`: the range from 3 to 2",
    );
    check(
        &on("EndTxn", "from = \"broker\""),
        "line 4: fault `f`: no broker sends another `EndTxn`",
    );
    check(&on("WriteTxnMarkers", "client = \"c\""), "line 4: fault `f`: messages between brokers");
    check(&on("EndTxn", "nth = 0"), "line 4: fault `f`: `nth` is counted from 1");
    check(
        &on("EndTxn", "range = { from = 2, to = 4 }\nnth = 5"),
        "line 5: fault `f`: `nth` 5 is never reached: the range is 2 to 4",
    );
    check(
        &on("EndTxn", "every = 2\nnth = 5"),
        "line 5: fault `f`: `nth` is the one match that fires",
    );
    check(
        &on("EndTxn", "fires = 2"),
        "line 4: fault `f`: `fires` is 2, and no more than 1 of the matches can fire: say which",
    );
    check(&on("EndTxn", "nth = 3\nfires = { from = 2 }"), "line 5: fault `f`: `fires` is 2 and on");
    check(
        &on("EndTxn", "range = { from = 2, to = 6 }\nevery = 2\nfires = 3"),
        "line 6: fault `f`: `fires` is 3, and no more than 2 of",
    );
    check(
        &on("EndTxn", "fires = { from = 3, to = 2 }"),
        "line 4: fault `f`: the range from 3 to 2",
    );
    check(&on("EndTxn", "fires = -1"), "line 4: fault `f`: -1 is below 0");
    for fires in
        ["fires = 0", "fires = 1", "every = 1\nfires = 7", "probability = \"1/2\"\nfires = 7"]
    {
        assert!(Plan::from_toml(&format!("[[fault]]\n{}", on("EndTxn", fires))).is_ok(), "{fires}");
    }
    check(
        &on("EndTxn", "range = { from = 2, to = 4 }\nevery = 4"),
        "line 4: fault `f`: no match of the range 2 to 4 is the 4th of it",
    );
    check(&on("Produce", "partition = -1"), "line 4: fault `f`: `partition` is not below 0");
    check(
        &on("EndTxn", "while = { transaction = \"t\", state = \"PrepareComit\" }"),
        "line 4: fault `f`: a transaction is never `PrepareComit`; did you mean `PrepareCommit`?",
    );
    check(
        &on("EndTxn", "while = { group = \"g*\", state = \"Stable\" }"),
        "line 4: fault `f`: `while` with a pattern is about the request's own group",
    );
    check(&on("EndTxn", "while = { state = \"Stable\" }"), "line 4: fault `f`: `while` asks for");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let does = |actions: &str| format!("on = \"Produce\"\ndo = {actions}");
    let applied = |actions: &str| format!("on = \"Produce\"\ndo = {actions}\nwhen = \"applied\"");
    check(&does("[]"), "line 4: fault `f`: `do` is empty");
    check(
        &does("[\"disconnect\", { error = \"NOT_LEADER_OR_FOLLOWER\" }]"),
        "line 4: fault `f`: `disconnect` and `error` contradict each other",
    );
    check(&does("[\"lose\", \"hold\"]"), "line 4: fault `f`: `lose` and `hold` contradict");
    check(&applied("[\"hold\", \"disconnect\"]"), "line 4: fault `f`: `hold` and `disconnect`");
    assert!(Plan::from_toml(&format!("[[fault]]\n{}", does("[\"hold\", \"disconnect\"]"))).is_ok());
    check(&applied("\"duplicate\""), "line 4: fault `f`: `duplicate` makes no sense once");
    check(&does("{ throttle = { ms = 5 } }"), "line 4: fault `f`: `throttle` makes no sense once");
    check(
        &does("{ corrupt = { of = \"answer\", at = 0, bytes = [1] } }"),
        "line 4: fault `f`: `corrupt` makes no sense once",
    );
    check(
        "on = \"Metadata\"\ndo = { error = \"LEADER_NOT_AVAILABLE\" }",
        "line 4: fault `f`: `error` makes no sense once the request or message is received",
    );
    check(
        &does("{ error = { code = \"NOT_COORDINATOR\", level = \"top\" } }"),
        "line 4: fault `f`: the answer of `Produce` has no error code at the level `top`: it has \
         one at `partition`",
    );
    check(&does("{ crash = \"group-coordinator\" }"), "line 4: fault `f`: `crash` cannot mean");
    check(&does("{ crash = \"another\" }"), "line 4: fault `f`: `crash` cannot mean the another");
}

#[test]
fn markers_are_sent_again_and_not_duplicated() {
    check(
        "on = \"WriteTxnMarkers\"\ndo = \"duplicate\"",
        "line 4: fault `f`: `duplicate` is not for messages between brokers: lose its answer, with \
         `lose` and `when = \"applied\"`, and it is sent again",
    );
}

#[test]
fn an_offer_of_what_there_is_not_is_refused() {
    let offer = |offer: &str| {
        format!("on = \"ApiVersions\"\ndo = {{ offer = {offer} }}\nwhen = \"applied\"")
    };
    check(
        &offer("{ EndTxn = { from = 0, to = 9 } }"),
        "line 4: fault `f`: no release answers `EndTxn` v0 to 9: 0 to 5 can be offered",
    );
    check(&offer("{ EndTxn = { from = 3, to = 2 } }"), "line 4: fault `f`: the range from 3 to 2");
    // They stand in the list, and no broker answers them.
    check(&offer("{ Produce = { from = 0, to = 2 } }"), "line 4: fault `f`: no release answers");
    check(
        &offer("{ EndTx = \"none\" }"),
        "line 4: fault `f`: no broker here answers an API `EndTx`",
    );
    check(&offer("{ EndTxn = \"some\" }"), "line 4: fault `f`: invalid value: string \"some\"");
    check(&offer("{}"), "line 4: fault `f`: `offer` names no API: write one, as in");
    check(
        &offer("{ ApiVersions = \"none\" }"),
        "line 4: fault `f`: `offer` cannot do without `ApiVersions`: use `disconnect`",
    );
    let action = "do = { offer = { EndTxn = \"none\" } }";
    check(
        &format!("on = \"EndTxn\"\n{action}\nwhen = \"applied\""),
        "line 4: fault `f`: `offer` is what the answer of `ApiVersions` says: say",
    );
    check(
        &format!("on = \"ApiVersions\"\n{action}"),
        "line 4: fault `f`: `offer` makes no sense once the request or message is received",
    );
}

#[test]
fn what_waits_for_ever_is_refused() {
    let until = |until: &str| format!("on = \"EndTxn\"\ndo = {{ hold = {until} }}");
    check(
        &until("{ event = \"go\" }"),
        "line 4: fault `f`: nothing raises the event `go`: add a fault with `do = { raise = \"go\" }`",
    );
    check(&until("{ fault = \"g\" }"), "line 4: fault `f`: there is no fault `g` to wait for");
    check(&until("{ fault = \"f\" }"), "line 4: fault `f`: it waits for itself");
    let outside = format!("events = [\"go\"]\n[[fault]]\n{}", until("{ event = \"go\" }"));
    assert!(Plan::from_toml(&outside).is_ok());
}

#[test]
fn names_are_unique() {
    let twice =
        "on = \"EndTxn\"\ndo = \"lose\"\n[[fault]]\nname = \"f\"\non = \"EndTxn\"\ndo = \"lose\"";
    check(twice, "line 6: fault `f`: another fault has this name");
}

#[test]
fn json_is_refused_by_line_and_name_too() {
    let refused = |text: &str| Plan::from_json(text).unwrap_err().to_string();
    let unknown = "{\"fault\": [\n{\"name\": \"a\", \"on\": \"EndTxn\", \"do\": \"lose\"},\n\
                   {\"on\": \"EndTxn\",\n\"do\": {\"error\": \"NOPE\"}}]}";
    assert_eq!(refused(unknown), "line 4: fault `#2`: Kafka has no error code `NOPE`");
    let duplicate = "{\"fault\": [\n{\"name\": \"a\", \"on\": \"EndTxn\",\n\"when\": \"applied\",\n\
                     \"do\": \"duplicate\"}]}";
    assert!(refused(duplicate).starts_with("line 4: fault `a`: `duplicate` makes no sense once"));
    assert!(refused("{").starts_with("line 1: "));
}
