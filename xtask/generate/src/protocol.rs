//! The Rust code of the plugin protocol, from `proto/proto/*.proto`. It is committed, so that nobody needs protoc.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use fs_err as fs;

/// The sources, in `proto/proto`.
const SOURCES: [&str; 3] = ["health.proto", "plugin.proto", "tfplugin6.proto"];

/// What stands before the code, which keeps its own style and holds messages that only hold others.
const HEADER: &str = "\
//! Written by `cargo xtask generate` from the files in `proto/proto`; not to be edited.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::pedantic)]
";

/// Every file by its path in the repository.
pub(crate) fn files(root: &Path) -> Result<BTreeMap<String, String>> {
    let descriptors = protox::compile(SOURCES, [root.join("proto/proto")])?;
    let out = tempfile::tempdir()?;
    tonic_prost_build::configure()
        .build_transport(false)
        .btree_map(".")
        .bytes(".tfplugin6.DynamicValue")
        .out_dir(out.path())
        .compile_fds(descriptors)?;
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(out.path())? {
        let entry = entry?;
        let name = entry.file_name().into_string().ok().context("a generated file has a name that is not UTF-8")?;
        // The package of the health check has dots, which the name of a Rust module cannot have.
        let name = name.trim_end_matches(".rs").replace('.', "_");
        let code = fs::read_to_string(entry.path())?;
        files.insert(format!("proto/src/generated/{name}.rs"), format!("{HEADER}{code}"));
    }
    Ok(files)
}
