//! The vectors hold, they are current, and between them they show every code.

use std::collections::BTreeSet;

use sessera::ErrorKind;
use sessera_vectors::{directory, load, make, run};

/// Codes that no vector can show, and why.
const NOT_SHOWN: [(ErrorKind, &str); 3] = [
    (ErrorKind::RandomnessUnavailable, "no system of ours is without random bytes"),
    (ErrorKind::RevocationsStale, "the memory store, which all languages have, is never stale"),
    (ErrorKind::StoreUnavailable, "the memory store never fails"),
];

#[test]
fn every_vector_holds() {
    let mut wrong = Vec::new();
    for file in load().unwrap() {
        for case in &file.cases {
            if let Err(message) = run::run(&file, case) {
                wrong.push(format!("{}: {}: {message}", file.name, case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_vectors_are_current() {
    let stored = load().unwrap();
    let files = make::files(&stored).unwrap();
    let names = |files: &[sessera_vectors::format::File]| -> BTreeSet<String> {
        files.iter().map(|file| file.name.clone()).collect()
    };
    assert_eq!(names(&stored), names(&files), "run `make vectors`");
    for file in files {
        let path = directory().join(format!("{}.json", file.name));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text == file.text().unwrap(), "{} is not current: run `make vectors`", file.name);
    }
}

#[test]
fn every_code_is_shown_or_excused() {
    let files = load().unwrap();
    let steps = files.iter().flat_map(|file| &file.cases).flat_map(|case| &case.steps);
    let shown: BTreeSet<&str> = steps.filter_map(|step| step.expect.code.as_deref()).collect();
    let excused: BTreeSet<&str> = NOT_SHOWN.iter().map(|(kind, _)| kind.code()).collect();
    let all: BTreeSet<&str> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(shown.union(&excused).copied().collect::<BTreeSet<_>>(), all);
    assert!(shown.is_disjoint(&excused), "shown, and so no longer to be excused");
}

#[test]
fn every_case_has_a_name_of_its_own_and_a_last_step_that_matters() {
    for file in load().unwrap() {
        let names: BTreeSet<_> = file.cases.iter().map(|case| &case.name).collect();
        assert_eq!(names.len(), file.cases.len(), "{}", file.name);
        for case in &file.cases {
            assert!(!case.steps.is_empty(), "{}: {}", file.name, case.name);
        }
    }
}
