//! What differs between two lists of answers.

use std::fmt;

use serde_json::Value;

use crate::scenario::{Action, Reading, Scenario};

/// One field that is not the same.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// The step whose answer it is in.
    pub line: String,
    /// The path of the field in the answer.
    pub path: String,
    /// What the reference says; none if it has no such field.
    pub reference: Option<Value>,
    /// What fencepost says.
    pub fencepost: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value: &Option<Value>| match value {
            Some(value) => value.to_string(),
            None => "nothing".to_owned(),
        };
        writeln!(f, "  {}", self.line)?;
        write!(
            f,
            "    {}: Kafka {}, fencepost {}",
            self.path,
            show(&self.reference),
            show(&self.fencepost)
        )
    }
}

/// All that differs between the answers of a reference and of fencepost.
#[must_use]
pub fn differences(
    scenario: &Scenario,
    reference: &[Value],
    fencepost: &[Value],
) -> Vec<Difference> {
    let mut found = Vec::new();
    let lines = answered(scenario);
    for index in 0..reference.len().max(fencepost.len()) {
        let line = lines.get(index).copied().unwrap_or("an answer to no step");
        compare(line, "answer", reference.get(index), fencepost.get(index), &mut found);
    }
    found
}

/// The lines of the steps that have an answer.
fn answered(scenario: &Scenario) -> Vec<&str> {
    let steps = scenario.steps.iter().filter(|step| match &step.action {
        Action::Ask(ask) => ask.reading != Reading::Later,
        Action::Await(_) | Action::Silent(_) | Action::Bytes { .. } | Action::Records(_) => true,
        Action::Close(_) | Action::Wait(_) | Action::Topic { .. } => false,
    });
    steps.map(|step| step.line.as_str()).collect()
}

fn compare(
    line: &str,
    path: &str,
    reference: Option<&Value>,
    fencepost: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    match (reference, fencepost) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let mut names: Vec<_> = a.keys().chain(b.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                compare(line, &format!("{path}.{name}"), a.get(name), b.get(name), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                compare(line, &format!("{path}[{index}]"), a.get(index), b.get(index), found);
            }
        }
        (a, b) if a == b => {}
        (a, b) => found.push(Difference {
            line: line.to_owned(),
            path: path.to_owned(),
            reference: a.cloned(),
            fencepost: b.cloned(),
        }),
    }
}
