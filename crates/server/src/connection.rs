//! One client's connection: read a frame, decode it, ask the engine, write the answer, and only
//! then read on (FRAME-06, FRAME-07). The task that reads is the task that steps the cluster, so
//! that a request is served without a change of task.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use fencepost_ids::{BrokerId, Timestamp};
use fencepost_wire::{
    BadLength, CloseReason, EncodeError, Frame, Refusal, RequestHeader, decode_request,
    encode_response, encode_unsupported_api_versions,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tracing::{debug, error, info, trace, warn};

use crate::clock::Clock;
use crate::driver::{Broken, Driver, Line};
use crate::frames::FrameReader;
use crate::mailbox::{Answer, Closing, Mail};

/// Chunks that go into one write.
const CHUNKS_AT_ONCE: usize = 64;

/// Serves a client until either side closes.
pub(crate) async fn serve<S>(driver: &Driver, broker: BrokerId, stream: S, host: Arc<str>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(line) = driver.connect(broker, Arc::clone(&host)) else { return };
    debug!(connection = line.id().0, broker = broker.0, %host, "connected");
    let mut connection = Connection {
        driver,
        line: &line,
        stream,
        frames: FrameReader::new(driver.frame_limit),
        idle: Idle::new(driver),
    };
    let Err(end) = connection.run().await;
    end.log(line.id().0, broker, &host);
}

struct Connection<'a, S> {
    driver: &'a Driver,
    line: &'a Line<'a>,
    stream: S,
    frames: FrameReader,
    idle: Idle<'a>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<'_, S> {
    /// Serves until the connection ends.
    async fn run(&mut self) -> Result<Infallible, End> {
        let mut in_process = 0_u32;
        loop {
            let answer = if in_process > 0 && self.driver.one_request_in_process {
                self.mail().await?
            } else {
                match self.turn().await? {
                    Turn::Answer(answer) => answer,
                    Turn::Frame(frame) => {
                        in_process += 1;
                        match self.ask(frame).await? {
                            Some(answer) => answer,
                            None => continue,
                        }
                    }
                }
            };
            in_process -= 1;
            self.finish(answer).await?;
            self.idle.touch();
        }
    }

    /// Hands a request over. The answer may come later by the mailbox.
    async fn ask(&mut self, frame: Bytes) -> Result<Option<Answer>, End> {
        let release = self.driver.release;
        let kept = self.driver.wants_frames().then(|| frame.clone());
        match decode_request(frame, release) {
            Ok((header, request)) => {
                let RequestHeader { api, version, client_id, correlation_id } = &header;
                let connection = self.line.id().0;
                trace!(connection, correlation_id, %api, version, ?client_id, ?request, "asked");
                Ok(self.line.ask(kept, header, request)?)
            }
            Err(Refusal::Close(reason)) => Err(End::Refused(reason)),
            Err(Refusal::UnsupportedApiVersions { correlation_id }) => {
                self.write(encode_unsupported_api_versions(correlation_id, release)?).await?;
                Ok(Some(Answer::Done))
            }
        }
    }

    /// Sends an answer, and then rests for as long as it asks the client to (FRAME-16).
    async fn finish(&mut self, answer: Answer) -> Result<(), End> {
        let (ticket, response) = match answer {
            Answer::Respond(ticket, response) => (ticket, response),
            Answer::Frame(frame) => return self.write(frame).await,
            Answer::Done => return Ok(()),
        };
        let asked_ms = response.throttle_time_ms().unwrap_or(0);
        let connection = self.line.id().0;
        trace!(connection, correlation_id = ticket.correlation_id, ?response, "answered");
        let frame = encode_response(ticket.correlation_id, ticket.version, &response)?;
        drop(response);
        self.write(frame).await?;
        if asked_ms > 0 {
            self.rest(i64::from(asked_ms)).await?;
        }
        Ok(())
    }

    /// Reads nothing for a while.
    async fn rest(&mut self, time_ms: i64) -> Result<(), End> {
        let clock = &self.driver.clock;
        let over = clock.reached(clock.now().plus_millis(time_ms));
        unless_closed(self.line, &mut self.idle, over).await
    }

    /// The next frame, without its length, or an answer that comes before it.
    async fn turn(&mut self) -> Result<Turn, End> {
        loop {
            if let Some(frame) = self.frames.next_frame()? {
                return Ok(Turn::Frame(frame));
            }
            let Self { frames, stream, line, idle, .. } = self;
            let read = {
                let mut read = pin!(frames.read(stream));
                poll_fn(|context| {
                    if let Poll::Ready(read) = read.as_mut().poll(context) {
                        return Poll::Ready(Ok(Ok(read)));
                    }
                    match line.mailbox.poll_mail(context) {
                        Poll::Ready(Mail::Answer(answer)) => Poll::Ready(Ok(Err(answer))),
                        Poll::Ready(Mail::Close(closing)) => Poll::Ready(Err(End::Closed(closing))),
                        Poll::Pending => idle.poll_over(context).map(|()| Err(End::Idle)),
                    }
                })
                .await?
            };
            match read {
                Ok(read) => {
                    if read? == 0 {
                        return Err(End::ByClient { inside_frame: frames.is_inside_frame() });
                    }
                }
                Err(answer) => return Ok(Turn::Answer(answer)),
            }
            idle.touch();
        }
    }

    /// The answer to a parked request. The client is not listened to meanwhile (FRAME-07), but for
    /// its end where a fault may have the request wait: a request that is delayed ends with it.
    async fn mail(&mut self) -> Result<Answer, End> {
        loop {
            let Self { frames, stream, line, .. } = self;
            let listens = self.driver.wants_frames() && frames.has_room();
            let mut read = pin!(frames.read(stream));
            let came = poll_fn(|context| {
                if let Poll::Ready(mail) = line.mailbox.poll_mail(context) {
                    return Poll::Ready(Ok(mail));
                }
                if listens { read.as_mut().poll(context).map(Err) } else { Poll::Pending }
            })
            .await;
            match came {
                Ok(Mail::Answer(answer)) => return Ok(answer),
                Ok(Mail::Close(closing)) => return Err(End::Closed(closing)),
                Err(read) => {
                    if read? == 0 {
                        return Err(End::ByClient { inside_frame: false });
                    }
                }
            }
        }
    }

    async fn write(&mut self, frame: Frame) -> Result<(), End> {
        let Self { stream, line, idle, .. } = self;
        let mut chunks: Vec<Bytes> = frame.into_chunks().collect();
        let mut left = &mut chunks[..];
        while !left.is_empty() {
            let written = unless_closed(line, idle, write_once(stream, left)).await??;
            if written == 0 {
                return Err(End::Io(io::ErrorKind::WriteZero.into()));
            }
            left = skip(left, written);
            idle.touch();
        }
        Ok(unless_closed(line, idle, stream.flush()).await??)
    }
}

/// What a connection turns to next.
enum Turn {
    Frame(Bytes),
    Answer(Answer),
}

async fn write_once<S: AsyncWrite + Unpin>(stream: &mut S, chunks: &[Bytes]) -> io::Result<usize> {
    if let [chunk] = chunks {
        return stream.write(chunk).await;
    }
    let mut slices = [IoSlice::new(&[]); CHUNKS_AT_ONCE];
    for (slice, chunk) in slices.iter_mut().zip(chunks) {
        *slice = IoSlice::new(chunk);
    }
    stream.write_vectored(&slices[..chunks.len().min(CHUNKS_AT_ONCE)]).await
}

/// What is left of chunks of which `count` bytes are written.
fn skip(chunks: &mut [Bytes], mut count: usize) -> &mut [Bytes] {
    let mut whole = 0;
    while let Some(chunk) = chunks.get(whole)
        && chunk.len() <= count
    {
        count -= chunk.len();
        whole += 1;
    }
    let left = &mut chunks[whole..];
    if let Some(first) = left.first_mut() {
        first.advance(count);
    }
    left
}

/// Waits for the stream, but no longer than the connection may live.
async fn unless_closed<T>(
    line: &Line<'_>,
    idle: &mut Idle<'_>,
    work: impl Future<Output = T>,
) -> Result<T, End> {
    let mut work = pin!(work);
    poll_fn(|context| {
        if let Poll::Ready(value) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(value));
        }
        if let Poll::Ready(closing) = line.mailbox.poll_closing(context) {
            return Poll::Ready(Err(End::Closed(closing)));
        }
        idle.poll_over(context).map(|()| Err(End::Idle))
    })
    .await
}

/// How long nothing has happened, by the brokers' time (FRAME-15).
struct Idle<'a> {
    clock: &'a Clock,
    limit_ms: Option<i64>,
    last: Timestamp,
    /// Begun again only when it is over, so that traffic costs a reading of the clock alone.
    wait: Option<Pin<Box<dyn Future<Output = ()> + Send + 'a>>>,
}

impl<'a> Idle<'a> {
    fn new(driver: &'a Driver) -> Self {
        let millis = |limit: Duration| i64::try_from(limit.as_millis()).ok();
        let clock = &driver.clock;
        Self { clock, limit_ms: driver.idle_limit.and_then(millis), last: clock.now(), wait: None }
    }

    fn touch(&mut self) {
        self.last = self.clock.now();
    }

    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(limit_ms) = self.limit_ms else { return Poll::Pending };
        let end = self.last.plus_millis(limit_ms);
        let clock = self.clock;
        let wait = self.wait.get_or_insert_with(|| Box::pin(clock.reached(end)));
        while wait.as_mut().poll(context).is_ready() {
            if clock.now() >= end {
                return Poll::Ready(());
            }
            *wait = Box::pin(clock.reached(end));
        }
        Poll::Pending
    }
}

/// Why a connection ended.
#[derive(Debug)]
enum End {
    ByClient { inside_frame: bool },
    Io(io::Error),
    BadLength(BadLength),
    Refused(CloseReason),
    Closed(Closing),
    Idle,
    Unencodable(EncodeError),
    Broken,
}

impl End {
    fn log(&self, connection: u64, broker: BrokerId, host: &str) {
        let broker = broker.0;
        match self {
            Self::ByClient { .. } | Self::Io(_) | Self::Closed(Closing::Stopping) => {
                debug!(connection, broker, host, "closed: {self}");
            }
            Self::Closed(Closing::ByFault(fault)) => {
                info!(connection, broker, host, %fault, "closed: {self}");
            }
            Self::BadLength(_)
            | Self::Refused(_)
            | Self::Closed(Closing::Ordered(_))
            | Self::Idle => warn!(connection, broker, host, "closed: {self}"),
            Self::Unencodable(_) | Self::Broken => {
                error!(connection, broker, host, "closed: {self}");
            }
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByClient { inside_frame: false } => f.write_str("the client closed"),
            Self::ByClient { inside_frame: true } => {
                f.write_str("the client closed inside a frame")
            }
            Self::Io(error) => write!(f, "{error}"),
            Self::BadLength(bad) => write!(f, "{bad}"),
            Self::Refused(reason) => write!(f, "{reason}"),
            Self::Closed(Closing::Ordered(reason)) => f.write_str(reason),
            Self::Closed(Closing::ByFault(_)) => f.write_str("a fault disconnects it"),
            Self::Closed(Closing::Stopping) => f.write_str("the server stops"),
            Self::Idle => f.write_str("idle for connections.max.idle.ms"),
            Self::Unencodable(error) => write!(f, "{error}"),
            Self::Broken => f.write_str("a step of the cluster panicked"),
        }
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<BadLength> for End {
    fn from(bad: BadLength) -> Self {
        Self::BadLength(bad)
    }
}

impl From<EncodeError> for End {
    fn from(error: EncodeError) -> Self {
        Self::Unencodable(error)
    }
}

impl From<Broken> for End {
    fn from(_: Broken) -> Self {
        Self::Broken
    }
}
