//! The columns, as wide as what stands in them.

use std::fmt::{self, Write};

use super::strip::strip_width;
use super::{Safe, cut};
use crate::event::Event;
use crate::story::lanes::{Lanes, is_mark};
use crate::story::logs::Fate;
use crate::story::words::{Ended, Words, lane_of, moves_coordinators};
use crate::story::{Finding, Happening, Lane, Scene, Story};

/// Where the columns begin: before them stands the time.
pub(super) const MARGIN: usize = 112;
/// How high the heads of the columns are.
pub(in crate::story) const HEAD: usize = 40;
const NARROWEST: usize = 150;
const WIDEST: usize = 340;
/// The legend needs as much.
const WIDTH_MIN: usize = 860;

/// How wide a text is, at most.
pub(super) fn width_of(text: &str) -> usize {
    text.chars().count() * 33 / 5
}

/// The columns of a picture.
pub(in crate::story) struct Sheet {
    lanes: Lanes,
    /// Where each begins, and how wide it is.
    columns: Vec<(usize, usize)>,
    /// Of the whole picture.
    pub(in crate::story) width: usize,
    pub(in crate::story) findings: Vec<Finding>,
}

impl Sheet {
    pub(in crate::story) fn of(story: &Story) -> Self {
        let lanes = Lanes::of(&story.scenes);
        let mut widths: Vec<_> =
            lanes.iter().map(|lane| width_of(&lane.to_string()) + 30).collect();
        for scene in &story.scenes {
            for strip in scene.strips.values().flatten() {
                let place = lanes.place(&Lane::Partition(strip.partition.clone()));
                let width = widths.get_mut(place);
                width.into_iter().for_each(|it| *it = (*it).max(strip_width(strip)));
            }
            for (place, happening) in scene.shown() {
                let (lane, text) = match happening {
                    Happening::Event(event) if moves_coordinators(event) => continue,
                    Happening::Event(event) => (lane_of(event), note(scene, place, event)),
                    Happening::Closed { client, reason } => {
                        (Lane::Client(client.clone()), closed(reason))
                    }
                    _ => continue,
                };
                let width = widths.get_mut(lanes.place(&lane));
                width.into_iter().for_each(|it| *it = (*it).max(width_of(&text) + 24));
            }
        }
        let mut left = MARGIN;
        let columns: Vec<_> = widths
            .into_iter()
            .map(|width| {
                let column = (left, width.clamp(NARROWEST, WIDEST));
                left += column.1;
                column
            })
            .collect();
        let findings = story.transactions.findings();
        Self { lanes, columns, width: (left + 8).max(WIDTH_MIN), findings }
    }

    pub(super) fn place(&self, lane: &Lane) -> usize {
        self.lanes.place(lane)
    }

    pub(super) fn client(&self, name: &str) -> usize {
        self.lanes.client(name)
    }

    /// Where a column begins, and how wide it is.
    pub(super) fn column(&self, place: usize) -> (usize, usize) {
        self.columns.get(place).copied().unwrap_or((MARGIN, NARROWEST))
    }

    /// The middle of a column.
    pub(super) fn middle(&self, place: usize) -> usize {
        let (left, width) = self.column(place);
        left + width / 2
    }

    pub(in crate::story) fn write_heads(&self, out: &mut impl Write) -> fmt::Result {
        writeln!(
            out,
            "<rect class=\"page\" width=\"{}\" height=\"{HEAD}\"/>\
             <text class=\"time\" x=\"8\" y=\"25\">turn · time</text>",
            self.width
        )?;
        for (place, lane) in self.lanes.iter().enumerate() {
            let (left, width) = self.column(place);
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
                "<rect class=\"head {kind}\" x=\"{}\" y=\"7\" width=\"{}\" height=\"26\" rx=\"4\"/>\
                 <text class=\"head\" x=\"{}\" y=\"24\">{}<title>{}</title></text>",
                left + 5,
                width - 10,
                self.middle(place),
                Safe(&cut(&name, width / 7)),
                Safe(&name)
            )?;
        }
        Ok(())
    }

    pub(super) fn write_lives(&self, out: &mut impl Write, depth: usize) -> fmt::Result {
        for place in 0..self.columns.len() {
            let x = self.middle(place);
            writeln!(out, "<line class=\"life\" x1=\"{x}\" y1=\"0\" x2=\"{x}\" y2=\"{depth}\"/>")?;
        }
        Ok(())
    }
}

/// What stands in the note of an event.
pub(super) fn note(scene: &Scene, place: usize, event: &Event) -> String {
    if is_mark(event) {
        return String::new();
    }
    match event {
        Event::BatchAppended(append) => {
            let fate = if append.is_transactional { Fate::Open } else { Fate::Plain };
            let (first, last) = (append.base_offset, append.last_offset);
            let mut text = format!("{} {first}", fate.sign());
            if first != last {
                text += &format!("..{last}");
            }
            text += " appended";
            if append.producer_id >= 0 {
                let (id, epoch) = (append.producer_id, append.producer_epoch);
                text += &format!(", producer {id}.{epoch} sequence {}", append.base_sequence);
            }
            text
        }
        Event::MarkerAppended { commits, .. } => {
            let sign = Fate::of_marker(*commits).sign();
            format!("{sign} {}{}", Words(event), Ended(scene.ended.get(&place)))
        }
        _ => Words(event).to_string(),
    }
}

pub(super) fn closed(reason: &str) -> String {
    format!("✕ closed: {reason}")
}
