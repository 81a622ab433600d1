//! What the gate was told, in JSON.

use fencepost_faults::Plan;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::BadInput;
use crate::GateCommand;

/// A command as a trace holds it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Recorded {
    Add(Plan),
    Remove(String),
    Raise(String),
    Release(u64),
    Step,
    /// The text of the schedule.
    Follow(String),
    Flow,
}

pub(super) fn recorded_command(command: &GateCommand) -> Value {
    let recorded = match command {
        GateCommand::Add(plan) => Recorded::Add(plan.clone()),
        GateCommand::Remove(name) => Recorded::Remove(name.clone()),
        GateCommand::Raise(event) => Recorded::Raise(event.clone()),
        GateCommand::Release(number) => Recorded::Release(*number),
        GateCommand::Step => Recorded::Step,
        GateCommand::Follow(schedule) => Recorded::Follow(schedule.to_string()),
        GateCommand::Flow => Recorded::Flow,
    };
    serde_json::to_value(recorded).expect("a plan is written as JSON")
}

pub(super) fn command_of(recorded: &Value) -> Result<GateCommand, BadInput> {
    let bad = |error: &dyn std::fmt::Display| BadInput::Gate(error.to_string());
    let recorded: Recorded = serde_json::from_value(recorded.clone()).map_err(|it| bad(&it))?;
    Ok(match recorded {
        Recorded::Add(plan) => GateCommand::Add(plan),
        Recorded::Remove(name) => GateCommand::Remove(name),
        Recorded::Raise(event) => GateCommand::Raise(event),
        Recorded::Release(number) => GateCommand::Release(number),
        Recorded::Step => GateCommand::Step,
        Recorded::Follow(text) => GateCommand::Follow(text.parse().map_err(|it| bad(&it))?),
        Recorded::Flow => GateCommand::Flow,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_the_same_after_a_recording() {
        let plan = r#"{"fault":[{"on":"EndTxn","when":"applied","do":"disconnect"}]}"#;
        let schedule =
            "pass ApiVersions Metadata\nProduce client=a*\nWriteTxnMarkers answer from=1";
        for command in [
            GateCommand::Add(serde_json::from_str(plan).unwrap()),
            GateCommand::Remove("f".to_owned()),
            GateCommand::Raise("e".to_owned()),
            GateCommand::Release(3),
            GateCommand::Step,
            GateCommand::Follow(schedule.parse().unwrap()),
            GateCommand::Flow,
        ] {
            let recorded = recorded_command(&command);
            let again = command_of(&recorded).unwrap();
            assert_eq!(format!("{again:?}"), format!("{command:?}"));
        }
        assert!(command_of(&serde_json::json!({ "add": 1 })).is_err());
        assert!(command_of(&serde_json::json!({ "follow": "Nonsense" })).is_err());
    }
}
