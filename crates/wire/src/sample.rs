//! Bodies drawn from the schemas, for the tests.

use crate::schema::{Field, Fields, Kind};
use crate::{ApiKey, Release, Side};

/// Every version that some release serves.
pub(crate) fn served() -> impl Iterator<Item = (ApiKey, i16)> {
    ApiKey::ALL.iter().flat_map(|&api| {
        let served =
            move |version: &i16| Release::ALL.iter().any(|release| release.serves(api, *version));
        (0..=18).filter(served).map(move |version| (api, version))
    })
}

/// What is drawn beside the plain fields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tags {
    /// No tagged field at all.
    None,
    /// Known ones.
    Known,
    /// Known ones, and an unknown one in each structure (API-07).
    KnownAndUnknown,
}

/// Draws the bytes of a body.
pub(crate) struct Sampler {
    bytes: Vec<u8>,
    state: u64,
    api: ApiKey,
    side: Side,
    version: i16,
    tags: Tags,
}

pub(crate) fn body(side: Side, api: ApiKey, version: i16, tags: Tags, seed: u64) -> Vec<u8> {
    let mut sampler = Sampler { bytes: Vec::new(), state: seed | 1, api, side, version, tags };
    let fields = match side {
        Side::Request => api.schema().request,
        Side::Response => api.schema().response,
    };
    sampler.structure(fields);
    sampler.bytes
}

impl Sampler {
    /// The next number of a multiplicative generator, below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.state =
            self.state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.state >> 33) % bound
    }

    fn flexible(&self) -> bool {
        self.api.is_flexible(self.version)
    }

    fn structure(&mut self, fields: Fields) {
        for field in fields {
            if field.tag.is_none() && field.is_in(self.version) {
                self.field(field);
            }
        }
        if self.flexible() {
            self.tagged_fields(fields);
        }
    }

    fn tagged_fields(&mut self, fields: Fields) {
        let known: Vec<&Field> = match self.tags {
            Tags::None => Vec::new(),
            _ => fields.iter().filter(|field| field.tag.is_some() && self.samples(field)).collect(),
        };
        let unknown = u32::from(self.tags == Tags::KnownAndUnknown);
        self.varint(known.len() as u32 + unknown);
        for field in known {
            let outer = std::mem::take(&mut self.bytes);
            self.field(field);
            let value = std::mem::replace(&mut self.bytes, outer);
            self.tagged(field.tag.unwrap_or_default(), &value);
        }
        if unknown == 1 {
            self.tagged(99, b"later");
        }
    }

    /// Only fields of this version; a snapshot id is for controllers and not kept.
    fn samples(&self, field: &Field) -> bool {
        field.is_in(self.version) && field.name != "snapshot_id"
    }

    fn tagged(&mut self, tag: u32, value: &[u8]) {
        self.varint(tag);
        self.varint(value.len() as u32);
        self.bytes.extend_from_slice(value);
    }

    fn field(&mut self, field: &Field) {
        let in_fetched_records = self.api == ApiKey::Fetch && self.side == Side::Response;
        let nullable = field.is_nullable_in(self.version)
            && !(in_fetched_records && matches!(field.kind, Kind::Bytes));
        let null = nullable && self.below(4) == 0;
        match (field.kind, null) {
            (Kind::Struct(_), true) => self.bytes.push(0xff),
            (Kind::Text, true) => self.length(None, 2),
            (_, true) => self.length(None, 4),
            (Kind::Int16, false) if field.name.ends_with("error_code") => {
                let code = self.below(100) as u8;
                self.bytes.extend([0, code]);
            }
            (Kind::Struct(fields), false) => {
                if nullable {
                    self.bytes.push(1);
                }
                self.structure(fields);
            }
            (kind, false) => self.value(kind),
        }
    }

    fn value(&mut self, kind: Kind) {
        match kind {
            Kind::Bool => {
                let value = self.below(2) as u8;
                self.bytes.push(value);
            }
            Kind::Int8 => self.fixed(1),
            Kind::Int16 => self.fixed(2),
            Kind::Int32 => self.fixed(4),
            Kind::Int64 => self.fixed(8),
            Kind::Uuid => self.fixed(16),
            Kind::Text => {
                let text = ["", "t", "orders", "é😀"][self.below(4) as usize];
                self.length(Some(text.len()), 2);
                self.bytes.extend_from_slice(text.as_bytes());
            }
            Kind::Bytes => {
                let length = [0, 7, 200, 5000][self.below(4) as usize];
                self.length(Some(length), 4);
                self.bytes.resize(self.bytes.len() + length, b'r');
            }
            Kind::Array(element) => {
                let count = self.below(3) as usize;
                self.length(Some(count), 4);
                (0..count).for_each(|_| self.value(*element));
            }
            Kind::Structs(fields) => {
                let count = 1 + self.below(2) as usize;
                self.length(Some(count), 4);
                (0..count).for_each(|_| self.structure(fields));
            }
            Kind::Struct(fields) => self.structure(fields),
        }
    }

    fn fixed(&mut self, width: usize) {
        for _ in 0..width {
            let byte = self.below(256) as u8;
            self.bytes.push(byte);
        }
    }

    fn length(&mut self, length: Option<usize>, width: usize) {
        if self.flexible() {
            self.varint(length.map_or(0, |length| length as u32 + 1));
        } else {
            let length = length.map_or(-1, |length| length as i32);
            self.bytes.extend_from_slice(&length.to_be_bytes()[4 - width..]);
        }
    }

    fn varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}
