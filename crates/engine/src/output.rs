//! What the driver of an engine must do.

use std::sync::Arc;

use fencepost_faults::Signal;
use fencepost_ids::{BrokerId, ConnectionId, ErrorCode};
use fencepost_model::{Event, Message, Ticket};
use fencepost_wire::{Frame, Response};

/// One effect of a turn, for the driver to carry out in order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send a response.
    Respond {
        /// To which request.
        ticket: Ticket,
        /// The response.
        response: Response,
    },
    /// A request has ended without a response, so the connection may be read on (API-38).
    Done {
        /// Which request.
        ticket: Ticket,
    },
    /// Close a connection; the driver need not report its closing.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Why, for the log.
        reason: String,
        /// The fault that says so, if it is one that does.
        fault: Option<Arc<str>>,
    },
    /// Send these bytes, in the place of a response.
    RespondFrame {
        /// To which request.
        ticket: Ticket,
        /// The bytes.
        frame: Frame,
    },
    /// A fault took a broker down: nobody is to reach its port.
    ClosePort(BrokerId),
    /// A fault brought a broker back: its port is to let clients in.
    OpenPort(BrokerId),
    /// A fault moves the clock on by so many milliseconds. The driver ticks then.
    AdvanceClock(u64),
    /// A fault signals a process.
    Signal(Signal),
    /// Something happened inside; told only while the engine observes
    /// ([`Engine::observe`](crate::Engine::observe)), and nothing to do.
    Event(Event),
    /// Something reached the one that it is for; told only while the engine observes, and nothing to
    /// do.
    Reached(Reached),
    /// A fault fired; what it does follows.
    Hit {
        /// Which.
        fault: Arc<str>,
        /// How many matches there have been, this one included.
        matched: u64,
    },
}

/// What reached the one that it is for, or did not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reached {
    /// A request is carried out. Without a fault that is as soon as it arrives.
    Request {
        /// The connection it came on.
        connection: ConnectionId,
        /// The client's number for it.
        correlation_id: i32,
    },
    /// A message between brokers is delivered, lost or refused. Of those by which replicas follow only
    /// what is lost or refused is told.
    Message {
        /// It.
        message: Box<Message>,
        /// What became of it.
        delivery: Delivery,
    },
}

/// What became of a message between brokers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// It takes effect.
    Done,
    /// It does not; its sender sees a connection break.
    Lost,
    /// It is answered with an error, without effect.
    Refused(ErrorCode),
}
