//! The safety rules that can be switched off, to show why they exist.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Declares the rules in the order of the specification: variant, id, what it keeps from going wrong.
macro_rules! rules {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $id:literal,)+) => {
        /// A safety rule of the broker, named as in the specification. All are on by default.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Rule {
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl Rule {
            /// Every rule, in the order of the specification.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The rule's id in the specification.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$variant => $id,)+
                }
            }

            /// What the rule says, and what happens without it.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($meaning),+).trim_start(),)+
                }
            }
        }
    };
}

rules! {
    // log.md
    /// A batch is judged by its sequence, and an exact repetition is answered from the window.
    /// Off: a retry is appended again.
    DuplicateCheck = "IDEM-08",
    /// A marker of an old producer epoch or of an old coordinator is refused (MARK-04 to MARK-07).
    /// Off: a late marker ends whatever is open.
    MarkerFencing = "MARK-05",
    // surface.md
    /// A read_committed fetch ends at the last stable offset (LSO-03).
    /// Off: it ends at the high watermark.
    LastStableOffsetBound = "FETCH-16",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The text names no rule that can be switched.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("no rule `{0}` can be switched off; `fencepost rules` lists those that can")]
pub struct UnknownRule(String);

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(text: &str) -> Result<Self, UnknownRule> {
        let mut all = Self::ALL.iter().copied();
        all.find(|rule| rule.id().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownRule(text.to_owned()))
    }
}

/// The rules that are in force: all, but for those that were switched off.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Rules {
    off: u128,
}

const _: () = assert!(Rule::ALL.len() <= 128, "a set of rules has 128 places");

impl Rules {
    /// Switches a rule off.
    pub fn without(&mut self, rule: Rule) {
        self.off |= 1 << rule as u32;
    }

    /// Whether a rule is in force.
    #[must_use]
    pub fn is_on(self, rule: Rule) -> bool {
        self.off & (1 << rule as u32) == 0
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

    #[test]
    fn a_rule_that_is_switched_off_leaves_the_others_on() {
        for off in Rule::ALL {
            let mut rules = Rules::default();
            rules.without(*off);
            for rule in Rule::ALL {
                assert_eq!(rules.is_on(*rule), rule != off);
            }
        }
    }
}
