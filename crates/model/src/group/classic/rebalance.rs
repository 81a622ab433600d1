//! The join phase: how it starts, waits and ends (GRP-18 to GRP-20).

use bytes::Bytes;
use fencepost_ids::{ErrorCode, GenerationId, Rule, Timestamp};

use super::{ClassicGroup, JoinPhase, Settings, State};
use crate::group::effects::{AfterWrite, Effect, SyncReply};
use crate::timers::GroupTimer;

impl ClassicGroup {
    /// Starts a join phase or, if one runs, ends it if it waits for nobody.
    pub(super) fn rebalance_or_complete(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        out: &mut Vec<Effect>,
    ) {
        match self.state {
            State::Empty | State::CompletingRebalance | State::Stable => {
                self.prepare_rebalance(now, settings, out);
            }
            State::PreparingRebalance(_) => self.maybe_complete_join_phase(now, out),
        }
    }

    /// Ends the join phase if it waits for nobody and is not an initial one.
    pub(super) fn maybe_complete_join_phase(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        match self.state {
            State::PreparingRebalance(JoinPhase::Later) if self.has_all_members_joined() => {
                self.complete_join_phase(now, out);
            }
            State::PreparingRebalance(JoinPhase::Later | JoinPhase::Initial { .. })
            | State::Empty
            | State::CompletingRebalance
            | State::Stable => {}
        }
    }

    /// Ends a join phase, an initial one too, if a removal left nobody to wait for (GRP-19).
    pub(super) fn complete_after_removal(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        match self.state {
            State::PreparingRebalance(_) if self.has_all_members_joined() => {
                self.complete_join_phase(now, out);
            }
            State::PreparingRebalance(_)
            | State::Empty
            | State::CompletingRebalance
            | State::Stable => {}
        }
    }

    /// Starts a join phase (GRP-18).
    pub(super) fn prepare_rebalance(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        out: &mut Vec<Effect>,
    ) {
        if self.state == State::CompletingRebalance {
            self.reset_assignments(now, ErrorCode::RebalanceInProgress, out);
        }
        self.pending_sync.clear();
        out.push(Effect::Disarm(GroupTimer::Sync));
        if self.state == State::Empty {
            let delay_ms = settings.initial_rebalance_delay_ms;
            let remaining_ms = (self.rebalance_timeout_ms() - delay_ms).max(0);
            let phase = JoinPhase::Initial { delay_ms, remaining_ms };
            self.enter(now, State::PreparingRebalance(phase));
            out.push(Effect::Arm(GroupTimer::InitialDelay, now.plus_millis(delay_ms)));
            return;
        }
        self.enter(now, State::PreparingRebalance(JoinPhase::Later));
        if self.has_all_members_joined() {
            self.complete_join_phase(now, out);
        } else {
            self.wait_for_joins(now, out);
        }
    }

    fn wait_for_joins(&self, now: Timestamp, out: &mut Vec<Effect>) {
        let deadline = now.plus_millis(self.rebalance_timeout_ms());
        out.push(Effect::Arm(GroupTimer::Join, deadline));
    }

    /// The initial delay ended: it is extended while members come (GRP-19).
    pub(super) fn initial_delay_ended(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        out: &mut Vec<Effect>,
    ) {
        match self.state {
            State::PreparingRebalance(JoinPhase::Initial { delay_ms, remaining_ms })
                if self.new_member_added && remaining_ms > 0 =>
            {
                self.new_member_added = false;
                let next_ms = settings.initial_rebalance_delay_ms.min(remaining_ms);
                self.state = State::PreparingRebalance(JoinPhase::Initial {
                    delay_ms: next_ms,
                    remaining_ms: (remaining_ms - delay_ms).max(0),
                });
                out.push(Effect::Arm(GroupTimer::InitialDelay, now.plus_millis(next_ms)));
            }
            State::PreparingRebalance(_) => self.complete_join_phase(now, out),
            State::Empty | State::CompletingRebalance | State::Stable => {}
        }
    }

    /// The join timer fired.
    pub(super) fn join_phase_ended(
        &mut self,
        now: Timestamp,
        settings: &Settings,
        out: &mut Vec<Effect>,
    ) {
        match self.state {
            State::PreparingRebalance(_) if settings.rules.is_on(Rule::JoinPhaseEnd) => {
                self.complete_join_phase(now, out);
            }
            State::PreparingRebalance(_)
            | State::Empty
            | State::CompletingRebalance
            | State::Stable => {}
        }
    }

    /// Ends the join phase with those who came (GRP-20).
    pub(super) fn complete_join_phase(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        out.push(Effect::Disarm(GroupTimer::InitialDelay));
        out.push(Effect::Disarm(GroupTimer::Join));
        for member in self.member_ids() {
            let absent = &self.members[&member];
            if absent.awaiting_join.is_none() && absent.instance.is_none() {
                self.remove(&member, out);
            }
        }
        if !self.members.is_empty() && !self.elect_parked_leader() {
            return self.wait_for_joins(now, out);
        }
        // Java's arithmetic wraps; a generation that high is not reached in practice.
        self.generation = GenerationId(self.generation.0.wrapping_add(1));
        self.pending_sync.clear();
        self.protocol = self.select_protocol();
        self.refresh_subscribed_topics();
        if self.members.is_empty() {
            self.enter(now, State::Empty);
            out.push(Effect::Write(self.value(None), AfterWrite::BecameEmpty));
            return;
        }
        self.enter(now, State::CompletingRebalance);
        for id in self.member_ids() {
            self.answer_join(&id, self.current_generation(&id), out);
            self.restart_session(now, &id, out);
            if let Some(member) = self.members.get_mut(&id) {
                member.is_new = false;
            }
            self.pending_sync.insert(id);
        }
        out.push(Effect::Arm(GroupTimer::Sync, now.plus_millis(self.rebalance_timeout_ms())));
    }

    /// Makes sure that the leader is parked; whether anybody is.
    fn elect_parked_leader(&mut self) -> bool {
        let parked = self.members.values().filter(|member| member.awaiting_join.is_some());
        let Some(first) = parked.clone().min_by_key(|member| member.ordinal) else { return false };
        if !parked.clone().any(|member| self.is_leader(&member.id)) {
            self.leader = Some(first.id.clone());
        }
        true
    }

    /// Takes all assignments back and answers the parked SyncGroups with an error (GRP-18, GRP-26).
    pub(super) fn reset_assignments(
        &mut self,
        now: Timestamp,
        error: ErrorCode,
        out: &mut Vec<Effect>,
    ) {
        for id in self.member_ids() {
            if let Some(member) = self.members.get_mut(&id) {
                member.assignment = Bytes::new();
            }
            if self.answer_sync(&id, SyncReply::refused(error), out) {
                self.restart_session(now, &id, out);
            }
        }
    }
}
