//! A client's transaction that is not whole, in words.

use std::collections::BTreeSet;
use std::fmt;

use super::sent::{Piece, Place, Sent};
use crate::event::Event;
use crate::story::deed::Producer;
use crate::story::logs::Fate;

/// What is wrong with a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// A part of it is committed, and another is not.
    Torn,
    /// All of it is committed, by one end after another: for a while readers saw a part of it.
    Divided,
    /// Its client was told that it is committed, and none of it is.
    Lost,
    /// It is committed, and its client has not asked for that, or was told that it is aborted.
    Unasked,
}

/// A transaction of a client that is not whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What is wrong.
    pub verdict: Verdict,
    /// Whose.
    pub transactional_id: String,
    /// Which of its transactions, from 1.
    pub number: u64,
    /// The producer id and epoch.
    pub producer: Producer,
    /// The first and the last turn in which the client asked for something.
    pub turns: (u64, u64),
    /// What the client asked for last: to commit, or to abort.
    pub asked: Option<bool>,
    /// What the client was told: that it is committed, or that it is aborted.
    pub told: Option<bool>,
    /// What became of its parts.
    pub parts: Vec<Part>,
}

/// A part of a transaction, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// Its partition; of a group's offset none.
    pub partition: Option<String>,
    /// The offsets of the first and the last record.
    pub offsets: (i64, i64),
    /// In words.
    pub words: String,
}

impl Finding {
    pub(super) fn id(&self) -> (&str, u64) {
        (&self.transactional_id, self.number)
    }

    /// Whether a record is of this transaction.
    #[must_use]
    pub fn has(&self, partition: &str, offset: i64) -> bool {
        self.parts.iter().any(|part| {
            part.partition.as_deref() == Some(partition)
                && (part.offsets.0..=part.offsets.1).contains(&offset)
        })
    }
}

impl Finding {
    /// Whether an event puts records of this transaction into a log.
    pub(in crate::story) fn is_about(&self, event: &Event) -> bool {
        let Event::BatchAppended(append) = event else { return false };
        append.producer_id == self.producer.id
            && append.producer_epoch == self.producer.epoch
            && self.has(&append.partition, append.base_offset)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Torn => "TORN",
            Self::Divided => "DIVIDED",
            Self::Lost => "LOST",
            Self::Unasked => "UNASKED",
        })
    }
}

/// Its first line; the parts are told one by one.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verdict, transactional_id, number, producer, turns, .. } = self;
        write!(
            f,
            "{verdict}: transaction {number} of {transactional_id}, producer {} epoch {}, sent in turns \
             {} to {}; its client asked {}, and was told {}",
            producer.id,
            producer.epoch,
            turns.0,
            turns.1,
            match self.asked {
                Some(true) => "to commit",
                Some(false) => "to abort",
                None => "for no end",
            },
            match self.told {
                Some(true) => "that it is committed",
                Some(false) => "that it is aborted",
                None => "of none",
            }
        )
    }
}

/// What is wrong with a transaction, if anything is.
pub(super) fn of(id: &str, sent: &Sent) -> Option<Finding> {
    let verdict = verdict(sent)?;
    let parts = sent.places.iter().flat_map(|(place, pieces)| {
        pieces.pieces.iter().map(move |piece| Part {
            partition: match place {
                Place::Partition(partition) => Some(partition.clone()),
                Place::Offset(..) => None,
            },
            offsets: (piece.first, piece.last),
            words: words(sent, place, piece),
        })
    });
    Some(Finding {
        verdict,
        transactional_id: id.to_owned(),
        number: sent.number,
        producer: sent.producer,
        turns: sent.turns,
        asked: sent.asked,
        told: sent.confirmed,
        parts: parts.collect(),
    })
}

fn verdict(sent: &Sent) -> Option<Verdict> {
    let (mut fates, mut ends) = (BTreeSet::new(), BTreeSet::new());
    for piece in sent.pieces() {
        // What an end has not reached yet may still come to that end.
        if piece.fate != Fate::Open || sent.is_left {
            fates.insert(piece.fate);
            ends.insert(piece.end.map(|end| end.number));
        }
    }
    if fates.contains(&Fate::Committed) && fates.len() > 1 {
        Some(Verdict::Torn)
    } else if fates.contains(&Fate::Committed) && ends.len() > 1 {
        Some(Verdict::Divided)
    } else if fates.contains(&Fate::Committed) {
        let is_asked = sent.has_asked_to_commit && sent.confirmed != Some(false);
        (!is_asked).then_some(Verdict::Unasked)
    } else if fates.contains(&Fate::Aborted) || fates.contains(&Fate::Gone) {
        (sent.confirmed == Some(true)).then_some(Verdict::Lost)
    } else {
        None
    }
}

fn words(sent: &Sent, place: &Place, piece: &Piece) -> String {
    let mut words = match place {
        Place::Partition(partition) if piece.first == piece.last => {
            format!("the record of {partition} at offset {} is ", piece.first)
        }
        Place::Partition(partition) => {
            format!("the records of {partition} at offsets {} to {} are ", piece.first, piece.last)
        }
        Place::Offset(group, partition) => {
            format!("the offset {} of group {group} for {partition} is ", piece.first)
        }
    };
    match piece.fate {
        Fate::Open if sent.is_left => words += "open, and its end is past",
        Fate::Open => words += "open",
        Fate::Gone => words += "gone",
        Fate::Plain | Fate::Committed | Fate::Aborted => words += piece.fate.name(),
    }
    if let Some(marker) = piece.marker {
        words += &format!(", by the marker at {marker}");
    }
    if !matches!(piece.fate, Fate::Committed | Fate::Aborted) {
        return words;
    }
    let direction = if piece.fate == Fate::Committed { "commit" } else { "abort" };
    match piece.end.and_then(|end| end.asked) {
        Some((turn, Some(number))) if number == sent.number => {
            words += &format!(": EndTxn ({direction}) of turn {turn}, its own");
        }
        Some((turn, Some(number))) => {
            words += &format!(
                ": EndTxn ({direction}) of turn {turn}, which was sent to end transaction {number}"
            );
        }
        Some((turn, None)) => words += &format!(": EndTxn ({direction}) of turn {turn}"),
        None => words += ": no EndTxn asked for that",
    }
    words
}
