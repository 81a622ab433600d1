//! The story as a sequence diagram of Mermaid.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use super::lanes::{Lanes, anchor, shown};
use super::words::{Words, lane_of};
use super::{Happening, Lane, Moment};
use crate::event::Event;

/// Writes the diagram. What clients ask all the time is left out unless a fault met it, and so is what
/// goes on in the logs of coordinators.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, moments: &[Moment]) -> fmt::Result {
    let lanes = Lanes::of(moments);
    writeln!(out, "sequenceDiagram")?;
    for (place, lane) in lanes.iter().enumerate() {
        let kind = if matches!(lane, Lane::Client(_)) { "actor" } else { "participant" };
        writeln!(out, "    {kind} l{place} as {}", Plain(lane))?;
    }
    let last = lanes.iter().len().saturating_sub(1);
    let mut owners = BTreeMap::new();
    for moment in moments {
        let mut hit_at = 0;
        for happening in shown(moment) {
            if let Some(lane) = anchor(happening) {
                hit_at = lanes.place(&lane);
            }
            match happening {
                Happening::Asked { client, to, request, .. } => {
                    let (from, to) = (lanes.client(client), lanes.place(to));
                    writeln!(out, "    l{from}->>l{to}: {}", Plain(request))?;
                }
                Happening::Answered { client, from, answer, .. } => {
                    let (to, from) = (lanes.client(client), lanes.place(from));
                    writeln!(out, "    l{from}-->>l{to}: {}", Plain(answer))?;
                }
                Happening::Closed { client, reason } => {
                    let at = lanes.client(client);
                    writeln!(out, "    Note over l{at}: closed: {}", Plain(reason))?;
                }
                Happening::Command { what } => {
                    writeln!(out, "    Note over l0,l{last}: {}", Plain(what))?;
                }
                Happening::Hit { fault, .. } => {
                    writeln!(out, "    Note over l{hit_at}: ⚡ {}", Plain(fault))?;
                }
                Happening::Event(event) => write_event(out, &lanes, &mut owners, event)?,
            }
        }
    }
    Ok(())
}

/// A marker is an arrow from the coordinator of its producer id, all else a note.
fn write_event<'a>(
    out: &mut impl Write,
    lanes: &Lanes,
    owners: &mut BTreeMap<i64, &'a str>,
    event: &'a Event,
) -> fmt::Result {
    if let Event::TransactionChanged { transactional_id, producer_id, .. } = event {
        owners.insert(*producer_id, transactional_id);
    }
    let at = lanes.place(&lane_of(event));
    if let Event::MarkerAppended { producer_id, .. } = event
        && let Some(owner) = owners.get(producer_id)
    {
        let from = lanes.place(&Lane::Transaction((*owner).to_owned()));
        return writeln!(out, "    l{from}->>l{at}: {}", Plain(&Words(event)));
    }
    writeln!(out, "    Note over l{at}: {}", Plain(&Words(event)))
}

/// Text that means nothing to Mermaid.
struct Plain<T>(T);

impl<T: fmt::Display> fmt::Display for Plain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string().chars() {
            match character {
                '#' | ';' | '<' | '>' | '&' | '"' | '%' => write!(f, "#{};", u32::from(character))?,
                it if it.is_control() => f.write_char(' ')?,
                it => f.write_char(it)?,
            }
        }
        Ok(())
    }
}
