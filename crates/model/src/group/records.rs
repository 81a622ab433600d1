//! The records of `__consumer_offsets`: keys and values in Kafka's own formats (TXOFF-70).

mod encoding;
pub(crate) use encoding::{Fields, Malformed};
mod offset_commit;
pub(crate) use offset_commit::{OffsetCommitKey, OffsetCommitValue};
mod classic_group;
pub(crate) use classic_group::{ClassicGroupMemberValue, ClassicGroupValue};
mod record;
pub(crate) use record::GroupRecord;
