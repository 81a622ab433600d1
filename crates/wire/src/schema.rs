//! The fields of every message that is answered: what Kafka's message schemas of 4.4 say of names,
//! types, versions, nulls and tags. `generation_id` keeps its older name.
//!
//! The guard walks by them, and [`ApiKey::schema`](crate::ApiKey::schema) gives them to those who
//! read and write messages field by field.

mod cluster;
mod consumer_groups;
mod groups;
mod offsets;
mod records;
mod sasl;
mod topics;
mod transactions;
pub(crate) use cluster::*;
pub(crate) use consumer_groups::*;
pub(crate) use groups::*;
pub(crate) use offsets::*;
pub(crate) use records::*;
pub(crate) use sasl::*;
pub(crate) use topics::*;
pub(crate) use transactions::*;

/// The two messages of an API.
#[derive(Debug)]
pub struct Schema {
    /// The fields of the request's body.
    pub request: Fields,
    /// The fields of the response's body.
    pub response: Fields,
}

/// The fields of a structure, in the order in which they are written.
pub type Fields = &'static [Field];

/// A field of a structure.
#[derive(Debug)]
pub struct Field {
    /// Kafka's name of it, in snake case.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// The first and last version that have the field.
    since: i16,
    until: i16,
    nullable_since: i16,
    /// The tag, if the field is among the tagged ones.
    pub tag: Option<u32>,
}

/// The type of a field.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One byte, 0 or 1.
    Bool,
    /// One byte.
    Int8,
    /// Two bytes.
    Int16,
    /// Four bytes.
    Int32,
    /// Eight bytes.
    Int64,
    /// Sixteen bytes.
    Uuid,
    /// UTF-8 with an int16 or compact length.
    Text,
    /// Bytes or record batches with an int32 or compact length.
    Bytes,
    /// An array of something that is neither an array nor a structure.
    Array(&'static Kind),
    /// A structure.
    Struct(Fields),
    /// An array of structures.
    Structs(Fields),
}

/// A field of every version, never null.
#[must_use]
pub const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, since: 0, until: i16::MAX, nullable_since: i16::MAX, tag: None }
}

/// An array of something that is neither an array nor a structure.
#[must_use]
pub const fn array(name: &'static str, element: &'static Kind) -> Field {
    field(name, Kind::Array(element))
}

/// An array of structures.
#[must_use]
pub const fn structs(name: &'static str, fields: Fields) -> Field {
    field(name, Kind::Structs(fields))
}

/// A structure.
#[must_use]
pub const fn structure(name: &'static str, fields: Fields) -> Field {
    field(name, Kind::Struct(fields))
}

impl Field {
    /// The field from a version on.
    #[must_use]
    pub const fn since(mut self, version: i16) -> Self {
        self.since = version;
        self
    }

    /// The field up to a version.
    #[must_use]
    pub const fn until(mut self, version: i16) -> Self {
        self.until = version;
        self
    }

    /// The field, which may be null in every version.
    #[must_use]
    pub const fn nullable(self) -> Self {
        self.nullable_since(0)
    }

    /// The field, which may be null from a version on.
    #[must_use]
    pub const fn nullable_since(mut self, version: i16) -> Self {
        self.nullable_since = version;
        self
    }

    /// The field among the tagged ones.
    #[must_use]
    pub const fn tag(mut self, tag: u32) -> Self {
        self.tag = Some(tag);
        self
    }

    /// Whether a version has the field.
    #[must_use]
    pub const fn is_in(&self, version: i16) -> bool {
        version >= self.since && version <= self.until
    }

    /// Whether it may be null in a version.
    #[must_use]
    pub const fn is_nullable_in(&self, version: i16) -> bool {
        version >= self.nullable_since
    }
}
