//! `shrink`: the shortest scenario that still shows a difference.

use fencepost_reference::{Kafka, Scenario, differences, run as play, warm_up};

use crate::chosen::Live;
use crate::play::model;

/// Prints the shortest scenario that was found, in the form of a file.
pub(crate) fn run(live: &Live) -> Result<bool, String> {
    let base = model(live.chosen.target, None)?;
    warm_up(&mut Kafka::new(live.bootstrap)).map_err(|error| error.to_string())?;
    // One that cannot be played, since an answer is missing that it refers to, does not differ.
    let differs = |scenario: &Scenario| {
        let reference = play(scenario, &mut Kafka::new(live.bootstrap));
        let fencepost = play(scenario, &mut base.clone());
        matches!((reference, fencepost), (Ok(a), Ok(b)) if !differences(scenario, &a, &b).is_empty())
    };
    for mut scenario in live.chosen.scenarios()? {
        if !differs(&scenario) {
            println!("# {}: no difference", scenario.title);
            continue;
        }
        let mut index = 0;
        while index < scenario.steps.len() {
            let mut shorter = scenario.clone();
            shorter.steps.remove(index);
            if differs(&shorter) {
                scenario = shorter;
            } else {
                index += 1;
            }
        }
        println!("scenario {}", scenario.title);
        for step in &scenario.steps {
            println!("  {}", step.line);
        }
    }
    Ok(true)
}
