//! The cluster as a whole, and the connections of its clients.

use std::sync::Arc;

use fencepost_ids::{BrokerId, ClientId, ConnectionId};

use crate::cluster::Cluster;

/// What the cluster is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClusterDescription {
    /// Its id, as clients see it.
    pub cluster_id: Arc<str>,
    /// The broker that answers as the controller; [`BrokerId::NONE`] if all are down (API-18).
    pub controller: BrokerId,
    /// The finalized features by name, with their levels (KIP-584).
    pub features: Vec<(&'static str, i16)>,
}

/// A client's connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnectionDescription {
    /// Its number; no two connections of a cluster's life share one.
    pub id: ConnectionId,
    /// The broker whose port the client reached.
    pub broker: BrokerId,
    /// The client's host.
    pub host: Arc<str>,
    /// What the client called itself in its last request, "" if nothing; none before its first.
    pub client_id: Option<ClientId>,
    /// What the client is, if it has said so.
    pub software: Option<ClientSoftware>,
}

/// What a client is, as it says in ApiVersions from version 3 on (KIP-511).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientSoftware {
    /// Its name, as in `apache-kafka-java`.
    pub name: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
}

impl Cluster {
    /// What the cluster is.
    #[must_use]
    pub fn describe(&self) -> ClusterDescription {
        let features = self.metadata.features.iter();
        ClusterDescription {
            cluster_id: Arc::clone(&self.metadata.cluster_id),
            controller: self.metadata.controller(),
            features: features.map(|(feature, level)| (feature.name, level)).collect(),
        }
    }

    /// The open connections, by number.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionDescription> {
        self.connections.iter().map(|(id, connection)| ConnectionDescription {
            id: *id,
            broker: connection.broker,
            host: Arc::clone(&connection.host),
            client_id: connection.client_id.clone(),
            software: connection.software.clone(),
        })
    }
}
