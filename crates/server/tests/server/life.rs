//! Crashes, restarts and the end of the server, on real sockets.

use std::io::ErrorKind;

use fencepost_ids::BrokerId;
use fencepost_server::{Addresses, ControlError, ListenError, Server};
use fencepost_wire::Response;
use fencepost_wire::messages::{ApiVersionsRequest, MetadataRequest};
use tokio::net::TcpStream;

use crate::client::{
    Client, base_offset, bounded, config, connect, connect_with_room, fetch, fetched_bytes,
    produce, server,
};

async fn dial(address: &str) -> std::io::Result<Client<TcpStream>> {
    bounded(TcpStream::connect(address)).await.map(Client::new)
}

fn addresses(server: &Server) -> Vec<String> {
    server.bootstrap_servers().split(',').map(str::to_owned).collect()
}

#[tokio::test]
async fn every_broker_has_a_port_and_metadata_names_it() {
    let server = Server::listen(config(3, &[]), &Addresses::default()).unwrap();
    let addresses = addresses(&server);
    assert_eq!(addresses.len(), 3);
    for address in &addresses {
        let mut client = dial(address).await.unwrap();
        let Response::Metadata(metadata) = client.call(1, MetadataRequest::default()).await else {
            panic!("not an answer to Metadata")
        };
        let named: Vec<_> = metadata
            .brokers
            .iter()
            .map(|broker| format!("{}:{}", broker.host, broker.port))
            .collect();
        assert_eq!(named, addresses);
    }
    bounded(server.stop()).await;
}

#[tokio::test]
async fn a_crash_closes_and_refuses_and_a_restart_serves_what_was_on_disk() {
    let server = Server::listen(config(1, &[]), &Addresses::default()).unwrap();
    let address = addresses(&server).remove(0);
    let mut client = dial(&address).await.unwrap();
    assert_eq!(base_offset(client.call(9, produce(-1, 100)).await), 0);

    bounded(server.crash(BrokerId(0))).await.unwrap();
    client.is_closed_unanswered().await;
    assert_eq!(dial(&address).await.err().unwrap().kind(), ErrorKind::ConnectionRefused);
    bounded(server.crash(BrokerId(0))).await.unwrap();

    bounded(server.restart(BrokerId(0))).await.unwrap();
    bounded(server.restart(BrokerId(0))).await.unwrap();
    let mut client = dial(&address).await.unwrap();
    assert!(fetched_bytes(client.call(11, fetch(0, 0)).await) > 100);
    assert_eq!(base_offset(client.call(9, produce(-1, 100)).await), 1);
    bounded(server.stop()).await;
    assert_eq!(dial(&address).await.err().unwrap().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_crash_cuts_off_parked_requests() {
    let server = server();
    let mut client = connect(&server);
    client.send(11, fetch(0, i32::MAX)).await;
    bounded(server.crash(BrokerId(0))).await.unwrap();
    client.is_closed_unanswered().await;
}

#[tokio::test]
async fn an_unknown_broker_cannot_crash() {
    let server = server();
    let refused = bounded(server.crash(BrokerId(7))).await.unwrap_err();
    assert!(matches!(refused, ControlError::UnknownBroker(BrokerId(7))));
}

/// One connection rests, one waits for a record, one does not read its answer.
#[tokio::test]
async fn the_server_stops_whatever_its_clients_do() {
    let server = server();
    let mut resting = connect(&server);
    resting.is_served().await;
    let mut waiting = connect(&server);
    waiting.send(11, fetch(0, i32::MAX)).await;
    let mut deaf = connect_with_room(&server, 8);
    deaf.send(0, ApiVersionsRequest::default()).await;
    bounded(server.stop()).await;
    resting.is_closed_unanswered().await;
    waiting.is_closed_unanswered().await;
}

#[tokio::test]
async fn a_taken_port_is_refused_with_its_address() {
    let first = Server::listen(config(1, &[]), &Addresses::default()).unwrap();
    let port: u16 = addresses(&first)[0].rsplit(':').next().unwrap().parse().unwrap();
    let taken = Addresses { first_port: port, ..Addresses::default() };
    let Err(error) = Server::listen(config(1, &[]), &taken) else { panic!("two on one port") };
    assert!(matches!(&error, ListenError::Refused { address, .. } if address.port() == port));
    assert!(error.to_string().contains(&port.to_string()));
}

#[tokio::test]
async fn ports_past_the_last_are_refused() {
    let last = Addresses { first_port: u16::MAX, ..Addresses::default() };
    let Err(error) = Server::listen(config(2, &[]), &last) else { panic!("there is no such port") };
    assert!(matches!(error, ListenError::PortRange { brokers: 2, first_port: u16::MAX }));
}
