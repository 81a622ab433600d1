//! The records of `__consumer_offsets`: keys and values in Kafka's own formats (TXOFF-70).

mod encoding;
pub use encoding::{Fields, Malformed};
mod offset_commit;
pub use offset_commit::{OffsetCommitKey, OffsetCommitValue};
mod classic_group;
pub use classic_group::{ClassicGroupMemberValue, ClassicGroupValue};
