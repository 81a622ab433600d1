//! Transactions, told turn by turn.

use fencepost_trace::{
    BatchAppend, Deed, Ended, Event, Happening, Lane, Moment, Producer, SentBatch, Transactions,
    Verdict,
};

pub(crate) const ID: &str = "tx";

/// A tale of one transactional id, told turn by turn.
#[derive(Default)]
pub(crate) struct Tale {
    pub(crate) transactions: Transactions,
    n: u64,
    pub(crate) epoch: i16,
}

impl Tale {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn takes(&mut self, what: Vec<Happening>) -> &mut Self {
        self.n += 1;
        self.transactions.take(&Moment { n: self.n, t: 0, what });
        self
    }

    pub(crate) fn producer(&self) -> Producer {
        Producer { id: 7, epoch: self.epoch }
    }

    pub(crate) fn asks(&mut self, deed: Deed, arrives: bool, events: Vec<Event>) -> u64 {
        let asked = Happening::Asked {
            client: "app".to_owned(),
            to: Lane::Transaction(ID.to_owned()),
            request: String::new(),
            deed: Some(deed),
            arrives,
            is_routine: false,
        };
        self.takes([vec![asked], events.into_iter().map(Happening::Event).collect()].concat());
        self.n
    }

    pub(crate) fn adds(&mut self) -> &mut Self {
        let deed = Deed::Adds { transactional_id: ID.to_owned(), producer: self.producer() };
        self.asks(deed, true, vec![]);
        self
    }

    pub(crate) fn sent(&self, partition: &str, sequence: i32) -> Deed {
        let batch = SentBatch {
            partition: partition.to_owned(),
            producer: self.producer(),
            base_sequence: sequence,
            last_sequence: sequence,
        };
        Deed::Writes { transactional_id: ID.to_owned(), batches: vec![batch] }
    }

    pub(crate) fn appended(&self, partition: &str, offset: i64, sequence: i32) -> Event {
        Event::BatchAppended(BatchAppend {
            partition: partition.to_owned(),
            leader: 0,
            base_offset: offset,
            last_offset: offset,
            producer_id: 7,
            producer_epoch: self.epoch,
            base_sequence: sequence,
            is_transactional: true,
        })
    }

    /// A record is sent and appended.
    pub(crate) fn writes(&mut self, partition: &str, offset: i64, sequence: i32) -> &mut Self {
        let appended = self.appended(partition, offset, sequence);
        self.asks(self.sent(partition, sequence), true, vec![appended]);
        self
    }

    pub(crate) fn end(&self, commits: bool) -> Deed {
        let (transactional_id, producer) = (ID.to_owned(), self.producer());
        Deed::Ends { transactional_id, producer, commits }
    }

    /// What comes of an end: the markers, each at its offset.
    pub(crate) fn ending(commits: bool, markers: &[(&str, i64)]) -> Vec<Event> {
        let verb = if commits { "Commit" } else { "Abort" };
        let mut events = vec![changed(&format!("Prepare{verb}"))];
        events
            .extend(markers.iter().map(|(partition, offset)| marker(partition, *offset, commits)));
        events.push(changed(&format!("Complete{verb}")));
        events
    }

    /// EndTxn takes effect, and is answered.
    pub(crate) fn ends(&mut self, commits: bool, markers: &[(&str, i64)]) -> &mut Self {
        let asked_in = self.asks(self.end(commits), true, Self::ending(commits, markers));
        self.answered(asked_in, true)
    }

    pub(crate) fn answered(&mut self, asked_in: u64, is_done: bool) -> &mut Self {
        self.takes(vec![Happening::Answered {
            client: "app".to_owned(),
            from: Lane::Transaction(ID.to_owned()),
            answer: String::new(),
            ended: Some(Ended { transactional_id: ID.to_owned(), asked_in, is_done }),
            is_routine: false,
        }])
    }

    /// A request of an earlier turn takes effect.
    pub(crate) fn arrives(&mut self, asked_in: u64, deed: Deed, events: Vec<Event>) -> &mut Self {
        let arrived = Happening::Arrived {
            client: "app".to_owned(),
            to: Lane::Transaction(ID.to_owned()),
            request: String::new(),
            deed: Some(deed),
            asked_in,
        };
        self.takes([vec![arrived], events.into_iter().map(Happening::Event).collect()].concat())
    }

    pub(crate) fn happens(&mut self, events: Vec<Event>) -> &mut Self {
        self.takes(events.into_iter().map(Happening::Event).collect())
    }

    /// What is found, each with what is said of its parts.
    #[track_caller]
    pub(crate) fn finds(&self, expected: &[(Verdict, &[&str])]) {
        let findings = self.transactions.findings();
        let found: Vec<_> = findings
            .iter()
            .map(|it| (it.verdict, it.parts.iter().map(|part| &*part.words).collect::<Vec<_>>()))
            .collect();
        let expected: Vec<_> = expected.iter().map(|(it, parts)| (*it, parts.to_vec())).collect();
        assert_eq!(found, expected);
    }
}

pub(crate) fn changed(to: &str) -> Event {
    Event::TransactionChanged {
        transactional_id: ID.to_owned(),
        coordinator: 0,
        producer_id: 7,
        producer_epoch: 0,
        from: String::new(),
        to: to.to_owned(),
        added: vec![],
    }
}

pub(crate) fn marker(partition: &str, offset: i64, commits: bool) -> Event {
    Event::MarkerAppended {
        partition: partition.to_owned(),
        leader: 0,
        offset,
        producer_id: 7,
        producer_epoch: 0,
        commits,
        coordinator_epoch: 0,
    }
}
