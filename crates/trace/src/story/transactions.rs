//! Whether what a client sent within one transaction came to one end.
//!
//! A client's transaction is what it asked for between two of its ends, as far as the brokers' ports have
//! seen it, however late that takes effect: an EndTxn with nothing asked for since is the same end again,
//! and so is a batch of the transaction that has ended. InitProducerId begins anew. A transaction of a
//! coordinator ends with its Prepare record; all markers until the next one are of that end. The two are
//! the same unless something went wrong, and where they are not, it is told.

mod finding;
mod sent;
pub use finding::{Finding, Part, Verdict};

use std::collections::{BTreeMap, VecDeque};

use self::sent::{End, Place, Sent};
use super::deed::{Deed, Ended, Producer, SentBatch};
use super::logs::{Fate, topic_of};
use super::{Happening, Moment};
use crate::event::{BatchAppend, Event, GroupOffset};

/// So many transactions of a transactional id are remembered: more than a request can be late by in any
/// run that is meant to be looked at.
const KEPT: usize = 8;

/// So many findings are kept; there is no reading more of them.
const FINDINGS_KEPT: usize = 1000;

/// So many EndTxn of a transactional id are remembered.
const ENDS_KEPT: usize = 64;

/// Watches the transactions of a story.
#[derive(Clone, Default, Debug)]
pub struct Transactions {
    clients: BTreeMap<String, Client>,
    /// Transactional ids by their producer ids.
    owners: BTreeMap<i64, String>,
    /// Where the logs of partitions end.
    log_ends: BTreeMap<String, i64>,
    ends: u64,
    counted: u64,
    findings: Vec<Finding>,
    /// Findings that were not kept.
    more: u64,
}

/// One transactional id.
#[derive(Clone, Default, Debug)]
struct Client {
    sent: VecDeque<Sent>,
    /// How many there were.
    numbered: u64,
    /// Transactions whose requests were held or lost, by the turns of these.
    held: BTreeMap<u64, u64>,
    /// Transactions of batches that brokers have, by partition, epoch and sequence.
    arrived: BTreeMap<(String, i16, i32), u64>,
    /// The turns of EndTxn requests, and the number of the transaction that each was sent for.
    asked: VecDeque<(u64, u64)>,
    /// The EndTxn that took effect last: its turn and whether it commits, until something came of it.
    entered: Option<(u64, bool)>,
    /// The last end that the coordinator decided on.
    end: Option<End>,
}

impl Transactions {
    /// Takes what happened next.
    pub fn take(&mut self, moment: &Moment) {
        for happening in &moment.what {
            match happening {
                Happening::Asked { deed: Some(deed), arrives, .. } => {
                    self.asked(moment.n, deed, *arrives);
                }
                Happening::Arrived { deed: Some(deed), asked_in, .. } => {
                    self.arrived(*asked_in, deed);
                }
                Happening::Answered { ended: Some(ended), .. } => self.answered(ended),
                Happening::Reset { .. } => self.reset(),
                Happening::TopicDeleted { topic } => self.deleted(topic),
                Happening::Event(event) => self.event(event),
                Happening::Asked { .. }
                | Happening::Arrived { .. }
                | Happening::Answered { .. }
                | Happening::Said { .. }
                | Happening::Closed { .. }
                | Happening::Command { .. }
                | Happening::Hit { .. } => {}
            }
        }
    }

    /// How many transactions with anything in them clients have sent.
    #[must_use]
    pub fn count(&self) -> u64 {
        let kept = self.clients.values().flat_map(|client| &client.sent);
        self.counted + kept.filter(|sent| !sent.is_empty()).count() as u64
    }

    /// How many of them are not whole.
    #[must_use]
    pub fn not_whole(&self) -> u64 {
        self.findings().len() as u64 + self.more
    }

    /// The first thousand or so of those that are not whole, in the order in which they were sent.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let kept = self
            .clients
            .iter()
            .flat_map(|(id, client)| client.sent.iter().filter_map(|sent| finding::of(id, sent)));
        let mut findings: Vec<_> = self.findings.iter().cloned().chain(kept).collect();
        findings.sort_by(|a, b| a.turns.cmp(&b.turns).then_with(|| a.id().cmp(&b.id())));
        findings
    }

    fn asked(&mut self, turn: u64, deed: &Deed, arrives: bool) {
        match deed {
            Deed::Begins { transactional_id } => {
                if let Some(sent) = self.client(transactional_id).sent.back_mut() {
                    sent.is_closed = true;
                }
            }
            Deed::Adds { transactional_id, producer } => {
                self.current(transactional_id, *producer, turn);
            }
            Deed::Writes { transactional_id, batches } => {
                for batch in batches {
                    self.owners.insert(batch.producer.id, transactional_id.clone());
                    self.writes(transactional_id, batch, turn);
                }
            }
            Deed::Commits { transactional_id, producer, group, offsets } => {
                self.owners.insert(producer.id, transactional_id.clone());
                let sent = self.current(transactional_id, *producer, turn);
                for (partition, offset) in offsets {
                    sent.asks_for(Place::Offset(group.clone(), partition.clone()), *offset);
                }
            }
            Deed::Ends { transactional_id, producer, commits } => {
                self.owners.insert(producer.id, transactional_id.clone());
                self.client(transactional_id).ends(turn, *producer, *commits);
            }
        }
        if arrives {
            self.arrived(turn, deed);
        }
    }

    /// A request takes effect.
    fn arrived(&mut self, turn: u64, deed: &Deed) {
        match deed {
            Deed::Ends { transactional_id, commits, .. } => {
                self.client(transactional_id).entered = Some((turn, *commits));
            }
            Deed::Begins { transactional_id } => self.client(transactional_id).entered = None,
            Deed::Writes { transactional_id, batches } => {
                let client = self.client(transactional_id);
                let Some(number) = client.held.remove(&turn) else { return };
                let keys = batches.iter().map(|batch| {
                    (batch.partition.clone(), batch.producer.epoch, batch.base_sequence)
                });
                client.arrived.extend(keys.map(|key| (key, number)));
            }
            Deed::Adds { .. } | Deed::Commits { .. } => {}
        }
    }

    fn writes(&mut self, id: &str, batch: &SentBatch, turn: u64) {
        let place = Place::Partition(batch.partition.clone());
        let client = self.client(id);
        let is_again = client.sent.back().is_some_and(|sent| {
            sent.asked.is_some() && sent.has_sent(&place, batch.producer, batch.base_sequence)
        });
        let number = if is_again {
            client.numbered
        } else {
            let sent = self.current(id, batch.producer, turn);
            sent.sends(place, batch.base_sequence, batch.last_sequence);
            sent.number
        };
        self.client(id).held.insert(turn, number);
    }

    /// The transaction that a client is in, or a new one.
    fn current(&mut self, id: &str, producer: Producer, turn: u64) -> &mut Sent {
        let client = self.clients.entry(id.to_owned()).or_default();
        let goes_on = client.sent.back().is_some_and(|sent| sent.takes(producer));
        if !goes_on {
            client.numbered += 1;
            client.sent.push_back(Sent::new(client.numbered, producer, turn));
            if client.sent.len() > KEPT
                && let Some(old) = client.sent.pop_front()
            {
                client.held.retain(|_, number| *number > old.number);
                client.arrived.retain(|_, number| *number > old.number);
                self.counted += u64::from(!old.is_empty());
                match finding::of(id, &old) {
                    Some(_) if self.findings.len() >= FINDINGS_KEPT => self.more += 1,
                    finding => self.findings.extend(finding),
                }
            }
        }
        let sent = client.sent.back_mut().expect("one goes on or was begun");
        sent.turns.1 = turn;
        sent
    }

    fn client(&mut self, id: &str) -> &mut Client {
        if !self.clients.contains_key(id) {
            self.clients.insert(id.to_owned(), Client::default());
        }
        self.clients.get_mut(id).expect("it was put there")
    }

    fn answered(&mut self, ended: &Ended) {
        let Some(client) = self.clients.get_mut(&ended.transactional_id) else { return };
        let of_it = client.entered.is_some_and(|(turn, _)| turn == ended.asked_in);
        if of_it && !ended.is_done {
            client.entered = None;
        }
        let number = client.sent_for(ended.asked_in).filter(|_| ended.is_done);
        if let Some(sent) = client.sent.iter_mut().find(|sent| Some(sent.number) == number) {
            sent.confirmed = sent.confirmed.or(sent.asked);
        }
    }

    fn deleted(&mut self, topic: &str) {
        let is_of_it = |partition: &str| topic_of(partition) == topic;
        self.log_ends.retain(|partition, _| !is_of_it(partition));
        let sent = self.clients.values_mut().flat_map(|client| &mut client.sent);
        sent.for_each(|sent| sent.drops(&is_of_it));
    }

    /// What was before a reset is no part of what comes.
    fn reset(&mut self) {
        let (counted, findings, more) = (self.count(), self.findings(), self.more);
        *self = Self { counted, findings, more, ..Self::default() };
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::TransactionChanged { transactional_id, producer_id, to, .. } => {
                self.owners.insert(*producer_id, transactional_id.clone());
                self.changed(transactional_id, to);
            }
            Event::BatchAppended(append) => {
                self.cut(&append.partition, append.base_offset, append.last_offset);
                if append.is_transactional {
                    self.appended(append);
                }
            }
            Event::MarkerAppended { partition, offset, producer_id, commits, .. } => {
                self.cut(partition, *offset, *offset);
                let fate = Fate::of_marker(*commits);
                let is_here =
                    |place: &Place| matches!(place, Place::Partition(at) if at == partition);
                self.settle(*producer_id, fate, Some(*offset), is_here);
            }
            Event::OffsetPending(offset) => self.pending(offset),
            Event::OffsetMaterialised(offset) => self.settle_offset(offset, Fate::Committed),
            Event::OffsetDropped(offset) => self.settle_offset(offset, Fate::Aborted),
            _ => {}
        }
    }

    /// The coordinator decided on an end, or all of it is done.
    fn changed(&mut self, id: &str, to: &str) {
        let ends = self.ends + 1;
        let client = self.client(id);
        let commits = match to {
            "PrepareCommit" => true,
            "PrepareAbort" => false,
            "CompleteCommit" | "CompleteAbort" => return client.completed(),
            _ => return,
        };
        let entered = client.entered.take().filter(|(_, asked)| *asked == commits);
        let asked = entered.map(|(turn, _)| (turn, client.sent_for(turn)));
        client.end = Some(End { number: ends, commits, asked });
        self.ends = ends;
    }

    fn appended(&mut self, append: &BatchAppend) {
        let Some(id) = self.owners.get(&append.producer_id) else { return };
        let Some(client) = self.clients.get_mut(id) else { return };
        let key = (append.partition.clone(), append.producer_epoch, append.base_sequence);
        let Some(number) = client.arrived.get(&key) else { return };
        if let Some(sent) = client.sent.iter_mut().find(|sent| sent.number == *number) {
            let place = Place::Partition(append.partition.clone());
            let offsets = (append.base_offset, append.last_offset);
            sent.gets(place, i64::from(append.base_sequence), offsets);
        }
    }

    fn pending(&mut self, offset: &GroupOffset) {
        let Some(client) = self.owner(offset) else { return };
        let place = Place::Offset(offset.group.clone(), offset.partition.clone());
        let mut sent = client.sent.iter_mut().rev();
        if let Some(sent) = sent.find(|sent| sent.has_asked_for(&place, offset.offset)) {
            sent.gets(place, offset.offset, (offset.offset, offset.offset));
        }
    }

    fn settle_offset(&mut self, offset: &GroupOffset, fate: Fate) {
        let Some(producer_id) = offset.producer_id else { return };
        let own = Place::Offset(offset.group.clone(), offset.partition.clone());
        let Some(client) = self.owner(offset) else { return };
        if fate == Fate::Aborted && client.end.is_some_and(|end| end.commits) {
            // A later commit of the group has overtaken it, which is no abort.
            client.sent.iter_mut().for_each(|sent| sent.forgets(&own));
            return;
        }
        self.settle(producer_id, fate, None, |place| *place == own);
    }

    fn owner(&mut self, offset: &GroupOffset) -> Option<&mut Client> {
        let id = self.owners.get(&offset.producer_id?)?;
        self.clients.get_mut(id)
    }

    /// What is open of a producer at a place has come to its end.
    fn settle(
        &mut self,
        producer_id: i64,
        fate: Fate,
        marker: Option<i64>,
        is_here: impl Fn(&Place) -> bool,
    ) {
        let Some(id) = self.owners.get(&producer_id) else { return };
        let Some(client) = self.clients.get_mut(id) else { return };
        let end = client.end.filter(|end| Fate::of_marker(end.commits) == fate);
        for sent in client.sent.iter_mut().filter(|sent| sent.producer.id == producer_id) {
            sent.settle(&is_here, fate, end, marker);
        }
    }

    /// What a log holds from an offset on is another's now: a leader came that did not have it.
    fn cut(&mut self, partition: &str, from: i64, last: i64) {
        let end = match self.log_ends.get_mut(partition) {
            Some(end) => end,
            None => self.log_ends.entry(partition.to_owned()).or_default(),
        };
        if std::mem::replace(end, last + 1) > from {
            let sent = self.clients.values_mut().flat_map(|client| &mut client.sent);
            sent.for_each(|sent| sent.loses(partition, from));
        }
    }
}

impl Client {
    fn ends(&mut self, turn: u64, producer: Producer, commits: bool) {
        let mut sent = self.sent.iter_mut().rev();
        let Some(sent) = sent.find(|sent| sent.producer == producer) else { return };
        if sent.confirmed.is_none() {
            sent.asked = Some(commits);
            sent.has_asked_to_commit |= commits;
        }
        sent.turns.1 = turn;
        self.asked.push_back((turn, sent.number));
        if self.asked.len() > ENDS_KEPT {
            self.asked.pop_front();
        }
    }

    /// Which transaction the EndTxn of a turn was sent for.
    fn sent_for(&self, turn: u64) -> Option<u64> {
        self.asked.iter().find(|(asked, _)| *asked == turn).map(|(_, number)| *number)
    }

    /// All markers of the last end are written.
    fn completed(&mut self) {
        let Some(end) = self.end else { return };
        self.sent.iter_mut().for_each(|sent| sent.end_is_complete(end));
    }
}
