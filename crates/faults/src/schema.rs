//! The JSON Schema of a plan, for editors and for those who write plans by program.

use schemars::schema_for;

use crate::Plan;

/// The JSON Schema of a plan, as text.
#[must_use]
pub fn json_schema() -> String {
    let mut schema = schema_for!(Plan);
    schema.insert("title".to_owned(), "A fault plan of fencepost".into());
    let mut text = serde_json::to_string_pretty(schema.as_value()).expect("a value is JSON");
    text.push('\n');
    text
}
