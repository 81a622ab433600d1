//! A raw client, and a cluster for it. Every wait is bounded, so that a failure is seen.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use fencepost_ids::{BrokerId, ClientId, ProducerEpoch, ProducerId, Sequence, Timestamp};
use fencepost_log::{BatchBuilder, NewRecord};
use fencepost_model::{ClusterConfig, NewTopic};
use fencepost_server::Server;
use fencepost_wire::messages::fetch_request::{FetchPartition, FetchTopic};
use fencepost_wire::messages::produce_request::{PartitionProduceData, TopicProduceData};
use fencepost_wire::messages::{ApiVersionsRequest, FetchRequest, ProduceRequest, TopicName};
use fencepost_wire::{
    ApiKey, Request, RequestHeader, Response, StrBytes, decode_response, encode_request,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

/// The longest that anything may take.
const BOUND: Duration = Duration::from_secs(60);

/// Waits, but not for ever.
pub(crate) async fn bounded<T>(work: impl Future<Output = T>) -> T {
    timeout(BOUND, work).await.expect("it comes to an end")
}

/// A cluster of one broker, with the topic `a` of one partition, without ports.
pub(crate) fn server() -> Server {
    server_with(&[])
}

/// The same, with some settings.
pub(crate) fn server_with(settings: &[(&str, &str)]) -> Server {
    Server::without_ports(config(1, settings))
}

/// A configuration with the topic `a` of one partition on one broker.
pub(crate) fn config(brokers: i32, settings: &[(&str, &str)]) -> ClusterConfig {
    let mut config = ClusterConfig::new(brokers);
    for (name, value) in settings {
        config.settings.set(name, value).unwrap();
    }
    config.topics.push(NewTopic {
        name: "a".into(),
        partitions: Some(1),
        replication_factor: Some(1),
    });
    config
}

/// A client over a stream.
pub(crate) struct Client<S = DuplexStream> {
    stream: S,
    next_correlation: i32,
}

/// Opens a connection that holds `room` bytes in each direction.
pub(crate) fn connect_with_room(server: &Server, room: usize) -> Client {
    let (near, far) = tokio::io::duplex(room);
    tokio::spawn(server.serve_connection(BrokerId(0), far, "127.0.0.1"));
    Client::new(near)
}

/// Opens a connection.
pub(crate) fn connect(server: &Server) -> Client {
    connect_with_room(server, 64 * 1024)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, next_correlation: 0 }
    }

    /// Sends bytes as they are; the server may have closed already.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        _ = bounded(self.stream.write_all(bytes)).await;
    }

    /// Sends a request and returns its correlation id.
    pub(crate) async fn send(&mut self, version: i16, request: impl Into<Request>) -> i32 {
        self.next_correlation += 1;
        let bytes = frame(self.next_correlation, version, request);
        bounded(self.stream.write_all(&bytes)).await.unwrap();
        self.next_correlation
    }

    /// Receives the next answer.
    pub(crate) async fn receive(&mut self, api: ApiKey, version: i16) -> (i32, Response) {
        decode_response(api, version, self.receive_raw().await).unwrap()
    }

    /// Receives the next frame, without its length.
    pub(crate) async fn receive_raw(&mut self) -> Bytes {
        let length = bounded(self.stream.read_u32()).await.unwrap();
        let mut frame = BytesMut::zeroed(length as usize);
        bounded(self.stream.read_exact(&mut frame)).await.unwrap();
        frame.freeze()
    }

    /// Sends a request and receives its answer.
    pub(crate) async fn call(&mut self, version: i16, request: impl Into<Request>) -> Response {
        let request = request.into();
        let api = request.api();
        let sent = self.send(version, request).await;
        let (correlation_id, response) = self.receive(api, version).await;
        assert_eq!(correlation_id, sent);
        response
    }

    /// Checks that the server still serves this client.
    pub(crate) async fn is_served(&mut self) {
        let Response::ApiVersions(answer) = self.call(0, ApiVersionsRequest::default()).await
        else {
            panic!("not an answer to ApiVersions")
        };
        assert_eq!(answer.error_code, 0);
    }

    /// Checks that the server closes without sending another byte.
    pub(crate) async fn is_closed_unanswered(&mut self) {
        assert_eq!(self.rest().await, b"");
    }

    /// All that still comes until the server closes.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset is an end too.
        _ = bounded(self.stream.read_to_end(&mut rest)).await;
        rest
    }
}

/// A whole frame of a request.
pub(crate) fn frame(correlation_id: i32, version: i16, request: impl Into<Request>) -> Vec<u8> {
    let request = request.into();
    let client_id = ClientId::from("raw");
    let header = RequestHeader { api: request.api(), version, correlation_id, client_id };
    encode_request(&header, &request).unwrap().into_chunks().flatten().collect()
}

/// A frame around a payload.
pub(crate) fn framed(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap();
    [&length.to_be_bytes()[..], payload].concat()
}

/// A request to append one record of so many bytes to `a`-0.
pub(crate) fn produce(acks: i16, bytes: usize) -> ProduceRequest {
    append(acks, BatchBuilder::new(), Timestamp(1_700_000_000_000), &vec![7; bytes])
}

/// A request to append one record of this moment with a sequence to `a`-0.
pub(crate) fn produce_in_sequence(sequence: i32) -> ProduceRequest {
    let batch = BatchBuilder::new().producer(ProducerId(9), ProducerEpoch(0), Sequence(sequence));
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    append(-1, batch, Timestamp(i64::try_from(now.as_millis()).unwrap()), b"v")
}

/// A request to append one record to `a`-0 in a batch of this kind.
pub(crate) fn append(
    acks: i16,
    mut batch: BatchBuilder,
    time: Timestamp,
    value: &[u8],
) -> ProduceRequest {
    batch.push(time, NewRecord { key: None, value: Some(value), headers: &[] });
    let partition = PartitionProduceData::default()
        .with_index(0)
        .with_records(Some(batch.build().bytes().clone()));
    let topic = TopicProduceData::default().with_name(a()).with_partition_data(vec![partition]);
    ProduceRequest::default().with_acks(acks).with_timeout_ms(1000).with_topic_data(vec![topic])
}

/// The base offset that an answer to [`produce`] names.
pub(crate) fn base_offset(response: Response) -> i64 {
    let (error_code, base_offset) = appended(response);
    assert_eq!(error_code, 0);
    base_offset
}

/// The error and the base offset in an answer to [`produce`].
pub(crate) fn appended(response: Response) -> (i16, i64) {
    let Response::Produce(answer) = response else { panic!("not an answer to Produce") };
    let row = &answer.responses[0].partition_responses[0];
    (row.error_code, row.base_offset)
}

/// A request for the records of `a`-0 from an offset on.
pub(crate) fn fetch(from: i64, max_wait_ms: i32) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_partition(0)
        .with_fetch_offset(from)
        .with_partition_max_bytes(i32::MAX);
    let topic = FetchTopic::default().with_topic(a()).with_partitions(vec![partition]);
    FetchRequest::default()
        .with_max_wait_ms(max_wait_ms)
        .with_min_bytes(1)
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

/// The bytes of records in an answer to [`fetch`].
pub(crate) fn fetched_bytes(response: Response) -> usize {
    let Response::Fetch(answer) = response else { panic!("not an answer to Fetch") };
    answer.topics[0].partitions[0].records.iter().map(Bytes::len).sum()
}

fn a() -> TopicName {
    TopicName(StrBytes::from_static_str("a"))
}
