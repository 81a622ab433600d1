//! Messages between brokers on their way.

use fencepost_ids::BrokerId;

use crate::cluster::Cluster;
use crate::network::{MessageBody, MessageId};

/// A message in flight.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageDescription {
    /// Its name.
    pub id: MessageId,
    /// The sender.
    pub from: BrokerId,
    /// The receiver.
    pub to: BrokerId,
    /// What it is, as in `WriteTxnMarkers`.
    pub kind: &'static str,
    /// Whether an earlier message on its channel must arrive first.
    pub is_blocked: bool,
}

impl Cluster {
    /// The messages in flight, in the order in which they were sent.
    pub fn messages(&self) -> impl Iterator<Item = MessageDescription> {
        self.network.iter().map(|message| MessageDescription {
            id: message.id,
            from: message.from,
            to: message.to,
            kind: message.body.name(),
            is_blocked: self.network.is_blocked(message),
        })
    }
}

impl MessageBody {
    /// What the message is, in the field's words: the API of a request, or of what it answers.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::WriteMarkers(_) => "WriteTxnMarkers",
            Self::MarkersWritten { .. } => "WriteTxnMarkersResponse",
            Self::AskAboutTransactions(_) => "AddPartitionsToTxn",
            Self::TransactionsAnswered { .. } => "AddPartitionsToTxnResponse",
            Self::Replicated { .. } => "ReplicaFetch",
            Self::Replicate { .. } => "ReplicaFetchResponse",
        }
    }
}
