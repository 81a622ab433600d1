//! The story as lines of text.

use std::fmt::{self, Write};

use super::words::{Words, is_first_of_internal, is_internal, lane_of};
use super::{Happening, Lane, Moment};
use crate::event::Event;

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(name) => write!(f, "client {name}"),
            Self::Transaction(id) => write!(f, "transaction {id}"),
            Self::Group(id) => write!(f, "group {id}"),
            Self::Partition(partition) => f.write_str(partition),
            Self::Broker(id) => write!(f, "broker {id}"),
        }
    }
}

/// Writes one moment; nothing if nothing happened.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, moment: &Moment) -> fmt::Result {
    let Moment { n, t, what } = moment;
    let news = what.iter().filter(|it| !is_no_news(it));
    for (place, happening) in news.enumerate() {
        if place == 0 {
            write!(out, "{n:>6} {t:>8} ms  ")?;
        } else {
            write!(out, "{:>20}", "")?;
        }
        match happening {
            Happening::Asked { client, to, request, .. } => {
                writeln!(out, "{client} → {to}: {}", OneLine(request))?;
            }
            Happening::Answered { client, from, answer, .. } => {
                writeln!(out, "{client} ← {from}: {}", OneLine(answer))?;
            }
            Happening::Closed { client, reason } => {
                writeln!(out, "{client} ✕ closed: {}", OneLine(reason))?;
            }
            Happening::Command { what } => writeln!(out, "! {}", OneLine(what))?,
            Happening::Hit { fault, matched } => {
                writeln!(out, "⚡ fault {} (match {matched})", OneLine(fault))?;
            }
            Happening::Event(event) => writeln!(out, "  {}: {}", lane_of(event), Words(event))?,
        }
    }
    Ok(())
}

/// Of the logs of coordinators, what is written is told, and not how its marks move.
fn is_no_news(happening: &Happening) -> bool {
    let Happening::Event(event) = happening else { return false };
    let is_mark =
        matches!(event, Event::HighWatermarkMoved { .. } | Event::LastStableOffsetMoved { .. });
    is_first_of_internal(event) || is_mark && is_internal(event)
}

/// Text from outside without control characters, so that it cannot pass for other lines.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|it| f.write_char(if it.is_control() { ' ' } else { it }))
    }
}
