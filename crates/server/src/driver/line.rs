//! A connection's end of the driver.

use std::sync::Arc;

use bytes::Bytes;
use fencepost_engine::Input;
use fencepost_ids::ConnectionId;
use fencepost_wire::{Request, RequestHeader};
use tracing::error;

use super::{Broken, Driver};
use crate::mailbox::{Answer, Mailbox};

/// A connection's end of the driver. Dropped, it reports that the connection is closed.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(super) driver: &'a Driver,
    pub(super) id: ConnectionId,
    pub(crate) mailbox: Arc<Mailbox>,
}

impl Line<'_> {
    pub(crate) fn id(&self) -> ConnectionId {
        self.id
    }

    /// Hands a request over; without an answer now it comes by the mailbox.
    pub(crate) fn ask(
        &self,
        frame: Option<Bytes>,
        header: RequestHeader,
        request: Request,
    ) -> Result<Option<Answer>, Broken> {
        let connection = self.id;
        self.driver.turn(Input::Request { connection, frame, header, request }, Some(connection))
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if self.driver.turn(Input::Disconnect { connection: self.id }, None).is_err() {
            error!(connection = self.id.0, "the cluster is broken: a step of it panicked");
        }
        let mut state = self.driver.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.mailboxes.remove(&self.id);
        if state.stopping && state.mailboxes.is_empty() {
            self.driver.drained.notify_one();
        }
    }
}
