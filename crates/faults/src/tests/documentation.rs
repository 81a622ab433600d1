//! The plans and refusals of `docs/faults.md`.

use std::fs;
use std::path::Path;

use crate::{Gate, Plan};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/faults.md");
    fs::read_to_string(path).unwrap()
}

#[test]
fn every_plan_of_the_page_is_in_order() {
    let page = page();
    let plans: Vec<_> = page.split("```toml\n").skip(1).collect();
    assert_eq!(plans.len(), 6);
    for text in plans {
        let text = text.split("```").next().unwrap();
        let plan = Plan::from_toml(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert!(Gate::new(plan).is_ok());
    }
}

#[test]
fn every_key_and_action_of_the_page_is_read() {
    let page = page();
    let spans = page.split('`').skip(1).step_by(2);
    let mut read = 0;
    for span in spans.filter(|span| span.starts_with('{')) {
        let keys = ["do", "while", "after", "version"];
        let is_read = keys.iter().any(|key| {
            let when = ["received", "applied"].iter();
            when.clone().any(|when| {
                let api = if span.contains("offer") { "ApiVersions" } else { "Produce" };
                let fault =
                    format!("[[fault]]\non = \"{api}\"\nwhen = \"{when}\"\n{key} = {span}\n");
                let action = if *key == "do" { "" } else { "do = \"lose\"\n" };
                toml::from_str::<Plan>(&format!("{fault}{action}")).is_ok()
            })
        });
        assert!(is_read, "{span}");
        read += 1;
    }
    assert!(read > 15, "{read} spans");
}

#[test]
fn the_refusals_of_the_page_are_those_of_the_code() {
    let plans = [
        "[[fault]]\nname = \"f\"\non = \"EndTx\"\ndo = \"lose\"\n",
        "[[fault]]\nname = \"f\"\non = \"Metadata\"\ntransactional_id = \"t\"\ndo = \"lose\"\n",
        "[[fault]]\nname = \"f\"\non = \"EndTxn\"\ndo = [\"lose\", \"hold\"]\n",
    ];
    for plan in plans {
        let refusal = Plan::from_toml(plan).unwrap_err().to_string();
        assert!(page().contains(&format!("    {refusal}\n")), "{refusal}");
    }
}
