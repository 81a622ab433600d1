//! What became of the records of transactions: open, committed or aborted.

use std::collections::BTreeMap;

use super::{Happening, Moment};
use crate::event::Event;

/// What became of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// Outside transactions.
    Plain,
    /// Its transaction has no marker here.
    Open,
    /// A marker committed it.
    Committed,
    /// A marker aborted it.
    Aborted,
}

impl Fate {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Open => "open",
            Self::Committed => "committed",
            Self::Aborted => "aborted",
        }
    }
}

/// A batch: its turn, partition and first offset.
type Batch<'a> = (u64, &'a str, i64);

/// The fates of batches at the end of a story.
pub(super) fn fates(moments: &[Moment]) -> BTreeMap<Batch<'_>, Fate> {
    let mut fates = BTreeMap::new();
    // By partition and producer id.
    let mut open: BTreeMap<(&str, i64), Vec<Batch<'_>>> = BTreeMap::new();
    for moment in moments {
        for happening in &moment.what {
            match happening {
                Happening::Event(Event::BatchAppended(append)) => {
                    let key = (moment.n, &*append.partition, append.base_offset);
                    let fate = if append.is_transactional { Fate::Open } else { Fate::Plain };
                    fates.insert(key, fate);
                    if append.is_transactional {
                        let producer = (&*append.partition, append.producer_id);
                        open.entry(producer).or_default().push(key);
                    }
                }
                Happening::Event(Event::MarkerAppended {
                    partition, producer_id, commits, ..
                }) => {
                    let fate = if *commits { Fate::Committed } else { Fate::Aborted };
                    for key in open.remove(&(&**partition, *producer_id)).unwrap_or_default() {
                        fates.insert(key, fate);
                    }
                }
                _ => {}
            }
        }
    }
    fates
}
