use krafka::admin::{
    ConfigOp, ConfigResource, CreatePartitionsOptions, CreateTopicsOptions, DeleteRecordsOptions,
    DeleteTopicsOptions, DescribeConfigsOptions, DescribeTopicsOptions,
    IncrementalAlterConfigsOptions, ListOffsetsOptions, ListTopicsOptions, NewTopic, OffsetSpec,
};
use krafka::consumer::IsolationLevel::ReadCommitted;
use krafka::consumer::TopicPartition;

use super::answer;
use crate::scope::{Failure, Scope, acknowledged, equal, eventually, record, refused, same_lines};

pub(super) async fn run(scope: &Scope) -> Result<(), Failure> {
    let topic = scope.named("topic");
    create(scope, NewTopic::new(&topic, 3, 1)?.with_config("retention.ms", "86400000")).await?;
    let again = create(scope, NewTopic::new(&topic, 3, 1)?).await;
    refused("create what exists", "TopicAlreadyExists", again)?;
    let many = create(scope, NewTopic::new(scope.named("many"), 1, 99)?).await;
    refused("more replicas than brokers", "InvalidReplicationFactor", many)?;

    partitions(scope, &topic, 3).await?;
    add_partitions(scope, &topic, 5).await?;
    partitions(scope, &topic, 5).await?;
    let fewer = add_partitions(scope, &topic, 4).await;
    refused("fewer partitions", "InvalidPartitions", fewer)?;

    configs(scope, &topic).await?;
    records(scope, &topic).await?;

    delete(scope, &topic).await?;
    eventually("listed after its deletion", &false, async || {
        let listed = scope.kafka.admin().list_topics(ListTopicsOptions::default()).await?;
        Ok(listed.contains(&topic))
    })
    .await?;
    refused("delete it again", "UnknownTopicOrPartition", delete(scope, &topic).await)
}

async fn create(scope: &Scope, topic: NewTopic) -> krafka::Result<()> {
    let name = topic.name.clone();
    answer(scope.kafka.admin().create_topics([topic], CreateTopicsOptions::default()).await?, &name)
}

async fn delete(scope: &Scope, topic: &String) -> krafka::Result<()> {
    let options = DeleteTopicsOptions::default();
    answer(scope.kafka.admin().delete_topics([topic], options).await?, topic)
}

async fn add_partitions(scope: &Scope, topic: &String, total: i32) -> krafka::Result<()> {
    let options = CreatePartitionsOptions::default();
    answer(scope.kafka.admin().create_partitions([(topic, total)], options).await?, topic)
}

/// Each has one replica, which leads it and is in sync.
async fn partitions(scope: &Scope, topic: &String, count: i32) -> Result<(), Failure> {
    eventually("partitions", &(0..count).collect(), async || {
        let options = DescribeTopicsOptions::default();
        let described =
            answer(scope.kafka.admin().describe_topics([topic], options).await?, topic)?;
        let whole = described.partitions.iter().filter(|partition| {
            partition.replicas.len() == 1
                && partition.isr == partition.replicas
                && partition.leader == partition.replicas.first().copied()
        });
        Ok(whole.map(|partition| partition.partition).collect::<Vec<i32>>())
    })
    .await
}

async fn configs(scope: &Scope, topic: &str) -> Result<(), Failure> {
    awaits(scope, topic, "retention.ms", "86400000").await?;
    let append = ConfigOp::Append { name: "cleanup.policy".into(), value: "compact".into() };
    alter(scope, topic, vec![ConfigOp::set("retention.ms", "7200000"), append]).await?;
    awaits(scope, topic, "retention.ms", "7200000").await?;
    awaits(scope, topic, "cleanup.policy", "delete,compact").await?;
    let subtract = ConfigOp::Subtract { name: "cleanup.policy".into(), value: "compact".into() };
    alter(scope, topic, vec![ConfigOp::delete("retention.ms"), subtract]).await?;
    awaits(scope, topic, "cleanup.policy", "delete").await?;
    // The broker's default.
    awaits(scope, topic, "retention.ms", "604800000").await?;
    let soon = alter(scope, topic, vec![ConfigOp::set("retention.ms", "soon")]).await;
    refused("a value of the wrong type", "InvalidConfig", soon)
}

async fn alter(scope: &Scope, topic: &str, changes: Vec<ConfigOp>) -> krafka::Result<()> {
    let resource = ConfigResource::topic(topic);
    let altered = scope
        .kafka
        .admin()
        .incremental_alter_configs(
            [(resource.clone(), changes)],
            IncrementalAlterConfigsOptions::default(),
        )
        .await?;
    answer(altered, &resource)
}

async fn awaits(scope: &Scope, topic: &str, name: &str, value: &str) -> Result<(), Failure> {
    let resource = ConfigResource::topic(topic);
    eventually(name, &Some(value.to_owned()), async || {
        let described = scope
            .kafka
            .admin()
            .describe_configs([resource.clone()], DescribeConfigsOptions::default())
            .await?;
        let entries = answer(described, &resource)?;
        Ok(entries.into_iter().find(|entry| entry.name == name).and_then(|entry| entry.value))
    })
    .await
}

async fn records(scope: &Scope, topic: &str) -> Result<(), Failure> {
    let producer = scope.producer().build().await?;
    let mut acknowledgements = Vec::new();
    for value in ["a", "b", "c", "d", "e"] {
        acknowledgements.push(producer.enqueue(record(topic, 0, value)).await?);
    }
    acknowledged(acknowledgements).await?;
    producer.close().await?;

    equal("low watermark", &3, &delete_before(scope, topic, 3).await?)?;
    refused("delete past the end", "OffsetOutOfRange", delete_before(scope, topic, 6).await)?;
    let at = TopicPartition::new(topic, 0);
    let options = ListOffsetsOptions::default();
    let starts =
        scope.kafka.admin().list_offsets([(at.clone(), OffsetSpec::Earliest)], options).await?;
    equal("start", &3, &answer(starts, &at)?.offset)?;
    let left = scope.read_to(ReadCommitted, topic, 0, 3, 5).await?;
    same_lines("records left", &["3 d", "4 e"], &left)
}

async fn delete_before(scope: &Scope, topic: &str, offset: i64) -> krafka::Result<i64> {
    let at = TopicPartition::new(topic, 0);
    let options = DeleteRecordsOptions::default();
    answer(scope.kafka.admin().delete_records([(at.clone(), offset)], options).await?, &at)
}
