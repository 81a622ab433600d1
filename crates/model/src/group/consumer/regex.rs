//! Subscriptions by regular expression (G848-25).
//!
//! An expression is compiled when it arrives and matched against the topics a step later, when the
//! timer `RegexRefresh` fires: until then its member has no partitions by it. Of the language of
//! RE2, Unicode classes such as `\p{L}` are refused, though a real broker takes them.

use std::collections::BTreeSet;
use std::sync::Arc;

use fencepost_ids::{ErrorCode, Timestamp, TopicName};
use regex_lite::{Regex, RegexBuilder};

use super::{ConsumerGroup, ConsumerMember, Context, Draft, Outcome, Refusal, TimerChange};
use crate::group::records::{ConsumerGroupRecord, RegularExpressionValue};
use crate::timers::GroupTimer;

/// How large a compiled expression may be, in bytes.
const SIZE_LIMIT: usize = 1 << 20;
/// How deep its groups may be nested.
const NEST_LIMIT: u32 = 100;
/// How long after a refresh the next one is put off.
const MIN_REFRESH_INTERVAL_MS: i64 = 10_000;

/// What a heartbeat does to the expression of its member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RegexChange {
    /// It is what it was.
    Same,
    /// The new one is not matched yet: what it changes will be known when that is done.
    Unmatched,
    /// The subscribed topics change at once.
    Effective,
}

/// An expression that is matched with whole names.
fn compile(pattern: &str) -> Result<Regex, Refusal> {
    let build = |pattern: &str| {
        RegexBuilder::new(pattern).size_limit(SIZE_LIMIT).nest_limit(NEST_LIMIT).build()
    };
    let plain = without_quotes(pattern);
    // By itself first: unbalanced brackets must not pair with those put around it.
    let compiled = build(&plain).and_then(|_| build(&format!("^(?:{plain})$")));
    compiled.map_err(|error| {
        Refusal::new(
            ErrorCode::InvalidRegularExpression,
            format!("SubscribedTopicRegex `{pattern}` is not a valid regular expression: {error}."),
        )
    })
}

/// The expression with what stands between `\Q` and `\E` escaped, which RE2 knows and this crate's
/// engine does not.
fn without_quotes(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        plain.push(c);
        if c != '\\' {
            continue;
        }
        match rest.next() {
            Some('Q') => {
                plain.pop();
                let (quoted, behind) =
                    rest.as_str().split_once("\\E").unwrap_or((rest.as_str(), ""));
                plain.push_str(&regex_lite::escape(quoted));
                rest = behind.chars();
            }
            Some(escaped) => plain.push(escaped),
            None => {}
        }
    }
    plain
}

impl ConsumerGroup {
    fn subscribers_of(&self, regex: &Arc<str>) -> usize {
        self.members().filter(|member| member.regex() == Some(regex)).count()
    }

    fn subscribed_regexes(&self) -> BTreeSet<&Arc<str>> {
        self.members().filter_map(ConsumerMember::regex).collect()
    }

    /// Checks the expression that a member brings, unless the group has it already.
    ///
    /// # Errors
    /// INVALID_REGULAR_EXPRESSION.
    pub(super) fn check_regex(&self, regex: Option<&Arc<str>>) -> Result<(), Refusal> {
        match regex.filter(|regex| !regex.is_empty()) {
            Some(regex) if self.subscribers_of(regex) == 0 => compile(regex).map(|_| ()),
            Some(_) | None => Ok(()),
        }
    }

    /// Matches every subscribed expression with the topics that exist: the timer `RegexRefresh`
    /// fired. A group whose topics change by it gets a new epoch.
    #[must_use]
    pub(crate) fn refresh_regexes(&self, context: &Context<'_>) -> Outcome<()> {
        let mut draft = Draft::new(self);
        let names = context.topics.names();
        let mut changed = false;
        for regex in self.subscribed_regexes() {
            // It compiled when it arrived.
            let Ok(compiled) = compile(regex) else { continue };
            let topics: BTreeSet<TopicName> =
                names.iter().filter(|name| compiled.is_match(name)).cloned().collect();
            let old = self.regexes.get(regex).map(|value| &value.topics);
            changed |= old.map_or(!topics.is_empty(), |old| *old != topics);
            let value = RegularExpressionValue {
                topics,
                version: context.topics.creations(),
                time: context.now,
            };
            draft.write(ConsumerGroupRecord::RegularExpression(regex.clone(), Some(value)));
        }
        draft.refresh_metadata(context, changed);
        draft.outcome(())
    }

    /// Whether the expressions must be matched again.
    fn wants_refresh(&self, context: &Context<'_>) -> bool {
        let regexes = self.subscribed_regexes();
        if regexes.is_empty() {
            return false;
        }
        let Some(last) = self.regexes.values().map(|value| value.time).max() else { return true };
        let version = self.regexes.values().map(|value| value.version).max();
        let interval = i64::from(context.settings.regex_refresh_interval_ms);
        let is_after = |time: Timestamp| context.now > time;
        is_after(last.plus_millis(MIN_REFRESH_INTERVAL_MS))
            && (regexes.len() != self.regexes.len()
                || version < Some(context.topics.creations())
                || is_after(last.plus_millis(interval)))
    }
}

impl Draft<'_> {
    /// Forgets an expression that nobody subscribes to any more.
    pub(super) fn drop_regex(&mut self, regex: &Arc<str>) {
        if self.regexes.contains_key(regex) && self.subscribers_of(regex) == 0 {
            self.write(ConsumerGroupRecord::RegularExpression(regex.clone(), None));
        }
    }

    /// Follows a change of a member's expression; the member itself is changed already.
    pub(super) fn change_regex(
        &mut self,
        context: &Context<'_>,
        old: Option<&Arc<str>>,
        new: Option<&Arc<str>>,
    ) -> RegexChange {
        let change = match new {
            _ if old == new => RegexChange::Same,
            Some(new) if !self.regexes.contains_key(new) => RegexChange::Unmatched,
            Some(_) | None => RegexChange::Effective,
        };
        if let Some(old) = old.filter(|_| change != RegexChange::Same) {
            self.drop_regex(old);
        }
        if self.wants_refresh(context) {
            self.change(TimerChange::Arm(GroupTimer::RegexRefresh, context.now));
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], others: &[&str]) {
        let regex = compile(pattern).unwrap();
        for name in matching {
            assert!(regex.is_match(name), "{pattern} {name}");
        }
        for name in others {
            assert!(!regex.is_match(name), "{pattern} {name}");
        }
    }

    #[test]
    fn g848_25_an_expression_must_match_the_whole_name() {
        check("t.*", &["t", "t2", "topic"], &["at"]);
        check("a|ab", &["a", "ab"], &["abc", "ca"]);
        check("", &[""], &["a"]);
        check(r"\Qa.b\E.*", &["a.b", "a.bc"], &["axb"]);
        check(r"a\.\d+\Q[", &["a.1["], &["a.1"]);
    }

    #[test]
    fn g848_25_an_expression_that_does_not_compile_or_is_too_large_is_refused() {
        for pattern in ["[", "a)|(b", "*", "((a{1000}){1000}){1000}", &"(".repeat(200)] {
            let refused = compile(pattern).map(|_| ()).map_err(|refusal| refusal.error);
            assert_eq!(refused, Err(ErrorCode::InvalidRegularExpression), "{pattern}");
        }
    }
}
