use std::collections::BTreeMap;
use std::time::Duration;

use krafka::admin::{
    AlterConsumerGroupOffsetsOptions, ConsumerGroupLagOptions, ConsumerGroupMember,
    DeleteConsumerGroupOffsetsOptions, DeleteConsumerGroupsOptions, DescribeConsumerGroupsOptions,
    GroupType, ListConsumerGroupOffsetsOptions, ListConsumerGroupsOptions,
};
use krafka::consumer::{Consumer, GroupProtocol, TopicPartition};
use tokio::time::Instant;

use super::answer;
use crate::scope::{Failure, PATIENCE, Scope, equal, eventually, refused};

pub(super) async fn run(scope: &Scope, protocol: GroupProtocol) -> Result<(), Failure> {
    let kind = match protocol {
        GroupProtocol::Consumer => GroupType::Consumer,
        _ => GroupType::Classic,
    };
    let topic = scope.topic(&format!("{kind}-topic"), 2).await?;
    let group = scope.named(format!("{kind}-group"));
    let member = join(scope, protocol, &group, &topic).await?;
    equal("state and type", &Some(("Stable".to_owned(), kind)), &listed(scope, &group).await?)?;
    described(scope, &group, &member, &topic).await?;
    refused("delete a group with members", "NonEmptyGroup", delete(scope, &group).await)?;
    member.close().await?;
    eventually("state", &Some("Empty".to_owned()), async || {
        Ok(listed(scope, &group).await?.map(|(state, _)| state))
    })
    .await?;

    offsets(scope, &group, &topic).await?;
    delete(scope, &group).await?;
    refused("delete it again", "GroupIdNotFound", delete(scope, &group).await)?;
    equal("listed after its deletion", &None, &listed(scope, &group).await?)
}

/// A member that has both partitions of the topic.
async fn join(
    scope: &Scope,
    protocol: GroupProtocol,
    group: &str,
    topic: &str,
) -> Result<Consumer, Failure> {
    let mut builder = scope.member(group).group_protocol(protocol);
    if protocol == GroupProtocol::Classic {
        builder = builder
            .session_timeout(Duration::from_secs(6))
            .heartbeat_interval(Duration::from_millis(100));
    }
    let member = builder.build().await?;
    member.subscribe([topic]).await?;
    let deadline = Instant::now() + PATIENCE;
    while member.assignment().await.get(topic).map(Vec::len) != Some(2) {
        if Instant::now() > deadline {
            let assigned = member.assignment().await;
            return Err(Failure::Check(format!("the member's assignment is {assigned:?}")));
        }
        let records = member.poll(Duration::from_millis(50)).await?;
        equal("records", &0, &records.len())?;
    }
    Ok(member)
}

async fn listed(scope: &Scope, group: &str) -> Result<Option<(String, GroupType)>, Failure> {
    let options = ListConsumerGroupsOptions::default();
    let mut found = Vec::new();
    for listing in scope.kafka.admin().list_consumer_groups(options).await?.into_values() {
        found.extend(listing?.into_iter().filter(|listing| listing.group_id == group));
    }
    let one = found.pop();
    equal("listed by other brokers", &0, &found.len())?;
    Ok(one.and_then(|listing| Some((listing.state?, listing.group_type?))))
}

async fn described(
    scope: &Scope,
    group: &String,
    member: &Consumer,
    topic: &str,
) -> Result<(), Failure> {
    let own = member.group_metadata().await;
    let own = own.ok_or_else(|| Failure::Check("no member of its group".into()))?;
    let options = DescribeConsumerGroupsOptions::default();
    let answers = scope.kafka.admin().describe_consumer_groups([group], options).await?;
    let description = answer(answers, group)?;
    equal("state", &"Stable", &description.state.as_str())?;
    let got: Vec<(String, BTreeMap<String, Vec<i32>>)> =
        description.members.iter().map(|one| (one.member_id.clone(), assignment(one))).collect();
    let expected =
        vec![(own.member_id().to_owned(), BTreeMap::from([(topic.to_owned(), vec![0, 1])]))];
    equal("members", &expected, &got)
}

fn assignment(member: &ConsumerGroupMember) -> BTreeMap<String, Vec<i32>> {
    let topics = member.assignment.iter().flatten();
    topics.map(|topic| (topic.topic_name.clone(), topic.partitions.clone())).collect()
}

async fn delete(scope: &Scope, group: &String) -> krafka::Result<()> {
    let options = DeleteConsumerGroupsOptions::default();
    answer(scope.kafka.admin().delete_consumer_groups([group], options).await?, group)
}

async fn offsets(scope: &Scope, group: &str, topic: &str) -> Result<(), Failure> {
    let admin = scope.kafka.admin();
    let (zero, one) = (TopicPartition::new(topic, 0), TopicPartition::new(topic, 1));
    let altered = admin
        .alter_consumer_group_offsets(
            group,
            [(zero.clone(), 0), (one.clone(), 7)],
            AlterConsumerGroupOffsetsOptions::default(),
        )
        .await?;
    for result in altered.into_values() {
        result?;
    }
    equal("offsets", &vec![(0, Some(0)), (1, Some(7))], &committed(scope, group).await?)?;
    let lag = admin.consumer_group_lag(group, ConsumerGroupLagOptions::default()).await?;
    equal("end that the lag is from", &0, &answer(lag, &zero)?.end_offset)?;

    let options = DeleteConsumerGroupOffsetsOptions::default();
    let deleted = admin.delete_consumer_group_offsets(group, [zero.clone()], options).await?;
    answer(deleted, &zero)?;
    equal("offsets left", &vec![(1, Some(7))], &committed(scope, group).await?)
}

async fn committed(scope: &Scope, group: &str) -> Result<Vec<(i32, Option<i64>)>, Failure> {
    let options = ListConsumerGroupOffsetsOptions::default();
    let offsets = scope.kafka.admin().list_consumer_group_offsets(group, options).await?;
    let offsets = offsets.into_iter().map(|(at, offset)| Ok((at.partition, offset?.offset)));
    let mut offsets = offsets.collect::<krafka::Result<Vec<_>>>()?;
    offsets.sort_unstable();
    Ok(offsets)
}
