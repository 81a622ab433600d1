//! Reads scenarios from text.

use std::collections::BTreeMap;

use fencepost_wire::{ApiKey, Release};
use thiserror::Error;

use crate::expand::{Block, Fragments, blocks, expand};
use crate::internal::Topic;
use crate::scenario::{Action, Ask, Reading, Scenario, Step};
use crate::target::Target;

/// A text that is no scenario.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{file}:{line}: {reason}")]
pub struct ParseError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// The scenarios of some files, given as name and text. Fragments of one serve all.
///
/// # Errors
/// At the first line that cannot be read, or if two scenarios have one title.
pub fn scenarios(files: &[(String, String)]) -> Result<Vec<Scenario>, ParseError> {
    let mut fragments = Fragments::new();
    let mut whole = Vec::new();
    for (file, text) in files {
        for block in blocks(file, text)? {
            match block {
                Block::Fragment(fragment) => {
                    let (file, line, name) = (file.clone(), fragment.line, fragment.name.clone());
                    if fragments.insert(name.clone(), fragment).is_some() {
                        let reason = format!("there is a fragment `{name}` already");
                        return Err(ParseError { file, line, reason });
                    }
                }
                Block::Scenario(scenario) => whole.push((file, scenario)),
            }
        }
    }
    let mut scenarios = Vec::new();
    let mut titles = BTreeMap::new();
    for (file, written) in whole {
        for scenario in expand(file, &written, &fragments)? {
            let error = |reason| ParseError { file: file.clone(), line: written.line, reason };
            if let Some(other) = titles.insert(scenario.title.clone(), file) {
                return Err(error(format!("`{}` is in {other} already", scenario.title)));
            }
            scenarios.push(scenario);
        }
    }
    Ok(scenarios)
}

/// The targets of `releases 4.1 4.2` or `levels 2`, out of those so far; none for other lines.
pub(crate) fn narrow(line: &str, targets: &mut Vec<Target>) -> Option<Result<(), String>> {
    let (word, rest) = line.split_once(' ')?;
    let values = rest.split_whitespace();
    let narrowed = match word {
        "releases" if rest.ends_with('+') => rest
            .trim_end_matches('+')
            .parse::<Release>()
            .map(|first| targets.retain(|target| target.release >= first))
            .map_err(|unknown| unknown.to_string()),
        "releases" => {
            let spans: Result<Vec<(Release, bool)>, _> = values
                .map(|value| match value.strip_suffix('+') {
                    Some(first) => first.parse().map(|first| (first, true)),
                    None => value.parse().map(|only| (only, false)),
                })
                .collect();
            let is_in = |release: Release, &(first, goes_on): &(Release, bool)| {
                release == first || (goes_on && release > first)
            };
            spans
                .map(|spans| {
                    targets.retain(|target| spans.iter().any(|span| is_in(target.release, span)));
                })
                .map_err(|unknown| unknown.to_string())
        }
        "levels" => {
            let levels: Result<Vec<i16>, _> = values.map(str::parse).collect();
            levels
                .map(|levels| targets.retain(|target| levels.contains(&target.level)))
                .map_err(|_| format!("`{rest}` are no levels"))
        }
        _ => return None,
    };
    let is_any_left = !targets.is_empty();
    Some(narrowed.and_then(|()| is_any_left.then_some(()).ok_or("no target is left".to_owned())))
}

/// A step from its line.
pub(crate) fn step(line: &str) -> Result<Step, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    let action = match word {
        "await" => Action::Await(one_word(rest)?),
        "silent" => Action::Silent(one_word(rest)?),
        "close" => Action::Close(one_word(rest)?),
        "wait" => Action::Wait(
            rest.strip_suffix("ms")
                .and_then(|millis| millis.trim().parse().ok())
                .ok_or_else(|| format!("`{rest}` is no time: give one such as 300ms"))?,
        ),
        "topic" => topic(rest)?,
        "records" => Action::Records(
            Topic::of(rest).ok_or_else(|| format!("`{rest}` is no internal topic"))?,
        ),
        connection => ask(connection, rest)?,
    };
    Ok(Step { line: line.to_owned(), action })
}

fn one_word(text: &str) -> Result<String, String> {
    if text.is_empty() || text.contains(' ') {
        return Err(format!("one name is expected, not `{text}`"));
    }
    Ok(text.to_owned())
}

fn topic(text: &str) -> Result<Action, String> {
    let mut words = text.split_whitespace();
    let name = words.next().ok_or("a topic has a name")?.to_owned();
    let (mut partitions, mut settings) = (1, Vec::new());
    for word in words {
        match word.split_once('=') {
            Some((name, value)) => settings.push((name.to_owned(), value.to_owned())),
            None => partitions = word.parse().map_err(|_| format!("`{word}` is no number"))?,
        }
    }
    Ok(Action::Topic { name, partitions, settings })
}

/// `a Api/version {body} as name`, `a! ...`, `a ... until path == value`, `a ... times 9`, `a frame 0x`,
/// `a bytes 0x`.
fn ask(word: &str, rest: &str) -> Result<Action, String> {
    let connection = word.strip_suffix('!').unwrap_or(word);
    let is_name = connection.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
    if connection.is_empty() || !is_name {
        return Err(format!("`{connection}` is no name of a connection"));
    }
    let (what, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let rest = rest.trim();
    if let "frame" | "bytes" = what {
        let (connection, bytes) = (connection.to_owned(), rest.to_owned());
        return Ok(Action::Bytes { connection, bytes, framed: what == "frame" });
    }
    let (api, version) = what
        .split_once('/')
        .ok_or_else(|| format!("`{what}` is no request: give one such as EndTxn/5"))?;
    let api = ApiKey::ALL
        .iter()
        .copied()
        .find(|known| known.name() == api)
        .ok_or_else(|| format!("no API is called `{api}`"))?;
    let version = version.parse().map_err(|_| format!("`{version}` is no version"))?;
    let (body, after) = split_body(rest)?;
    let mut name = None;
    let mut reading = if word.ends_with('!') { Reading::Later } else { Reading::Now };
    let mut after = after.trim();
    if let Some((condition, given)) = split_name(after) {
        name = Some(one_word(given)?);
        after = condition;
    }
    if let Some(condition) = after.strip_prefix("until ") {
        let (path, value) =
            condition.split_once("==").ok_or("`until` needs a path, `==` and a value")?;
        let value = json5::from_str(value.trim()).map_err(|error| error.to_string())?;
        reading = Reading::Until(path.trim().to_owned(), value);
    } else if let Some(times) = after.strip_prefix("times ") {
        reading = Reading::Times(times.parse().map_err(|_| format!("`{times}` is no number"))?);
    } else if !after.is_empty() {
        return Err(format!("`{after}` after the body"));
    }
    let body = body.to_owned();
    let connection = connection.to_owned();
    Ok(Action::Ask(Ask { connection, api, version, body, name, reading }))
}

fn split_name(after: &str) -> Option<(&str, &str)> {
    match after.strip_prefix("as ") {
        Some(name) => Some(("", name)),
        None => after.split_once(" as "),
    }
}

/// The body, up to the brace that ends it, or bytes in hex; and what follows.
fn split_body(text: &str) -> Result<(&str, &str), String> {
    if text.starts_with("0x") {
        return Ok(text.split_once(' ').unwrap_or((text, "")));
    }
    if !text.starts_with('{') {
        return Ok(("{}", text));
    }
    match open_braces(text) {
        Ok(end) => Ok(text.split_at(end)),
        Err(_) => Err("a brace or a quote is not closed".to_owned()),
    }
}

/// Where the first brace of a text is closed; or that it is not.
pub(crate) fn open_braces(text: &str) -> Result<usize, ()> {
    let (mut depth, mut quote) = (0_u32, None);
    for (at, it) in text.char_indices() {
        match (quote, it) {
            (Some(open), it) if it == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(it),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            (None, _) => {}
        }
    }
    Err(())
}
