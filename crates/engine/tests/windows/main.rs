//! Every window of the catalogue that has a plan, with a model client: all faults of the plan fire,
//! and the outcome is the one that is required.

#![allow(clippy::unwrap_used, reason = "a test binary has no outside")]

mod client;
mod reading;
mod world;

use fencepost_faults::{Plan, Versions, Window, WindowChoice};

use client::{Client, Known, deletion, join, other, plain_commit, takeover};
use reading::{committed_offset, offset_fetch, read_committed};
use world::{GROUP, Role, TX, World};

const TRANSACTIONS: i64 = 5;

/// The windows that no client survives before transaction version 2, whatever it does.
const WEAK_BEFORE_2: [&str; 5] = ["W043", "W047", "W068", "W083", "W084"];

/// What is wrong in the end.
fn play(id: &str, plan: Plan, transaction_version: i16) -> Vec<String> {
    let settings: &[(&str, &str)] = match id {
        // Nothing is deleted by its age when the clock goes on by a week.
        "W124" => &[("log.retention.ms", "-1")],
        "W122" => &[("log.retention.ms", "-1"), ("offsets.retention.minutes", "1000000")],
        "W043" => &[("transaction.partition.verification.enable", "false")],
        _ => &[],
    };
    let mut world = World::new(transaction_version, settings);
    world.add(plan);
    match id {
        "W004" | "W007" | "W086" | "W135" => {
            world.meanwhile = Some((Role::TransactionCoordinator, 4, takeover()));
        }
        "W019" | "W021" => world.meanwhile = Some((Role::GroupCoordinator, 5, join().into())),
        "W022" => world.meanwhile = Some((Role::GroupCoordinator, 7, offset_fetch().into())),
        _ => (),
    }
    let mut client = Client::new(&mut world, "client", transaction_version);
    if client.init().is_err() {
        client.world.bury("client");
        client.init().unwrap();
    }
    let mut wrong = Vec::new();
    let mut known = Vec::new();
    for number in 1..=TRANSACTIONS {
        let outcome = client.transaction(number);
        known.push((number, outcome));
        let offset = committed_offset(client.world);
        if outcome == Known::Committed && id != "W071" && offset.is_some_and(|it| it != number) {
            wrong.push(format!("transaction {number} leaves the offset {offset:?}"));
        }
        match id {
            "W014" => other(client.world, Role::TransactionCoordinator, takeover(), 4),
            "W103" => other(client.world, Role::TransactionCoordinator, deletion(), 4),
            "W036" => client.world.raise("ended"),
            "W066" => other(client.world, Role::GroupCoordinator, join(), 5),
            "W071" => other(client.world, Role::GroupCoordinator, plain_commit(100), 8),
            _ => (),
        }
    }
    // What is still open times out.
    world.wait(1_200_000);
    if world.broker(Role::Leader).is_none() {
        let idle = world.never_fired();
        return if idle.is_empty() { wrong } else { vec![format!("never fired: {idle:?}")] };
    }
    let (values, is_stable) = read_committed(&mut world);
    let idle = world.never_fired();
    if !idle.is_empty() {
        wrong.push(format!("never fired: {}", idle.join(", ")));
    }
    if !is_stable {
        wrong.push("a transaction is open for ever".to_owned());
    }
    for (number, known) in known {
        let count = |half: &str| {
            let value = format!("{number}{half}");
            values.iter().filter(|found| **found == value).count()
        };
        let seen = (count("a"), count("b"));
        let is_right = match known {
            Known::Committed => seen == (1, 1),
            Known::Aborted => seen == (0, 0),
            Known::Unknown => matches!(seen, (0, 0) | (1, 1)),
        };
        if !is_right {
            wrong.push(format!("transaction {number} is {known:?} and seen {seen:?}"));
        }
    }
    wrong
}

#[test]
fn every_plan_brings_a_client_to_its_window_and_the_outcome_is_right() {
    let mut wrong = Vec::new();
    for window in Window::all() {
        for (at, plan) in window.plans() {
            let versions: &[i16] = match at {
                Versions::All => &[1, 2],
                Versions::Before2 => &[1],
                Versions::Since2 => &[2],
            };
            for &version in versions {
                let found = play(window.id, plan.clone(), version);
                let is_weak = version < 2 && WEAK_BEFORE_2.contains(&window.id);
                if is_weak && found.is_empty() {
                    wrong.push(format!("{} TV{version}: its weakness is not shown", window.id));
                }
                let is_hollow = found.iter().any(|it| it.starts_with("never fired"));
                if !found.is_empty() && (!is_weak || is_hollow) {
                    wrong.push(format!("{} TV{version}: {}", window.id, found.join("; ")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// About the one client, topic and group that there are, each plan brings a client there as well.
#[test]
fn a_window_that_is_asked_for_by_its_name_is_about_what_it_is_asked_to_be() {
    let mut wrong = Vec::new();
    for window in Window::all().filter(|window| window.plans().next().is_some()) {
        let choice = WindowChoice {
            window: window.id.to_owned(),
            transactional_id: Some(TX.to_owned()),
            group: Some(GROUP.to_owned()),
            topic: Some("orders".to_owned()),
            partition: Some(0),
            transaction_version: None,
        };
        for level in [1, 2] {
            let Ok(plan) = choice.plan(level) else { continue };
            let found = play(window.id, plan, level);
            let is_weak = level < 2 && WEAK_BEFORE_2.contains(&window.id);
            if found.is_empty() == is_weak {
                wrong.push(format!("{} TV{level}: {}", window.id, found.join("; ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
