//! What records of internal topics say.

use fencepost_model::{InternalRecord, RecordField, RecordFields};
use serde::ser::{Serialize, SerializeMap, Serializer};
use utoipa::ToSchema;

/// A record of an internal topic in words.
#[derive(serde::Serialize, ToSchema)]
#[schema(as = InternalRecord)]
pub(super) struct Decoded {
    /// What it is about, as in `transaction`, `offset_commit` or `classic_group`.
    kind: &'static str,
    /// What its key names.
    #[schema(value_type = Object)]
    key: Fields,
    /// What it says; null is a tombstone.
    #[schema(value_type = Option<Object>)]
    value: Option<Fields>,
}

impl From<InternalRecord> for Decoded {
    fn from(InternalRecord { kind, key, value }: InternalRecord) -> Self {
        Self { kind: kind.name(), key: Fields(key), value: value.map(Fields) }
    }
}

/// An object, in the order of its fields.
struct Fields(RecordFields);

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        put(&self.0, serializer)
    }
}

struct Field<'a>(&'a RecordField);

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            RecordField::Null => serializer.serialize_none(),
            RecordField::Number(number) => serializer.serialize_i64(*number),
            RecordField::Text(text) => serializer.serialize_str(text),
            RecordField::List(list) => serializer.collect_seq(list.iter().map(Field)),
            RecordField::Fields(fields) => put(fields, serializer),
        }
    }
}

fn put<S: Serializer>(fields: &RecordFields, serializer: S) -> Result<S::Ok, S::Error> {
    let mut object = serializer.serialize_map(Some(fields.len()))?;
    for (name, field) in fields {
        object.serialize_entry(name, &Field(field))?;
    }
    object.end()
}
