//! Faults written in Rust: `Fault::on(ApiKey::EndTxn).client("orders-*").applied().disconnect()`.

use fencepost_ids::ErrorCode;
use fencepost_wire::ApiKey;

use crate::{
    Action, Actions, After, BrokerChoice, Delay, ErrorAnswer, Fault, Glob, MessageKind, Phase,
    Plan, Probability, Range, Sender, Span, Until, While,
};

impl Fault {
    fn new(on: ApiKey, from: Sender) -> Self {
        Self {
            name: None,
            on,
            from: Some(from),
            client: None,
            transactional_id: None,
            group: None,
            topic: None,
            partition: None,
            broker: None,
            version: None,
            nth: None,
            range: None,
            every: None,
            probability: None,
            fires: None,
            condition: None,
            after: None,
            when: Phase::Received,
            actions: Actions::default(),
        }
    }

    /// A fault of requests of clients.
    #[must_use]
    pub fn on(api: ApiKey) -> Self {
        Self::new(api, Sender::Client)
    }

    /// A fault of messages between brokers.
    #[must_use]
    pub fn between_brokers(kind: MessageKind) -> Self {
        Self::new(kind.api(), Sender::Broker)
    }

    /// What reports and other faults call it.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Of clients with such an id.
    #[must_use]
    pub fn client(mut self, glob: &str) -> Self {
        self.client = Some(Glob::from(glob));
        self
    }

    /// About such a transactional id.
    #[must_use]
    pub fn transactional_id(mut self, glob: &str) -> Self {
        self.transactional_id = Some(Glob::from(glob));
        self
    }

    /// About such a group.
    #[must_use]
    pub fn group(mut self, glob: &str) -> Self {
        self.group = Some(Glob::from(glob));
        self
    }

    /// About such a topic.
    #[must_use]
    pub fn topic(mut self, glob: &str) -> Self {
        self.topic = Some(Glob::from(glob));
        self
    }

    /// About this partition.
    #[must_use]
    pub const fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// Received by this broker.
    #[must_use]
    pub const fn broker(mut self, broker: i32) -> Self {
        self.broker = Some(broker);
        self
    }

    /// In this version.
    #[must_use]
    pub fn version(mut self, version: impl Into<Range>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Only this one of the matches, from 1.
    #[must_use]
    pub const fn nth(mut self, nth: u32) -> Self {
        self.nth = Some(nth);
        self
    }

    /// Only these of the matches, from 1.
    #[must_use]
    pub fn range(mut self, range: impl Into<Range>) -> Self {
        self.range = Some(range.into());
        self
    }

    /// Each so many matches; 1 is every match.
    #[must_use]
    pub const fn every(mut self, every: u32) -> Self {
        self.every = Some(every);
        self
    }

    /// With this chance.
    #[must_use]
    pub const fn probability(mut self, probability: Probability) -> Self {
        self.probability = Some(probability);
        self
    }

    /// To fire so often in a run; 0 is never.
    #[must_use]
    pub fn fires(mut self, times: impl Into<Range>) -> Self {
        self.fires = Some(times.into());
        self
    }

    /// Only while this holds.
    #[must_use]
    pub fn during(mut self, condition: While) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Only once a fault of this name has fired.
    #[must_use]
    pub fn after_fault(mut self, name: &str) -> Self {
        self.after = Some(After::Fault(name.to_owned()));
        self
    }

    /// Only once an event has been raised.
    #[must_use]
    pub fn after_event(mut self, event: &str) -> Self {
        self.after = Some(After::Event(event.to_owned()));
        self
    }

    /// Before it takes effect, which is also what a fault is that does not say it.
    #[must_use]
    pub const fn received(mut self) -> Self {
        self.when = Phase::Received;
        self
    }

    /// After it took effect, before the answer leaves.
    #[must_use]
    pub const fn applied(mut self) -> Self {
        self.when = Phase::Applied;
        self
    }

    /// Adds an action.
    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.actions.0.push(action);
        self
    }

    /// Closes the connection.
    #[must_use]
    pub fn disconnect(self) -> Self {
        self.action(Action::Disconnect)
    }

    /// Answers nothing; the connection stays.
    #[must_use]
    pub fn lose(self) -> Self {
        self.action(Action::Lose)
    }

    /// Delays it, in milliseconds.
    #[must_use]
    pub fn delay_ms(self, ms: u64) -> Self {
        self.action(Action::Delay(Delay::Ms(ms)))
    }

    /// Keeps it in the network until it is released.
    #[must_use]
    pub fn hold(self) -> Self {
        self.hold_until(Until::Released)
    }

    /// Keeps it in the network.
    #[must_use]
    pub fn hold_until(self, until: Until) -> Self {
        self.action(Action::Hold(until))
    }

    /// Lets it take effect twice in a row.
    #[must_use]
    pub fn duplicate(self) -> Self {
        self.action(Action::Duplicate)
    }

    /// Answers with a code, where a broker would put it.
    #[must_use]
    pub fn error(self, code: ErrorCode) -> Self {
        self.action(Action::Error(ErrorAnswer::from(code)))
    }

    /// Has the answer say that the client is held back for so many milliseconds.
    #[must_use]
    pub fn throttle_ms(self, ms: u64) -> Self {
        self.action(Action::Throttle(Span { ms }))
    }

    /// Crashes a broker.
    #[must_use]
    pub fn crash(self, broker: impl Into<BrokerChoice>) -> Self {
        self.action(Action::Crash(broker.into()))
    }

    /// Restarts a broker that is down.
    #[must_use]
    pub fn restart(self, broker: impl Into<BrokerChoice>) -> Self {
        self.action(Action::Restart(broker.into()))
    }

    /// Moves the manual clock on.
    #[must_use]
    pub fn advance_clock_ms(self, ms: u64) -> Self {
        self.action(Action::AdvanceClock(Span { ms }))
    }

    /// Raises an event.
    #[must_use]
    pub fn raise(self, event: &str) -> Self {
        self.action(Action::Raise(event.to_owned()))
    }
}

impl From<Fault> for Plan {
    fn from(fault: Fault) -> Self {
        Self { faults: vec![fault], ..Self::default() }
    }
}

impl FromIterator<Fault> for Plan {
    fn from_iter<I: IntoIterator<Item = Fault>>(faults: I) -> Self {
        Self { faults: faults.into_iter().collect(), ..Self::default() }
    }
}
