//! The story as lines of text.

use std::fmt::{self, Write};

use super::lanes::is_mark;
use super::words::{Ended, Words, is_first_of_internal, is_internal, lane_of};
use super::{Happening, Lane, Moment, Scene, Story};

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
pub fn write(out: &mut impl Write, scene: &Scene) -> fmt::Result {
    let Moment { n, t, what } = &scene.moment;
    let news = what.iter().enumerate().filter(|(_, it)| !is_no_news(it));
    for (row, (place, happening)) in news.enumerate() {
        if row == 0 {
            write!(out, "{n:>6} {t:>8} ms  ")?;
        } else {
            write!(out, "{:>20}", "")?;
        }
        match happening {
            Happening::Asked { client, to, request, arrives, .. } => {
                let aside = if *arrives { "" } else { " [it does not arrive]" };
                writeln!(out, "{client} → {to}: {}{aside}", OneLine(request))?;
            }
            Happening::Arrived { client, to, request, asked_in, .. } => {
                let request = OneLine(request);
                writeln!(out, "{client} ⇢ {to}: {request} [of turn {asked_in}, it arrives now]")?;
            }
            Happening::Answered { client, from, answer, .. } => {
                writeln!(out, "{client} ← {from}: {}", OneLine(answer))?;
            }
            Happening::Said { from, to, brokers: (sender, receiver), what, failed, .. } => {
                write!(out, "  {from} → {to}: {} [broker {sender} → {receiver}]", OneLine(what))?;
                match failed {
                    Some(why) => writeln!(out, " ✕ {why}")?,
                    None => writeln!(out)?,
                }
            }
            Happening::Closed { client, reason } => {
                writeln!(out, "{client} ✕ closed: {}", OneLine(reason))?;
            }
            Happening::Command { what } => writeln!(out, "! {}", OneLine(what))?,
            Happening::Reset { snapshot } => {
                writeln!(out, "! reset to snapshot {}", OneLine(snapshot))?;
            }
            Happening::TopicDeleted { topic } => writeln!(out, "  topic {topic} deleted")?,
            Happening::Hit { fault, matched } => {
                writeln!(out, "⚡ fault {} (match {matched})", OneLine(fault))?;
            }
            Happening::Event(event) => {
                let ended = Ended(scene.ended.get(&place));
                writeln!(out, "  {}: {}{ended}", lane_of(event), Words(event))?;
            }
        }
    }
    Ok(())
}

/// Writes what is to be said of the transactions of clients; nothing if there were none.
///
/// # Errors
/// Those of `out`.
pub fn write_end(out: &mut impl Write, story: &Story) -> fmt::Result {
    let (count, findings) = (story.transactions.count(), story.transactions.findings());
    if count == 0 {
        return Ok(());
    }
    let not_whole = story.transactions.not_whole();
    writeln!(out, "\nTransactions of clients: {count}, not whole: {not_whole}")?;
    for finding in &findings {
        writeln!(out, "{}", OneLine(&finding.to_string()))?;
        for part in &finding.parts {
            writeln!(out, "  {}", OneLine(&part.words))?;
        }
    }
    match not_whole - findings.len() as u64 {
        0 => Ok(()),
        more => writeln!(out, "and {more} more"),
    }
}

/// Of the logs of coordinators, what is written is told, and not how its marks move.
fn is_no_news(happening: &Happening) -> bool {
    let Happening::Event(event) = happening else { return false };
    is_first_of_internal(event) || is_mark(event) && is_internal(event)
}

/// Text from outside without control characters, so that it cannot pass for other lines.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|it| f.write_char(if it.is_control() { ' ' } else { it }))
    }
}
