//! Every test that `SECURITY.md` names exists, and every rule in it names one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helpers are test code too")]

use std::fs;
use std::path::{Path, PathBuf};

/// Where a path that does not begin at the root may begin.
const PLACES: [&str; 6] =
    ["", "crates/sessera/tests", "crates/sessera/src", "crates/sessera-testkit/src", "python/tests", "tests"];
const RULES: usize = 78;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("SECURITY.md")).unwrap()
}

fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// `path::name` of every test that is named in a text.
fn named(text: &str) -> Vec<(&str, &str)> {
    let is_file = |path| matches!(extension(path), "rs" | "py" | "json");
    quoted(text).filter_map(|quoted| quoted.split_once("::")).filter(|(path, _)| is_file(path)).collect()
}

/// The rules of the table: number, rule, and what shows it.
fn table(page: &str) -> Vec<[&str; 3]> {
    let (_, table) = page.split_once("| # | rule | shown by |\n|---|---|---|\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        cells.try_into().unwrap_or_else(|_| panic!("not three cells: {row}"))
    })
    .collect()
}

/// Whether this file has a test of this name.
fn has(file: &str, text: &str, name: &str) -> bool {
    if extension(file) == "json" {
        return text.contains(&format!("\"name\": \"{name}\""));
    }
    if extension(file) == "py" {
        return name.starts_with("test_") && text.contains(&format!("\ndef {name}("));
    }
    if file == "crates/sessera-testkit/src/rules.rs" {
        let suite = fs::read_to_string(root().join("crates/sessera-testkit/src/lib.rs")).unwrap();
        return text.contains(&format!("\npub fn {name}(")) && suite.lines().any(|line| line.trim() == name);
    }
    let Some((before, _)) = text.split_once(&format!("fn {name}(")) else { return false };
    // Between the attribute and the function there may be other attributes and comments.
    let mut lines = before.lines().rev().map(str::trim).skip_while(|line| line.is_empty());
    lines
        .by_ref()
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
        .any(|line| line == "#[test]")
}

/// What is wrong with a reference, if anything is.
fn wrong(path: &str, name: &str) -> Option<String> {
    let files = PLACES
        .map(|place| if place.is_empty() { path.to_owned() } else { format!("{place}/{path}") })
        .into_iter()
        .filter_map(|file| fs::read_to_string(root().join(&file)).ok().map(|text| (file, text)));
    let found: Vec<String> =
        files.filter(|(file, text)| has(file, text, name)).map(|(file, _)| file).collect();
    match found.len() {
        0 => Some(format!("{path} has no test {name}, or is no file")),
        1 => None,
        _ => Some(format!("{name} may be in any of {found:?}")),
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let page = page();
    let named = named(&page);
    assert!(named.len() > RULES, "the references are not found any more");
    let wrong: Vec<String> = named.into_iter().filter_map(|(path, name)| wrong(path, name)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_there_in_order_and_names_a_test_or_says_why_not() {
    let page = page();
    let table = table(&page);
    assert_eq!(table.len(), RULES);
    for (at, [number, rule, shown]) in table.into_iter().enumerate() {
        assert_eq!(number, (at + 1).to_string());
        assert!(!rule.is_empty());
        let excused = shown.starts_with("later: ") || shown.starts_with("by construction: ");
        assert_eq!(excused, named(shown).is_empty(), "rule {number} names a test, or says why not");
    }
}

#[test]
fn a_reference_to_what_does_not_exist_is_found() {
    for (path, name) in [
        ("life/issue.rs", "no_such_test"),
        ("life/issue.rs", "every_login"),
        // A helper, and no test.
        ("life/issue.rs", "login"),
        ("no_such_file.rs", "every_login_has_a_new_id"),
        ("flask/test_login.py", "test_no_such_test"),
        ("vectors/times.json", "no_such_vector"),
        ("rules.rs", "no_such_rule"),
    ] {
        assert!(wrong(path, name).is_some(), "{path}::{name}");
    }
    assert_eq!(wrong("life/issue.rs", "every_login_has_a_new_id"), None);
}
