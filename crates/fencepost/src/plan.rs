//! A plan of faults as the command line names it.

use std::fs;
use std::path::{Path, PathBuf};

use fencepost_faults::{Window, WindowChoice};

/// A file with a plan, or a crash window of the catalogue.
#[derive(Clone)]
pub(crate) enum PlanName {
    File(PathBuf),
    Window(WindowChoice),
}

/// Reads an option's value: `W083`, `W083 topic=payments`, `END-LOST`, and all else is a file.
pub(crate) fn parse(text: &str) -> Result<PlanName, String> {
    let first = text.split_whitespace().next().unwrap_or_default();
    if Window::find(first).is_some() {
        return text.parse().map(PlanName::Window).map_err(|error| format!("{error}"));
    }
    let is_bare = !first.contains(['.', '/']);
    match text.parse::<WindowChoice>() {
        Err(unknown) if is_bare && !Path::new(text).exists() => {
            Err(format!("there is no file `{text}`, and {unknown}"))
        }
        _ => Ok(PlanName::File(PathBuf::from(text))),
    }
}

/// Whether a file is one of JSON, by its name.
pub(crate) fn is_json(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "json")
}

/// The text of a file, or in words why there is none.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}
