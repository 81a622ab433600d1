//! The scenarios and transcripts of this folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::comparison::Comparison;
use crate::generate::generated;
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

/// How a transcript's scenario is found again by its title: among those that are written, or by the
/// seed in it.
///
/// # Errors
/// If a file of scenarios is wrong.
pub fn scenario_of(target: Target) -> Result<impl Fn(&str) -> Option<Scenario>, String> {
    let written: BTreeMap<_, _> = all_scenarios()?
        .into_iter()
        .filter(|scenario| scenario.targets.contains(&target))
        .map(|scenario| (scenario.title.clone(), scenario))
        .collect();
    Ok(move |title: &str| match title.strip_prefix("generated ") {
        Some(seed) => seed.parse().ok().map(|seed| generated(seed, target)),
        None => written.get(title).cloned(),
    })
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

/// The transcripts of a target, with the scenarios that they are of.
pub type Recorded = (Target, Vec<(Scenario, Transcript)>);

/// The transcripts of all targets, the newest first; what has changed since it was
/// recorded is left out.
///
/// # Errors
/// If a file is wrong.
pub fn recorded() -> Result<Vec<Recorded>, String> {
    let of_target = |target: &Target| {
        let find = scenario_of(*target)?;
        let transcripts = transcripts_of(*target).map_err(|error| error.to_string())?;
        let with_scenario = |transcript: Transcript| {
            let scenario = find(&transcript.title)?;
            transcript.is_of(&scenario).then_some((scenario, transcript))
        };
        Ok((*target, transcripts.into_values().filter_map(with_scenario).collect()))
    };
    Target::ALL.iter().rev().map(of_target).collect()
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

fn comparisons_path() -> PathBuf {
    Path::new(HERE).join("comparisons.jsonl")
}

/// The comparisons with live brokers that were kept.
///
/// # Errors
/// If the file cannot be read.
pub fn comparisons() -> io::Result<Vec<Comparison>> {
    let path = comparisons_path();
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(path)?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Keeps a comparison in the place of an older one of the same kind.
///
/// # Errors
/// If the file cannot be written.
pub fn keep_comparison(comparison: Comparison) -> io::Result<()> {
    let mut kept = comparisons()?;
    kept.retain(|old| !old.is_replaced_by(&comparison));
    kept.push(comparison);
    kept.sort_by(|a, b| a.key().cmp(&b.key()));
    let lines: Result<Vec<_>, _> = kept.iter().map(serde_json::to_string).collect();
    fs::write(comparisons_path(), lines?.join("\n") + "\n")
}
