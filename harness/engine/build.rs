//! Puts the specs into the program, so that an installed one needs no source tree.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let specs = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../specs");
    let specs = specs.canonicalize().expect("the folder specs is in the source tree");
    let mut files = toml_files(&specs.join("clauses"));
    files.extend(toml_files(&specs.join("cases")));
    files.extend(toml_files(&specs.join("requirements")));
    files.push(specs.join("untested.toml"));
    let text = format!(
        "pub(crate) const SPECS: &[(&str, &str)] = &[{}];\n\
         pub(crate) const EXPECTATIONS: &[(&str, &str)] = &[{}];\n",
        pairs(&specs, &files),
        pairs(&specs, &toml_files(&specs.join("expectations"))),
    );
    let out = Path::new(&env::var("OUT_DIR").unwrap()).join("specs.rs");
    fs::write(out, text).unwrap();
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths
}

fn pairs(specs: &Path, files: &[PathBuf]) -> String {
    let pair = |path: &PathBuf| {
        println!("cargo::rerun-if-changed={}", path.display());
        path.exists().then(|| {
            let name = Path::new("specs").join(path.strip_prefix(specs).unwrap());
            format!("({name:?}, include_str!({path:?})),")
        })
    };
    files.iter().filter_map(pair).collect()
}
