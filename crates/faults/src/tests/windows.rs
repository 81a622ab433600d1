//! The catalogue of crash windows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::{Gate, Leaves, Plan, Staging, Versions, Window, WindowChoice};

/// The ids and names of the specification's tables, in order.
fn specified() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/crash-windows.md");
    let text = fs::read_to_string(path).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| W"));
    rows.map(|row| {
        let (id, name) = row.split(" |").next().unwrap().split_once(' ').unwrap();
        (format!("W{id}"), name.to_owned())
    })
    .collect()
}

#[test]
fn the_windows_are_those_of_the_specification_under_their_names() {
    let specified = specified();
    assert!(specified.len() > 140, "{} windows", specified.len());
    let windows: Vec<_> =
        Window::all().map(|window| (window.id.to_owned(), window.name.to_owned())).collect();
    assert!(windows.is_sorted(), "by rising id");
    for window in &windows {
        assert!(specified.contains(window), "{window:?}");
    }
    let ids: BTreeSet<_> = windows.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), windows.len());
    let missing: Vec<_> = specified.iter().filter(|it| !windows.contains(it)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_plan_of_a_window_is_in_order() {
    for window in Window::all() {
        let Staging::Plans(staged) = window.staging else { continue };
        assert!(!staged.is_empty(), "{}", window.id);
        for staged in staged {
            let plan = crate::Plan::from_toml(staged.toml)
                .unwrap_or_else(|refused| panic!("{}: {refused}\n{}", window.id, staged.toml));
            assert!(Gate::new(plan).is_ok());
            let is_there = match (window.leaves, staged.at) {
                (Leaves::Same(_) | Leaves::Each(..), _) => true,
                (Leaves::Before2(_), at) => at == Versions::Before2,
                (Leaves::Since2(_), at) => at == Versions::Since2,
            };
            assert!(is_there, "{} is not there at {}", window.id, staged.at);
        }
    }
}

#[test]
fn a_window_is_found_by_its_id_and_by_its_name_and_prints_its_plans() {
    let window = Window::find("w083").unwrap();
    assert_eq!(Window::find("END-DELAYED-NEXT").unwrap().id, window.id);
    assert!(Window::find("W999").is_none());
    let text = window.to_string();
    assert!(text.starts_with("W083 END-DELAYED-NEXT\n\nWhere:    a late copy of EndTxn"));
    assert!(text.contains("# Plan for any transaction version\n# The copy comes once"));
    assert!(text.lines().count() < 60);
    assert_eq!(window.plans().map(|(_, plan)| plan.faults.len()).collect::<Vec<_>>(), [2]);
}

fn choice(text: &str) -> WindowChoice {
    text.parse().unwrap_or_else(|refused| panic!("{text}: {refused}"))
}

/// What a fault of the plan for a level says, in TOML.
fn said(text: &str, level: i16) -> String {
    choice(text).plan(level).unwrap().to_toml()
}

#[test]
fn the_plan_of_a_window_is_the_one_for_the_transaction_version() {
    assert!(!said("W033", 1).contains("from = \"broker\""));
    assert!(said("add-anr", 2).contains("from = \"broker\""));
    assert_eq!(said("W033 transaction_version=1", 2), said("W033", 1));
    let refused = choice("W030").plan(2).unwrap_err().to_string();
    assert!(
        refused.starts_with(
            "W030 ADD-LOST has no plan for transaction version 2, but for \
        transaction version 0 or 1: say `transaction_version`"
        ),
        "{refused}"
    );
    let refused = choice("W099").plan(2).unwrap_err().to_string();
    assert!(refused.starts_with("W099 MARK-DELAYED-NEXT has no plan: here a message"), "{refused}");
}

#[test]
fn a_window_is_about_what_it_is_asked_to_be_about() {
    let of = |id: &str| format!("{id} transactional_id=app-1 topic=payments partition=2 group=g");
    let late = choice(&of("W083")).plan(2).unwrap();
    let glob = |text: &str| Some(crate::Glob::from(text));
    assert_eq!(late.faults[0].transactional_id, glob("app-1"));
    assert_eq!((&late.faults[0].topic, late.faults[0].partition), (&None, None));
    assert_eq!(late.faults[1].transactional_id, glob("app-1"));
    assert_eq!((&late.faults[1].topic, late.faults[1].partition), (&glob("payments"), Some(2)));
    let moved = said(&of("W096"), 2);
    assert_eq!(moved.matches("topic = \"payments\"\npartition = 2\n").count(), 2, "{moved}");
    assert!(said(&of("W101"), 2).contains("transaction = \"app-1\""));
    let split = said(&of("W059"), 2);
    assert_eq!(split.matches("topic = \"payments\"\npartition = 2\n").count(), 2, "{split}");
    let offsets = said(&of("W104"), 2);
    assert!(offsets.contains("topic = \"__consumer_offsets\"\n") && !offsets.contains("partition"));
    for window in Window::all() {
        for level in [1, 2] {
            let Ok(plan) = choice(&of(window.id)).plan(level) else { continue };
            let toml = plan.to_toml();
            assert!(!toml.contains("\"orders\"") && !toml.contains("\"tx\""), "{toml}");
            assert!(Gate::new(plan).is_ok(), "{toml}");
            assert!(Plan::from_toml(&toml).is_ok(), "{toml}");
        }
    }
}

#[test]
fn a_window_that_is_not_there_and_a_word_that_says_nothing_are_refused() {
    let refused = |text: &str| text.parse::<WindowChoice>().unwrap_err().to_string();
    let unknown = refused("W999");
    let lists =
        "the catalogue has no window `W999`: they are W001 to W146, and `fencepost windows` lists";
    assert!(unknown.starts_with(lists), "{unknown}");
    assert!(refused("END-LOSST").contains("did you mean `END-LOST`?"));
    for word in ["payments", "topics=payments", "partition=two"] {
        let said = refused(&format!("W083 {word}"));
        assert!(said.starts_with(&format!("`{word}` says nothing of a window: write")), "{said}");
    }
}

#[test]
fn the_page_of_a_window_has_the_plans_that_were_asked_for() {
    assert_eq!(choice("W083").page().unwrap(), Window::find("W083").unwrap().to_string());
    let page = choice("W033 transactional_id=app-1").page().unwrap();
    assert_eq!(page.matches("transactional_id = \"app-1\"").count(), 2, "{page}");
    let page = choice("W083 topic=payments transaction_version=1").page().unwrap();
    let plan = page.split("# Plan for any transaction version\n").nth(1).unwrap();
    assert!(plan.starts_with("# The copy comes once the next transaction has begun.\n"), "{plan}");
    let plan = Plan::from_toml(plan).unwrap();
    assert_eq!(plan, choice("W083 topic=payments").plan(1).unwrap());
    let page = choice("W033 transaction_version=1").page().unwrap();
    assert_eq!(page.matches("# Plan for").count(), 1, "{page}");
}
