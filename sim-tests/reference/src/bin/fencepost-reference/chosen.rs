//! Which scenarios are played, and at which broker.

use std::net::SocketAddr;

use clap::Args;
use fencepost_reference::{Scenario, Target, all_scenarios, generated};

#[derive(Args)]
pub(crate) struct Chosen {
    /// What is played at, such as 4.2-tv2
    #[arg(long)]
    pub(crate) target: Target,
    /// Only scenarios whose titles contain one of these texts
    titles: Vec<String>,
    /// So many scenarios by chance instead of those that are written
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(crate) generated: u64,
    /// The seed of the first scenario by chance
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
}

#[derive(Args)]
pub(crate) struct Live {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// The address of the broker
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) bootstrap: SocketAddr,
    /// How many scenarios are played at once
    #[arg(long, default_value_t = 4)]
    pub(crate) jobs: usize,
}

impl Chosen {
    /// What is chosen, with at least one scenario.
    pub(crate) fn scenarios(&self) -> Result<Vec<Scenario>, String> {
        if self.generated > 0 {
            let seeds = self.seed..self.seed + self.generated;
            return Ok(seeds.map(|seed| generated(seed, self.target)).collect());
        }
        let mut scenarios = all_scenarios()?;
        scenarios.retain(|scenario| {
            let fits = self.titles.is_empty()
                || self.titles.iter().any(|part| scenario.title.contains(part.as_str()));
            fits && scenario.targets.contains(&self.target)
        });
        if scenarios.is_empty() {
            return Err(format!("no scenario for {} has such a title", self.target));
        }
        Ok(scenarios)
    }
}
