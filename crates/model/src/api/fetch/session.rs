//! Fetch sessions (KIP-227, FETCH-03 to FETCH-10): a broker remembers what a client reads, so that
//! the client only says what changed.

use std::collections::BTreeMap;

use fencepost_ids::{
    ErrorCode, LeaderEpoch, Offset, PartitionIndex, Rule, Rules, Timestamp, TopicId, TopicName,
};

use crate::random::Random;

/// How long a session must have been unused, or have existed, before another may take its place.
const EVICTION_MS: i64 = 120_000;

/// A partition as the client asked for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    /// Known up to version 12, and as soon as the id is resolved.
    pub(crate) topic: Option<TopicName>,
    /// Known from version 13 on.
    pub(crate) topic_id: TopicId,
    pub(crate) partition: PartitionIndex,
    pub(crate) offset: Offset,
    pub(crate) current_leader_epoch: LeaderEpoch,
    pub(crate) last_fetched_epoch: LeaderEpoch,
    pub(crate) max_bytes: i32,
}

/// What tells two partitions of one session apart.
pub(crate) type Place = (TopicId, Option<TopicName>, PartitionIndex);

impl Asked {
    pub(crate) fn is_at(&self, (id, name, partition): &Place) -> bool {
        self.partition == *partition
            && self.topic_id == *id
            && (!id.is_zero() || self.topic == *name)
    }

    pub(crate) fn place(&self) -> Place {
        (self.topic_id, self.topic.clone(), self.partition)
    }
}

/// A partition of a session, and what its client was last told.
#[derive(Clone, Debug)]
struct Cached {
    asked: Asked,
    high_watermark: Offset,
    log_start_offset: Offset,
}

#[derive(Clone, Debug)]
struct Session {
    /// The session epoch that the next request must carry.
    next_epoch: i32,
    uses_topic_ids: bool,
    created: Timestamp,
    last_used: Timestamp,
    /// In the order in which they are served (FETCH-08).
    partitions: Vec<Cached>,
}

/// How a request relates to sessions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum SessionUse {
    /// No session, and none wanted.
    None,
    /// A full fetch that makes a session when it is answered.
    Create { uses_topic_ids: bool },
    /// An incremental fetch of a session.
    Incremental(i32),
}

/// What an answer holds of one partition, as far as sessions look at it (FETCH-07).
pub(crate) struct Answered {
    pub(crate) has_records: bool,
    pub(crate) must_be_told: bool,
    pub(crate) is_error: bool,
    pub(crate) high_watermark: Offset,
    pub(crate) log_start_offset: Offset,
}

/// The sessions of one broker; any connection may use any of them (FETCH-09).
#[derive(Clone, Default, Debug)]
pub(crate) struct FetchSessions(BTreeMap<i32, Session>);

impl FetchSessions {
    pub(crate) fn remove(&mut self, id: i32) {
        self.0.remove(&id);
    }

    /// Takes an incremental request's changes into its session and returns the partitions to
    /// serve, in order, or the error of the whole request (FETCH-04 to FETCH-06).
    #[expect(clippy::too_many_arguments, reason = "a request as it comes")]
    pub(crate) fn update(
        &mut self,
        id: i32,
        epoch: i32,
        uses_topic_ids: bool,
        now: Timestamp,
        changed: Vec<Asked>,
        forgotten: &[Place],
        rules: Rules,
    ) -> Result<(SessionUse, Vec<Asked>), ErrorCode> {
        let session = self.0.get_mut(&id).ok_or(ErrorCode::FetchSessionIdNotFound)?;
        if session.next_epoch != epoch && rules.is_on(Rule::FetchSessionEpoch) {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        if session.uses_topic_ids != uses_topic_ids {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        session.next_epoch = if epoch == i32::MAX { 1 } else { epoch + 1 };
        session.last_used = now;
        for asked in changed {
            let place = asked.place();
            match session.partitions.iter_mut().find(|cached| cached.asked.is_at(&place)) {
                Some(cached) => cached.asked = asked,
                None => session.partitions.push(Cached::new(asked)),
            }
        }
        session.partitions.retain(|cached| !forgotten.iter().any(|at| cached.asked.is_at(at)));
        let asked: Vec<_> = session.partitions.iter().map(|cached| cached.asked.clone()).collect();
        if asked.is_empty() {
            self.0.remove(&id);
            return Ok((SessionUse::None, asked));
        }
        Ok((SessionUse::Incremental(id), asked))
    }

    /// Makes a session for a full fetch, if there is room (FETCH-03, FETCH-10): its id, or 0.
    pub(crate) fn create(
        &mut self,
        asked: &[Asked],
        answered: &[Answered],
        uses_topic_ids: bool,
        slots: i32,
        now: Timestamp,
        random: &mut Random,
    ) -> i32 {
        if !self.make_room(asked.len(), slots, now) {
            return 0;
        }
        let id = loop {
            let candidate = random.positive_i32();
            if !self.0.contains_key(&candidate) {
                break candidate;
            }
        };
        let partitions = asked
            .iter()
            .zip(answered)
            .map(|(asked, answered)| {
                let mut cached = Cached::new(asked.clone());
                cached.is_told(answered);
                cached
            })
            .collect();
        let session =
            Session { next_epoch: 1, uses_topic_ids, created: now, last_used: now, partitions };
        self.0.insert(id, session);
        id
    }

    /// Whether there is room for a session of so many partitions, after the least recently used
    /// or the least valued session made way if it must (FETCH-10).
    fn make_room(&mut self, partitions: usize, slots: i32, now: Timestamp) -> bool {
        if self.0.len() < usize::try_from(slots).unwrap_or(0) {
            return true;
        }
        let oldest = self.0.iter().min_by_key(|(_, session)| session.last_used);
        let idle = oldest
            .filter(|(_, session)| now.millis_since(session.last_used) > EVICTION_MS)
            .map(|(id, _)| *id);
        let least = || {
            let replaceable = self
                .0
                .iter()
                .filter(|(_, session)| now.millis_since(session.created) > EVICTION_MS);
            replaceable
                .min_by_key(|(id, session)| (session.partitions.len(), **id))
                .filter(|(_, session)| session.partitions.len() <= partitions)
                .map(|(id, _)| *id)
        };
        match idle.or_else(least) {
            Some(id) => self.0.remove(&id).is_some(),
            None => false,
        }
    }

    /// Says of each partition whether an incremental answer tells the client about it, remembers
    /// what it tells, and puts partitions that got records at the end of the order (FETCH-07,
    /// FETCH-08).
    pub(crate) fn tell(&mut self, id: i32, asked: &[Asked], answered: &[Answered]) -> Vec<bool> {
        let Some(session) = self.0.get_mut(&id) else {
            // The session was evicted while the request waited: the client learns everything.
            return vec![true; asked.len()];
        };
        let mut served = Vec::new();
        let told = asked
            .iter()
            .zip(answered)
            .map(|(asked, answered)| {
                let place = asked.place();
                let Some(at) = session.partitions.iter().position(|p| p.asked.is_at(&place)) else {
                    return true;
                };
                if answered.has_records {
                    served.push(place);
                }
                session.partitions[at].is_told(answered)
            })
            .collect();
        for place in served {
            if let Some(at) = session.partitions.iter().position(|p| p.asked.is_at(&place)) {
                let cached = session.partitions.remove(at);
                session.partitions.push(cached);
            }
        }
        told
    }
}

impl Cached {
    const fn new(asked: Asked) -> Self {
        Self { asked, high_watermark: Offset::NONE, log_start_offset: Offset::NONE }
    }

    /// Whether an answer has news of this partition; if so, it is remembered as told.
    fn is_told(&mut self, answered: &Answered) -> bool {
        let moved = answered.high_watermark != self.high_watermark
            || answered.log_start_offset != self.log_start_offset;
        let told = answered.has_records || answered.must_be_told || answered.is_error || moved;
        if answered.is_error {
            // The next good answer is news again.
            self.high_watermark = Offset::NONE;
        } else {
            self.high_watermark = answered.high_watermark;
        }
        self.log_start_offset = answered.log_start_offset;
        told
    }
}
