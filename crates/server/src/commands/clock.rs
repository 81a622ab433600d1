//! Moving the manual clock.

use fencepost_ids::Timestamp;
use tokio::task::yield_now;

use super::{Commands, ControlError};
use crate::clock::ClockState;

/// How far one call may move the clock, in milliseconds: 31 days.
pub(crate) const ADVANCE_MS_MAX: i64 = 31 * 24 * 3_600_000;

impl Commands {
    pub(crate) fn clock(&self) -> Result<ClockState, ControlError> {
        Ok(ClockState {
            is_manual: self.driver.clock.is_manual(),
            now: self.now(),
            next_deadline: self.driver.next_deadline(None)?,
        })
    }

    pub(crate) async fn advance(&self, by_ms: i64) -> Result<ClockState, ControlError> {
        self.must_be_manual()?;
        let moving = self.moving.lock().await;
        self.advance_to(self.now().plus_millis(by_ms)).await?;
        drop(moving);
        self.clock()
    }

    pub(crate) async fn advance_to_next(
        &self,
        timer: Option<&str>,
    ) -> Result<ClockState, ControlError> {
        self.must_be_manual()?;
        let moving = self.moving.lock().await;
        let at = self.driver.next_deadline(timer)?.ok_or(ControlError::NoTimer)?;
        self.advance_to(at.max(self.now())).await?;
        drop(moving);
        self.clock()
    }

    async fn advance_to(&self, target: Timestamp) -> Result<(), ControlError> {
        // Nobody resets the cluster while the clock is moved.
        let resets = self.driver.resets()?;
        while !self.driver.advance_towards(target, resets)? {
            yield_now().await;
        }
        Ok(())
    }

    fn must_be_manual(&self) -> Result<(), ControlError> {
        if self.driver.clock.is_manual() { Ok(()) } else { Err(ControlError::RealClock) }
    }
}
