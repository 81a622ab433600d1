//! One group with a clock and its timers; its answers read as text.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use fencepost_ids::{ConnectionId, ErrorCode, GenerationId, InstanceId, Rules, Timestamp};

use fencepost_wire::ApiKey;

use super::super::*;
use crate::group::effects::{JoinReply, SyncReply};
use crate::group::records::ClassicGroupValue;
use crate::ticket::Ticket;

/// A JoinGroup in the making.
#[derive(Clone)]
pub(super) struct Join {
    request: JoinRequest,
}

impl Join {
    /// A join of a member that the group knows, or of a new one that gets this id; the session lasts
    /// 10 s and a rebalance 60 s.
    pub(super) fn of(id: &str) -> Self {
        Self {
            request: JoinRequest {
                ticket: ticket(0),
                member: Joining::New(id.into()),
                instance: None,
                client_id: "c".into(),
                client_host: "/h".into(),
                session_timeout_ms: 10_000,
                rebalance_timeout_ms: 60_000,
                protocol_type: "consumer".into(),
                protocols: vec![protocol("range", id)],
                requires_known_member: false,
                can_skip_assignment: true,
            },
        }
    }

    pub(super) fn known(mut self) -> Self {
        if let Joining::New(id) = self.request.member {
            self.request.member = Joining::Known(id);
        }
        self
    }

    pub(super) fn instance(mut self, instance: &str) -> Self {
        self.request.instance = Some(instance.into());
        self
    }

    pub(super) fn offering(mut self, names: &[&str]) -> Self {
        self.request.protocols = names.iter().map(|name| protocol(name, "")).collect();
        self
    }

    pub(super) fn metadata(mut self, metadata: &'static [u8]) -> Self {
        self.request.protocols =
            vec![Protocol { name: "range".into(), metadata: Bytes::from_static(metadata) }];
        self
    }

    pub(super) fn of_type(mut self, protocol_type: &str) -> Self {
        self.request.protocol_type = protocol_type.into();
        self
    }

    pub(super) fn rebalance_timeout_ms(mut self, timeout_ms: i32) -> Self {
        self.request.rebalance_timeout_ms = timeout_ms;
        self
    }

    pub(super) fn requires_known_member(mut self) -> Self {
        self.request.requires_known_member = true;
        self
    }

    pub(super) fn cannot_skip_assignment(mut self) -> Self {
        self.request.can_skip_assignment = false;
        self
    }
}

fn ticket(serial: u64) -> Ticket {
    Ticket {
        serial,
        connection: ConnectionId(serial),
        api: ApiKey::JoinGroup,
        version: 9,
        correlation_id: 0,
    }
}

fn protocol(name: &str, metadata: &str) -> Protocol {
    Protocol { name: name.into(), metadata: Bytes::copy_from_slice(metadata.as_bytes()) }
}

pub(super) struct Driver {
    pub(super) group: ClassicGroup,
    pub(super) now: Timestamp,
    pub(super) settings: Settings,
    pub(super) timers: BTreeMap<GroupTimer, Timestamp>,
    pub(super) writes: VecDeque<(ClassicGroupValue, AfterWrite)>,
    replies: Vec<String>,
    names: BTreeMap<u64, String>,
    /// Requests that are neither answered nor given up.
    pub(super) open: BTreeSet<u64>,
}

impl Driver {
    pub(super) fn new() -> Self {
        Self {
            group: ClassicGroup::new(Timestamp(0)),
            now: Timestamp(0),
            settings: Settings {
                max_size: usize::MAX,
                initial_rebalance_delay_ms: 3000,
                rules: Rules::default(),
            },
            timers: BTreeMap::new(),
            writes: VecDeque::new(),
            replies: Vec::new(),
            names: BTreeMap::new(),
            open: BTreeSet::new(),
        }
    }

    /// A Stable group of these dynamic members in generation 1, the first of which leads; nothing
    /// is left to be read.
    pub(super) fn stable(ids: &[&str]) -> Self {
        let joins: Vec<_> = ids.iter().map(|id| Join::of(id)).collect();
        Self::stable_with(&joins)
    }

    pub(super) fn stable_with(joins: &[Join]) -> Self {
        let mut driver = Self::new();
        for join in joins {
            driver.join(join.clone());
        }
        driver.run_until(6000);
        driver.sync_all();
        driver.timers.retain(|timer, _| matches!(timer, GroupTimer::Session(_)));
        driver.now = Timestamp(0);
        for deadline in driver.timers.values_mut() {
            *deadline = Timestamp(10_000);
        }
        driver.replies();
        assert_eq!(driver.group.state(), State::Stable);
        driver
    }

    fn ticket(&mut self, name: String) -> Ticket {
        let ticket = ticket(u64::try_from(self.names.len()).unwrap());
        self.names.insert(ticket.serial, name);
        self.open.insert(ticket.serial);
        ticket
    }

    pub(super) fn join(&mut self, mut join: Join) {
        let (Joining::New(id) | Joining::Known(id)) = &join.request.member;
        join.request.ticket = self.ticket(format!("join {id}"));
        let mut out = Vec::new();
        self.group.join(self.now, &self.settings, join.request, &mut out);
        self.apply(out);
    }

    /// A SyncGroup with the group's generation and these assignments.
    pub(super) fn sync(&mut self, id: &str, assignments: &[(&str, &'static str)]) {
        self.sync_with(id, self.group.generation().0, |request| {
            let given = assignments.iter();
            request.assignments = given
                .map(|(id, bytes)| ((*id).into(), Bytes::from_static(bytes.as_bytes())))
                .collect();
        });
    }

    pub(super) fn sync_with(
        &mut self,
        id: &str,
        generation: i32,
        change: impl FnOnce(&mut SyncRequest),
    ) {
        let mut request = SyncRequest {
            ticket: self.ticket(format!("sync {id}")),
            member: id.into(),
            instance: None,
            generation: GenerationId(generation),
            protocol_type: None,
            protocol: None,
            assignments: Vec::new(),
        };
        change(&mut request);
        let mut out = Vec::new();
        self.group.sync(&self.settings, request, &mut out);
        self.apply(out);
    }

    /// Every member syncs, the leader gives each its own name, and the record is replicated.
    pub(super) fn sync_all(&mut self) {
        let ids: Vec<_> = self.group.members().map(|member| member.id.clone()).collect();
        for id in &ids {
            self.sync_with(id, self.group.generation().0, |request| {
                let own = ids.iter().map(|id| (id.clone(), Bytes::from(id.to_string())));
                request.assignments = own.collect();
            });
        }
        self.replicate();
    }

    pub(super) fn heartbeat(&mut self, id: &str, generation: i32) -> i16 {
        self.heartbeat_as(id, None, generation)
    }

    pub(super) fn heartbeat_as(
        &mut self,
        id: &str,
        instance: Option<&str>,
        generation: i32,
    ) -> i16 {
        let mut out = Vec::new();
        let instance = instance.map(InstanceId::from);
        let generation = GenerationId(generation);
        let error = self.group.heartbeat(self.now, id, instance.as_ref(), generation, &mut out);
        self.apply(out);
        error.code()
    }

    pub(super) fn leave(&mut self, members: &[(&str, Option<&str>)]) -> Vec<i16> {
        let owned: Vec<_> =
            members.iter().map(|(id, instance)| (*id, instance.map(InstanceId::from))).collect();
        let members = owned.iter().map(|(id, instance)| (*id, instance.as_ref()));
        let mut out = Vec::new();
        let errors = self.group.leave(self.now, &self.settings, members, &mut out);
        self.apply(out);
        errors.into_iter().map(ErrorCode::code).collect()
    }

    /// All records written so far are replicated.
    pub(super) fn replicate(&mut self) {
        self.end_writes(Ok(()));
    }

    pub(super) fn end_writes(&mut self, result: Result<(), ErrorCode>) {
        while let Some((_, after)) = self.writes.pop_front() {
            let mut out = Vec::new();
            self.group.written(self.now, &self.settings, after, result, &mut out);
            self.apply(out);
        }
    }

    /// Fires all timers that are due until then, in order; the clock stands there afterwards.
    pub(super) fn run_until(&mut self, millis: i64) {
        while let Some((timer, at)) = self
            .timers
            .iter()
            .filter(|(_, at)| at.0 <= millis)
            .min_by_key(|(_, at)| **at)
            .map(|(timer, at)| (timer.clone(), *at))
        {
            self.now = at;
            self.fire(&timer);
        }
        self.now = Timestamp(millis);
    }

    pub(super) fn fire(&mut self, timer: &GroupTimer) {
        self.timers.remove(timer);
        let mut out = Vec::new();
        self.group.fire(self.now, &self.settings, timer, &mut out);
        self.apply(out);
    }

    pub(super) fn apply(&mut self, out: Vec<Effect>) {
        for effect in out {
            if let Effect::Join(ticket, _) | Effect::Sync(ticket, _) | Effect::Abandon(ticket) =
                &effect
            {
                assert!(self.open.remove(&ticket.serial), "a request is answered once");
            }
            match effect {
                Effect::Join(ticket, reply) => {
                    let text = format!("{}: {}", self.names[&ticket.serial], describe_join(&reply));
                    self.replies.push(text);
                }
                Effect::Sync(ticket, reply) => {
                    let text = format!("{}: {}", self.names[&ticket.serial], describe_sync(&reply));
                    self.replies.push(text);
                }
                Effect::Abandon(ticket) => {
                    self.replies.push(format!("{}: abandoned", self.names[&ticket.serial]));
                }
                Effect::Arm(timer, at) => {
                    self.timers.insert(timer, at);
                }
                Effect::Disarm(timer) => {
                    self.timers.remove(&timer);
                }
                Effect::Write(value, after) => self.writes.push_back((value, after)),
            }
        }
    }

    /// The answers since the last call.
    pub(super) fn replies(&mut self) -> Vec<String> {
        std::mem::take(&mut self.replies)
    }

    pub(super) fn state(&self) -> &'static str {
        self.group.state().name()
    }
}

fn describe_join(reply: &JoinReply) -> String {
    let member = reply.member.as_deref().unwrap_or("-");
    if !reply.error.is_none() {
        return format!("{} for {member}", reply.error.code());
    }
    let leader = reply.leader.as_deref().unwrap_or("-");
    let protocol = reply.protocol.as_deref().unwrap_or("-");
    let members: Vec<_> = reply.members.iter().map(|joined| &*joined.member).collect();
    let skip = if reply.skip_assignment { ", skip assignment" } else { "" };
    format!(
        "{member} in {} under {leader}, {protocol}, members {members:?}{skip}",
        reply.generation
    )
}

fn describe_sync(reply: &SyncReply) -> String {
    if reply.error.is_none() {
        format!("{:?}", String::from_utf8_lossy(&reply.assignment))
    } else {
        reply.error.code().to_string()
    }
}
