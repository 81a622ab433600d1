//! What stands above the columns: the title, what is to be said of transactions, and the legend.

use std::fmt::{self, Write};

use super::sheet::width_of;
use super::{Safe, cut};
use crate::story::{Finding, Story};

const LINE: usize = 16;
/// More of them are not told above a picture.
const FINDINGS_MAX: usize = 8;

/// What the signs of a picture mean: a class, what stands in it, and words.
pub(in crate::story) const LEGEND: [(&str, &str, &str); 10] = [
    ("plain", "•", "outside transactions"),
    ("open", "○", "open"),
    ("committed", "✓", "committed"),
    ("aborted", "✗", "aborted"),
    ("committed marker", "C", "commit marker"),
    ("aborted marker", "A", "abort marker"),
    ("open torn", "✂", "of a transaction that is not whole"),
    ("key-lso", "", "LSO: how far read_committed reads"),
    ("key-hw", "", "HW: high watermark"),
    ("key-late", "⇢", "arrives late"),
];

/// What numbers with a point mean.
pub(in crate::story) const NUMBERS: &str = "producer 7.0: producer id 7, epoch 0";

/// What is said of transactions above a picture: each a line, and whether it begins something.
pub(in crate::story) fn said(story: &Story, findings: &[Finding]) -> Vec<(bool, String)> {
    let count = story.transactions.count();
    if count == 0 {
        return Vec::new();
    }
    let not_whole = story.transactions.not_whole();
    let mut lines =
        vec![(true, format!("transactions of clients: {count}, not whole: {not_whole}"))];
    for finding in findings.iter().take(FINDINGS_MAX) {
        lines.push((true, format!("✂ {finding}")));
        lines.extend(
            finding.parts.iter().take(FINDINGS_MAX).map(|part| (false, part.words.clone())),
        );
    }
    let more = not_whole - findings.len().min(FINDINGS_MAX) as u64;
    if more > 0 {
        lines.push((true, format!("and {more} more; the text form tells the first thousand")));
    }
    lines
}

/// Writes what stands above.
pub(super) struct Top<'a> {
    out: &'a mut String,
    width: usize,
    y: usize,
}

impl<'a> Top<'a> {
    pub(super) const fn new(out: &'a mut String, width: usize) -> Self {
        Self { out, width, y: 28 }
    }

    /// How high all of it is.
    pub(super) fn write(
        mut self,
        story: &Story,
        findings: &[Finding],
    ) -> Result<usize, fmt::Error> {
        let title = cut(&story.title, self.width / 10);
        writeln!(self.out, "<text class=\"title\" x=\"8\" y=\"24\">{}</text>", Safe(&title))?;
        let lines = said(story, findings);
        if !lines.is_empty() {
            self.write_said(&lines, !findings.is_empty())?;
        }
        self.write_legend()?;
        Ok(self.y + 12)
    }

    fn write_said(&mut self, lines: &[(bool, String)], is_bad: bool) -> fmt::Result {
        let wide = self.width - 16;
        let rows: Vec<(bool, String)> = lines
            .iter()
            .flat_map(|(is_first, line)| {
                let indent = if *is_first { 0 } else { 18 };
                let rows = wrapped(line, (wide - 40 - indent) * 5 / 33);
                rows.into_iter().map(move |row| (*is_first, row))
            })
            .collect();
        let (class, height) = (if is_bad { "said bad" } else { "said" }, LINE * rows.len() + 12);
        writeln!(
            self.out,
            "<rect class=\"{class}\" x=\"8\" y=\"{}\" width=\"{wide}\" height=\"{height}\" rx=\"4\"/>",
            self.y + 6
        )?;
        for (number, (is_first, row)) in (1..).zip(&rows) {
            let (class, x) = if *is_first { ("said first", 18) } else { ("said", 36) };
            let y = self.y + 6 + LINE * number;
            writeln!(self.out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", Safe(row))?;
        }
        self.y += height + 12;
        Ok(())
    }

    fn write_legend(&mut self) -> fmt::Result {
        let mut x = 8;
        self.y += 4;
        let keys = LEGEND.iter().copied().chain([("", "", NUMBERS)]);
        for (class, sign, words) in keys {
            let swatch = if class.is_empty() { 0 } else { 24 };
            let wide = swatch + width_of(words) + 14;
            if x + wide > self.width && x > 8 {
                (x, self.y) = (8, self.y + 22);
            }
            let (y, text) = (self.y, self.y + 13);
            if !class.is_empty() {
                writeln!(
                    self.out,
                    "<rect class=\"cell {class}\" x=\"{x}\" y=\"{y}\" width=\"18\" height=\"18\"/>\
                     <text class=\"cell {class}\" x=\"{}\" y=\"{text}\">{sign}</text>",
                    x + 9
                )?;
            }
            writeln!(
                self.out,
                "<text class=\"key\" x=\"{}\" y=\"{text}\">{words}</text>",
                x + swatch
            )?;
            x += wide;
        }
        self.y += 18;
        Ok(())
    }
}

/// A text in lines of so many characters, broken between words.
fn wrapped(text: &str, characters: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let word = cut(word, characters);
        let line = lines.last_mut().expect("there is one from the start");
        if line.is_empty() {
            *line = word;
        } else if line.chars().count() + 1 + word.chars().count() <= characters {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}
