//! The trace of the run as a download.

use std::fs::File;
use std::io::{self, Read};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use tokio::task::spawn_blocking;

use super::reading::Cluster;
use super::refusal::{Body as RefusalBody, Refusal};

/// Bytes that are read at once.
const CHUNK_BYTES: u64 = 256 << 10;

/// The trace of the run as far as it goes, for `fencepost replay`: JSON lines. What follows in the run is
/// not in it, nor the last line of a run that has ended.
#[utoipa::path(get, path = "/trace", tag = "cluster", responses(
    (status = 200, description = "The trace", body = String, content_type = "application/jsonl"),
    (status = 409, description = "The run is not recorded", body = RefusalBody),
))]
pub(super) async fn download(State(cluster): Cluster) -> Result<Response, Refusal> {
    let recorded = cluster.recorded_file()?;
    let opened = spawn_blocking(move || recorded.open()).await;
    let opened = opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    let (file, length) = opened.map_err(|error| {
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("cannot read the trace: {error}"),
            "see that the file is still there",
        )
    })?;
    let body = Body::from_stream(unfold(Some((file, length)), chunk));
    Ok(([(header::CONTENT_TYPE, "application/jsonl")], body).into_response())
}

type Left = Option<(File, u64)>;

/// The next bytes and what is left then; after an error nothing is.
async fn chunk(left: Left) -> Option<(io::Result<Bytes>, Left)> {
    let (mut file, length) = left.filter(|(_, length)| *length > 0)?;
    let read = spawn_blocking(move || {
        let mut bytes = Vec::new();
        (&mut file).take(length.min(CHUNK_BYTES)).read_to_end(&mut bytes)?;
        Ok((file, bytes))
    });
    match read.await.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
        Ok((_, bytes)) if bytes.is_empty() => {
            Some((Err(io::ErrorKind::UnexpectedEof.into()), None))
        }
        Ok((file, bytes)) => {
            let left = length.saturating_sub(bytes.len() as u64);
            Some((Ok(Bytes::from(bytes)), Some((file, left))))
        }
        Err(error) => Some((Err(error), None)),
    }
}
