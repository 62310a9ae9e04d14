//! Hashes the sources that decide what the provider plans and renders.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let mut hasher = DefaultHasher::new();
    for sources in ["src", "../delivery/src", "../disk/src", "../framework/src", "../rollout/src"] {
        println!("cargo::rerun-if-changed={sources}");
        hash(Path::new(sources), &mut hasher)?;
    }
    println!("cargo::rustc-env=DEVOPSFLOW_PROVIDER_BUILD={:016x}", hasher.finish());
    Ok(())
}

fn hash(directory: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    let mut paths: Vec<_> = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        path.to_string_lossy().hash(hasher);
        if path.is_dir() { hash(&path, hasher)? } else { fs::read(&path)?.hash(hasher) }
    }
    Ok(())
}
