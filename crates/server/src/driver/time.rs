//! Moving the manual clock, and going back to snapshots.

use fencepost_engine::Input;
use fencepost_ids::Timestamp;

use super::{Broken, Dispatch, Driver};

/// Moments to which one holder of the lock moves a manual clock before it lets others in.
const TURNS_AT_ONCE: usize = 1000;

impl Driver {
    /// Moves a manual clock on to `target`, and fires what comes due on the way, each timer at its own
    /// moment. False if there is more to do than one holder of the lock may. After another reset than
    /// the `resets` that there were, the target is none any more.
    pub(crate) fn advance_towards(&self, target: Timestamp, resets: u64) -> Result<bool, Broken> {
        let mut dispatch = Dispatch::default();
        let mut state = self.lock()?;
        if state.resets != resets {
            return Ok(true);
        }
        let mut now = self.clock.now();
        let mut turns = 0;
        let is_there = loop {
            let due = state.engine.next_deadline();
            if due > target || state.stopping {
                // A fault may have moved it further meanwhile.
                now = now.max(target);
                break true;
            }
            if turns == TURNS_AT_ONCE {
                break false;
            }
            now = now.max(due);
            state.turn(now, Input::Tick, &mut dispatch);
            turns += 1;
        };
        self.clock.set(now);
        state.next_look = state.engine.next_deadline();
        drop(state);
        self.deliver(dispatch);
        Ok(is_there)
    }

    /// How often the cluster was reset to a snapshot.
    pub(crate) fn resets(&self) -> Result<u64, Broken> {
        Ok(self.lock()?.resets)
    }

    /// When the next timer is due, or the next one of a name.
    pub(crate) fn next_deadline(&self, timer: Option<&str>) -> Result<Option<Timestamp>, Broken> {
        let state = self.lock()?;
        Ok(match timer {
            None => Some(state.engine.next_deadline()).filter(|at| *at < Timestamp::NEVER),
            Some(name) => {
                let mut deadlines = state.engine.look().deadlines();
                deadlines.find(|deadline| deadline.timer.name() == name).map(|found| found.at)
            }
        })
    }

    /// The snapshots by name, with the moments at which they were taken.
    pub(crate) fn snapshots(&self) -> Result<Vec<(String, Timestamp)>, Broken> {
        let state = self.lock()?;
        Ok(state.engine.snapshots().map(|(name, at)| (name.to_string(), at)).collect())
    }

    /// Makes the cluster what it was at a snapshot, and sets a manual clock back to that moment.
    pub(crate) fn reset(&self, name: &str, at: Timestamp) -> Result<(), Broken> {
        let mut dispatch = Dispatch::default();
        let mut state = self.lock()?;
        self.clock.set(at);
        state.resets += 1;
        state.turn(self.clock.now(), Input::Reset(name.into()), &mut dispatch);
        state.next_look = state.engine.next_deadline();
        drop(state);
        self.timers_changed.notify_one();
        self.deliver(dispatch);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use fencepost_model::ClusterConfig;

    use super::*;
    use crate::clock::ClockKind;
    use crate::server::RunOptions;

    #[test]
    fn who_moves_the_clock_stops_at_a_reset() {
        const START: Timestamp = Timestamp(1_700_000_000_000);
        let clock = ClockKind::Manual { start: Some(START) };
        let options = RunOptions { clock, ..RunOptions::default() };
        let driver = Driver::new(ClusterConfig::new(1), &options).unwrap();
        driver.inject(Input::Snapshot("begin".into())).unwrap();
        let before = driver.resets().unwrap();
        driver.reset("begin", START).unwrap();
        let target = START.plus_millis(60_000);
        assert_eq!(driver.advance_towards(target, before), Ok(true));
        assert_eq!(driver.now(), START);
        assert_eq!(driver.advance_towards(target, driver.resets().unwrap()), Ok(true));
        assert_eq!(driver.now(), target);
    }
}
