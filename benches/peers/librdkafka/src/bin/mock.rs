//! One broker of librdkafka's mock cluster, until the process is ended.

use std::error::Error;
use std::thread;

use rdkafka::mocking::MockCluster;

fn main() -> Result<(), Box<dyn Error>> {
    let cluster = MockCluster::new(1)?;
    cluster.create_topic("bench", 8, 1)?;
    println!("ready bootstrap.servers={}", cluster.bootstrap_servers());
    loop {
        thread::park();
    }
}
