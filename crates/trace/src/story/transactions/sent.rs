//! One transaction as its client sent it, and what became of each part.

use std::collections::BTreeMap;

use crate::story::deed::Producer;
use crate::story::logs::Fate;

/// Where a part of a transaction goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Place {
    /// A partition.
    Partition(String),
    /// A group's offset for a partition.
    Offset(String, String),
}

/// An end that a coordinator decided on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct End {
    /// Counts them.
    pub(super) number: u64,
    pub(super) commits: bool,
    /// The turn of the EndTxn that it follows, and the number of the transaction that was sent for; none
    /// if the coordinator itself ended it.
    pub(super) asked: Option<(u64, Option<u64>)>,
}

/// Records that stand side by side, or an offset of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// The sequence of the first record.
    sequence: i64,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) fate: Fate,
    pub(super) end: Option<End>,
    /// The offset of the marker.
    pub(super) marker: Option<i64>,
}

/// What goes to one place.
#[derive(Clone, Default, Debug)]
pub(super) struct Pieces {
    /// First and last sequences of records; for a group the offset, twice.
    sent: Vec<(i64, i64)>,
    pub(super) pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// Which of its transactional id, from 1.
    pub(super) number: u64,
    pub(super) producer: Producer,
    /// The first and the last turn in which the client asked for something.
    pub(super) turns: (u64, u64),
    /// Whether the client's EndTxn commits.
    pub(super) asked: Option<bool>,
    /// It has asked to commit, whatever it asked for then.
    pub(super) has_asked_to_commit: bool,
    /// What it was told to be done.
    pub(super) confirmed: Option<bool>,
    /// The client has begun anew.
    pub(super) is_closed: bool,
    /// Something was still open when an end that settled other pieces was complete.
    pub(super) is_left: bool,
    pub(super) places: BTreeMap<Place, Pieces>,
}

impl Sent {
    pub(super) const fn new(number: u64, producer: Producer, turn: u64) -> Self {
        Self {
            number,
            producer,
            turns: (turn, turn),
            asked: None,
            has_asked_to_commit: false,
            confirmed: None,
            is_closed: false,
            is_left: false,
            places: BTreeMap::new(),
        }
    }

    /// Whether nothing of it is in a log.
    pub(super) fn is_empty(&self) -> bool {
        self.places.values().all(|place| place.pieces.is_empty())
    }

    /// Whether what a producer sends next belongs to it.
    pub(super) fn takes(&self, producer: Producer) -> bool {
        self.producer == producer && self.asked.is_none() && !self.is_closed
    }

    pub(super) fn sends(&mut self, place: Place, first: i32, last: i32) {
        let (first, last) = (i64::from(first), i64::from(last));
        let sent = &mut self.places.entry(place).or_default().sent;
        match sent.last_mut() {
            Some((_, end)) if *end + 1 == first => *end = last,
            Some(_) | None => sent.push((first, last)),
        }
    }

    pub(super) fn has_sent(&self, place: &Place, producer: Producer, sequence: i32) -> bool {
        let is_in = |(first, last): &(i64, i64)| (*first..=*last).contains(&i64::from(sequence));
        self.producer == producer
            && self.places.get(place).is_some_and(|pieces| pieces.sent.iter().any(is_in))
    }

    pub(super) fn asks_for(&mut self, place: Place, offset: i64) {
        self.places.entry(place).or_default().sent.push((offset, offset));
    }

    pub(super) fn has_asked_for(&self, place: &Place, offset: i64) -> bool {
        self.places.get(place).is_some_and(|pieces| pieces.sent.contains(&(offset, offset)))
    }

    /// Something of it is in the log; what the group had pending is replaced, and what was gone is back.
    pub(super) fn gets(&mut self, place: Place, sequence: i64, (first, last): (i64, i64)) {
        let is_offset = matches!(place, Place::Offset(..));
        let pieces = &mut self.places.entry(place).or_default().pieces;
        let end = sequence + last - first;
        for piece in pieces.iter_mut().filter(|piece| piece.fate == Fate::Gone) {
            if (sequence..=end).contains(&piece.sequence) {
                let back = end + 1 - piece.sequence;
                (piece.sequence, piece.first) = (end + 1, piece.first + back);
            }
        }
        pieces.retain(|piece| piece.first <= piece.last);
        match pieces.last_mut() {
            Some(piece) if piece.fate == Fate::Open && is_offset => {
                (piece.first, piece.last) = (first, last);
            }
            Some(piece) if piece.fate == Fate::Open && piece.last + 1 == first => piece.last = last,
            Some(_) | None => {
                let (fate, end, marker) = (Fate::Open, None, None);
                pieces.push(Piece { sequence, first, last, fate, end, marker });
            }
        }
    }

    pub(super) fn settle(
        &mut self,
        is_here: &impl Fn(&Place) -> bool,
        fate: Fate,
        end: Option<End>,
        marker: Option<i64>,
    ) {
        let places = self.places.iter_mut().filter(|(place, _)| is_here(place));
        let pieces = places.flat_map(|(_, pieces)| &mut pieces.pieces);
        for piece in pieces.filter(|piece| piece.fate == Fate::Open) {
            (piece.fate, piece.end, piece.marker) = (fate, end, marker);
        }
    }

    /// What is open at a place is of no interest any more.
    pub(super) fn forgets(&mut self, place: &Place) {
        if let Some(place) = self.places.get_mut(place) {
            place.pieces.retain(|piece| piece.fate != Fate::Open);
        }
    }

    /// Its records from an offset on are not in the log any more.
    pub(super) fn loses(&mut self, partition: &str, from: i64) {
        let Some(place) = self.places.get_mut(&Place::Partition(partition.to_owned())) else {
            return;
        };
        let mut gone = Vec::new();
        for piece in place.pieces.iter_mut().filter(|piece| piece.last >= from) {
            let mut lost = Piece { fate: Fate::Gone, end: piece.end, marker: None, ..*piece };
            let stays = (from - piece.first).max(0);
            (lost.sequence, lost.first) = (piece.sequence + stays, piece.first + stays);
            gone.push(lost);
            piece.last = from - 1;
        }
        place.pieces.retain(|piece| piece.first <= piece.last);
        place.pieces.append(&mut gone);
    }

    /// A topic is deleted, and no part of anything.
    pub(super) fn drops(&mut self, is_of_it: &impl Fn(&str) -> bool) {
        self.places.retain(|place, _| match place {
            Place::Partition(partition) => !is_of_it(partition),
            Place::Offset(..) => true,
        });
    }

    pub(super) fn end_is_complete(&mut self, end: End) {
        let of_it = |piece: &Piece| piece.end.is_some_and(|of| of.number == end.number);
        self.is_left |= self.pieces().any(of_it) && self.pieces().any(|it| it.fate == Fate::Open);
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.places.values().flat_map(|place| &place.pieces)
    }
}
