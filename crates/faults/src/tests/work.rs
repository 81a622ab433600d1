//! Gates at work.

use fencepost_ids::{BrokerId, ClientId, ErrorCode, PartitionIndex, TopicName, TransactionalId};
use fencepost_wire::ApiKey;

use crate::{
    Action, BrokerChoice, Effect, Election, ErrorAnswer, Fault, Gate, MessageKind, Origin, Phase,
    Plan, Probability, Subject, Until, While, World,
};

/// A cluster with one transaction, `t`, in a state, and partitions that broker 1 leads.
struct Still(&'static str);

impl World for Still {
    fn transaction_state(&self, id: &str) -> Option<&'static str> {
        (id == "t").then_some(self.0)
    }

    fn group_state(&self, _: &str) -> Option<&'static str> {
        None
    }

    fn leader(&self, _: &str, _: PartitionIndex) -> Option<BrokerId> {
        Some(BrokerId(1))
    }

    fn electable(&self, _: &str, _: PartitionIndex) -> Vec<BrokerId> {
        vec![BrokerId(1), BrokerId(2), BrokerId(0)]
    }

    fn may_lead(&self, _: &str, _: PartitionIndex, broker: BrokerId) -> bool {
        broker != BrokerId(3)
    }

    fn transaction_partition(&self, _: &str) -> Option<(TopicName, PartitionIndex)> {
        Some(("__transaction_state".into(), PartitionIndex(7)))
    }

    fn group_partition(&self, _: &str) -> Option<(TopicName, PartitionIndex)> {
        None
    }
}

const WORLD: Still = Still("Ongoing");

fn request(api: ApiKey, client: &str) -> Subject {
    Subject {
        origin: Origin::Client { api, version: 4, client_id: ClientId::from(client) },
        broker: BrokerId(0),
        transactional_ids: vec![TransactionalId::from("t")],
        groups: Vec::new(),
        topics: vec![("orders".into(), Some(PartitionIndex(3)))],
    }
}

fn end_txn() -> Subject {
    request(ApiKey::EndTxn, "orders-1")
}

fn gate(fault: Fault) -> Gate {
    Gate::new(fault.into()).unwrap()
}

/// Which of so many matches fire, from 1.
fn firing(fault: Fault, matches: u32) -> Vec<u32> {
    let mut gate = gate(fault);
    let mut fires = |_: &u32| !gate.decide(Phase::Received, &end_txn(), &WORLD).is_empty();
    (1..=matches).filter(|number| fires(number)).collect()
}

#[test]
fn the_first_match_fires_unless_the_plan_says_which() {
    let fault = || Fault::on(ApiKey::EndTxn).lose();
    assert_eq!(firing(fault(), 5), [1]);
    assert_eq!(firing(fault().nth(3), 5), [3]);
    assert_eq!(firing(fault().range(2..=4), 5), [2, 3, 4]);
    assert_eq!(firing(fault().range(4..), 5), [4, 5]);
    assert_eq!(firing(fault().every(1), 3), [1, 2, 3]);
    assert_eq!(firing(fault().every(2), 6), [2, 4, 6]);
    assert_eq!(firing(fault().range(3..=8).every(2), 9), [4, 6, 8]);
}

#[test]
fn chance_is_drawn_from_the_seed_and_the_place_of_the_fault() {
    let fired = |seed| {
        let chance = Probability::new(1, 4).unwrap();
        let fault = Fault::on(ApiKey::EndTxn).probability(chance).lose();
        let mut gate = Gate::new(Plan { seed, ..Plan::from(fault) }).unwrap();
        let fires = |_: &u32| !gate.decide(Phase::Received, &end_txn(), &WORLD).is_empty();
        (0..1000).filter(fires).collect::<Vec<u32>>()
    };
    assert_eq!(fired(1), fired(1));
    assert_ne!(fired(1), fired(2));
    assert_eq!(fired(1)[..6], [1, 8, 10, 11, 12, 26], "the algorithm is fixed by its name");
    assert!((200..300).contains(&fired(1).len()), "{}", fired(1).len());
}

#[test]
fn all_that_is_said_must_hold() {
    let matches = |fault: Fault, subject: &Subject| {
        !gate(fault.lose()).decide(Phase::Received, subject, &WORLD).is_empty()
    };
    let produce = || Fault::on(ApiKey::Produce);
    let subject = request(ApiKey::Produce, "orders-1");
    assert!(matches(produce().client("orders-*").topic("ord?rs").partition(3).broker(0), &subject));
    assert!(matches(produce().transactional_id("t").version(3..=4), &subject));
    assert!(!matches(produce().client("payments-*"), &subject));
    assert!(!matches(produce().topic("payments"), &subject));
    assert!(!matches(produce().partition(2), &subject));
    assert!(!matches(produce().broker(1), &subject));
    assert!(!matches(produce().version(5), &subject));
    assert!(!matches(produce(), &end_txn()));
    assert!(matches(produce().during(While::transaction("t", "Ongoing")), &subject));
    assert!(matches(produce().during(While::transaction("*", "Ongoing")), &subject));
    assert!(!matches(produce().during(While::transaction("t", "PrepareCommit")), &subject));
    assert!(!matches(produce().during(While::transaction("u", "Ongoing")), &subject));
}

#[test]
fn a_topic_and_a_partition_are_those_of_one_pair() {
    let mut subject = request(ApiKey::Produce, "c");
    subject.topics =
        vec![("a".into(), Some(PartitionIndex(0))), ("b".into(), Some(PartitionIndex(1)))];
    let fault = |topic: &str| Fault::on(ApiKey::Produce).topic(topic).partition(1).lose();
    assert!(gate(fault("a")).decide(Phase::Received, &subject, &WORLD).is_empty());
    assert!(!gate(fault("b")).decide(Phase::Received, &subject, &WORLD).is_empty());
}

#[test]
fn messages_between_brokers_are_no_requests_of_clients() {
    let message = |kind| Subject {
        origin: Origin::Broker { kind, from: BrokerId(2) },
        ..request(ApiKey::Fetch, "")
    };
    let fires = |plan: &str, subject: &Subject| {
        let mut gate = Gate::new(Plan::from_toml(plan).unwrap()).unwrap();
        !gate.decide(Phase::Received, subject, &WORLD).is_empty()
    };
    let markers = "[[fault]]\non = \"WriteTxnMarkers\"\ndo = \"lose\"";
    assert!(fires(markers, &message(MessageKind::WriteTxnMarkers)));
    assert!(!fires(markers, &request(ApiKey::WriteTxnMarkers, "admin")));
    assert!(fires(
        &format!("{markers}\nfrom = \"client\""),
        &request(ApiKey::WriteTxnMarkers, "a")
    ));
    let fetch = "[[fault]]\non = \"Fetch\"\ndo = \"lose\"";
    assert!(!fires(fetch, &message(MessageKind::Fetch)));
    assert!(fires(&format!("{fetch}\nfrom = \"broker\""), &message(MessageKind::Fetch)));
}

#[test]
fn the_faults_that_fire_come_in_the_order_of_the_plan() {
    let plan = [
        Fault::on(ApiKey::EndTxn).name("late").delay_ms(5),
        Fault::on(ApiKey::EndTxn).applied().lose(),
        Fault::on(ApiKey::EndTxn).name("wrong").error(ErrorCode::NotCoordinator),
    ];
    let mut gate = Gate::new(plan.into_iter().collect()).unwrap();
    let hits = gate.decide(Phase::Received, &end_txn(), &WORLD);
    let effects: Vec<_> = hits.iter().map(|hit| (&*hit.fault, &*hit.effects)).collect();
    let error = Effect::Error(ErrorAnswer::from(ErrorCode::NotCoordinator));
    assert_eq!(effects, [("late", &[Effect::Delay(5)][..]), ("wrong", &[error][..])]);
    let unmet = |gate: &Gate| gate.list().into_iter().filter(|it| !it.is_as_expected()).count();
    assert_eq!(unmet(&gate), 1);
    let counts: Vec<_> = gate.list().iter().map(|it| (it.matched, it.fired)).collect();
    assert_eq!(counts, [(1, 1), (0, 0), (1, 1)]);
}

#[test]
fn roles_are_those_of_the_moment() {
    let effects = |fault: Fault, subject: &Subject| -> Vec<Effect> {
        let hits = gate(fault).decide(Phase::Received, subject, &WORLD);
        hits.into_iter().flat_map(|hit| hit.effects).collect()
    };
    let produce = request(ApiKey::Produce, "c");
    let crash = |role: BrokerChoice| Fault::on(ApiKey::Produce).crash(role);
    assert_eq!(effects(crash(BrokerChoice::Receiver), &produce), [Effect::Crash(BrokerId(0))]);
    assert_eq!(effects(crash(BrokerChoice::Leader), &produce), [Effect::Crash(BrokerId(1))]);
    let election = Election { topic: None, partition: None, broker: BrokerChoice::Another };
    let elect = Fault::on(ApiKey::Produce).action(Action::Elect(election));
    let (topic, partition, broker) = ("orders".into(), PartitionIndex(3), BrokerId(2));
    assert_eq!(effects(elect, &produce), [Effect::Elect { topic, partition, broker }]);
    let moved = Fault::on(ApiKey::EndTxn).action(Action::MoveCoordinator(Default::default()));
    let (topic, partition) = ("__transaction_state".into(), PartitionIndex(7));
    assert_eq!(effects(moved, &end_txn()), [Effect::Elect { topic, partition, broker }]);
}

#[test]
fn a_fault_does_not_match_where_nobody_plays_its_role() {
    let mut subject = request(ApiKey::Produce, "c");
    subject.topics.clear();
    let mut gate = gate(Fault::on(ApiKey::Produce).crash(BrokerChoice::Leader));
    assert!(gate.decide(Phase::Received, &subject, &WORLD).is_empty());
    assert_eq!(gate.list()[0].matched, 0);
}

#[test]
fn a_fault_does_not_match_where_its_broker_cannot_lead() {
    let elect = |broker| {
        let election = Election { topic: None, partition: None, broker: BrokerId(broker).into() };
        let mut gate = gate(Fault::on(ApiKey::Produce).action(Action::Elect(election)));
        gate.decide(Phase::Received, &request(ApiKey::Produce, "c"), &WORLD);
        gate.list()[0].matched
    };
    assert_eq!((elect(2), elect(3)), (1, 0));
}

#[test]
fn what_is_held_waits_for_an_event_or_for_another_fault() {
    let plan = [
        Fault::on(ApiKey::EndTxn).hold_until(Until::Fault("second".to_owned())),
        Fault::on(ApiKey::EndTxn).name("second").nth(2).applied().raise("done"),
    ];
    let mut gate = Gate::new(plan.into_iter().collect()).unwrap();
    let until = Until::Fault("second".to_owned());
    let event = Until::Event("done".to_owned());
    let hits = gate.decide(Phase::Received, &end_txn(), &WORLD);
    assert_eq!(hits[0].effects, [Effect::Hold(until.clone())]);
    for is_over in [false, true] {
        gate.decide(Phase::Applied, &end_txn(), &WORLD);
        assert_eq!((gate.is_over(&until), gate.is_over(&event)), (is_over, is_over));
    }
    assert!(!gate.is_over(&Until::Released));
    gate.remove("second");
    assert!(gate.is_over(&until), "a fault that is gone holds nothing");
}

#[test]
fn a_fault_can_come_after_another_or_after_an_event() {
    let plan = [
        Fault::on(ApiKey::EndTxn).name("first").applied().raise("seen"),
        Fault::on(ApiKey::EndTxn).name("second").applied().after_fault("first").lose(),
        Fault::on(ApiKey::EndTxn).name("third").after_event("seen").nth(2).lose(),
    ];
    let mut gate = Gate::new(plan.into_iter().collect()).unwrap();
    let mut fired = || {
        let mut names = Vec::new();
        for phase in [Phase::Received, Phase::Applied] {
            let hits = gate.decide(phase, &end_txn(), &WORLD);
            names.extend(hits.into_iter().map(|hit| hit.fault));
        }
        names
    };
    assert_eq!(fired(), ["first".into()]);
    assert_eq!(fired(), ["second".into()]);
    assert_eq!(fired(), ["third".into()]);
}

#[test]
fn faults_come_and_go() {
    let mut gate = Gate::default();
    assert!(gate.is_empty());
    let unnamed = || Plan::from(Fault::on(ApiKey::EndTxn).lose());
    assert_eq!(gate.add(unnamed()).unwrap(), ["#1".into()]);
    let named = Plan::from(Fault::on(ApiKey::EndTxn).name("n").nth(2).lose());
    assert_eq!(gate.add(named.clone()).unwrap(), ["n".into()]);
    let refused = gate.add(named).unwrap_err().to_string();
    assert_eq!(refused, "fault `n`: another fault has this name: give each its own");
    assert_eq!(gate.remove("#1").unwrap().fired, 0);
    assert!(gate.remove("#1").is_none());
    assert_eq!(gate.add(unnamed()).unwrap(), ["#3".into()], "a name does not come twice");
    assert_eq!(gate.fired("n"), Some(0));
}

#[test]
fn a_clone_goes_on_from_the_same_counts() {
    let mut one = gate(Fault::on(ApiKey::EndTxn).nth(2).lose());
    one.decide(Phase::Received, &end_txn(), &WORLD);
    let mut other = one.clone();
    let hits = one.decide(Phase::Received, &end_txn(), &WORLD);
    assert_eq!(hits.len(), 1);
    assert_eq!(other.decide(Phase::Received, &end_txn(), &WORLD), hits);
}

#[test]
fn a_fault_can_be_one_that_is_to_fire_so_often_or_never() {
    let every = || Fault::on(ApiKey::EndTxn).every(1).lose();
    let told = |fault: Fault, asked: u32| {
        let mut gate = gate(fault);
        (0..asked).for_each(|_| _ = gate.decide(Phase::Received, &end_txn(), &WORLD));
        let status = gate.list().remove(0);
        (status.is_as_expected(), status.to_string())
    };
    let is = |met: bool, words: &str| (met, words.to_owned());
    assert_eq!(told(every(), 0), is(false, "never fired, matched nothing"));
    assert_eq!(
        told(Fault::on(ApiKey::EndTxn).nth(2).lose(), 1),
        is(false, "never fired, matched 1 time")
    );
    assert_eq!(told(every(), 1), is(true, "fired 1 time, matched 1 time"));
    assert_eq!(told(every().fires(0), 0), is(true, "never fired, matched nothing, as expected"));
    let words = "fired 1 time, matched 1 time, expected never";
    assert_eq!(told(every().fires(0), 1), is(false, words));
    let words = "fired 3 times, matched 3 times, expected 2 times";
    assert_eq!(told(every().fires(2), 3), is(false, words));
    assert_eq!(told(every().fires(2), 2), is(true, "fired 2 times, matched 2 times, as expected"));
    let words = "fired 1 time, matched 1 time, expected 2 to 3 times";
    assert_eq!(told(every().fires(2..=3), 1), is(false, words));
    let words = "fired 1 time, matched 1 time, expected 2 times or more";
    assert_eq!(told(every().fires(2..), 1), is(false, words));
}
