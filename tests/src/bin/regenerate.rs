//! Writes the vectors anew. What is random in them stays as it is for as long as it holds.

use std::error::Error;
use std::fs;

use sessera_vectors::{directory, load, make};

fn main() -> Result<(), Box<dyn Error>> {
    let directory = directory();
    fs::create_dir_all(&directory)?;
    let stored = load()?;
    let files = make::files(&stored)?;
    for file in stored.iter().filter(|stored| files.iter().all(|file| file.name != stored.name)) {
        fs::remove_file(directory.join(format!("{}.json", file.name)))?;
    }
    for file in &files {
        fs::write(directory.join(format!("{}.json", file.name)), file.text()?)?;
    }
    Ok(())
}
