//! `fencepost rules`: the safety rules, with the specification's text.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Args;
use fencepost_ids::Rule;

/// List the safety rules that can be switched off, with the specification's text of each.
#[derive(Args)]
pub(crate) struct List {
    /// Only these rules, by their ids [default: all]
    #[arg(value_name = "RULE")]
    rules: Vec<Rule>,
}

/// The chapters of the specification that number rules.
const CHAPTERS: [&str; 4] = [
    include_str!("../../../docs/spec/log.md"),
    include_str!("../../../docs/spec/coordinator.md"),
    include_str!("../../../docs/spec/groups.md"),
    include_str!("../../../docs/spec/surface.md"),
];

impl List {
    pub(crate) fn run(self) -> ExitCode {
        let rules = if self.rules.is_empty() { Rule::ALL.to_vec() } else { self.rules };
        let mut text = String::new();
        for rule in rules {
            _ = writeln!(text, "{rule}  {}\n", rule.meaning());
            for line in specified(rule.id()).into_iter().flat_map(str::lines) {
                let indent = if line.is_empty() { "" } else { "    " };
                _ = writeln!(text, "{indent}{line}");
            }
            text.push('\n');
        }
        // A reader that has gone away wants no more output.
        _ = io::stdout().write_all(text.as_bytes());
        ExitCode::SUCCESS
    }
}

/// What the specification says of a rule: from the line that begins with its id to the next rule
/// or heading.
fn specified(id: &str) -> Option<&'static str> {
    CHAPTERS.iter().find_map(|chapter| {
        let mut at = 0;
        let mut found = None;
        for line in chapter.split_inclusive('\n') {
            match found {
                None if begins(line, id) => found = Some(at),
                Some(start)
                    if line.starts_with('#') || line.starts_with("**") || line == "---\n" =>
                {
                    return Some(chapter[start..at].trim_end());
                }
                _ => {}
            }
            at += line.len();
        }
        found.map(|start| chapter[start..].trim_end())
    })
}

/// Whether a line begins a rule: `**IDEM-08** ...` or `### TXOFF-20 ...`.
fn begins(line: &str, id: &str) -> bool {
    let marked = line.strip_prefix("**").or_else(|| line.strip_prefix("### "));
    let rest = marked.and_then(|line| line.strip_prefix(id));
    rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switchable_rule_stands_in_the_specification() {
        for rule in Rule::ALL {
            let text = specified(rule.id()).unwrap_or_default();
            assert!(text.len() > 80 && text.contains(rule.id()), "{rule}: {text}");
        }
    }

    #[test]
    fn a_rule_ends_where_the_next_begins() {
        let text = specified("IDEM-08").unwrap();
        assert!(text.starts_with("**IDEM-08**") && text.contains("Shown by"), "{text}");
        assert!(!text.contains("**IDEM-09**"), "{text}");
        assert!(specified("TXOFF-20").unwrap().starts_with("### TXOFF-20"));
        assert_eq!(specified("IDEM-0"), None);
    }
}
