//! The format: what is written is read again, and what is not a trace is refused with its line.

#![allow(clippy::unwrap_used, reason = "a test binary has no outside")]

mod format;
mod hostile;
mod pictures;
mod tale;
mod transactions;

use bytes::Bytes;
use fencepost_trace::{
    Broker, Clock, Config, Digest, Header, Input, Lines, Output, ProducerIdBlocks, ReadError,
    Reader, Topic, Turn, Writer,
};

const START: i64 = 1_700_000_000_000;

fn header() -> Header {
    let config = Config {
        release: "4.2".to_owned(),
        transaction_version: 2,
        seed: u64::MAX,
        brokers: vec![Broker { id: 0, host: "127.0.0.1".to_owned(), port: 9092 }],
        settings: [("num.partitions".to_owned(), "3".to_owned())].into(),
        topics: vec![Topic { name: "orders".to_owned(), partitions: Some(1), replicas: None }],
        without: vec!["IDEM-12".to_owned()],
        producer_id_blocks: ProducerIdBlocks::AtHand,
    };
    Header::new(config, START, Clock::Manual)
}

/// One of each kind.
fn turns() -> Vec<Turn> {
    let answer = Output::Answer {
        connection: 7,
        correlation_id: -1,
        api: "Produce".into(),
        version: 12,
        length: 50,
        digest: Digest(0xfeed),
    };
    let close = Output::Close { connection: 7, reason: "it said \"no\"\n".to_owned() };
    let hit = Output::Hit { fault: "lose the answer".to_owned(), matched: 3 };
    let frame = Bytes::from_static(b"\0\0any\xff bytes");
    let elect = Input::Elect { topic: "orders".to_owned(), partition: 0, leader: 2 };
    let gate = serde_json::json!({ "add": [{ "on": "EndTxn", "nth": 1 }] });
    let signal = Output::Signal { process: "app".to_owned(), signal: "STOP".to_owned() };
    let inputs = [
        (Input::Connect { connection: 7, broker: 0, host: "::1".to_owned() }, vec![]),
        (Input::Request { connection: 7, frame }, vec![hit, answer, close]),
        (
            Input::Request { connection: 8, frame: Bytes::new() },
            vec![Output::Done { connection: 8, correlation_id: 3 }],
        ),
        (Input::Disconnect { connection: 8 }, vec![]),
        (Input::Tick, vec![Output::AdvanceClock { ms: 900_000 }]),
        (Input::Crash { broker: 1 }, vec![Output::ClosePort { broker: 1 }]),
        (Input::Stop { broker: 2 }, vec![]),
        (Input::Restart { broker: 1 }, vec![Output::OpenPort { broker: 1 }]),
        (elect, vec![]),
        (Input::CreateInternalTopic { topic: "__transaction_state".to_owned() }, vec![]),
        (Input::Throttle { time_ms: 40 }, vec![signal]),
        (Input::Snapshot { name: "a".to_owned() }, vec![]),
        (Input::Reset { name: "a".to_owned() }, vec![]),
        (Input::Forget { name: "a".to_owned() }, vec![]),
        (Input::Gate(gate), vec![]),
    ];
    let numbered = (1..).zip(inputs);
    numbered.map(|(n, (input, out))| Turn { n, t: START + n as i64, input, out }).collect()
}

fn written(header: &Header, turns: &[Turn]) -> Vec<u8> {
    let (mut file, mut lines) = (Vec::new(), Lines::default());
    turns.iter().for_each(|turn| lines.push(turn));
    let mut writer = Writer::new(&mut file, header).unwrap();
    writer.lines(&mut lines).unwrap();
    writer.finish().unwrap();
    file
}

fn read(file: &[u8]) -> Result<Vec<Turn>, ReadError> {
    Reader::new(file)?.collect()
}
