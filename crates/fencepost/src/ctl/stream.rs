//! Answers that are printed as they come.

use std::io::{self, Write};

use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;

/// The longest line of an event stream, in bytes.
const LINE_BYTES_MAX: usize = 16 << 20;

/// Prints an answer until it ends, or until nobody reads any more: the data of server-sent events, and
/// anything else as it is.
pub(super) async fn print(answer: Response<Incoming>) -> Result<(), String> {
    let content_type = answer.headers().get(CONTENT_TYPE);
    let has_events = content_type.is_some_and(|it| it.as_bytes().starts_with(b"text/event-stream"));
    let mut body = answer.into_body();
    let mut events = Events::default();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| error.to_string())?;
        let Ok(bytes) = frame.into_data() else { continue };
        let mut stdout = io::stdout().lock();
        let written =
            if has_events { events.print(&bytes, &mut stdout) } else { stdout.write_all(&bytes) };
        if written.and_then(|()| stdout.flush()).is_err() {
            break;
        }
    }
    Ok(())
}

/// Server-sent events as they come, in pieces that end anywhere.
#[derive(Default)]
struct Events {
    line: Vec<u8>,
}

impl Events {
    fn print(&mut self, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
        for byte in bytes {
            if *byte != b'\n' {
                if self.line.len() == LINE_BYTES_MAX {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                self.line.push(*byte);
                continue;
            }
            if let Some(data) = self.line.strip_prefix(b"data: ") {
                out.write_all(data)?;
                out.write_all(b"\n")?;
            }
            self.line.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_printed_wherever_their_pieces_end() {
        let stream = b": watching\n\nid: 1\nevent: fault\ndata: {\"a\":1}\n\ndata: {\"b\":2}\n\n";
        for size in 1..stream.len() {
            let mut events = Events::default();
            let mut out = Vec::new();
            for piece in stream.chunks(size) {
                events.print(piece, &mut out).unwrap();
            }
            assert_eq!(out, b"{\"a\":1}\n{\"b\":2}\n");
        }
    }
}
