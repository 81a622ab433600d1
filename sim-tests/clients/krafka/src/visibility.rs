//! What each isolation level shows of committed, aborted and open transactions.

use std::time::Duration;

use krafka::consumer::IsolationLevel::{ReadCommitted, ReadUncommitted};

use crate::scope::{Failure, Scope, equal, same_lines, send, transaction};

/// Three transactions over three partitions of two topics; the middle one is aborted.
pub(crate) async fn commit_and_abort(scope: &Scope) -> Result<(), Failure> {
    let two = scope.topic("two", 2).await?;
    let one = scope.topic("one", 1).await?;
    let places = [(&two, 0), (&two, 1), (&one, 0)];
    let producer = scope.transactional("producer").await?;
    for name in ["first", "aborted", "third"] {
        producer.begin()?;
        for (topic, partition) in places {
            let values = [format!("{name}-{partition}-a"), format!("{name}-{partition}-b")];
            send(&producer, topic, partition, &[&values[0], &values[1]]).await?;
        }
        if name == "aborted" {
            producer.abort().await?;
        } else {
            producer.commit().await?;
        }
    }
    for (topic, p) in places {
        let line = |offset, name, suffix| format!("{offset} {name}-{p}-{suffix}");
        let first = [line(0, "first", "a"), line(1, "first", "b")];
        let aborted = [line(3, "aborted", "a"), line(4, "aborted", "b")];
        let third = [line(6, "third", "a"), line(7, "third", "b")];
        let committed: Vec<&str> = first.iter().chain(&third).map(String::as_str).collect();
        let every: Vec<&str> =
            first.iter().chain(&aborted).chain(&third).map(String::as_str).collect();
        // Two records and a marker for each transaction: the ninth offset is the end at both levels.
        scope.expect(ReadCommitted, topic, p, 9, &committed).await?;
        scope.expect(ReadUncommitted, topic, p, 9, &every).await?;
    }
    Ok(())
}

/// Two producers alternate on the same partitions; one commits, one aborts, then the other way round.
pub(crate) async fn interleaved_producers(scope: &Scope) -> Result<(), Failure> {
    let topic = scope.topic("topic", 2).await?;
    let left = scope.transactional("left").await?;
    let right = scope.transactional("right").await?;
    for round in 0..2 {
        left.begin()?;
        right.begin()?;
        for turn in 0..3 {
            for partition in 0..2 {
                send(&left, &topic, partition, &[&format!("left-{round}{turn}")]).await?;
                send(&right, &topic, partition, &[&format!("right-{round}{turn}")]).await?;
            }
        }
        let (winner, loser) = if round == 0 { (&left, &right) } else { (&right, &left) };
        winner.commit().await?;
        loser.abort().await?;
        for partition in 0..2 {
            scope.reaches(ReadCommitted, &topic, partition, 8 * (round + 1)).await?;
        }
    }
    for partition in 0..2 {
        scope
            .expect(
                ReadCommitted,
                &topic,
                partition,
                16,
                &[
                    "0 left-00",
                    "2 left-01",
                    "4 left-02",
                    "9 right-10",
                    "11 right-11",
                    "13 right-12",
                ],
            )
            .await?;
        scope
            .expect(
                ReadUncommitted,
                &topic,
                partition,
                16,
                &[
                    "0 left-00",
                    "1 right-00",
                    "2 left-01",
                    "3 right-01",
                    "4 left-02",
                    "5 right-02",
                    "8 left-10",
                    "9 right-10",
                    "10 left-11",
                    "11 right-11",
                    "12 left-12",
                    "13 right-12",
                ],
            )
            .await?;
    }
    Ok(())
}

/// A committed transaction stays hidden behind an earlier open one.
pub(crate) async fn open_transaction_holds_back(scope: &Scope) -> Result<(), Failure> {
    let topic = scope.topic("topic", 1).await?;
    let open = scope.transactional("open").await?;
    let later = scope.transactional("later").await?;
    transaction(&later, &topic, 0, &["before"]).await?;
    scope.reaches(ReadCommitted, &topic, 0, 2).await?;
    open.begin()?;
    send(&open, &topic, 0, &["open-1", "open-2"]).await?;
    transaction(&later, &topic, 0, &["later-1", "later-2"]).await?;

    scope.expect(ReadCommitted, &topic, 0, 2, &["0 before"]).await?;
    let every = ["0 before", "2 open-1", "3 open-2", "4 later-1", "5 later-2"];
    scope.expect(ReadUncommitted, &topic, 0, 7, &every).await?;
    let consumer = scope.consumer(ReadCommitted).build().await?;
    consumer.assign(&topic, vec![0]).await?;
    consumer.seek(&topic, 0, 2).await?;
    let held_back = consumer.poll(Duration::from_millis(300)).await?;
    same_lines("past the last stable offset", &[], &held_back)?;
    equal("position", &Some(2), &consumer.position(&topic, 0).await)?;
    consumer.close().await?;

    open.commit().await?;
    scope.expect(ReadCommitted, &topic, 0, 8, &every).await
}
