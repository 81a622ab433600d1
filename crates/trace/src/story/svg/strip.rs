//! The end of a log: its records and markers, and where its marks stand.

use std::fmt::{self, Write};

use super::sheet::width_of;
use crate::story::Finding;
use crate::story::logs::{Cell, Strip};

/// How high it is.
pub(super) const DEPTH: usize = 42;
/// Room for the name of a mark on each side.
const LABEL: usize = 52;

/// How wide a strip is, if there is room for all of it.
pub(super) fn strip_width(strip: &Strip) -> usize {
    strip.cells.iter().map(cell_width).sum::<usize>() + 2 * LABEL + 12
}

/// Writes the end of a log into the column that begins at `left`, below `top`.
pub(super) fn write(
    out: &mut impl Write,
    strip: &Strip,
    findings: &[Finding],
    (left, width): (usize, usize),
    top: usize,
) -> fmt::Result {
    let room = width.saturating_sub(2 * LABEL + 12);
    let (mut begin, mut used) = (strip.cells.len(), 0);
    while let Some(cell) = begin.checked_sub(1).and_then(|place| strip.cells.get(place))
        && used + cell_width(cell) <= room
    {
        begin -= 1;
        used += cell_width(cell);
    }
    let cells = strip.cells.get(begin..).unwrap_or_default();
    let mut x = left + LABEL + 12;
    if strip.is_cut || begin > 0 {
        writeln!(out, "<text class=\"mark\" x=\"{}\" y=\"{}\">…</text>", x - 12, top + 16)?;
    }
    // What is not replicated yet is pale; the marks stand before the offsets that they name.
    let (mut lso, mut hw) = (x, x);
    for cell in cells {
        let wide = cell_width(cell);
        let is_torn = findings.iter().any(|finding| {
            let parts = finding
                .parts
                .iter()
                .filter(|part| part.partition.as_ref() == Some(&strip.partition));
            let mut offsets = parts.map(|part| part.offsets);
            !cell.is_marker && offsets.any(|(first, last)| first <= cell.last && cell.first <= last)
        });
        let class = match (cell.is_marker, is_torn) {
            (true, _) => "marker",
            (false, true) => "torn",
            (false, false) => "",
        };
        let pale = if cell.first >= strip.high_watermark { " pale" } else { "" };
        writeln!(
            out,
            "<rect class=\"cell {} {class}{pale}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"18\"/>\
             <text class=\"cell {} {class}\" x=\"{}\" y=\"{}\">{}</text>",
            cell.fate.name(),
            x + 1,
            top + 3,
            wide - 2,
            cell.fate.name(),
            x + wide / 2,
            top + 16,
            label(cell)
        )?;
        x += wide;
        lso = if cell.last < strip.last_stable_offset { x } else { lso };
        hw = if cell.last < strip.high_watermark { x } else { hw };
    }
    let (stable, high) = (strip.last_stable_offset, strip.high_watermark);
    let below = top + 33;
    writeln!(out, "<path class=\"hw\" d=\"M{hw} {}v26\"/>", top - 1)?;
    writeln!(out, "<path class=\"lso\" d=\"M{lso} {}v26\"/>", top - 1)?;
    if stable == high {
        return writeln!(
            out,
            "<text class=\"mark lso\" text-anchor=\"middle\" x=\"{lso}\" y=\"{below}\">\
             LSO = HW {high}</text>"
        );
    }
    writeln!(
        out,
        "<text class=\"mark lso\" text-anchor=\"end\" x=\"{}\" y=\"{below}\">LSO {stable}</text>\
         <text class=\"mark\" x=\"{}\" y=\"{below}\">HW {high}</text>",
        lso + 4,
        hw.max(lso + 10) - 4
    )
}

fn cell_width(cell: &Cell) -> usize {
    (width_of(&label(cell)) + 14).max(24)
}

fn label(cell: &Cell) -> String {
    match cell {
        Cell { is_marker: true, fate, .. } => fate.name()[..1].to_uppercase(),
        Cell { first, last, .. } if first == last => format!("{first}{}", cell.fate.sign()),
        Cell { first, last, .. } => format!("{first}–{last}{}", cell.fate.sign()),
    }
}
