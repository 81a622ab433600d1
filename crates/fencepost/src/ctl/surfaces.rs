//! The control API is whole in all three ways to say it: HTTP, `fencepost ctl` and [`TestCluster`].

use std::collections::BTreeSet;
use std::time::Duration;

use clap::{CommandFactory, Parser};
use fencepost::TestCluster;
use serde_json::Value;
use tokio::time::timeout;

use super::command::{Call, Command};
use super::{send, whole};

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// An operation, a command that asks for it, and the method that does the same.
const SURFACES: &[(&str, &str, &str)] = &[
    ("GET /cluster", "cluster", "describe"),
    ("GET /connections", "connections", "connections"),
    ("GET /messages", "messages", "messages"),
    ("GET /timers", "timers", "timers"),
    ("POST /throttle", "throttle 5", "throttle"),
    ("GET /events", "events", "watch"),
    ("GET /trace", "trace", "record"),
    ("GET /brokers", "brokers", "brokers"),
    ("POST /brokers/{id}/crash", "crash 1", "crash"),
    ("POST /brokers/{id}/stop", "stop 1", "stop_broker"),
    ("POST /brokers/{id}/restart", "restart 1", "restart"),
    ("GET /topics", "topics", "topics"),
    ("GET /topics/{topic}/partitions", "partitions a", "partitions"),
    ("GET /topics/{topic}/partitions/{partition}", "partitions a 0", "partition"),
    (
        "GET /topics/{topic}/partitions/{partition}",
        "partitions a 0 --leader 1 --in-sync 2 --high-watermark 3 --last-stable-offset 4 \
         --log-end-offset 5 --within-ms 6",
        "partition_until",
    ),
    ("POST /topics/{topic}/partitions/{partition}/elect", "elect a 0 1", "elect"),
    ("GET /topics/{topic}/partitions/{partition}/log", "log a 0 --from 1 --limit 2", "log_page"),
    (
        "GET /topics/{topic}/partitions/{partition}/producers",
        "producers a 0 --replica 1",
        "producers",
    ),
    ("GET /transactions", "transactions", "transactions"),
    ("GET /transactions/{transactional_id}", "transactions t", "transaction"),
    (
        "GET /transactions/{transactional_id}",
        "transactions t --state Empty --within-ms 6",
        "transaction_until",
    ),
    (
        "GET /transactions/{transactional_id}/coordinator",
        "coordinator transaction t",
        "coordinator",
    ),
    (
        "POST /transactions/{transactional_id}/coordinator",
        "move transaction t 1",
        "move_coordinator",
    ),
    ("GET /groups", "groups", "groups"),
    ("GET /groups/{group}", "groups g", "group"),
    ("GET /groups/{group}", "groups g --state Stable --members 2", "group_until"),
    ("GET /groups/{group}/coordinator", "coordinator group g", "coordinator"),
    ("POST /groups/{group}/coordinator", "move group g 1", "move_coordinator"),
    ("GET /faults", "faults", "faults"),
    ("POST /faults", "add-faults ../../docs/plans/kafka-17754.toml", "add_faults"),
    ("POST /faults", "add-faults W083", "add_window"),
    ("GET /fault-plan.schema.json", "plan-schema", "json_schema"),
    ("DELETE /faults/{name}", "remove-fault f", "remove_fault"),
    ("GET /faults/{name}/hits", "hit f --times 2", "hits"),
    ("PUT /processes/{name}", "process p 4", "register_process"),
    ("GET /held", "held", "held"),
    ("POST /held/{number}/release", "release 1", "release"),
    ("POST /raised/{event}", "raise e", "raise"),
    ("GET /stepped", "stepped", "is_stepped"),
    ("GET /stepped", "stepped", "order"),
    ("GET /stepped", "stepped", "next_turn"),
    ("PUT /stepped", "step", "step"),
    ("PUT /stepped", "step --schedule ../../docs/plans/kafka-17754.toml", "follow"),
    ("PUT /stepped", "flow", "flow"),
    ("GET /clock", "clock", "clock"),
    ("POST /clock/advance", "advance 5", "advance"),
    ("POST /clock/next", "next --timer LogRetention", "advance_to_next"),
    ("GET /snapshots", "snapshots", "snapshots"),
    ("PUT /snapshots/{name}", "snapshot s", "take_snapshot"),
    ("DELETE /snapshots/{name}", "forget s", "forget_snapshot"),
    ("POST /snapshots/{name}/reset", "reset s", "reset"),
];

fn call(words: &str) -> Call {
    let line = ["ctl"].into_iter().chain(words.split_whitespace());
    let command = Line::try_parse_from(line).unwrap_or_else(|error| panic!("{error}")).command;
    command.call().unwrap_or_else(|error| panic!("{words}: {error}"))
}

fn is_at(path: &str, template: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |(at, of): (&str, &str)| at == of || (of.starts_with('{') && !at.is_empty());
    path.split('/').count() == template.split('/').count()
        && path.split('/').zip(template.split('/')).all(fits)
}

async fn described() -> Value {
    let cluster = TestCluster::builder().control_port(0).start().await.unwrap();
    let url = cluster.control_url().unwrap().parse().unwrap();
    let asked = async {
        let (answer, _) = send(&url, None, call("openapi")).await.unwrap();
        whole(answer).await.unwrap()
    };
    let text = timeout(Duration::from_secs(60), asked).await.expect("it is answered");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn every_operation_is_a_command_and_a_method() {
    let described = described().await;
    let mut operations = BTreeSet::new();
    for (path, methods) in described["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap();
        operations.extend(methods.keys().map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let named: BTreeSet<_> =
        SURFACES.iter().map(|(operation, ..)| (*operation).to_owned()).collect();
    assert_eq!(named, operations);

    let source = [
        include_str!("../test_cluster.rs"),
        include_str!("../test_cluster/builder.rs"),
        include_str!("../test_cluster/faults.rs"),
        include_str!("../test_cluster/looking.rs"),
        include_str!("../test_cluster/time.rs"),
        include_str!("../test_cluster/waiting.rs"),
        // `fencepost::faults::json_schema`, which needs no cluster.
        include_str!("../../../faults/src/schema.rs"),
    ]
    .concat();
    for (operation, words, method) in SURFACES {
        let Call { method: verb, path, .. } = call(words);
        let (expected, template) = operation.split_once(' ').unwrap();
        assert!(verb == expected && is_at(&path, template), "{words}: {verb} {path}");
        assert!(source.contains(&format!("fn {method}(")), "{operation}: no `{method}`");
        // What is given on the command line is asked for.
        let query = path.split_once('?').map_or("", |(_, query)| query);
        for option in words.split_whitespace().filter_map(|word| word.strip_prefix("--")) {
            let is_in_query = query.contains(&format!("{}=", option.replace('-', "_")));
            assert!(verb != "GET" || is_in_query, "{words}: {path}");
        }
    }
}

#[test]
fn every_command_is_an_operation() {
    let line = Line::command();
    let commands: BTreeSet<_> = line.get_subcommands().map(clap::Command::get_name).collect();
    let named = SURFACES.iter().map(|(_, words, _)| words.split(' ').next().unwrap());
    // The description describes all but itself.
    assert_eq!(named.chain(["openapi"]).collect::<BTreeSet<_>>(), commands);
}
