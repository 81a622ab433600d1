//! The `uniform` assignor (G848-27): loads as even as the subscriptions allow, and no more moves
//! than that takes.
//!
//! When all subscribe to the same topics, each member keeps what its share allows, and is then
//! filled up, the members in the order of their ids; so does Kafka, but for its order of the
//! members.
//!
//! Otherwise what a member still may hold it keeps, and free partitions go to the least loaded
//! subscriber. Then, as long as some chain of hand-overs leads from a member to one with at least
//! two partitions fewer, the shortest such chain is carried out. When there is none, no other
//! assignment is more even: loads are a convex cost, and such a chain is what would improve it.

use std::collections::{BTreeMap, BTreeSet};

use fencepost_ids::{MemberId, PartitionIndex, TopicId};

use super::{Assignable, Partitions};

type Partition = (TopicId, PartitionIndex);

pub(super) fn assign(input: &Assignable<'_>) -> BTreeMap<MemberId, Partitions> {
    let mut balance = Balance::keep(input);
    let mut subscriptions = input.subscribers.values().map(|member| &member.topics);
    let first = subscriptions.next();
    if subscriptions.all(|topics| Some(topics) == first) {
        balance.share_out();
    } else {
        balance.give_out_free();
        while balance.improve() {}
    }
    let ids = input.subscribers.keys().cloned();
    ids.zip(balance.held).map(|(id, held)| (id, held.into_iter().collect())).collect()
}

/// Members go by their place in the order of member ids.
struct Balance {
    /// What each member holds.
    held: Vec<BTreeSet<Partition>>,
    /// The subscribers of each topic.
    subscribers: BTreeMap<TopicId, Vec<usize>>,
    free: Vec<Partition>,
}

impl Balance {
    /// Starts from what each member had and may keep.
    fn keep(input: &Assignable<'_>) -> Self {
        let mut subscribers: BTreeMap<TopicId, Vec<usize>> = BTreeMap::new();
        let mut held = vec![BTreeSet::new(); input.subscribers.len()];
        let mut free: BTreeSet<Partition> = input.partitions().collect();
        for (member, (id, subscriber)) in input.subscribers.iter().enumerate() {
            for topic in &subscriber.topics {
                subscribers.entry(*topic).or_default().push(member);
            }
            let Some(previous) = input.previous.get(id) else { continue };
            let kept = previous.iter().filter(|(topic, _)| subscriber.topics.contains(topic));
            held[member].extend(kept.filter(|partition| free.remove(partition)));
        }
        Self { held, subscribers, free: free.into_iter().collect() }
    }

    /// Gives every member an equal share; the remainder goes to members that hold more already, then
    /// to the first ones.
    fn share_out(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let mut free: BTreeSet<Partition> = std::mem::take(&mut self.free).into_iter().collect();
        free.retain(|(topic, _)| self.subscribers.contains_key(topic));
        let total = free.len() + self.held.iter().map(BTreeSet::len).sum::<usize>();
        let (share, mut extra) = (total / self.held.len(), total % self.held.len());
        for held in &mut self.held {
            let keeps_extra = held.len() > share && extra > 0;
            extra -= usize::from(keeps_extra);
            while held.len() > share + usize::from(keeps_extra) {
                free.extend(held.pop_last());
            }
        }
        for held in &mut self.held {
            let gets_extra = held.len() <= share && extra > 0;
            extra -= usize::from(gets_extra);
            while held.len() < share + usize::from(gets_extra)
                && let Some(partition) = free.pop_first()
            {
                held.insert(partition);
            }
        }
    }

    /// Topics with few subscribers come first: the others leave more choice.
    fn give_out_free(&mut self) {
        let mut free = std::mem::take(&mut self.free);
        free.sort_by_key(|(topic, _)| self.subscribers.get(topic).map_or(0, Vec::len));
        for partition in free {
            let subscribers = self.subscribers.get(&partition.0).into_iter().flatten();
            if let Some(least) = subscribers.min_by_key(|member| self.held[**member].len()) {
                self.held[*least].insert(partition);
            }
        }
    }

    /// Carries out one chain of hand-overs, if there is one.
    fn improve(&mut self) -> bool {
        let loads = || self.held.iter().map(BTreeSet::len);
        let (Some(least), Some(most)) = (loads().min(), loads().max()) else { return false };
        if most - least < 2 {
            return false;
        }
        let mut by_load: Vec<usize> = (0..self.held.len()).collect();
        by_load.sort_by_key(|member| std::cmp::Reverse(self.held[*member].len()));
        by_load.into_iter().any(|member| self.relieve(member))
    }

    /// Finds the shortest chain from `first` to a member with at least two partitions fewer: the
    /// least loaded of those at the same distance.
    fn relieve(&mut self, first: usize) -> bool {
        let enough = self.held[first].len().saturating_sub(1);
        // Who would hand which topic's partition to a member.
        let mut givers: BTreeMap<usize, (usize, TopicId)> = BTreeMap::new();
        let mut layer = vec![first];
        while !layer.is_empty() {
            let mut next = Vec::new();
            for giver in layer {
                let topics: BTreeSet<_> = self.held[giver].iter().map(|held| held.0).collect();
                for topic in topics {
                    for taker in self.subscribers.get(&topic).into_iter().flatten() {
                        if *taker != first && !givers.contains_key(taker) {
                            givers.insert(*taker, (giver, topic));
                            next.push(*taker);
                        }
                    }
                }
            }
            let least = next.iter().min_by_key(|member| self.held[**member].len()).copied();
            if let Some(last) = least.filter(|member| self.held[*member].len() < enough) {
                self.hand_over(last, &givers);
                return true;
            }
            layer = next;
        }
        false
    }

    /// Carries out the chain that ends with `last`, from its end, so that nobody hands on what was
    /// just received.
    fn hand_over(&mut self, last: usize, givers: &BTreeMap<usize, (usize, TopicId)>) {
        let mut taker = last;
        while let Some((giver, topic)) = givers.get(&taker) {
            let of_topic = self.held[*giver].iter().rev().find(|held| held.0 == *topic);
            let Some(partition) = of_topic.copied() else { return };
            self.held[*giver].remove(&partition);
            self.held[taker].insert(partition);
            taker = *giver;
        }
    }
}
