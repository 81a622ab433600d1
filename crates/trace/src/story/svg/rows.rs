//! What happened, a row for each, from top to bottom.

use std::fmt::{self, Write};

use super::sheet::{MARGIN, Sheet, closed, note, width_of};
use super::strip::{self, DEPTH};
use super::style::class_of;
use super::{Safe, cut};
use crate::event::Event;
use crate::story::lanes::{anchor, is_mark};
use crate::story::words::{Words, lane_of, moves_coordinators};
use crate::story::{Happening, Moment, Scene};

/// How high an arrow with its text is.
const ARROW: usize = 25;
/// How high a note is.
const NOTE: usize = 23;

/// Draws rows, one below the other.
pub(super) struct Rows<'a> {
    out: &'a mut String,
    sheet: &'a Sheet,
    y: usize,
}

impl<'a> Rows<'a> {
    pub(super) const fn new(out: &'a mut String, sheet: &'a Sheet) -> Self {
        Self { out, sheet, y: 4 }
    }

    pub(super) const fn depth(&self) -> usize {
        self.y
    }

    pub(super) fn scene(&mut self, scene: &Scene) -> fmt::Result {
        if scene.is_empty() {
            return Ok(());
        }
        let Moment { n, t, .. } = &scene.moment;
        writeln!(
            self.out,
            "<g class=\"moment\" data-n=\"{n}\">\n\
             <line class=\"turn\" x1=\"0\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\
             <text class=\"time\" x=\"8\" y=\"{}\">{n} · {t} ms</text>",
            self.y,
            self.sheet.width,
            self.y,
            self.y + 17
        )?;
        let mut hit_at = 0;
        for (place, happening) in scene.shown() {
            if let Some(lane) = anchor(happening) {
                hit_at = self.sheet.place(&lane);
            }
            self.happening(scene, place, happening, hit_at)?;
            for strip in scene.strips.get(&place).into_iter().flatten() {
                let lane = crate::story::Lane::Partition(strip.partition.clone());
                let column = self.sheet.column(self.sheet.place(&lane));
                strip::write(self.out, strip, &self.sheet.findings, column, self.y)?;
                self.y += DEPTH;
            }
        }
        self.y += 5;
        writeln!(self.out, "</g>")
    }

    fn happening(
        &mut self,
        scene: &Scene,
        place: usize,
        happening: &Happening,
        hit_at: usize,
    ) -> fmt::Result {
        let sheet = self.sheet;
        match happening {
            Happening::Asked { client, to, request, arrives, .. } => {
                let ends = (sheet.client(client), sheet.place(to));
                self.arrow(if *arrives { "asks" } else { "asks stuck" }, ends, request)
            }
            Happening::Arrived { client, to, request, asked_in, .. } => {
                let ends = (sheet.client(client), sheet.place(to));
                let text = format!("{request}: of turn {asked_in}, arrives only now");
                self.arrow("late", ends, &text)
            }
            Happening::Answered { client, from, answer, .. } => {
                let ends = (sheet.place(from), sheet.client(client));
                self.arrow("answers", ends, answer)
            }
            Happening::Said { from, to, brokers: (sender, receiver), what, is_answer, failed } => {
                let ends = (sheet.place(from), sheet.place(to));
                let mut text = format!("{what}, broker {sender} → {receiver}");
                if let Some(why) = failed {
                    text += &format!(" ✕ {why}");
                }
                let class = match (is_answer, failed) {
                    (_, Some(_)) => "says stuck",
                    (true, None) => "says answers",
                    (false, None) => "says",
                };
                self.arrow(class, ends, &text)
            }
            Happening::Closed { client, reason } => {
                self.note("closed", sheet.client(client), &closed(reason))
            }
            Happening::Command { what } => self.band("command", 0, what),
            Happening::Reset { snapshot } => {
                self.band("command", 0, &format!("reset to snapshot {snapshot}"))
            }
            Happening::TopicDeleted { topic } => {
                self.band("command", 0, &format!("topic {topic} deleted"))
            }
            Happening::Hit { fault, .. } => self.band("hit", hit_at, &format!("⚡ fault: {fault}")),
            // A strip shows it.
            Happening::Event(event) if is_mark(event) => Ok(()),
            Happening::Event(event) if moves_coordinators(event) => {
                let text = format!("{}: {}", lane_of(event), Words(event));
                self.band("command", 0, &text)
            }
            Happening::Event(event) => {
                let at = sheet.place(&lane_of(event));
                let text = note(scene, place, event);
                let is_torn = sheet.findings.iter().any(|finding| finding.is_about(event));
                match event {
                    Event::BatchAppended(_) if is_torn => {
                        self.note("open torn", at, &format!("✂ {text}"))
                    }
                    _ => self.note(class_of(event), at, &text),
                }
            }
        }
    }

    fn arrow(&mut self, class: &str, (from, to): (usize, usize), text: &str) -> fmt::Result {
        let (start, end) = (self.sheet.middle(from), self.sheet.middle(to));
        if start == end {
            return self.note("other", from, text);
        }
        let y = self.y + 19;
        let is_stuck = class.ends_with("stuck");
        // What does not arrive ends on its way.
        let tip = if is_stuck { (start + 2 * end) / 3 } else { end };
        let (x, side, room) = if start < end {
            (start + 6, "start", self.sheet.width - start)
        } else {
            (start - 6, "end", start)
        };
        writeln!(
            self.out,
            "<line class=\"{class}\" x1=\"{start}\" y1=\"{y}\" x2=\"{tip}\" y2=\"{y}\"/>\
             <text class=\"arrow\" text-anchor=\"{side}\" x=\"{x}\" y=\"{}\">{}<title>{}</title>\
             </text>",
            y - 5,
            Safe(&cut(text, room * 5 / 33)),
            Safe(text)
        )?;
        if is_stuck {
            writeln!(
                self.out,
                "<path class=\"cross\" d=\"M{} {}l10 10m0 -10l-10 10\"/>",
                tip - 5,
                y - 5
            )?;
        } else {
            let back = if start < end { -9_i32 } else { 9 };
            let tone = class.split(' ').next().unwrap_or_default();
            writeln!(self.out, "<path class=\"tip {tone}\" d=\"M{end} {y}l{back} -4v8z\"/>")?;
        }
        self.y += ARROW;
        Ok(())
    }

    fn note(&mut self, class: &str, at: usize, text: &str) -> fmt::Result {
        let (left, width) = self.sheet.column(at);
        writeln!(
            self.out,
            "<rect class=\"note {class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"19\" rx=\"3\"/>\
             <text class=\"note {class}\" x=\"{}\" y=\"{}\">{}<title>{}</title></text>",
            left + 5,
            self.y + 2,
            width - 10,
            self.sheet.middle(at),
            self.y + 15,
            Safe(&cut(text, (width - 14) * 5 / 33)),
            Safe(text)
        )?;
        self.y += NOTE;
        Ok(())
    }

    fn band(&mut self, class: &str, at: usize, text: &str) -> fmt::Result {
        let (left, _) = self.sheet.column(at);
        let wide = self.sheet.width - MARGIN;
        // A text that would leave the picture begins where it just does not.
        let left =
            (left + 8).min((self.sheet.width.saturating_sub(width_of(text) + 8)).max(MARGIN + 8));
        writeln!(
            self.out,
            "<rect class=\"band {class}\" x=\"{MARGIN}\" y=\"{}\" width=\"{wide}\" height=\"19\"/>\
             <text class=\"{class}\" x=\"{left}\" y=\"{}\">{}</text>",
            self.y + 2,
            self.y + 15,
            Safe(text)
        )?;
        self.y += NOTE;
        Ok(())
    }
}
