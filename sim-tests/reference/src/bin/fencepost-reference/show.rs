//! `show`: what is answered.

use std::net::SocketAddr;

use clap::Args;
use fencepost_reference::{Kafka, run as play};

use crate::chosen::Chosen;
use crate::play::model;

#[derive(Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// The address of a broker [default: fencepost answers]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) bootstrap: Option<SocketAddr>,
}

pub(crate) fn run(what: &Show) -> Result<bool, String> {
    for scenario in what.chosen.scenarios()? {
        println!("{}", scenario.title);
        for step in &scenario.steps {
            println!("  {}", step.line);
        }
        let told = match what.bootstrap {
            Some(address) => play(&scenario, &mut Kafka::new(address)),
            None => play(&scenario, &mut model(what.chosen.target, None)?),
        };
        for answer in told.map_err(|error| error.to_string())? {
            println!("  {answer}");
        }
    }
    Ok(true)
}
