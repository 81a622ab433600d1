//! Plans as texts, plans at work, and the schema.

mod documentation;
mod drawn;
mod refusals;
mod requests;
mod windows;
mod work;

use std::fs;
use std::path::Path;

use crate::json_schema;

#[test]
fn the_published_schema_is_the_one_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fault-plan.schema.json");
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == json_schema(),
        "docs/fault-plan.schema.json is old: `cargo run -p fencepost -- windows --schema` prints it"
    );
}
