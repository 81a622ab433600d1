//! Fault plans, which anybody may write.

use fencepost_faults::{Gate, Plan};

/// The text of a plan, as TOML and as JSON: what is read is written and read again.
pub(crate) fn plan(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for read in [Plan::from_toml(text), Plan::from_json(text)] {
        match read {
            Ok(plan) => {
                let gate = Gate::new(plan.clone()).expect("a plan that was read is in order");
                assert_eq!(gate.list().len(), plan.faults.len());
                assert_eq!(Plan::from_toml(&plan.to_toml()).as_ref(), Ok(&plan));
                assert_eq!(Plan::from_json(&plan.to_json()).as_ref(), Ok(&plan));
            }
            Err(refusal) => assert!(!refusal.to_string().is_empty()),
        }
    }
}
