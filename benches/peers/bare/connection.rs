//! Requests and responses on a socket.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;

use bytes::Bytes;
use fencepost_ids::ClientId;
use fencepost_wire::{
    ApiKey, MAX_FRAME_BYTES, Request, RequestHeader, Response, decode_response, encode_request,
    frame_length,
};

use crate::Failure;

pub(crate) struct Connection {
    stream: TcpStream,
    correlation_id: i32,
    /// What the answers that are still to come will be.
    asked: VecDeque<(ApiKey, i16)>,
}

impl Connection {
    pub(crate) fn open(server: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, correlation_id: 0, asked: VecDeque::new() })
    }

    /// A request's bytes. They are to be written in the order in which they are made.
    pub(crate) fn frame(
        &mut self,
        version: i16,
        request: impl Into<Request>,
    ) -> Result<Bytes, Failure> {
        let request = request.into();
        self.correlation_id += 1;
        let header = RequestHeader {
            api: request.api(),
            version,
            correlation_id: self.correlation_id,
            client_id: ClientId::from("bare"),
        };
        self.asked.push_back((header.api, version));
        let frame = encode_request(&header, &request)?;
        Ok(frame.chunks().flat_map(|chunk| chunk.iter().copied()).collect())
    }

    pub(crate) fn write(&mut self, frame: &[u8]) -> Result<(), Failure> {
        Ok(self.stream.write_all(frame)?)
    }

    pub(crate) fn read(&mut self) -> Result<Response, Failure> {
        let mut prefix = [0; 4];
        self.stream.read_exact(&mut prefix)?;
        let mut frame = vec![0; frame_length(prefix, MAX_FRAME_BYTES)? as usize];
        self.stream.read_exact(&mut frame)?;
        let (api, version) = self.asked.pop_front().ok_or("an answer that nobody asked for")?;
        Ok(decode_response(api, version, frame.into())?.1)
    }

    pub(crate) fn ask(
        &mut self,
        version: i16,
        request: impl Into<Request>,
    ) -> Result<Response, Failure> {
        let frame = self.frame(version, request)?;
        self.write(&frame)?;
        self.read()
    }
}
