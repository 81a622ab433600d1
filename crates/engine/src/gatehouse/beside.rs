//! What a fault does beside what happens to the request or message itself.

use fencepost_faults::Effect;
use fencepost_ids::Timestamp;
use fencepost_model::Input as Step;

use crate::{Engine, Output};

impl Engine {
    pub(super) fn happens_beside(&mut self, now: Timestamp, effect: Effect, out: &mut Vec<Output>) {
        match effect {
            Effect::Crash(broker) => {
                out.push(Output::ClosePort(broker));
                self.step(now, Step::Crash(broker), out);
                self.prune();
            }
            Effect::Stop(broker) => {
                out.push(Output::ClosePort(broker));
                self.step(now, Step::Stop(broker), out);
                self.prune();
            }
            Effect::Restart(broker) => {
                self.step(now, Step::Restart(broker), out);
                out.push(Output::OpenPort(broker));
            }
            Effect::Elect { topic, partition, broker } => {
                self.step(now, Step::Elect { topic, partition, leader: broker }, out);
            }
            Effect::AdvanceClock(time_ms) => out.push(Output::AdvanceClock(time_ms)),
            Effect::Signal(signal) => out.push(Output::Signal(signal)),
            // The gate has raised it; whoever waits for it sees that when this is over.
            Effect::Raise(_) => {}
            Effect::Disconnect(_)
            | Effect::Lose
            | Effect::Delay(_)
            | Effect::Wait(_)
            | Effect::Hold(_)
            | Effect::Duplicate
            | Effect::Error(_)
            | Effect::Corrupt(_)
            | Effect::Throttle(_)
            | Effect::Offer(_) => unreachable!("it happens to the request or message itself"),
        }
    }

    /// Forgets messages that are gone with a broker.
    pub(crate) fn prune(&mut self) {
        if let Some(house) = &mut self.house {
            house.prune(&self.cluster);
        }
    }
}
