//! Random histories of the offsets of one group, against a reference that reads the rules off the log:
//! what is committed or pending follows from the records in their order and from nothing else.

use fencepost_model::Channel;
use fencepost_wire::messages::WriteTxnMarkersResponse;
use proptest::prelude::*;

use super::admin::{delete_groups_request, delete_offsets_request};
use super::*;

const PARTITIONS: i32 = 3;

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    Commit {
        partition: i32,
        offset: i64,
    },
    CommitInTransaction {
        producer: usize,
        partition: i32,
        offset: i64,
    },
    /// A marker, of the producer's epoch or of the next one.
    End {
        producer: usize,
        end: End,
        raises_epoch: bool,
    },
    DeleteOffset {
        partition: i32,
    },
    DeleteGroup,
    /// Replication stops.
    Hold,
    /// Replication goes on.
    Release,
    /// Another broker becomes the leader, and loads.
    Elect {
        broker: i32,
    },
    /// The leader dies and comes back when another has loaded.
    Crash,
}

fn event() -> impl Strategy<Value = Event> {
    let partition = 0..PARTITIONS;
    let offset = 0..100_i64;
    prop_oneof![
        3 => (partition.clone(), offset.clone())
            .prop_map(|(partition, offset)| Event::Commit { partition, offset }),
        6 => (0..2_usize, partition.clone(), offset).prop_map(|(producer, partition, offset)| {
            Event::CommitInTransaction { producer, partition, offset }
        }),
        4 => (0..2_usize, prop_oneof![Just(End::Commit), Just(End::Abort)], any::<bool>())
            .prop_map(|(producer, end, raises_epoch)| Event::End { producer, end, raises_epoch }),
        2 => partition.prop_map(|partition| Event::DeleteOffset { partition }),
        1 => Just(Event::DeleteGroup),
        2 => Just(Event::Hold),
        2 => Just(Event::Release),
        1 => (0..3).prop_map(|broker| Event::Elect { broker }),
        1 => Just(Event::Crash),
    ]
}

/// A record as the reference sees it.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Record {
    Plain { partition: i32, offset: i64 },
    Pending { producer: usize, partition: i32, offset: i64 },
    Marker { producer: usize, end: End },
    Tombstone { partition: i32 },
}

/// What the log has of a partition behind its last tombstone (TXOFF-63), with positions.
fn since_tombstone(log: &[Record], partition: i32) -> impl Iterator<Item = (usize, Record)> {
    let tombstone = log.iter().rposition(|it| *it == Record::Tombstone { partition });
    let first = tombstone.map_or(0, |at| at + 1);
    log.iter().copied().enumerate().skip(first).filter(move |(_, record)| match record {
        Record::Plain { partition: of, .. } | Record::Pending { partition: of, .. } => {
            *of == partition
        }
        Record::Marker { .. } | Record::Tombstone { .. } => false,
    })
}

/// How the transaction of a record ended: by the first marker behind it (TXOFF-07).
fn ending(log: &[Record], at: usize, producer: usize) -> Option<End> {
    log[at..].iter().find_map(|record| match record {
        Record::Marker { producer: of, end } if *of == producer => Some(*end),
        _ => None,
    })
}

/// The committed offset: that of the last record that counts (TXOFF-36 to TXOFF-38), or -1.
fn committed(log: &[Record], partition: i32) -> i64 {
    let counting = since_tombstone(log, partition).filter_map(|(at, record)| match record {
        Record::Plain { offset, .. } => Some(offset),
        Record::Pending { producer, offset, .. } => {
            (ending(log, at, producer) == Some(End::Commit)).then_some(offset)
        }
        Record::Marker { .. } | Record::Tombstone { .. } => None,
    });
    counting.last().unwrap_or(-1)
}

/// Whether a transaction may still change the offset (TXOFF-46).
fn is_unstable(log: &[Record], partition: i32) -> bool {
    since_tombstone(log, partition).any(|(at, record)| match record {
        Record::Pending { producer, .. } => ending(log, at, producer).is_none(),
        Record::Plain { .. } | Record::Marker { .. } | Record::Tombstone { .. } => false,
    })
}

/// The cluster and the reference side by side.
struct History {
    world: World,
    leader: i32,
    client: Client,
    log: Vec<Record>,
    /// How much of the log is replicated, while replication is held.
    held: Option<usize>,
    epochs: [i16; 2],
}

impl History {
    fn new() -> Self {
        let mut world = world(3);
        let client = world.connect(0);
        Self { world, leader: 0, client, log: Vec::new(), held: None, epochs: [0; 2] }
    }

    /// Sends a request, whose answer waits while replication is held.
    fn send(
        &mut self,
        version: i16,
        request: impl Into<fencepost_wire::Request>,
    ) -> Option<Response> {
        let client = self.world.connect(self.leader);
        let pending = self.world.send(client, version, request);
        let answer = self.world.answer(pending);
        assert!(answer.is_some() || self.held.is_some(), "an answer without a reason to wait");
        answer
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Commit { partition, offset } => {
                let answer = self.send(8, commit_request(NOBODY, &[("t", partition, offset)]));
                assert!(answer.is_none_or(|answer| commit_errors(Some(answer)) == [0]));
                self.log.push(Record::Plain { partition, offset });
            }
            Event::CommitInTransaction { producer, partition, offset } => {
                let request = txn_commit_request(
                    (i64::try_from(producer).unwrap(), self.epochs[producer]),
                    NOBODY,
                    &[("t", partition, offset)],
                );
                let answer = self.send(3, request);
                assert!(answer.is_none_or(|answer| txn_commit_errors(Some(answer)) == [0]));
                self.log.push(Record::Pending { producer, partition, offset });
            }
            Event::End { producer, end, raises_epoch } => {
                self.epochs[producer] += i16::from(raises_epoch);
                let id = i64::try_from(producer).unwrap();
                let request = marker_request_of((id, self.epochs[producer]), end);
                match self.send(1, request) {
                    Some(Response::WriteTxnMarkers(WriteTxnMarkersResponse {
                        markers, ..
                    })) => assert_eq!(markers[0].topics[0].partitions[0].error_code, 0),
                    Some(other) => panic!("not a WriteTxnMarkers response: {other:?}"),
                    None => {}
                }
                self.log.push(Record::Marker { producer, end });
            }
            Event::DeleteOffset { partition } => {
                self.send(0, delete_offsets_request(&[("t", partition)]));
                self.log.push(Record::Tombstone { partition });
            }
            Event::DeleteGroup => {
                self.send(2, delete_groups_request(&[GROUP]));
                self.log.extend((0..PARTITIONS).map(|it| Record::Tombstone { partition: it }));
            }
            Event::Hold => {
                if self.held.is_none() {
                    self.held = Some(self.log.len());
                    self.world.hold(|channel| matches!(channel, Channel::Replication(_)));
                }
            }
            Event::Release => {
                self.held = None;
                self.world.release();
            }
            Event::Elect { broker } => {
                if broker != self.leader {
                    self.world.elect("__consumer_offsets", 0, broker);
                    self.led_by(broker);
                }
            }
            Event::Crash => {
                let died = self.leader;
                self.world.crash(died);
                self.world.advance(0);
                let mut others = (0..3).filter(|it| *it != died);
                let leader = others.find(|broker| {
                    let client = self.world.connect(*broker);
                    fetch(&mut self.world, client, false) != Err(16)
                });
                self.led_by(leader.expect("a replica in sync takes over"));
                self.world.restart(died);
                self.world.advance(0);
            }
        }
    }

    /// Another broker leads: it has what was replicated, and loads that.
    fn led_by(&mut self, broker: i32) {
        if let Some(replicated) = self.held.take() {
            self.log.truncate(replicated);
        }
        self.world.release();
        self.world.advance(0);
        self.leader = broker;
        self.client = self.world.connect(broker);
    }

    fn check(&mut self) {
        let replicated = &self.log[..self.held.unwrap_or(self.log.len())];
        let partitions = || (0..PARTITIONS).map(|it| ("t", it));
        let asked: Vec<_> = partitions().collect();
        let row = |partition, offset, error| ("t".to_owned(), partition, offset, error);
        let expected: Vec<_> =
            (0..PARTITIONS).map(|it| row(it, committed(replicated, it), 0)).collect();
        let found =
            fetched(Some(self.world.call(self.client, 7, fetch_request(Some(&asked), false))));
        assert_eq!(found, (0, expected.clone()), "a plain fetch");
        let listed: Vec<_> = expected.into_iter().filter(|row| row.2 >= 0).collect();
        let found = fetched(Some(self.world.call(self.client, 7, fetch_request(None, false))));
        assert_eq!(found, (0, listed), "a plain fetch of all");
        if self.held.is_some() {
            return;
        }
        let log = &self.log;
        let expected: Vec<_> = (0..PARTITIONS)
            .map(|it| match is_unstable(log, it) {
                true => row(it, -1, 88),
                false => row(it, committed(log, it), 0),
            })
            .collect();
        let found =
            fetched(Some(self.world.call(self.client, 7, fetch_request(Some(&asked), true))));
        assert_eq!(found, (0, expected.clone()), "a stable fetch");
        let listed: Vec<_> =
            expected.into_iter().filter(|row| committed(log, row.1) >= 0).collect();
        let found = fetched(Some(self.world.call(self.client, 7, fetch_request(None, true))));
        assert_eq!(found, (0, listed), "a stable fetch of all");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// TXOFF-06, TXOFF-07, TXOFF-08, TXOFF-36, TXOFF-37, TXOFF-38, TXOFF-46, TXOFF-48, TXOFF-49,
    /// TXOFF-63, TXOFF-64, TXOFF-65, TXOFF-75: after every event, each kind of fetch finds what the
    /// log says, before and after a load, and of an unreplicated end only what survives.
    #[test]
    fn txoff_75_offsets_are_what_the_log_says(
        events in proptest::collection::vec(event(), 1..40),
    ) {
        let mut history = History::new();
        for event in events {
            history.happen(event);
            history.check();
        }
    }
}
