//! Between the field's terms and the types of kafka-protocol's messages.

use fencepost_ids as ids;
use kafka_protocol::messages;
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

/// A term that is read from a field of a message.
pub trait FromWire<W> {
    /// The term that the field stands for.
    fn from_wire(wire: &W) -> Self;
}

/// A term that is written to a field of a message.
pub trait ToWire<W> {
    /// The field that stands for the term.
    fn to_wire(&self) -> W;
}

impl<W, T: FromWire<W>> FromWire<Option<W>> for Option<T> {
    fn from_wire(wire: &Option<W>) -> Self {
        wire.as_ref().map(T::from_wire)
    }
}

impl<W, T: ToWire<W>> ToWire<Option<W>> for Option<T> {
    fn to_wire(&self) -> Option<W> {
        self.as_ref().map(T::to_wire)
    }
}

macro_rules! names {
    ($($name:ty),*) => {$(
        impl FromWire<StrBytes> for $name {
            fn from_wire(wire: &StrBytes) -> Self {
                Self::from(wire.as_str())
            }
        }

        impl ToWire<StrBytes> for $name {
            fn to_wire(&self) -> StrBytes {
                StrBytes::from_string(self.as_str().to_owned())
            }
        }
    )*};
}

names!(
    ids::TopicName,
    ids::TransactionalId,
    ids::GroupId,
    ids::MemberId,
    ids::InstanceId,
    ids::ClientId
);

macro_rules! newtypes {
    ($($term:ty => $wire:ty, of $inner:ty;)*) => {$(
        impl FromWire<$wire> for $term {
            fn from_wire(wire: &$wire) -> Self {
                Self::from_wire(&wire.0)
            }
        }

        impl ToWire<$wire> for $term {
            fn to_wire(&self) -> $wire {
                <$wire>::from(ToWire::<$inner>::to_wire(self))
            }
        }
    )*};
}

newtypes! {
    ids::TopicName => messages::TopicName, of StrBytes;
    ids::TransactionalId => messages::TransactionalId, of StrBytes;
    ids::GroupId => messages::GroupId, of StrBytes;
    ids::BrokerId => messages::BrokerId, of i32;
    ids::ProducerId => messages::ProducerId, of i64;
}

macro_rules! numbers {
    ($($term:ty => $wire:ty),*) => {$(
        impl FromWire<$wire> for $term {
            fn from_wire(wire: &$wire) -> Self {
                Self(*wire)
            }
        }

        impl ToWire<$wire> for $term {
            fn to_wire(&self) -> $wire {
                self.0
            }
        }
    )*};
}

numbers!(
    ids::BrokerId => i32,
    ids::ProducerId => i64,
    ids::ProducerEpoch => i16,
    ids::PartitionIndex => i32,
    ids::Offset => i64,
    ids::Sequence => i32,
    ids::LeaderEpoch => i32,
    ids::CoordinatorEpoch => i32,
    ids::GenerationId => i32,
    ids::MemberEpoch => i32,
    ids::Timestamp => i64
);

impl FromWire<Uuid> for ids::TopicId {
    fn from_wire(wire: &Uuid) -> Self {
        Self(*wire.as_bytes())
    }
}

impl ToWire<Uuid> for ids::TopicId {
    fn to_wire(&self) -> Uuid {
        Uuid::from_bytes(self.0)
    }
}

impl ToWire<i16> for ids::ErrorCode {
    fn to_wire(&self) -> i16 {
        self.code()
    }
}
