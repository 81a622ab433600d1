//! Paths into answers: `responses[0].partition_responses[0].base_offset`.

use serde_json::Value;

/// The value at a path; the whole for the empty one.
pub(crate) fn look<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let mut at = value;
    for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
        at = match part.strip_suffix(']') {
            Some(index) => at.get(index.parse::<usize>().ok()?)?,
            None => at.get(part)?,
        };
    }
    Some(at)
}
