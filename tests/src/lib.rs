//! Cases of tokens, times and verdicts, the same for every language that has a binding.
//!
//! `vectors/*.json` hold them, in the [`mod@format`] that their README explains. [`make`] writes them from what
//! the design says a token is, and never from what the library did with it; [`run`] has the library judge
//! them, through its public API only.

pub mod format;
pub mod make;
pub mod run;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the files are.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Reads all files, in the order of their names.
///
/// # Errors
/// When one can't be read or does not follow the format.
pub fn load() -> io::Result<Vec<format::File>> {
    let mut paths = fs::read_dir(directory())?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths.iter().map(|path| format::File::parse(path, &fs::read_to_string(path)?)).collect()
}
