//! The consumer protocol that JoinGroup and SyncGroup carry in opaque bytes, versions 0 to 3: what
//! a member subscribes to and owns, and what it is assigned (GRP-50, GRP-52).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::{BufMut, Bytes};
use fencepost_ids::{PartitionIndex, TopicName};

use super::encoding::{Fields, Malformed, put_count, put_string};

/// The highest version; bytes of later ones begin as it does.
const MAX_VERSION: i16 = 3;

/// What a member tells with JoinGroup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Subscription {
    /// The names that it subscribes to.
    pub(crate) topics: BTreeSet<TopicName>,
    /// What it owns; nothing in version 0.
    pub(crate) owned: Vec<(TopicName, PartitionIndex)>,
    /// Its rack, from version 3 on.
    pub(crate) rack: Option<Arc<str>>,
}

impl Subscription {
    /// Reads a subscription; bytes behind it are passed over.
    ///
    /// # Errors
    /// If it is cut short or its version is negative.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Fields::new(bytes);
        let version = version(&mut fields)?;
        let count = fields.count()?;
        let topics = (0..count).map(|_| fields.string().map(TopicName::from));
        let topics = topics.collect::<Result<_, Malformed>>()?;
        user_data(&mut fields)?;
        let mut owned = Vec::new();
        if version >= 1 {
            for _ in 0..fields.count()? {
                let (topic, partitions) = partitions::<Vec<_>>(&mut fields)?;
                owned.extend(partitions.into_iter().map(|partition| (topic.clone(), partition)));
            }
        }
        if version >= 2 {
            // The generation that it owns them in.
            fields.int32()?;
        }
        let rack = if version >= 3 { fields.nullable_string()? } else { None };
        let rack = rack.filter(|rack| !rack.is_empty()).map(Arc::from);
        Ok(Self { topics, owned, rack })
    }
}

/// What a member is told with SyncGroup.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Assignment {
    /// Its partitions, by topic; of a topic that is named twice, the last ones.
    pub(crate) partitions: BTreeMap<TopicName, BTreeSet<PartitionIndex>>,
    /// Whether an assignor added data of its own.
    pub(crate) has_user_data: bool,
}

impl Assignment {
    /// Reads an assignment; bytes behind it are passed over, and no bytes at all assign nothing.
    ///
    /// # Errors
    /// If it is cut short or its version is negative.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let mut fields = Fields::new(bytes);
        version(&mut fields)?;
        let count = fields.count()?;
        let assigned = (0..count).map(|_| partitions(&mut fields));
        let partitions = assigned.collect::<Result<_, Malformed>>()?;
        let has_user_data = user_data(&mut fields)?.is_some_and(|data| !data.is_empty());
        Ok(Self { partitions, has_user_data })
    }

    /// The bytes of an assignment for a member with this subscription, in the version of it.
    ///
    /// # Errors
    /// If the subscription has no version, or a negative one.
    pub(crate) fn encode(&self, subscription: &[u8]) -> Result<Bytes, Malformed> {
        let version = version(&mut Fields::new(subscription))?;
        let mut out = Vec::new();
        out.put_i16(version);
        put_count(&mut out, self.partitions.len());
        for (topic, partitions) in &self.partitions {
            put_string(&mut out, topic);
            put_count(&mut out, partitions.len());
            for partition in partitions {
                out.put_i32(partition.0);
            }
        }
        // No data of an assignor.
        out.put_i32(-1);
        Ok(out.into())
    }
}

fn version(fields: &mut Fields<'_>) -> Result<i16, Malformed> {
    match fields.int16()? {
        version if version < 0 => Err(Malformed::Version(version)),
        version => Ok(version.min(MAX_VERSION)),
    }
}

fn partitions<C: FromIterator<PartitionIndex>>(
    fields: &mut Fields<'_>,
) -> Result<(TopicName, C), Malformed> {
    let topic = fields.string()?.into();
    let count = fields.count()?;
    let partitions = (0..count).map(|_| fields.int32().map(PartitionIndex));
    Ok((topic, partitions.collect::<Result<_, Malformed>>()?))
}

/// Any negative length is that of no data.
fn user_data<'a>(fields: &mut Fields<'a>) -> Result<Option<&'a [u8]>, Malformed> {
    match usize::try_from(fields.int32()?) {
        Ok(length) => fields.take(length).map(Some),
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests;
