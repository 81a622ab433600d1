//! `show`: what is answered.

use std::net::SocketAddr;

use clap::Args;
use fencepost_reference::{Kafka, Peer, run as play};

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
        let told = match what.bootstrap {
            Some(address) => play(&scenario, &mut Kafka::new(address)),
            None => {
                let mut peer: Box<dyn Peer> = Box::new(model(what.chosen.target, None)?);
                play(&scenario, peer.as_mut())
            }
        };
        for answer in told.map_err(|error| error.to_string())? {
            println!("  {answer}");
        }
    }
    Ok(true)
}
