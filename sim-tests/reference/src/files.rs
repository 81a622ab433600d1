//! The scenarios and transcripts of this folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::parse::scenarios;
use crate::scenario::Scenario;
use crate::target::Target;
use crate::transcript::{Transcript, read_transcripts, write_transcripts};

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// All scenarios of the folder `scenarios`, by the names of their files.
///
/// # Errors
/// If a file cannot be read, or is wrong.
pub fn all_scenarios() -> Result<Vec<Scenario>, String> {
    let mut files = Vec::new();
    gather(&Path::new(HERE).join("scenarios"), &mut files).map_err(|error| error.to_string())?;
    scenarios(&files).map_err(|error| error.to_string())
}

fn gather(folder: &Path, files: &mut Vec<(String, String)>) -> io::Result<()> {
    let mut paths: Vec<_> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            gather(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.strip_prefix(HERE).unwrap_or(&path).display().to_string();
            files.push((name, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

fn transcript_path(target: Target) -> PathBuf {
    Path::new(HERE).join("transcripts").join(format!("{target}.jsonl.gz"))
}

/// The transcripts of a target, by title; none if there is no file.
///
/// # Errors
/// If the file cannot be read.
pub fn transcripts_of(target: Target) -> io::Result<BTreeMap<String, Transcript>> {
    let path = transcript_path(target);
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let transcripts = read_transcripts(File::open(path)?)?;
    Ok(transcripts.into_iter().map(|transcript| (transcript.title.clone(), transcript)).collect())
}

/// Keeps the transcripts of a target.
///
/// # Errors
/// If the file cannot be written.
pub fn keep_transcripts(
    target: Target,
    transcripts: &BTreeMap<String, Transcript>,
) -> io::Result<()> {
    let path = transcript_path(target);
    fs::create_dir_all(path.parent().unwrap_or(Path::new(HERE)))?;
    let transcripts: Vec<_> = transcripts.values().cloned().collect();
    write_transcripts(&transcripts, File::create(path)?)
}
