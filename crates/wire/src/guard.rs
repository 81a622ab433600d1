//! The guard: walks a message by its schema before kafka-protocol decodes it, since kafka-protocol
//! allocates by counts from the wire.
//!
//! The walk allocates nothing. What has passed it is there byte for byte: every array element, every
//! length. So decoding allocates no more than the structures for at most [`MAX_ELEMENTS`] array
//! elements and unknown tagged fields, each under 512 bytes in memory (64 MiB in all), and arrays of
//! numbers no larger than the frame; text and record batches are slices of the frame.
//!
//! It is stricter than Kafka in five places, all of them bytes that no client writes: text that is
//! not UTF-8 (Kafka reads U+FFFD), lengths below -1 (Kafka reads null), a tagged field that does not
//! fill its size, a tag above int32, which could not be written again, and the number of elements.

use crate::reader::Reader;
use crate::schema::{Field, Fields, Kind};
use crate::{ApiKey, Problem, Side};

/// The most array elements other than numbers, plus unknown tagged fields, in one message.
pub(crate) const MAX_ELEMENTS: u32 = 1 << 17;

/// Where a message breaks its schema.
#[derive(Debug)]
pub(crate) struct Flaw {
    /// From the innermost to the outermost.
    path: Vec<Segment>,
    /// Where the innermost field begins, in bytes from the start of the frame.
    pub(crate) position: usize,
    pub(crate) problem: Problem,
}

#[derive(Debug)]
enum Segment {
    Field(&'static str),
    Element(u32),
}

impl Flaw {
    pub(crate) fn new(position: usize, problem: Problem) -> Self {
        Self { path: Vec::new(), position, problem }
    }

    /// The path of the field, such as `topics[2].name`; `body` if there is none.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.path.iter().rev() {
            match segment {
                Segment::Field(name) if path.is_empty() => path.push_str(name),
                Segment::Field(name) => path.extend([".", name]),
                Segment::Element(index) => path.push_str(&format!("[{index}]")),
            }
        }
        if path.is_empty() { "body".to_owned() } else { path }
    }

    fn within(mut self: Box<Self>, segment: Segment) -> Box<Self> {
        self.path.push(segment);
        self
    }
}

/// The longest text, in bytes, in every version: what an int16 length can say.
const MAX_TEXT_BYTES: usize = 32_767;

/// Checks that a body is what its schema says; bytes after it are not looked at (FRAME-08).
pub(crate) fn check(
    side: Side,
    api: ApiKey,
    version: i16,
    reader: Reader<'_>,
) -> Result<(), Box<Flaw>> {
    let fields = match side {
        Side::Request => api.schema().request,
        Side::Response => api.schema().response,
    };
    let flexible = api.is_flexible(version);
    Walk { reader, version, flexible, elements: 0 }.structure(fields)
}

struct Walk<'a> {
    reader: Reader<'a>,
    version: i16,
    flexible: bool,
    elements: u32,
}

impl<'a> Walk<'a> {
    fn structure(&mut self, fields: Fields) -> Result<(), Box<Flaw>> {
        for field in fields {
            if field.tag.is_none() && field.is_in(self.version) {
                self.field(field)?;
            }
        }
        if self.flexible { self.tagged_fields(fields) } else { Ok(()) }
    }

    fn field(&mut self, field: &Field) -> Result<(), Box<Flaw>> {
        let nullable = field.is_nullable_in(self.version);
        let value = match field.kind {
            Kind::Struct(fields) => self.single(fields, nullable),
            Kind::Structs(fields) => self.structs(fields, nullable),
            Kind::Array(element) => self.array(*element, nullable),
            kind => self.at(|walk| walk.scalar(kind, nullable)),
        };
        value.map_err(|flaw| flaw.within(Segment::Field(field.name)))
    }

    /// Reads a value that holds no others, and says where it begins if it is bad.
    fn at<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Problem>,
    ) -> Result<T, Box<Flaw>> {
        let position = self.reader.position();
        read(self).map_err(|problem| Box::new(Flaw::new(position, problem)))
    }

    fn scalar(&mut self, kind: Kind, nullable: bool) -> Result<(), Problem> {
        match kind {
            Kind::Text => self.text(nullable),
            Kind::Bytes => {
                let length = self.length(Reader::int32, nullable)?;
                self.reader.take(length.unwrap_or(0)).map(drop)
            }
            fixed => self.reader.take(self.least_bytes(fixed)).map(drop),
        }
    }

    fn text(&mut self, nullable: bool) -> Result<(), Problem> {
        let length = self.length(|reader| reader.int16().map(i32::from), nullable)?.unwrap_or(0);
        if length > MAX_TEXT_BYTES {
            return Err(Problem::LongText(length as u64));
        }
        let bytes = self.reader.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| Problem::NotUtf8).map(drop)
    }

    /// A length or count: compact in flexible versions, else as `plain` reads it (FRAME-17).
    fn length(
        &mut self,
        plain: impl FnOnce(&mut Reader<'a>) -> Result<i32, Problem>,
        nullable: bool,
    ) -> Result<Option<usize>, Problem> {
        let length = if self.flexible {
            self.reader.varint()?.checked_sub(1).map(|length| length as usize)
        } else {
            match plain(&mut self.reader)? {
                -1 => None,
                length => Some(usize::try_from(length).map_err(|_| Problem::Negative(length))?),
            }
        };
        match length {
            None if !nullable => Err(Problem::Null),
            length => Ok(length),
        }
    }

    /// The count of an array whose elements take at least `each` bytes.
    fn count(&mut self, each: usize, nullable: bool) -> Result<u32, Problem> {
        let count = self.length(Reader::int32, nullable)?.unwrap_or(0) as u64;
        let (each, left) = (each as u64, self.reader.left() as u64);
        match u32::try_from(count) {
            Ok(within) if count.saturating_mul(each) <= left => Ok(within),
            _ => Err(Problem::Count { count, each, left }),
        }
    }

    fn charge(&mut self, elements: u32) -> Result<(), Problem> {
        self.elements = self.elements.saturating_add(elements);
        if self.elements > MAX_ELEMENTS {
            return Err(Problem::TooManyElements { limit: MAX_ELEMENTS });
        }
        Ok(())
    }

    fn array(&mut self, element: Kind, nullable: bool) -> Result<(), Box<Flaw>> {
        let each = self.least_bytes(element);
        if !matches!(element, Kind::Text | Kind::Bytes) {
            return self.at(|walk| {
                let count = walk.count(each, nullable)?;
                walk.reader.take(count as usize * each).map(drop)
            });
        }
        for index in 0..self.charged_count(each, nullable)? {
            self.at(|walk| walk.scalar(element, false))
                .map_err(|flaw| flaw.within(Segment::Element(index)))?;
        }
        Ok(())
    }

    fn structs(&mut self, fields: Fields, nullable: bool) -> Result<(), Box<Flaw>> {
        let each = self.least_bytes_of_structure(fields);
        for index in 0..self.charged_count(each, nullable)? {
            self.structure(fields).map_err(|flaw| flaw.within(Segment::Element(index)))?;
        }
        Ok(())
    }

    fn charged_count(&mut self, each: usize, nullable: bool) -> Result<u32, Box<Flaw>> {
        self.at(|walk| {
            let count = walk.count(each, nullable)?;
            walk.charge(count)?;
            Ok(count)
        })
    }

    /// A structure by itself; one that may be null has a marker before it.
    fn single(&mut self, fields: Fields, nullable: bool) -> Result<(), Box<Flaw>> {
        let present = !nullable
            || self.at(|walk| match walk.reader.int8()? {
                1 => Ok(true),
                -1 => Ok(false),
                marker => Err(Problem::Marker(marker)),
            })?;
        if present { self.structure(fields) } else { Ok(()) }
    }

    /// The tagged fields that end a structure; unknown ones are skipped (API-07).
    fn tagged_fields(&mut self, fields: Fields) -> Result<(), Box<Flaw>> {
        const NAME: Segment = Segment::Field("tagged_fields");
        let count = self.at(|walk| walk.reader.varint()).map_err(|flaw| flaw.within(NAME))?;
        for _ in 0..count {
            let (tag, size) = self
                .at(|walk| {
                    let tag = walk.reader.varint()?;
                    i32::try_from(tag).map_err(|_| Problem::Tag(tag))?;
                    Ok((tag, walk.reader.varint()? as usize))
                })
                .map_err(|flaw| flaw.within(NAME))?;
            match fields.iter().find(|field| field.tag == Some(tag)) {
                Some(field) => self.tagged_field(field, tag, size)?,
                None => self
                    .at(|walk| {
                        walk.charge(1)?;
                        walk.reader.take(size).map(drop)
                    })
                    .map_err(|flaw| flaw.within(NAME))?,
            }
        }
        Ok(())
    }

    fn tagged_field(&mut self, field: &Field, tag: u32, size: usize) -> Result<(), Box<Flaw>> {
        let within = |flaw: Box<Flaw>| flaw.within(Segment::Field(field.name));
        if !field.is_in(self.version) {
            return self.at(|_| Err(Problem::Tag(tag))).map_err(within);
        }
        let inner = self.at(|walk| walk.reader.narrowed(size)).map_err(within)?;
        let outer = std::mem::replace(&mut self.reader, inner);
        self.field(field)?;
        let left = self.reader.left();
        if left > 0 {
            return self.at(|_| Err(Problem::TagSize(left as u64))).map_err(within);
        }
        self.reader = outer;
        self.at(|walk| walk.reader.take(size).map(drop)).map_err(within)
    }

    /// The fewest bytes that a value takes that is not null.
    fn least_bytes(&self, kind: Kind) -> usize {
        match kind {
            Kind::Bool | Kind::Int8 => 1,
            Kind::Int16 => 2,
            Kind::Int32 => 4,
            Kind::Int64 => 8,
            Kind::Uuid => 16,
            Kind::Text if !self.flexible => 2,
            Kind::Bytes | Kind::Array(_) | Kind::Structs(_) if !self.flexible => 4,
            Kind::Text | Kind::Bytes | Kind::Array(_) | Kind::Structs(_) => 1,
            Kind::Struct(fields) => self.least_bytes_of_structure(fields),
        }
    }

    fn least_bytes_of_structure(&self, fields: Fields) -> usize {
        let present =
            fields.iter().filter(|field| field.tag.is_none() && field.is_in(self.version));
        let each = present.map(|field| match field.kind {
            Kind::Struct(_) if field.is_nullable_in(self.version) => 1,
            kind => self.least_bytes(kind),
        });
        each.sum::<usize>() + usize::from(self.flexible)
    }
}
