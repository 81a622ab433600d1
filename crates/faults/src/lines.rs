//! Where in a text the faults of a plan and their keys stand.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use toml::de::{DeTable, DeValue};

/// The lines of the faults, in order; empty if the text is not laid out as a plan.
#[derive(Default)]
pub(crate) struct Lines(Vec<FaultLines>);

struct FaultLines {
    first: u32,
    name: Option<String>,
    keys: BTreeMap<String, u32>,
}

/// The line of a byte, from 1.
pub(crate) fn line_of(text: &str, position: usize) -> u32 {
    let before = text.as_bytes().iter().take(position);
    1 + u32::try_from(before.filter(|byte| **byte == b'\n').count()).unwrap_or(u32::MAX - 1)
}

impl Lines {
    pub(crate) fn of_toml(text: &str) -> Self {
        let Ok(plan) = DeTable::parse(text) else { return Self::default() };
        let faults = match plan.get_ref().get("fault").map(toml::Spanned::get_ref) {
            Some(DeValue::Array(faults)) => faults,
            _ => return Self::default(),
        };
        let lines = faults.iter().map(|fault| {
            let DeValue::Table(table) = fault.get_ref() else { return FaultLines::at(0) };
            let mut lines = FaultLines::at(line_of(text, fault.span().start));
            lines.name = table.get("name").and_then(|name| name.get_ref().as_str()).map(Into::into);
            for key in table.keys() {
                let line = line_of(text, key.span().start);
                lines.keys.insert(key.get_ref().to_string(), line);
            }
            lines
        });
        Self(lines.collect())
    }

    pub(crate) fn of_json(text: &str) -> Self {
        type Object<'a> = BTreeMap<String, &'a RawValue>;
        let line = |raw: &RawValue| {
            let position = raw.get().as_ptr().addr() - text.as_ptr().addr();
            line_of(text, position)
        };
        let Ok(plan) = serde_json::from_str::<Object<'_>>(text) else { return Self::default() };
        let faults = plan
            .get("fault")
            .and_then(|faults| serde_json::from_str::<Vec<&RawValue>>(faults.get()).ok());
        let lines = faults.unwrap_or_default().into_iter().map(|fault| {
            let mut lines = FaultLines::at(line(fault));
            for (key, value) in serde_json::from_str::<Object<'_>>(fault.get()).unwrap_or_default()
            {
                if key == "name" {
                    lines.name = serde_json::from_str(value.get()).ok();
                }
                lines.keys.insert(key, line(value));
            }
            lines
        });
        Self(lines.collect())
    }

    /// The line of a key of a fault, or where the fault begins.
    pub(crate) fn of(&self, fault: usize, key: &str) -> Option<u32> {
        let lines = self.0.get(fault)?;
        Some(lines.keys.get(key).copied().unwrap_or(lines.first))
    }

    /// What the fault is called in which a line stands.
    pub(crate) fn name_at(&self, line: u32) -> Option<String> {
        let index = self.0.iter().rposition(|fault| fault.first <= line)?;
        Some(self.0[index].name.clone().unwrap_or_else(|| default_name(index)))
    }
}

impl FaultLines {
    const fn at(first: u32) -> Self {
        Self { first, name: None, keys: BTreeMap::new() }
    }
}

/// What a fault without a name is called, by its place from 0.
pub(crate) fn default_name(index: usize) -> String {
    format!("#{}", index + 1)
}
