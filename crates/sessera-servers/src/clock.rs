//! The wall clock of a server, which a test can set.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

const HOUR_US: i64 = 3_600_000_000;

/// How wrong the wall clock of a server is. Give it to [`RedisOptions`](crate::RedisOptions) and keep a clone; a C
/// compiler, `cc`, makes what the server loads.
#[derive(Debug, Clone)]
pub struct WallClock {
    folder: Arc<TempDir>,
    offset: Arc<File>,
}

impl WallClock {
    /// A clock that is right.
    #[track_caller]
    pub fn right() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("clock.c");
        fs::write(&source, include_str!("clock.c")).unwrap();
        let offset = File::options().create_new(true).write(true).open(folder.path().join("offset")).unwrap();
        let made = Self { folder: Arc::new(folder), offset: Arc::new(offset) };
        made.set_hours(0);
        let compiled = Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-o"])
            .arg(made.library())
            .arg(&source)
            .output();
        let compiled = compiled.expect("a C compiler is on the path, as cc");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        made
    }

    /// From now on it is wrong by so many hours: ahead, or behind where that is below zero. What the server
    /// measures spans by goes on as it does.
    #[track_caller]
    pub fn set_hours(&self, hours: i64) {
        self.offset.write_all_at(&(hours * HOUR_US).to_ne_bytes(), 0).unwrap();
    }

    /// Has a server go by it.
    pub(crate) fn lead(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.library()).env("SESSERA_CLOCK", self.path().join("offset"));
    }

    fn library(&self) -> PathBuf {
        self.path().join("clock.so")
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}
