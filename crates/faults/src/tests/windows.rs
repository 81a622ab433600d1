//! The catalogue of crash windows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::{Gate, Leaves, Staging, Versions, Window};

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
