//! Rules that can be switched off, to show why they exist.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A safety rule of the broker, named as in the specification. All are on by default.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rule {
    /// IDEM-08: a batch that is already in the log is acknowledged, not appended again.
    DuplicateCheck,
    /// MARK-05 and MARK-07: a marker of an old producer epoch or coordinator epoch is refused.
    MarkerFencing,
    /// FETCH-16: a read_committed fetch ends at the last stable offset.
    LastStableOffsetBound,
}

impl Rule {
    /// Every rule, in the order of the specification.
    pub const ALL: &[Self] =
        &[Self::DuplicateCheck, Self::MarkerFencing, Self::LastStableOffsetBound];

    /// The rule's id in the specification.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::DuplicateCheck => "IDEM-08",
            Self::MarkerFencing => "MARK-05",
            Self::LastStableOffsetBound => "FETCH-16",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The text names no rule that can be switched.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("no rule `{0}` can be switched off; the rules are IDEM-08, MARK-05 and FETCH-16")]
pub struct UnknownRule(String);

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        Self::ALL
            .iter()
            .copied()
            .find(|rule| rule.id().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownRule(text.to_owned()))
    }
}

/// The rules that are in force.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rules {
    off: Vec<Rule>,
}

impl Rules {
    /// Switches a rule off.
    pub fn without(&mut self, rule: Rule) {
        if self.is_on(rule) {
            self.off.push(rule);
            self.off.sort();
        }
    }

    /// Whether a rule is in force.
    #[must_use]
    pub fn is_on(&self, rule: Rule) -> bool {
        !self.off.contains(&rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_known_by_its_id() {
        for rule in Rule::ALL {
            assert_eq!(rule.id().parse::<Rule>().as_ref(), Ok(rule));
        }
        assert!("IDEM-99".parse::<Rule>().is_err());
    }
}
