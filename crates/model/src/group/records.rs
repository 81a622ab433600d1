//! The records of `__consumer_offsets`: keys and values in Kafka's own formats (TXOFF-70).

mod encoding;
pub(crate) use encoding::{Fields, Malformed};
mod flexible;
mod offset_commit;
pub(crate) use offset_commit::{OffsetCommitKey, OffsetCommitValue};
mod classic_group;
pub(crate) use classic_group::{ClassicGroupMemberValue, ClassicGroupValue};
mod consumer_group;
pub(crate) use consumer_group::{
    AssignmentEpochs, ClassicMemberMetadata, ConsumerGroupRecord, ConsumerMemberValue,
    CurrentAssignmentValue, GroupEpochValue, RegularExpressionValue, SubscribedTopic,
    TargetEpochValue,
};
mod consumer_protocol;
pub(crate) use consumer_protocol::{Assignment, Subscription};
mod record;
pub(crate) use record::GroupRecord;
