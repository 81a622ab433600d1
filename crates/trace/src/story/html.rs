//! The story as one page that opens anywhere. All that it says is there without its script, which only
//! dims what is after the step that one looks at.

use std::fmt::{self, Write};

use super::Story;
use super::svg::{LEGEND, NUMBERS, STYLE, Safe, Sheet, said, write_parts};

/// Writes the page. It loads nothing: its script and its style are in it.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, story: &Story) -> fmt::Result {
    let sheet = Sheet::of(story);
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <style>\n{STYLE}\n{}</style>\n<h1>{title}</h1>",
        include_str!("html/page.css"),
        title = Safe(&story.title),
    )?;
    let lines = said(story, &sheet.findings);
    if !lines.is_empty() {
        let class = if sheet.findings.is_empty() { "whole" } else { "bad" };
        writeln!(out, "<section class=\"{class}\">")?;
        for (is_first, line) in &lines {
            let class = if *is_first { "first" } else { "part" };
            writeln!(out, "<p class=\"{class}\">{}</p>", Safe(line))?;
        }
        writeln!(out, "</section>")?;
    }
    writeln!(out, "<p class=\"legend\">")?;
    for (class, sign, words) in LEGEND {
        writeln!(
            out,
            "<span><svg width=\"18\" height=\"18\"><rect class=\"cell {class}\" x=\"1\" y=\"1\" \
             width=\"16\" height=\"16\"/><text class=\"cell {class}\" x=\"9\" y=\"13\">{sign}</text>\
             </svg> {words}</span>"
        )?;
    }
    writeln!(out, "<span>{NUMBERS}</span>\n</p>\n{}", include_str!("html/page.html"))?;
    write_parts(out, &sheet, &story.scenes)?;
    writeln!(out, "</main>\n<script>\n{}</script>\n</html>", include_str!("html/page.js"))
}
