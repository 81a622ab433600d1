//! Plans drawn at random: TOML and JSON say the same, and every question has an answer.

use fencepost_ids::{BrokerId, ErrorCode, PartitionIndex, TopicName};
use fencepost_wire::{ApiKey, Level};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::*;

/// A cluster of which nothing is known.
struct Nothing;

impl World for Nothing {
    fn transaction_state(&self, _: &str) -> Option<&'static str> {
        None
    }
    fn group_state(&self, _: &str) -> Option<&'static str> {
        None
    }
    fn leader(&self, _: &str, _: PartitionIndex) -> Option<BrokerId> {
        None
    }
    fn electable(&self, _: &str, _: PartitionIndex) -> Vec<BrokerId> {
        Vec::new()
    }
    fn may_lead(&self, _: &str, _: PartitionIndex, _: BrokerId) -> bool {
        false
    }
    fn transaction_partition(&self, _: &str) -> Option<(TopicName, PartitionIndex)> {
        None
    }
    fn group_partition(&self, _: &str) -> Option<(TopicName, PartitionIndex)> {
        None
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{0,2}", "\\PC{0,4}"]
}

fn choice() -> impl Strategy<Value = BrokerChoice> {
    prop_oneof![
        (0..4).prop_map(|id| BrokerChoice::Id(BrokerId(id))),
        select(vec![
            BrokerChoice::Receiver,
            BrokerChoice::Sender,
            BrokerChoice::Leader,
            BrokerChoice::TransactionCoordinator,
            BrokerChoice::GroupCoordinator,
            BrokerChoice::Another,
        ]),
    ]
}

fn ms() -> impl Strategy<Value = u64> {
    0..=i64::MAX as u64
}

fn error_answer() -> impl Strategy<Value = ErrorAnswer> {
    let errors: Vec<ErrorCode> =
        ErrorCode::ALL.iter().copied().filter(|code| !code.is_none()).collect();
    let level = option::of(select(Level::ALL));
    (select(errors), level, option::of(text()), option::of(0..3))
        .prop_map(|(code, level, topic, partition)| ErrorAnswer { code, level, topic, partition })
}

fn action() -> impl Strategy<Value = Action> {
    let of = select(vec![Message::Request, Message::Answer]);
    let process =
        prop_oneof![any::<u32>().prop_map(ProcessId::Pid), text().prop_map(ProcessId::Name)];
    let signals = vec![SignalKind::Stop, SignalKind::Cont, SignalKind::Term, SignalKind::Kill];
    prop_oneof![
        Just(Action::Disconnect),
        Just(Action::Lose),
        Just(Action::Duplicate),
        ms().prop_map(|ms| Action::Delay(Delay::Ms(ms))),
        text().prop_map(|event| Action::Delay(Delay::Event(event))),
        text().prop_map(|fault| Action::Hold(Until::Fault(fault))),
        Just(Action::Hold(Until::Released)),
        error_answer().prop_map(Action::Error),
        (of, any::<u32>(), vec(any::<u8>(), 0..3))
            .prop_map(|(of, at, bytes)| Action::Corrupt(Corruption { of, at, bytes })),
        ms().prop_map(|ms| Action::Throttle(Span { ms })),
        ms().prop_map(|ms| Action::AdvanceClock(Span { ms })),
        vec((select(ApiKey::ALL), offered()), 0..3)
            .prop_map(|offers| Action::Offer(Offer(offers.into_iter().collect()))),
        choice().prop_map(Action::Crash),
        choice().prop_map(Action::Restart),
        (option::of(text()), option::of(0..3), choice()).prop_map(|(topic, partition, broker)| {
            Action::Elect(Election { topic, partition, broker })
        }),
        (option::of(text()), option::of(text()), choice()).prop_map(|(transaction, group, to)| {
            let of = transaction.is_none().then_some(Coordinated::Group);
            Action::MoveCoordinator(CoordinatorMove { transaction, group, of, to })
        }),
        (process, select(signals))
            .prop_map(|(process, signal)| Action::Signal(Signal { process, signal })),
        text().prop_map(Action::Raise),
    ]
}

fn range() -> impl Strategy<Value = Range> {
    (0..6u32, option::of(0..6u32)).prop_map(|(from, to)| Range { from, to })
}

fn offered() -> impl Strategy<Value = Offered> {
    prop_oneof![Just(Offered::Nothing), range().prop_map(Offered::Versions)]
}

fn glob() -> impl Strategy<Value = Option<Glob>> {
    option::of(prop_oneof![text(), Just("*".to_owned())].prop_map(|text| Glob::from(&*text)))
}

prop_compose! {
    fn condition()(
        transaction in glob(),
        group in glob(),
        states in vec(select(vec!["Empty", "Ongoing", "Stable"]), 0..3),
    ) -> While {
        While { transaction, group, state: States(states.into_iter().map(Into::into).collect()) }
    }
}

prop_compose! {
    fn fault()(
        (name, on, from) in (
            option::of(text()),
            select(ApiKey::ALL),
            option::of(select(vec![Sender::Client, Sender::Broker])),
        ),
        (client, transactional_id, group, topic) in (glob(), glob(), glob(), glob()),
        (partition, broker, version) in
            (option::of(-1..3), option::of(-1..3), option::of(range())),
        (nth, range, every, fires) in
            (option::of(0..4u32), option::of(range()), option::of(0..4u32), option::of(range())),
        probability in option::of(Just(Probability::new(1, 3).unwrap())),
        condition in option::of(condition()),
        after in option::of(prop_oneof![
            text().prop_map(After::Event),
            text().prop_map(After::Fault)
        ]),
        when in select(vec![Phase::Received, Phase::Applied]),
        actions in vec(action(), 0..3).prop_map(Actions),
    ) -> Fault {
        Fault {
            name, on, from, client, transactional_id, group, topic, partition, broker, version,
            nth, range, every, probability, fires, condition, after, when, actions,
        }
    }
}

fn plan() -> impl Strategy<Value = Plan> {
    (ms(), vec(text(), 0..2), vec(fault(), 0..4)).prop_map(|(seed, events, faults)| Plan {
        seed,
        events,
        faults,
    })
}

/// A plan whose one fault asks little, so that it is often in order.
fn simple_plan() -> impl Strategy<Value = Plan> {
    (select(ApiKey::ALL), action(), range(), select(vec![Phase::Received, Phase::Applied]))
        .prop_map(|(api, action, range, when)| {
            let fault = Fault::on(api).range(range).action(action);
            Plan::from(Fault { when, ..fault })
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn toml_and_json_say_the_same(plan in plan()) {
        let (toml, json) = (plan.to_toml(), plan.to_json());
        prop_assert_eq!(&toml::from_str::<Plan>(&toml).unwrap(), &plan, "{}", toml);
        prop_assert_eq!(&serde_json::from_str::<Plan>(&json).unwrap(), &plan, "{}", json);
        let refusal = |read: Result<Plan, PlanError>| {
            read.err().map(|PlanError { fault, problem, .. }| (fault, problem))
        };
        let (by_toml, by_json) = (Plan::from_toml(&toml), Plan::from_json(&json));
        prop_assert_eq!(by_toml.is_ok(), Gate::new(plan).is_ok());
        prop_assert_eq!(refusal(by_toml), refusal(by_json));
    }

    #[test]
    fn every_question_has_an_answer(plan in simple_plan(), asked in vec(select(ApiKey::ALL), 0..9)) {
        let Ok(mut gate) = Gate::new(plan.clone()) else { return Ok(()) };
        let mut hits = 0;
        for api in asked.into_iter().chain([plan.faults[0].on; 3]) {
            let subject = Subject {
                origin: Origin::Client { api, version: 3, client_id: "c".into() },
                broker: BrokerId(0),
                transactional_ids: Vec::new(),
                groups: Vec::new(),
                topics: Vec::new(),
            };
            for phase in [Phase::Received, Phase::Applied] {
                hits += gate.decide(phase, &subject, &Nothing).len() as u64;
            }
        }
        prop_assert_eq!(gate.list()[0].fired, hits);
        prop_assert!(gate.list()[0].matched >= hits);
    }
}
