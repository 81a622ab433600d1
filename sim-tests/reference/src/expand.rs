//! Fragments, parameters and repetition: from what is written to the scenarios that are played.

use std::collections::BTreeMap;

use crate::parse::{ParseError, narrow, open_braces, step};
use crate::scenario::Scenario;
use crate::target::Target;

/// Lines that scenarios use by name.
#[derive(Clone, Debug)]
pub(crate) struct Fragment {
    pub(crate) name: String,
    pub(crate) line: usize,
    parameters: Vec<String>,
    lines: Vec<Line>,
}

/// A scenario as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    title: String,
    pub(crate) line: usize,
    lines: Vec<Line>,
}

/// A part of a file.
pub(crate) enum Block {
    Fragment(Fragment),
    Scenario(Written),
}

pub(crate) type Fragments = BTreeMap<String, Fragment>;

type Line = (usize, String);

/// How deep fragments may use each other.
const DEPTH_MAX: u32 = 8;

/// The parts of a file. A line whose braces are open goes on in the next one.
pub(crate) fn blocks(file: &str, text: &str) -> Result<Vec<Block>, ParseError> {
    let mut blocks = Vec::new();
    let mut unfinished: Option<Line> = None;
    for (index, raw) in text.lines().enumerate() {
        let number = index + 1;
        let error = |reason: &str| ParseError {
            file: file.to_owned(),
            line: number,
            reason: reason.to_owned(),
        };
        let content = raw.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if let Some(title) = raw.strip_prefix("scenario ") {
            let title = title.trim().to_owned();
            blocks.push(Block::Scenario(Written { title, line: number, lines: Vec::new() }));
            continue;
        }
        if let Some(head) = raw.strip_prefix("fragment ") {
            let (name, parameters) = call(head.trim()).map_err(|reason| error(&reason))?;
            blocks.push(Block::Fragment(Fragment {
                name,
                line: number,
                parameters,
                lines: Vec::new(),
            }));
            continue;
        }
        let lines = match blocks.last_mut() {
            Some(Block::Fragment(fragment)) => &mut fragment.lines,
            Some(Block::Scenario(scenario)) => &mut scenario.lines,
            None => return Err(error("a line outside of a scenario")),
        };
        if !raw.starts_with(' ') {
            return Err(error("`scenario`, `fragment` or an indented line is expected"));
        }
        if content.starts_with('|')
            && let Some((_, each)) = lines.last_mut().filter(|(_, it)| it.starts_with("each "))
        {
            each.push_str(content);
            continue;
        }
        let line = match unfinished.take() {
            Some((first, begun)) => (first, format!("{begun} {content}")),
            None => (number, content.to_owned()),
        };
        let is_open = line.1.find('{').is_some_and(|at| open_braces(&line.1[at..]).is_err());
        if is_open && !line.1.starts_with("each ") {
            unfinished = Some(line);
        } else {
            lines.push(line);
        }
    }
    match unfinished {
        None => Ok(blocks),
        Some((line, _)) => {
            let reason = "a brace or a quote is not closed".to_owned();
            Err(ParseError { file: file.to_owned(), line, reason })
        }
    }
}

/// `name(a, b)`: the name and what is in the parentheses.
fn call(text: &str) -> Result<(String, Vec<String>), String> {
    let Some((name, rest)) = text.split_once('(') else {
        return Ok((text.to_owned(), Vec::new()));
    };
    let inner = rest.strip_suffix(')').ok_or("a parenthesis is not closed")?;
    let mut depth = 0;
    let between = |it: char| {
        match it {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            _ => {}
        }
        it == ',' && depth == 0
    };
    let parts: Vec<_> = inner.split(between).map(|part| part.trim().to_owned()).collect();
    let name = name.trim().to_owned();
    Ok((name, parts.into_iter().filter(|part| !part.is_empty()).collect()))
}

/// The scenarios that one stands for: one for each choice of the values of its `each` lines.
pub(crate) fn expand(
    file: &str,
    written: &Written,
    fragments: &Fragments,
) -> Result<Vec<Scenario>, ParseError> {
    let at = |line: usize| move |reason: String| ParseError { file: file.to_owned(), line, reason };
    let mut targets = Target::ALL.to_vec();
    let mut choices: Vec<Vec<(String, String)>> = vec![Vec::new()];
    let mut rest = &written.lines[..];
    while let Some(((line, text), after)) = rest.split_first() {
        if let Some(each) = text.strip_prefix("each ") {
            let (name, values) =
                each.split_once(':').ok_or_else(|| at(*line)("`each` needs a colon".to_owned()))?;
            let values: Vec<_> = values.split('|').map(str::trim).collect();
            choices = choices
                .iter()
                .flat_map(|choice| {
                    values.iter().map(|value| {
                        let mut choice = choice.clone();
                        choice.push((name.trim().to_owned(), (*value).to_owned()));
                        choice
                    })
                })
                .collect();
        } else if let Some(narrowed) = narrow(text, &mut targets) {
            narrowed.map_err(at(*line))?;
        } else {
            break;
        }
        rest = after;
    }
    let mut scenarios = Vec::new();
    for choice in choices {
        let mut lines = Vec::new();
        unfold(rest, &choice, fragments, DEPTH_MAX, &mut lines)
            .map_err(|(line, reason)| at(line)(reason))?;
        let mut steps = Vec::new();
        for (line, text) in lines {
            steps.push(step(&text).map_err(at(line))?);
        }
        let values: Vec<_> = choice.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let title = match &values[..] {
            [] => written.title.clone(),
            values => format!("{} [{}]", written.title, values.join(", ")),
        };
        scenarios.push(Scenario { title, targets: targets.clone(), steps });
    }
    Ok(scenarios)
}

/// Fills in parameters, and fragments in the place of `use` lines.
fn unfold(
    lines: &[Line],
    parameters: &[(String, String)],
    fragments: &Fragments,
    depth: u32,
    out: &mut Vec<Line>,
) -> Result<(), (usize, String)> {
    for (number, line) in lines {
        let mut line = line.clone();
        // `%epoch` before `%e`, which it begins with.
        let mut longest_first: Vec<_> = parameters.iter().collect();
        longest_first.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, value) in longest_first {
            line = line.replace(&format!("%{name}"), value);
        }
        let Some(used) = line.strip_prefix("use ") else {
            out.push((*number, line));
            continue;
        };
        let (name, values) = call(used.trim()).map_err(|reason| (*number, reason))?;
        let fragment =
            fragments.get(&name).ok_or_else(|| (*number, format!("no fragment `{name}`")))?;
        if values.len() != fragment.parameters.len() {
            let expected = fragment.parameters.len();
            return Err((*number, format!("`{name}` takes {expected} parameters")));
        }
        if depth == 0 {
            return Err((*number, format!("`{name}` uses itself")));
        }
        let inner: Vec<_> = fragment.parameters.iter().cloned().zip(values).collect();
        // A fault inside a fragment is told at the line that uses it.
        unfold(&fragment.lines, &inner, fragments, depth - 1, out)
            .map_err(|(_, reason)| (*number, reason))?;
    }
    Ok(())
}
