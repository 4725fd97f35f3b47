//! Every verb, field, setting, word and error code of the core is there in every language, or `parity.txt` says why
//! it is not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "it is a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sessera::ErrorKind;
use syn::{Fields, ImplItem, Item, Visibility};

/// What an application meets.
const TYPES: [&str; 38] = [
    "Algorithm",
    "Binding",
    "BindingMode",
    "BindingPolicy",
    "Client",
    "Cookie",
    "CookieSettings",
    "DpopKey",
    "DpopProof",
    "DpopSettings",
    "DpopVerifier",
    "Elevation",
    "Event",
    "FetchMetadata",
    "Freshness",
    "Issued",
    "KeyInfo",
    "KeyState",
    "Keyring",
    "KeyringFile",
    "KeyringOptions",
    "ListedSession",
    "NewSession",
    "OnReuse",
    "OnStale",
    "Policy",
    "ProofRequest",
    "Reuse",
    "RevocationState",
    "RotationSchedule",
    "SameSite",
    "Session",
    "Sessions",
    "SessionsBuilder",
    "SkippedKey",
    "Status",
    "StepUp",
    "Verdict",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The lines of `parity.txt`: whose, what, and why.
fn exceptions() -> Vec<(String, String)> {
    let text = read("tests/parity.txt");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.splitn(3, ' ');
            let [Some(language), Some(item), Some(_reason)] = [words.next(), words.next(), words.next()]
            else {
                panic!("a line of parity.txt has no reason: {line}");
            };
            (language.to_owned(), item.to_owned())
        })
        .collect()
}

/// `Type.name` of all that the core offers an application.
fn core() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![root().join("crates/sessera/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let file = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
                file.items.iter().for_each(|item| collect(item, &mut names));
            }
        }
    }
    names
}

fn collect(item: &Item, names: &mut BTreeSet<String>) {
    let public = |visibility: &Visibility| matches!(visibility, Visibility::Public(_));
    let known = |name: &str| TYPES.contains(&name);
    match item {
        Item::Impl(block) if block.trait_.is_none() => {
            let syn::Type::Path(path) = &*block.self_ty else { return };
            let owner = path.path.segments.last().unwrap().ident.to_string();
            for item in block.items.iter().filter(|_| known(&owner)) {
                if let ImplItem::Fn(function) = item
                    && public(&function.vis)
                {
                    names.insert(format!("{owner}.{}", function.sig.ident));
                }
            }
        }
        Item::Struct(record) if public(&record.vis) && known(&record.ident.to_string()) => {
            let Fields::Named(fields) = &record.fields else { return };
            for field in fields.named.iter().filter(|field| public(&field.vis)) {
                names.insert(format!("{}.{}", record.ident, field.ident.as_ref().unwrap()));
            }
        }
        Item::Enum(one) if public(&one.vis) && known(&one.ident.to_string()) => {
            names.extend(one.variants.iter().map(|variant| format!("{}.{}", one.ident, variant.ident)));
        }
        _ => {}
    }
}

/// Whether Kotlin and Swift have it: both are made of what `api.txt` lists.
fn in_api(api: &str, item: &str) -> bool {
    let (owner, name) = item.split_once('.').unwrap();
    let setting = |constructor: &str| {
        api.lines().any(|line| {
            line.strip_prefix(constructor).is_some_and(|rest| {
                rest.trim_matches(['(', ')']).split(", ").any(|argument| argument == name)
            })
        })
    };
    let is = |line: &str| {
        let (_, rest) = line.split_once(' ').unwrap_or_default();
        rest == item || rest.split('(').next() == Some(item)
    };
    api.lines().any(is) || owner == "SessionsBuilder" && setting("constructor Sessions.new")
}

/// Whether the stub of the Python package has it: in its class, where it has one.
fn in_stub(stub: &str, item: &str) -> bool {
    let (owner, name) = item.split_once('.').unwrap();
    let class = match owner {
        "SessionsBuilder" => "Sessions",
        "CookieSettings" => "Cookie",
        "DpopSettings" => "DpopVerifier",
        _ => owner,
    };
    let block = stub
        .split("\nclass ")
        .find(|block| block.strip_prefix(class).is_some_and(|rest| rest.starts_with([':', '('])));
    let snake = snake(name);
    let words = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == snake || word == name)
    };
    words(block.unwrap_or(stub))
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[test]
fn every_language_has_what_the_core_has_or_a_reason_not_to() {
    let exceptions = exceptions();
    let excused =
        |language: &str, item: &str| exceptions.iter().any(|(whose, what)| whose == language && what == item);
    let (api, stub) = (read("crates/sessera-ffi/api.txt"), read("python/src/sessera/_native.pyi"));
    let core = core();
    assert!(core.len() > 150, "the core was not found: {core:?}");
    let mut wrong = Vec::new();
    for item in &core {
        for (language, there) in [("ffi", in_api(&api, item)), ("python", in_stub(&stub, item))] {
            match (there, excused(language, item)) {
                (false, false) => wrong.push(format!("{language} lacks {item}")),
                (true, true) => wrong.push(format!("{language} has {item}, so it needs no reason")),
                _ => {}
            }
        }
    }
    for (language, item) in exceptions.iter().filter(|(language, _)| language != "all") {
        if !core.contains(item) {
            wrong.push(format!("{language} {item} is excused, and the core has no such thing"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_public_type_is_compared_or_of_no_concern_to_applications() {
    let exceptions = exceptions();
    let lib = syn::parse_file(&read("crates/sessera/src/lib.rs")).unwrap();
    let mut names = Vec::new();
    for item in &lib.items {
        if let Item::Use(item) = item {
            exported(&item.tree, &mut names);
        }
    }
    assert!(names.len() > 30, "{names:?}");
    let types = names.iter().filter(|name| name.starts_with(char::is_uppercase));
    let unknown: Vec<_> = types
        .filter(|name| !TYPES.contains(&name.as_str()))
        .filter(|name| !exceptions.iter().any(|(whose, what)| whose == "all" && what == *name))
        .collect();
    assert!(unknown.is_empty(), "neither compared nor in parity.txt: {unknown:?}");
}

fn exported(tree: &syn::UseTree, names: &mut Vec<String>) {
    match tree {
        syn::UseTree::Path(path) => exported(&path.tree, names),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| exported(tree, names)),
        syn::UseTree::Name(name) => names.push(name.ident.to_string()),
        syn::UseTree::Rename(name) => names.push(name.rename.to_string()),
        syn::UseTree::Glob(_) => {}
    }
}

#[test]
fn every_error_has_its_code_in_every_language() {
    let texts = [
        "python/src/sessera/_native.pyi",
        "bindings/kotlin/src/main/kotlin/dev/sessera/SessionExceptions.kt",
        "bindings/swift/Sources/Sessera/SessionError.swift",
    ];
    for path in texts {
        let text = read(path);
        for kind in ErrorKind::ALL {
            assert!(text.contains(&format!("\"{}\"", kind.code())), "{path} lacks {kind}");
        }
    }
    let api = read("crates/sessera-ffi/api.txt");
    for kind in ErrorKind::ALL {
        assert!(api.contains(&format!("variant SessionError.{kind:?}\n")), "api.txt lacks {kind:?}");
    }
}
