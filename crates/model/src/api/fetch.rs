//! Fetch (key 1), versions 4 to 18: FETCH-01 to FETCH-32.

mod read;
mod session;
pub(crate) use session::FetchSessions;

use std::collections::BTreeMap;

use fencepost_ids::{
    BrokerId, ErrorCode, LeaderEpoch, Offset, PartitionIndex, Rule, Timestamp, TopicId, TopicName,
};
use fencepost_log::Isolation;
use fencepost_wire::messages::FetchRequest;
use fencepost_wire::{
    AbortedTransaction, FetchResponse, FetchedTopic, FromWire, NodeEndpoint, StrBytes,
};

use self::read::{Limits, Row};
use self::session::{Answered, Asked, SessionUse};
use crate::metadata::{Metadata, PartitionKey};
use crate::parked::Parked;
use crate::step::{Call, Step};

/// The first version that names topics by id.
const TOPIC_ID_VERSION: i16 = 13;
/// The first version with sessions.
const SESSION_VERSION: i16 = 7;

/// The aborted transactions of one partition's answer.
type Aborted = Option<Vec<AbortedTransaction>>;

/// A fetch that found too little.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    call: Call,
    /// When the client's patience ends.
    deadline: Timestamp,
    limits: Limits,
    session: SessionUse,
    /// The session id of the request.
    asked_session: i32,
    asked: Vec<Asked>,
    /// In which segment of each partition the reader stood at first (FETCH-25).
    segments: Vec<Option<Offset>>,
    /// What the first read found aborted, if that is what is answered (LSO-15).
    first_aborted: Option<Vec<Aborted>>,
}

pub(crate) fn handle(step: &mut Step<'_>, call: &Call, request: FetchRequest) {
    let version = call.ticket.version;
    let replica =
        if version >= 15 { request.replica_state.replica_id.0 } else { request.replica_id.0 };
    let is_another = replica >= 0 && replica != call.broker.0;
    if is_another && step.cluster.metadata.brokers().any(|broker| broker.id.0 == replica) {
        let reason =
            format!("Fetch as replica {replica}: brokers replicate by messages of their own");
        return step.close(call.ticket.connection, reason);
    }
    let isolation = match request.isolation_level {
        0 => Isolation::ReadUncommitted,
        1 => Isolation::ReadCommitted,
        _ => {
            // The session is looked up all the same, and may be what is wrong.
            let (whole, error) = (request.clone(), ErrorCode::UnknownServerError);
            return match resolve_session(step, call, request) {
                Ok(_) => refuse(step, call, &whole, error),
                Err(error) => refuse_session(step, call, error),
            };
        }
    };
    let settings = &step.cluster.config.settings;
    let max_bytes = request.max_bytes.min(settings.fetch_max_bytes);
    let limits = Limits {
        isolation,
        is_replica: replica >= 0,
        max_bytes,
        min_bytes: request.min_bytes.min(max_bytes),
        uses_topic_ids: version >= TOPIC_ID_VERSION,
        max_wait_ms: request.max_wait_ms,
    };
    let asked_session = request.session_id;
    match resolve_session(step, call, request) {
        Ok((session, asked)) => {
            let deadline = step.now.plus_millis(i64::from(limits.max_wait_ms));
            let call = call.clone();
            let (segments, first_aborted) = (Vec::new(), None);
            let mut waiting = Waiting {
                call,
                deadline,
                limits,
                session,
                asked_session,
                asked,
                segments,
                first_aborted,
            };
            let broker = waiting.call.broker;
            let rows = read::read(step, broker, version, &limits, &waiting.asked);
            if limits.max_wait_ms <= 0 || read::is_enough(&limits, &rows) {
                answer(step, waiting, rows);
            } else {
                if !step.cluster.config.rules.is_on(Rule::AbortsOfWaitingFetch) {
                    let aborted = rows.iter().map(|row| row.answer.aborted_transactions.clone());
                    waiting.first_aborted = Some(aborted.collect());
                }
                let segments = rows.iter().map(|row| row.outlook.map(|outlook| outlook.segment));
                waiting.segments = segments.collect();
                park(step, waiting, &rows);
            }
        }
        Err(error) => refuse_session(step, call, error),
    }
}

fn refuse_session(step: &mut Step<'_>, call: &Call, error: ErrorCode) {
    let response = FetchResponse { error_code: error, ..FetchResponse::default() };
    step.respond(call.ticket, response);
}

/// What the request is to serve: all it names, or what its session remembers (FETCH-03 to
/// FETCH-06).
fn resolve_session(
    step: &mut Step<'_>,
    call: &Call,
    request: FetchRequest,
) -> Result<(SessionUse, Vec<Asked>), ErrorCode> {
    let version = call.ticket.version;
    let uses_topic_ids = version >= TOPIC_ID_VERSION;
    let now = step.now;
    let rules = step.cluster.config.rules;
    let (id, epoch) = (request.session_id, request.session_epoch);
    let mut asked = asked(uses_topic_ids, &request);
    resolve_names(&step.cluster.metadata, &mut asked);
    let Some(broker) = step.broker(call.broker) else { return Ok((SessionUse::None, asked)) };
    if version < SESSION_VERSION {
        return Ok((SessionUse::None, asked));
    }
    match epoch {
        0 | -1 => {
            broker.fetch_sessions.remove(id);
            let session =
                if epoch == 0 { SessionUse::Create { uses_topic_ids } } else { SessionUse::None };
            Ok((session, asked))
        }
        _ => {
            let forgotten: Vec<_> = request
                .forgotten_topics_data
                .iter()
                .flat_map(|topic| {
                    let (id, name) =
                        topic_of(uses_topic_ids, &topic.topic, TopicId::from_wire(&topic.topic_id));
                    topic
                        .partitions
                        .iter()
                        .map(move |partition| (id, name.clone(), PartitionIndex(*partition)))
                })
                .collect();
            let sessions = &mut broker.fetch_sessions;
            let served = sessions.update(id, epoch, uses_topic_ids, now, asked, &forgotten, rules);
            served.map(|(session, mut asked)| {
                resolve_names(&step.cluster.metadata, &mut asked);
                (session, asked)
            })
        }
    }
}

/// Refuses a request as a whole; by name, each partition says so as well.
fn refuse(step: &mut Step<'_>, call: &Call, request: &FetchRequest, error: ErrorCode) {
    let by_name = call.ticket.version < TOPIC_ID_VERSION;
    let topics = request.topics.iter().filter(|_| by_name).map(|topic| {
        let indexes = topic.partitions.iter().map(|asked| PartitionIndex(asked.partition));
        FetchedTopic {
            topic: TopicName::from_wire(&topic.topic),
            topic_id: TopicId::ZERO,
            partitions: indexes.map(|index| read::set_aside(index, error)).collect(),
        }
    });
    let topics = topics.collect();
    let session_id = if call.ticket.version < SESSION_VERSION { 0 } else { request.session_id };
    let response =
        FetchResponse { error_code: error, session_id, topics, ..FetchResponse::default() };
    step.respond(call.ticket, response);
}

/// Gives partitions that are asked for by id the names of their topics. A session keeps the name, also
/// when its topic is deleted (FETCH-12, FETCH-13).
fn resolve_names(metadata: &Metadata, asked: &mut [Asked]) {
    for asked in asked.iter_mut().filter(|asked| asked.topic.is_none()) {
        asked.topic = metadata.topic_by_id(asked.topic_id).map(|topic| topic.name.clone());
    }
}

fn topic_of(
    uses_topic_ids: bool,
    name: &fencepost_wire::messages::TopicName,
    id: TopicId,
) -> (TopicId, Option<TopicName>) {
    if uses_topic_ids { (id, None) } else { (TopicId::ZERO, Some(TopicName::from_wire(name))) }
}

/// What a request names, each partition once: where it is named first, as it is named last
/// (FETCH-02).
fn asked(uses_topic_ids: bool, request: &FetchRequest) -> Vec<Asked> {
    let mut asked: Vec<Asked> = Vec::new();
    let topics = request.topics.iter().map(|topic| {
        let (topic_id, name) =
            topic_of(uses_topic_ids, &topic.topic, TopicId::from_wire(&topic.topic_id));
        topic.partitions.iter().map(move |partition| Asked {
            topic: name.clone(),
            topic_id,
            partition: PartitionIndex(partition.partition),
            offset: Offset(partition.fetch_offset),
            current_leader_epoch: given(partition.current_leader_epoch),
            last_fetched_epoch: given(partition.last_fetched_epoch),
            max_bytes: partition.partition_max_bytes,
        })
    });
    // By a map, since a client may name a hundred thousand.
    let mut places = BTreeMap::new();
    for partition in topics.flatten() {
        let next = asked.len();
        match *places.entry(partition.place()).or_insert(next) {
            at if at < next => asked[at] = partition,
            _ => asked.push(partition),
        }
    }
    asked
}

/// A leader epoch of a fetch: every negative one stands for none.
fn given(epoch: i32) -> LeaderEpoch {
    LeaderEpoch(epoch.max(LeaderEpoch::NONE.0))
}

fn park(step: &mut Step<'_>, waiting: Waiting, rows: &[Row]) {
    let watched: Vec<PartitionKey> = rows.iter().filter_map(|row| row.key).collect();
    let deadline = waiting.deadline;
    let (broker, serial) = (waiting.call.broker, waiting.call.ticket.serial);
    step.park(broker, serial, Parked::Fetch(waiting), watched, Some(deadline));
}

/// A watched partition moved: the fetch is answered if it finds enough now, else it waits on
/// (FETCH-25).
pub(crate) fn look_again(step: &mut Step<'_>, broker: BrokerId, waiting: Waiting) {
    let version = waiting.call.ticket.version;
    let mut rows = read::read(step, broker, version, &waiting.limits, &waiting.asked);
    read::gone_meanwhile(&mut rows, &waiting.segments);
    for (row, began_in) in rows.iter_mut().zip(&waiting.segments) {
        if let (Some(outlook), Some(segment)) = (&mut row.outlook, began_in) {
            outlook.segment = *segment;
        }
    }
    if read::ends_wait(&waiting.limits, &rows) {
        answer(step, waiting, rows);
    } else {
        park(step, waiting, &rows);
    }
}

/// The wait is over: whatever there is, is answered (FETCH-26).
pub(crate) fn expire(step: &mut Step<'_>, broker: BrokerId, waiting: Waiting) {
    let version = waiting.call.ticket.version;
    let mut rows = read::read(step, broker, version, &waiting.limits, &waiting.asked);
    read::gone_meanwhile(&mut rows, &waiting.segments);
    answer(step, waiting, rows);
}

fn answer(step: &mut Step<'_>, waiting: Waiting, mut rows: Vec<Row>) {
    let Waiting { call, session, asked_session, asked, first_aborted, .. } = waiting;
    for (row, aborted) in rows.iter_mut().zip(first_aborted.into_iter().flatten()) {
        row.answer.aborted_transactions = aborted;
    }
    let now = step.now;
    let slots = step.cluster.config.settings.max_incremental_fetch_session_cache_slots;
    let answered: Vec<_> = rows.iter().map(answered).collect();
    let mut random = step.cluster.random.clone();
    let mut told = vec![true; rows.len()];
    let mut session_id = 0;
    if let Some(broker) = step.broker(call.broker) {
        let sessions = &mut broker.fetch_sessions;
        match session {
            SessionUse::None => {}
            SessionUse::Create { uses_topic_ids } => {
                session_id =
                    sessions.create(&asked, &answered, uses_topic_ids, slots, now, &mut random);
            }
            SessionUse::Incremental(id) => {
                told = sessions.tell(id, &asked, &answered);
                session_id = id;
            }
        }
    }
    step.cluster.random = random;
    let told_rows: Vec<_> =
        rows.into_iter().zip(&told).filter(|(_, told)| **told).map(|(row, _)| row).collect();
    let node_endpoints = endpoints(step, call.ticket.version, &told_rows);
    let topics = by_topic(told_rows);
    let last = topics.last().map(|topic| topic.partitions.len());
    let is_nameless = |topic: &FetchedTopic| topic.topic.is_empty() && topic.topic_id.is_zero();
    let nameless = topics.iter().position(is_nameless);
    if call.ticket.version >= TOPIC_ID_VERSION
        && nameless.is_some_and(|at| at + 1 < topics.len() || last > Some(1))
    {
        // A real broker fails at what follows the zero id (FETCH-12).
        let error_code = ErrorCode::UnknownServerError;
        let session_id = asked_session;
        let response = FetchResponse { error_code, session_id, ..FetchResponse::default() };
        return step.respond(call.ticket, response);
    }
    let response = FetchResponse { session_id, topics, node_endpoints, ..FetchResponse::default() };
    step.respond(call.ticket, response);
}

fn answered(row: &Row) -> Answered {
    let answer = &row.answer;
    Answered {
        has_records: !answer.records.is_empty(),
        must_be_told: answer.diverging_epoch.is_some(),
        is_error: !answer.error_code.is_none(),
        high_watermark: answer.high_watermark,
        log_start_offset: answer.log_start_offset,
    }
}

/// Rows in the order of the request, neighbours of one topic together, errors found before the
/// read last, of these topic ids that are not known first (FETCH-02).
fn by_topic(rows: Vec<Row>) -> Vec<FetchedTopic> {
    let (read, set_aside): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.key.is_some());
    let mut topics: Vec<FetchedTopic> = Vec::new();
    let (nameless, set_aside): (Vec<_>, Vec<_>) =
        set_aside.into_iter().partition(|row| row.answer.error_code == ErrorCode::UnknownTopicId);
    for row in read.into_iter().chain(nameless).chain(set_aside) {
        let same =
            |last: &&mut FetchedTopic| last.topic == row.topic && last.topic_id == row.topic_id;
        match topics.last_mut().filter(same) {
            Some(last) => last.partitions.push(row.answer),
            None => topics.push(FetchedTopic {
                topic: row.topic,
                topic_id: row.topic_id,
                partitions: vec![row.answer],
            }),
        }
    }
    topics
}

/// Where the leaders named in the answer listen (FETCH-28).
fn endpoints(step: &Step<'_>, version: i16, rows: &[Row]) -> Vec<NodeEndpoint> {
    if version < 16 {
        return Vec::new();
    }
    let mut leaders: Vec<_> = rows
        .iter()
        .filter_map(|row| row.answer.current_leader)
        .map(|leader| leader.leader_id)
        .collect();
    leaders.sort();
    leaders.dedup();
    leaders
        .into_iter()
        .filter_map(|id| step.cluster.metadata.live_broker(id))
        .map(|broker| NodeEndpoint {
            node_id: broker.id,
            host: StrBytes::from_string(broker.host.to_string()),
            port: i32::from(broker.port),
            rack: None,
        })
        .collect()
}
