//! The committed corpus, thrown at its targets.

#![allow(clippy::unwrap_used, reason = "a test binary has no outside")]

use std::fs;
use std::path::Path;

use fencepost_fuzz::mutate::Mutator;
use fencepost_fuzz::{TARGETS, Target, seeds};

fn corpus(target: Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn no_file_of_the_corpus_panics() {
    for target in TARGETS {
        let files = corpus(*target);
        assert!(!files.is_empty(), "{} has a corpus", target.name);
        files.iter().for_each(|file| (target.run)(file));
    }
}

#[test]
fn the_first_changes_of_the_corpus_do_not_panic() {
    for target in TARGETS {
        let mut mutator = Mutator::new(corpus(*target));
        (0..100).for_each(|_| (target.run)(&mutator.draw()));
    }
}

#[test]
fn the_corpus_holds_every_seed() {
    for seed in seeds::all() {
        let target = fencepost_fuzz::target(seed.target).unwrap();
        assert!(corpus(target).contains(&seed.bytes), "{} {}", seed.target, seed.name);
    }
}
