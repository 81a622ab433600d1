//! `fencepost-fuzz seeds` writes the corpus; `fencepost-fuzz mutate SECONDS [TARGET]` throws
//! changed files of the corpus at each target, or at one; `fencepost-fuzz try TARGET FILE` throws
//! one file.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs, io};

use fencepost_fuzz::mutate::Mutator;
use fencepost_fuzz::{TARGETS, Target, seeds, target};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["seeds"] => write_seeds(),
        ["mutate", seconds] => mutate(seconds, TARGETS),
        ["mutate", seconds, name] => match target(name) {
            Some(target) => mutate(seconds, &[target]),
            None => return usage(),
        },
        ["try", name, file] => match target(name) {
            Some(target) => fs::read(file).map(|bytes| (target.run)(&bytes)),
            None => return usage(),
        },
        _ => return usage(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    eprintln!("fencepost-fuzz seeds | mutate SECONDS [TARGET] | try TARGET FILE");
    eprintln!("targets: {}", names.join(" "));
    ExitCode::FAILURE
}

fn folder(target: Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name)
}

fn write_seeds() -> io::Result<()> {
    for seed in seeds::all() {
        let Some(target) = target(seed.target) else { continue };
        fs::create_dir_all(folder(target))?;
        fs::write(folder(target).join(seed.name), seed.bytes)?;
    }
    Ok(())
}

fn corpus(target: Target) -> io::Result<Vec<Vec<u8>>> {
    let mut files: Vec<_> =
        fs::read_dir(folder(target))?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.sort();
    files.into_iter().map(fs::read).collect()
}

/// Splits the seconds over the targets.
fn mutate(seconds: &str, targets: &[Target]) -> io::Result<()> {
    let seconds: f64 = seconds.parse().map_err(io::Error::other)?;
    let share = Duration::from_secs_f64(seconds / targets.len() as f64);
    for target in targets {
        let mut mutator = Mutator::new(corpus(*target)?);
        let end = Instant::now() + share;
        let (mut count, mut slowest) = (0u64, Duration::ZERO);
        while Instant::now() < end {
            let input = mutator.draw();
            let begin = Instant::now();
            if catch_unwind(|| (target.run)(&input)).is_err() {
                let file = env::temp_dir().join(format!("fencepost-{}-{count}", target.name));
                fs::write(&file, &input)?;
                let again = format!("fuzz/run try {} {}", target.name, file.display());
                return Err(io::Error::other(format!("input {count} panics; again: {again}")));
            }
            slowest = slowest.max(begin.elapsed());
            count += 1;
        }
        println!("{:<20} {count:>9} inputs, the slowest took {slowest:.1?}", target.name);
    }
    Ok(())
}
