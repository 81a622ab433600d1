//! The story as a picture: a column for each client, transactional id, group and partition, time from
//! top to bottom.

mod style;

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use self::style::{STYLE, class_of};
use super::fates::{Fate, fates};
use super::lanes::{Lanes, anchor, shown};
use super::words::{Words, lane_of};
use super::{Happening, Lane, Moment};
use crate::event::Event;

const MARGIN: usize = 110;
const COLUMN: usize = 250;
const HEAD: usize = 44;
const ROW: usize = 24;
/// As many characters as fit into a column.
const COLUMN_CHARACTERS: usize = 35;
/// As many characters as fit beside an arrow.
const ARROW_CHARACTERS: usize = 70;

/// Writes the picture. Records are coloured by what became of them by the end of the story. What clients
/// ask all the time is left out unless a fault met it, and so is what goes on in the logs of
/// coordinators.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, moments: &[Moment]) -> fmt::Result {
    let lanes = Lanes::of(moments);
    let rows: usize = moments.iter().map(|moment| shown(moment).count()).sum();
    let width = MARGIN + COLUMN * lanes.iter().len().max(1);
    let height = HEAD + ROW * (rows + 1);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<style>{STYLE}</style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>"
    )?;
    for (place, lane) in lanes.iter().enumerate() {
        write_head(out, place, lane, height)?;
    }
    let mut picture = Picture {
        out,
        lanes: &lanes,
        fates: fates(moments),
        row: 0,
        width,
        owners: BTreeMap::new(),
    };
    moments.iter().try_for_each(|moment| picture.moment(moment))?;
    writeln!(picture.out, "</svg>")
}

fn write_head(out: &mut impl Write, place: usize, lane: &Lane, height: usize) -> fmt::Result {
    let (x, left) = (middle(place), MARGIN + COLUMN * place + 5);
    let kind = match lane {
        Lane::Client(_) => "client",
        Lane::Transaction(_) => "transaction",
        Lane::Group(_) => "group",
        Lane::Partition(_) => "partition",
        Lane::Broker(_) => "broker",
    };
    let name = lane.to_string();
    writeln!(
        out,
        "<line class=\"life\" x1=\"{x}\" y1=\"{HEAD}\" x2=\"{x}\" y2=\"{height}\"/>\
         <rect class=\"head {kind}\" x=\"{left}\" y=\"8\" width=\"{}\" height=\"26\" rx=\"4\"/>\
         <text class=\"head\" x=\"{x}\" y=\"25\">{}<title>{}</title></text>",
        COLUMN - 10,
        Safe(&cut(&name, COLUMN_CHARACTERS)),
        Safe(&name)
    )
}

struct Picture<'a, W> {
    out: &'a mut W,
    lanes: &'a Lanes,
    fates: BTreeMap<(u64, &'a str, i64), Fate>,
    row: usize,
    width: usize,
    /// Transactional ids by their producer ids.
    owners: BTreeMap<i64, &'a str>,
}

impl<'a, W: Write> Picture<'a, W> {
    fn moment(&mut self, moment: &'a Moment) -> fmt::Result {
        let mut happenings = shown(moment).peekable();
        if happenings.peek().is_none() {
            return Ok(());
        }
        let y = self.y();
        let Moment { n, t, .. } = moment;
        writeln!(self.out, "<g class=\"moment\" data-n=\"{n}\">")?;
        writeln!(self.out, "<text class=\"time\" x=\"8\" y=\"{}\">{n} · {t} ms</text>", y + 4)?;
        let mut hit_at = 0;
        for happening in happenings {
            if let Some(lane) = anchor(happening) {
                hit_at = self.lanes.place(&lane);
            }
            self.happening(moment.n, happening, hit_at)?;
            self.row += 1;
        }
        writeln!(self.out, "</g>")
    }

    fn happening(&mut self, n: u64, happening: &'a Happening, hit_at: usize) -> fmt::Result {
        match happening {
            Happening::Asked { client, to, request, .. } => {
                let ends = (self.lanes.client(client), self.lanes.place(to));
                self.arrow("asks", ends, request)
            }
            Happening::Answered { client, from, answer, .. } => {
                let ends = (self.lanes.place(from), self.lanes.client(client));
                self.arrow("answers", ends, answer)
            }
            Happening::Closed { client, reason } => {
                let text = format!("✕ closed: {reason}");
                self.note("closed", self.lanes.client(client), &text)
            }
            Happening::Command { what } => self.band("command", 0, what),
            Happening::Hit { fault, .. } => self.band("hit", hit_at, &format!("⚡ {fault}")),
            Happening::Event(event) => self.event(n, event),
        }
    }

    fn event(&mut self, n: u64, event: &'a Event) -> fmt::Result {
        if let Event::TransactionChanged { transactional_id, producer_id, .. } = event {
            self.owners.insert(*producer_id, transactional_id);
        }
        let at = self.lanes.place(&lane_of(event));
        if let Event::MarkerAppended { producer_id, .. } = event
            && let Some(owner) = self.owners.get(producer_id)
        {
            let from = middle(self.lanes.place(&Lane::Transaction((*owner).to_owned())));
            let (to, y) = (MARGIN + COLUMN * at + 5, self.y());
            writeln!(
                self.out,
                "<line class=\"marks\" x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\"/>"
            )?;
        }
        let class = match event {
            Event::BatchAppended(append) => {
                let key = (n, &*append.partition, append.base_offset);
                self.fates.get(&key).map_or("plain", |fate| fate.name())
            }
            _ => class_of(event),
        };
        self.note(class, at, &Words(event).to_string())
    }

    fn arrow(&mut self, class: &str, (from, to): (usize, usize), text: &str) -> fmt::Result {
        let (from, to, y) = (middle(from), middle(to), self.y());
        let (left, side) = if from <= to { (from + 6, "start") } else { (from - 6, "end") };
        writeln!(
            self.out,
            "<line class=\"{class}\" x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\"/>\
             <text class=\"arrow\" text-anchor=\"{side}\" x=\"{left}\" y=\"{}\">{}<title>{}</title>\
             </text>",
            y - 3,
            Safe(&cut(text, ARROW_CHARACTERS)),
            Safe(text)
        )
    }

    fn note(&mut self, class: &str, at: usize, text: &str) -> fmt::Result {
        let (x, left, y) = (middle(at), MARGIN + COLUMN * at + 5, self.y());
        writeln!(
            self.out,
            "<rect class=\"note {class}\" x=\"{left}\" y=\"{}\" width=\"{}\" height=\"18\" rx=\"3\"/>\
             <text class=\"note\" x=\"{x}\" y=\"{}\">{}<title>{}</title></text>",
            y - 9,
            COLUMN - 10,
            y + 4,
            Safe(&cut(text, COLUMN_CHARACTERS)),
            Safe(text)
        )
    }

    fn band(&mut self, class: &str, at: usize, text: &str) -> fmt::Result {
        let (left, y) = (MARGIN + COLUMN * at + 8, self.y());
        writeln!(
            self.out,
            "<rect class=\"band {class}\" x=\"{MARGIN}\" y=\"{}\" width=\"{}\" height=\"18\"/>\
             <text class=\"{class}\" x=\"{left}\" y=\"{}\">{}</text>",
            y - 9,
            self.width - MARGIN,
            y + 4,
            Safe(text)
        )
    }

    /// The middle of the row.
    const fn y(&self) -> usize {
        HEAD + ROW * self.row + ROW / 2
    }
}

const fn middle(place: usize) -> usize {
    MARGIN + COLUMN * place + COLUMN / 2
}

fn cut(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    text.chars().take(characters - 1).chain(['…']).collect()
}

/// Text that is no markup.
pub(super) struct Safe<'a>(pub(super) &'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                it if it.is_control() => f.write_char(' ')?,
                // No character of XML.
                '\u{fffe}' | '\u{ffff}' => f.write_char(' ')?,
                it => f.write_char(it)?,
            }
        }
        Ok(())
    }
}
