//! The story as a picture: a column for each client, transactional id, group, partition and broker, time
//! from top to bottom, and below each change of a log how its end looks then.

mod rows;
mod sheet;
mod strip;
mod style;
mod top;

use std::fmt::{self, Write};

use self::rows::Rows;
pub(super) use self::sheet::{HEAD, Sheet};
pub(super) use self::style::STYLE;
use self::top::Top;
pub(super) use self::top::{LEGEND, NUMBERS, said};
use super::{Scene, Story};

/// Writes the picture, with its title, what is to be said of transactions, and a legend. What clients ask
/// all the time is left out unless a fault met it, and so is what goes on in the logs of coordinators.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut impl Write, story: &Story) -> fmt::Result {
    let sheet = Sheet::of(story);
    let (mut rows, mut top) = (String::new(), String::new());
    let depth = write_rows(&mut rows, &sheet, &story.scenes)?;
    let above = Top::new(&mut top, sheet.width).write(story, &sheet.findings)?;
    let (width, height) = (sheet.width, above + HEAD + depth);
    write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n{top}\
         <g transform=\"translate(0,{above})\">\n",
        Safe(&story.title)
    )?;
    sheet.write_heads(out)?;
    let below = above + HEAD;
    write!(out, "</g>\n<g transform=\"translate(0,{below})\">\n{rows}</g>\n</svg>\n")
}

/// The columns of a page, which stay in sight, and what is below them.
pub(super) fn write_parts(out: &mut impl Write, sheet: &Sheet, scenes: &[Scene]) -> fmt::Result {
    let width = sheet.width;
    let open = |class: &str, height: usize| {
        format!(
            "<svg class=\"{class}\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">\n"
        )
    };
    let mut rows = String::new();
    let depth = write_rows(&mut rows, sheet, scenes)?;
    out.write_str(&open("heads", HEAD))?;
    sheet.write_heads(out)?;
    write!(out, "</svg>\n{}{rows}</svg>\n", open("rows", depth))
}

/// Everything below the heads of the columns, and how high it is.
fn write_rows(out: &mut String, sheet: &Sheet, scenes: &[Scene]) -> Result<usize, fmt::Error> {
    let mut rows = String::new();
    let mut drawn = Rows::new(&mut rows, sheet);
    scenes.iter().try_for_each(|scene| drawn.scene(scene))?;
    let depth = drawn.depth() + 8;
    sheet.write_lives(out, depth)?;
    out.push_str(&rows);
    Ok(depth)
}

/// As much of a text as so many characters hold.
fn cut(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    text.chars().take(characters.saturating_sub(1)).chain(['…']).collect()
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
