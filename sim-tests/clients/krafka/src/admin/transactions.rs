use krafka::admin::{
    AbortTransactionOptions, DescribeProducersOptions, DescribeTransactionsOptions,
    ListTransactionsOptions, ProducerState, TransactionDescription,
};
use krafka::consumer::IsolationLevel::{ReadCommitted, ReadUncommitted};
use krafka::consumer::TopicPartition;

use super::answer;
use crate::scope::{Failure, Scope, equal, refused, send};

/// krafka's abort is the operator's: it writes the markers itself.
pub(super) async fn run(scope: &Scope) -> Result<(), Failure> {
    let topic = scope.topic("transactions", 1).await?;
    let at = TopicPartition::new(topic.as_str(), 0);
    let id = scope.named("open");
    let unknown = described(scope, &scope.named("unknown")).await;
    refused("describe an unknown transaction", "TransactionalIdNotFound", unknown)?;
    let producer = scope.transactional("open").await?;
    producer.begin()?;
    send(&producer, &topic, 0, &["one", "two"]).await?;

    let transaction = described(scope, &id).await?;
    equal("state", &"Ongoing", &transaction.state.as_str())?;
    equal("partitions", &vec![at.clone()], &transaction.partitions)?;
    equal("listed", &vec![id.clone()], &listed(scope, transaction.producer_id, "Ongoing").await?)?;
    equal("listed as ended", &Vec::new(), &listed(scope, transaction.producer_id, "Empty").await?)?;

    let states = producers(scope, &at).await?;
    equal("producers", &1, &states.len())?;
    equal("producer id", &transaction.producer_id, &states[0].producer_id)?;
    equal("producer epoch", &i32::from(transaction.producer_epoch), &states[0].producer_epoch)?;
    equal("last sequence", &1, &states[0].last_sequence)?;
    equal("start of its transaction", &Some(0), &states[0].current_transaction_start_offset)?;

    // A partition that saw no marker yet does not know the coordinator's epoch, and takes any.
    let options = AbortTransactionOptions::default().coordinator_epoch(0);
    answer(scope.kafka.admin().abort_transaction(id.as_str(), options).await?, &at)?;
    let states = producers(scope, &at).await?;
    let open: Vec<_> =
        states.iter().filter_map(|state| state.current_transaction_start_offset).collect();
    equal("transactions open on the partition", &Vec::new(), &open)?;
    // The markers are the operator's, so the coordinator does not know.
    equal("its state", &"Ongoing", &described(scope, &id).await?.state.as_str())?;
    scope.expect(ReadCommitted, &topic, 0, 3, &[]).await?;
    scope.expect(ReadUncommitted, &topic, 0, 3, &["0 one", "1 two"]).await
}

async fn described(scope: &Scope, id: &String) -> krafka::Result<TransactionDescription> {
    let options = DescribeTransactionsOptions::default();
    answer(scope.kafka.admin().describe_transactions([id], options).await?, id)
}

async fn listed(scope: &Scope, producer: i64, state: &str) -> Result<Vec<String>, Failure> {
    let options = ListTransactionsOptions::default()
        .states(vec![state.to_owned()])
        .producer_ids(vec![producer]);
    let mut ids = Vec::new();
    for listing in scope.kafka.admin().list_transactions(options).await?.into_values() {
        ids.extend(listing?.into_iter().map(|transaction| transaction.transactional_id));
    }
    Ok(ids)
}

async fn producers(scope: &Scope, at: &TopicPartition) -> krafka::Result<Vec<ProducerState>> {
    let options = DescribeProducersOptions::default();
    answer(scope.kafka.admin().describe_producers([at.clone()], options).await?, at)
}
