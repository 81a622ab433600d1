//! EndTxn takes effect, and its answer is lost: the client asks again, and there is one copy of the record.

use std::error::Error;
use std::time::Duration;

use fencepost::TestCluster;
use fencepost::faults::Plan;
use krafka::consumer::{AutoOffsetReset, IsolationLevel};
use krafka::producer::{Record, TransactionalProducer};
use krafka::{ConsumerRecord, Kafka};
use tokio::time::timeout;

const PLAN: &str = r#"
    [[fault]]
    name = "answer lost"
    on = "EndTxn"
    client = "orders"
    when = "applied"
    do = "disconnect"
"#;
const WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_made_once() -> Result<(), Box<dyn Error>> {
    let cluster = TestCluster::builder().topic("orders", 1).start().await?;
    cluster.add_faults(Plan::from_toml(PLAN)?)?;
    let kafka = Kafka::builder(cluster.bootstrap_servers()).client_id("orders").connect().await?;
    let producer = kafka.producer().build_transactional("orders-1").await?;

    transaction(&producer, "order 1").await?; // its EndTxn meets the fault, and is sent again
    timeout(WITHIN, cluster.hit("answer lost")).await??;
    let faults = cluster.faults()?;
    let fault = &faults[0];
    assert!(fault.fired == 1 && fault.matched >= 2, "{fault:?}");
    transaction(&producer, "order 2").await?; // the producer can go on

    let values = timeout(WITHIN, committed(&kafka, "order 2")).await??;
    assert_eq!(values, ["order 1", "order 2"]);
    // A fault that never fired would be an error here.
    cluster.stop().await?;
    Ok(())
}

async fn transaction(producer: &TransactionalProducer, value: &str) -> krafka::Result<()> {
    producer.begin()?;
    let _ = producer.send(Record::new("orders", value.to_owned())).await?;
    producer.commit().await
}

/// What `read_committed` shows, up to and with the value `until`.
async fn committed(kafka: &Kafka, until: &str) -> krafka::Result<Vec<String>> {
    let consumer = kafka
        .consumer_without_group()
        .isolation_level(IsolationLevel::ReadCommitted)
        .auto_offset_reset(AutoOffsetReset::Earliest)
        .build()
        .await?;
    consumer.assign("orders", vec![0]).await?;
    let mut values: Vec<String> = Vec::new();
    while !values.iter().any(|value| value == until) {
        let records = consumer.poll(Duration::from_millis(100)).await?;
        values.extend(records.iter().filter_map(ConsumerRecord::value_str).map(str::to_owned));
    }
    consumer.close().await?;
    Ok(values)
}
