//! The story as one page that opens anywhere: the picture, and beside it the logs and states at each
//! step.

use std::fmt::{self, Write};

use super::{Moment, svg};

/// Writes the page. It loads nothing: its script and its style are in it.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, title: &str, moments: &[Moment]) -> fmt::Result {
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{}</title>\n\
         <style>\n{}</style>\n{}",
        svg::Safe(title),
        include_str!("html/page.css"),
        include_str!("html/page.html")
    )?;
    svg::write(out, moments)?;
    let data = serde_json::to_string(moments).map_err(|_| fmt::Error)?;
    // Nothing in the data can end the script.
    let data = data.replace('<', "\\u003c");
    writeln!(
        out,
        "</main>\n<script>\nconst MOMENTS = {data};\n{}</script>\n</html>",
        include_str!("html/page.js")
    )
}
