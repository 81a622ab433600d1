//! Plans as texts.

use crate::check::check;
use crate::lines::{Lines, line_of};
use crate::{Plan, PlanError, Problem};

impl Plan {
    /// Reads and checks a plan in TOML.
    ///
    /// # Errors
    /// The first line that is no TOML, or that is no plan, or that contradicts another.
    pub fn from_toml(text: &str) -> Result<Self, PlanError> {
        let plan: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| line_of(text, span.start));
            unreadable(&Lines::of_toml(text), line, error.message().to_owned())
        })?;
        plan.checked(|| Lines::of_toml(text))
    }

    /// Reads and checks a plan in JSON.
    ///
    /// # Errors
    /// As [`Plan::from_toml`].
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        let plan: Self = serde_json::from_str(text).map_err(|error| {
            let line = u32::try_from(error.line()).ok().filter(|line| *line > 0);
            let message = error.to_string();
            let message = message.rsplit_once(" at line ").map_or(&*message, |(text, _)| text);
            unreadable(&Lines::of_json(text), line, message.to_owned())
        })?;
        plan.checked(|| Lines::of_json(text))
    }

    fn checked(self, lines: impl FnOnce() -> Lines) -> Result<Self, PlanError> {
        match check(&self.faults, &self.events, &[]) {
            Ok(()) => Ok(self),
            Err(mut error) => {
                error.line = error.index.and_then(|index| lines().of(index, error.problem.key()));
                Err(error)
            }
        }
    }

    /// The plan in TOML.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a plan has no key but texts, and its numbers are TOML's")
    }

    /// The plan in JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a plan has no key but texts")
    }
}

fn unreadable(lines: &Lines, line: Option<u32>, message: String) -> PlanError {
    PlanError {
        line,
        fault: line.and_then(|line| lines.name_at(line)),
        index: None,
        problem: Problem::Unreadable(message),
    }
}
